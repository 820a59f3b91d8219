//! `snapback run SCRIPT`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::args::duration;
use super::check::say_when_it_is_typed;
use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Format, Output, Report, style};
use super::progress::Progress;
use super::rows::Rows;
use super::text;
use crate::connect::{Column, DataRow, Notice};
use crate::procedure::Settings;
use crate::procedure::failure::{Failure, FailureKind};
use crate::procedure::run::{self, Listener, Options, Ran};
use crate::script::run::{Completed, Sink};
use crate::script::{Echo, Location, Variables};
use crate::store::Store;

/// Run a script in one transaction, as psql -1 -v ON_ERROR_STOP=1 -f does
///
/// The server's grammar checks a file before anything runs. At the first error everything is rolled back. Rows that
/// statements return are printed as they come; with --format json there is an object per line: rows, texts, and at
/// the end what was done.
#[derive(Debug, clap::Args)]
#[allow(clippy::doc_markdown, reason = "the help is plain text")]
pub struct Args {
    /// The script; - is standard input
    script: PathBuf,
    /// Run it and end with ROLLBACK: nothing is changed
    #[arg(long)]
    dry_run: bool,
    /// Keep the schema as it was before in the store, so that there is a way back
    #[arg(long)]
    snapshot: bool,
    /// Set a variable for :name, as psql's -v does
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    set: Vec<(String, String)>,
    /// How long to wait for a lock
    #[arg(long, value_name = "TIME", value_parser = duration)]
    lock_timeout: Option<Duration>,
    /// How long a statement may take
    #[arg(long, value_name = "TIME", value_parser = duration)]
    statement_timeout: Option<Duration>,
    /// How often to try a file when a lock is not to be had, as long as it has returned nothing
    #[arg(long, value_name = "N", default_value_t = 3)]
    tries: u32,
    /// Accepted, since nothing is asked
    #[arg(short, long)]
    yes: bool,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if Variables::is_name(name) => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE, where NAME has letters, digits and underscores".to_owned()),
    }
}

/// See the module.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let Args {
        script,
        dry_run,
        snapshot,
        set,
        lock_timeout,
        statement_timeout,
        tries,
        yes: _,
    } = args;
    let environment = context.environment()?;
    let defaults = Settings::default();
    let options = Options {
        settings: Settings {
            lock_timeout: lock_timeout
                .or(environment.lock_timeout)
                .unwrap_or(defaults.lock_timeout),
            statement_timeout,
        },
        dry_run,
        snapshot,
        variables: set,
        tries,
    };
    let folder = context.store();
    let store = match (snapshot, folder.exists()) {
        (true, _) => Some(Store::create_or_open(&folder)?),
        (false, true) => Some(Store::open(&folder)?),
        (false, false) => None,
    };
    let what = script.display().to_string();
    let mut listener = Shown {
        output: &context.output,
        progress: None,
        what: format!("running {what}"),
        total: None,
        rows: None,
        spoken: false,
        unwritten: None,
    };
    say_when_it_is_typed(&script, &context.output);
    let host = Terminal::new(context, "running");
    let ran = run::run(
        &context.database()?,
        store.as_ref(),
        &script,
        &options,
        &mut listener,
        &host,
    )
    .await?;
    let unwritten = listener.unwritten.take();
    drop(listener);
    context.output.report(&Done::of(&ran, what, context))?;
    after(ran, unwritten)
}

/// Exit code 5 when the script is committed and something else went wrong.
fn after(ran: Ran, unwritten: Option<Failure>) -> Result<Exit, Failure> {
    let words = unwritten
        .map(|failure| failure.message)
        .or_else(|| ran.attention.into_iter().next());
    match words {
        Some(words) if !ran.dry_run => {
            Err(Failure::new(FailureKind::CommittedThenFailed, words)
                .state("The script is committed."))
        }
        _ => Ok(Exit::Done),
    }
}

/// Shows what a script does: its rows and texts on standard output, notices and progress on standard error.
struct Shown<'a> {
    output: &'a Output,
    progress: Option<Progress<'a>>,
    what: String,
    total: Option<u64>,
    /// The rows of the statement that runs.
    rows: Option<Rows>,
    /// Whether anything was written.
    spoken: bool,
    /// The first thing that could not be written. The script runs on: it is not about the reader.
    unwritten: Option<Failure>,
}

impl Shown<'_> {
    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        self.spoken = true;
        if let Err(failure) = self.output.results(write) {
            self.unwritten.get_or_insert(failure);
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        self.spoken = true;
        if let Err(failure) = self.output.json(event) {
            self.unwritten.get_or_insert(failure);
        }
    }

    /// Writes the rows gathered so far.
    fn flush(&mut self, last: bool) {
        let Some(mut rows) = self.rows.take() else {
            return;
        };
        match self.output.format() {
            Format::Human => self.write(|out| rows.write(out, last)),
            Format::Json => {
                let (columns, gathered) = rows.take();
                self.event(&Event::Rows {
                    columns,
                    rows: &gathered,
                    last,
                });
            }
        }
        if !last {
            self.rows = Some(rows);
        }
    }

    fn text(&mut self, text: &str) {
        match self.output.format() {
            Format::Human => self.write(|out| out.write_all(text.as_bytes())),
            Format::Json => self.event(&Event::Text { text }),
        }
    }
}

/// What `--format json` prints while the script runs.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    /// Rows of a statement; `last` when no more of its rows follow.
    Rows {
        columns: &'a [String],
        rows: &'a [Vec<Option<String>>],
        last: bool,
    },
    /// What the script prints, or data of COPY .. TO STDOUT.
    Text { text: &'a str },
}

impl Listener for Shown<'_> {
    fn begins(&mut self, statements: Option<u64>) {
        self.total = statements;
        // One bar at a time.
        self.progress = None;
        self.progress = Some(Progress::start(self.output, self.what.clone(), statements));
    }

    fn has_spoken(&self) -> bool {
        self.spoken
    }
}

impl Sink for Shown<'_> {
    fn completed(&mut self, done: &Completed<'_>) {
        self.flush(true);
        if let Some(progress) = &mut self.progress {
            progress.at(done.number, done.tag);
        }
    }

    fn columns(&mut self, columns: Vec<Column>) {
        self.rows = Some(Rows::new(&columns));
    }

    fn row(&mut self, row: &DataRow) {
        let is_full = self.rows.as_mut().is_some_and(|rows| {
            rows.push(row);
            rows.is_full()
        });
        if is_full {
            self.flush(false);
        }
    }

    fn copy_out(&mut self, data: &[u8]) {
        self.text(&String::from_utf8_lossy(data));
    }

    fn notice(&mut self, notice: &Notice, at: Option<&Location>) {
        let place = at.map_or_else(String::new, |at| format!("{at}: "));
        self.output.note(format_args!(
            "{place}{}: {}",
            notice.severity, notice.message
        ));
        for (name, text) in [("DETAIL", &notice.detail), ("HINT", &notice.hint)] {
            if let Some(text) = text {
                self.output.note(format_args!("{name}: {text}"));
            }
        }
    }

    fn echo(&mut self, echo: &Echo) {
        if echo.to_stderr {
            self.output.say(|out| out.write_all(echo.text.as_bytes()));
        } else {
            self.text(&echo.text);
        }
    }
}

/// What was done.
#[derive(Serialize)]
struct Done<'a> {
    event: &'static str,
    script: String,
    database: &'a str,
    committed: bool,
    dry_run: bool,
    statements: u64,
    rows: u64,
    milliseconds: u64,
    operation: Option<String>,
    undo: Option<String>,
    attention: &'a [String],
}

impl<'a> Done<'a> {
    fn of(ran: &'a Ran, script: String, context: &Context) -> Self {
        let operation = ran.operation.as_ref().map(ToString::to_string);
        let undo = operation.as_ref().filter(|_| ran.has_way_back);
        Self {
            event: "done",
            script,
            database: &ran.database,
            committed: !ran.dry_run,
            dry_run: ran.dry_run,
            statements: ran.summary.statements,
            rows: ran.summary.rows,
            milliseconds: ran.milliseconds,
            undo: undo.map(|operation| context.command(&format!("rollback before/{operation}"))),
            operation,
            attention: &ran.attention,
        }
    }
}

impl Report for Done<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (good, warn, hint) = (style::GOOD, style::WARN, style::HINT);
        let statements = text::count(self.statements, "statement", "statements");
        let rows = if self.rows > 0 {
            format!(", {}", text::count(self.rows, "row", "rows"))
        } else {
            String::new()
        };
        let time = text::duration(Duration::from_millis(self.milliseconds));
        let (word, end) = if self.dry_run {
            ("dry run of", ", then rolled back: nothing was changed")
        } else {
            ("ran", "")
        };
        writeln!(
            out,
            "{good}{word} {}{good:#} on {}: {statements}{rows} in {time}{end}",
            self.script, self.database
        )?;
        for words in self.attention {
            writeln!(out, "{warn}attention:{warn:#} {words}")?;
        }
        match &self.undo {
            Some(undo) => writeln!(out, "take it back: {hint}{undo}{hint:#}"),
            None => Ok(()),
        }
    }
}
