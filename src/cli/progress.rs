//! Shows that something goes on: a bar on a terminal, a plain line now and then otherwise, nothing with `-q`.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{Output, Talk};
use super::text;

/// A plain log gets its first line after this long, so that short work says nothing,
const FIRST_LINE: Duration = Duration::from_secs(2);
/// and then one this often.
const NEXT_LINE: Duration = Duration::from_secs(10);

/// One piece of work that takes a while. It is taken off the terminal when dropped.
pub struct Progress<'o> {
    output: &'o Output,
    what: String,
    total: Option<u64>,
    shown: Shown,
}

enum Shown {
    Nowhere,
    Bar(ProgressBar),
    Lines { begin: Instant, next: Instant },
}

impl<'o> Progress<'o> {
    /// Begins. `what` is such as `running v2.sql`; `total` is in whatever `done` will be counted in.
    pub fn start(output: &'o Output, what: impl Into<String>, total: Option<u64>) -> Self {
        let what = what.into();
        let shown = if output.talk() == Talk::Quiet {
            Shown::Nowhere
        } else if std::io::stderr().is_terminal() {
            let bar = draw(&what, total);
            output.set_bar(Some(bar.clone()));
            Shown::Bar(bar)
        } else {
            let begin = Instant::now();
            Shown::Lines {
                begin,
                next: begin + FIRST_LINE,
            }
        };
        Self {
            output,
            what,
            total,
            shown,
        }
    }

    /// The work turned out to have this many parts.
    pub fn total(&mut self, total: u64) {
        self.total = Some(total);
        if let Shown::Bar(bar) = &self.shown {
            bar.set_length(total);
            bar.set_style(style(self.total));
        }
    }

    /// So many parts are done, and this one is next. Cheap enough to be called for each.
    pub fn at(&mut self, done: u64, part: &str) {
        match &mut self.shown {
            Shown::Nowhere => {}
            Shown::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(part.to_owned());
            }
            Shown::Lines { begin, next } => {
                let now = Instant::now();
                if now >= *next {
                    *next = now + NEXT_LINE;
                    self.output
                        .note(line(&self.what, done, self.total, now - *begin));
                }
            }
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
            self.output.set_bar(None);
        }
    }
}

fn draw(what: &str, total: Option<u64>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(15);
    let bar = ProgressBar::with_draw_target(total, target).with_prefix(what.to_owned());
    bar.set_style(style(total));
    bar
}

fn style(total: Option<u64>) -> ProgressStyle {
    let template = match total {
        Some(_) => "{prefix} [{bar:30}] {human_pos}/{human_len} {elapsed} {wide_msg}",
        None => "{prefix} {spinner} {human_pos} {elapsed} {wide_msg}",
    };
    // A wrong template would be seen by the unit test; the default bar is no reason to fail.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// `running v2.sql: 1,200 of 48,000 (2%) after 2.0 s`.
fn line(what: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let (done_text, elapsed) = (text::grouped(done), text::duration(elapsed));
    match total {
        Some(total @ 1..) => {
            let percent = u128::from(done) * 100 / u128::from(total);
            format!(
                "{what}: {done_text} of {} ({percent}%) after {elapsed}",
                text::grouped(total)
            )
        }
        _ => format!("{what}: {done_text} after {elapsed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_says_how_far_it_is() {
        let after = Duration::from_secs(2);
        assert_eq!(
            line("running v2.sql", 1_200, Some(48_000), after),
            "running v2.sql: 1,200 of 48,000 (2%) after 2.0 s"
        );
        assert_eq!(line("reading", 7, None, after), "reading: 7 after 2.0 s");
        assert_eq!(line("reading", 0, Some(0), after), "reading: 0 after 2.0 s");
    }

    #[test]
    fn the_templates_are_right() {
        for template in [
            "{prefix} [{bar:30}] {human_pos}/{human_len} {elapsed} {wide_msg}",
            "{prefix} {spinner} {human_pos} {elapsed} {wide_msg}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
