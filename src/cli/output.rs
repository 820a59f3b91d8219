//! Where words go: results to standard output, as text or JSON; talk to standard error.
//!
//! A reader that goes away (`snapback log | head`) is no error and does not stop the command: what it does to
//! the database matters more than who reads about it.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::{Mutex, PoisonError};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::procedure::failure::Failure;

/// The version of the JSON that every command prints; it changes when a field changes its meaning or goes.
pub const JSON_VERSION: u32 = 1;

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON object on one line
    Json,
}

/// `--color`.
#[allow(clippy::doc_markdown, reason = "the help is plain text")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Never
    Never,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// `-q`: warnings and errors.
    Quiet,
    /// Notes and progress too.
    #[default]
    Normal,
    /// `-v`: details too.
    Verbose,
}

/// The styles that text is written in; they vanish where there are no colors.
pub mod style {
    use super::{AnsiColor, Style};

    /// A heading, or the thing a line is about.
    pub const STRONG: Style = Style::new().bold();
    /// What matters less.
    pub const DIM: Style = Style::new().dimmed();
    /// What is added, and what went well.
    pub const GOOD: Style = AnsiColor::Green.on_default();
    /// What goes away.
    pub const BAD: Style = AnsiColor::Red.on_default();
    /// What changes, and what needs attention.
    pub const WARN: Style = AnsiColor::Yellow.on_default();
    /// The word `error`.
    pub const ERROR: Style = AnsiColor::Red.on_default().bold();
    /// What to type, and where to look.
    pub const HINT: Style = AnsiColor::Cyan.on_default();
}

/// A verb's result: what is printed, once as text and once as JSON.
pub trait Report: Serialize {
    /// Writes it for people. Styles are removed where they are not wanted.
    fn human(&self, out: &mut dyn Write) -> io::Result<()>;
}

#[derive(Serialize)]
struct Versioned<'a, T: ?Sized> {
    version: u32,
    #[serde(flatten)]
    result: &'a T,
}

/// The two streams of the process, and how the user wants them.
pub struct Output {
    format: Format,
    color: Color,
    talk: Talk,
    /// The bar that is being drawn, which words on standard error must not tear.
    bar: Mutex<Option<ProgressBar>>,
}

impl Output {
    /// As the user asked for.
    pub fn new(format: Format, color: Color, talk: Talk) -> Self {
        Self {
            format,
            color,
            talk,
            bar: Mutex::new(None),
        }
    }

    /// Text or JSON.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How much to say.
    pub fn talk(&self) -> Talk {
        self.talk
    }

    /// Prints a verb's result.
    pub fn report(&self, report: &impl Report) -> Result<(), Failure> {
        match self.format {
            Format::Human => self.results(|out| report.human(out)),
            Format::Json => self.json(report),
        }
    }

    /// Prints a JSON object with its `version`.
    pub fn json(&self, result: &impl Serialize) -> Result<(), Failure> {
        self.results(|out| {
            serde_json::to_writer(
                &mut *out,
                &Versioned {
                    version: JSON_VERSION,
                    result,
                },
            )?;
            out.write_all(b"\n")
        })
    }

    /// Gives standard output to `write`, buffered and in the wanted colors.
    pub fn results(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let print = || {
            let stdout = io::stdout().lock();
            let choice = self.color_choice(&stdout);
            let stream = AutoStream::new(stdout, choice);
            let mut out = BufWriter::new(WhileRead {
                stream,
                closed: false,
            });
            write(&mut out).and_then(|()| out.flush())
        };
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.clone();
        let written = match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        };
        written.map_err(|error| {
            Failure::unreachable(format!(
                "could not write the result to standard output: {error}"
            ))
        })
    }

    /// Says something that helps, unless `-q`.
    pub fn note(&self, words: impl fmt::Display) {
        if self.talk >= Talk::Normal {
            self.say(|out| writeln!(out, "{words}"));
        }
    }

    /// Says something that helps to find out what happened, with `-v`.
    pub fn detail(&self, words: impl fmt::Display) {
        if self.talk >= Talk::Verbose {
            self.say(|out| writeln!(out, "{words}"));
        }
    }

    /// Says something that the user should know in any case.
    pub fn warn(&self, words: impl fmt::Display) {
        let style = style::WARN;
        self.say(|out| writeln!(out, "{style}warning:{style:#} {words}"));
    }

    /// Writes to standard error, around the progress bar. That nobody hears it is no reason to stop.
    pub(crate) fn say(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let say = || {
            let stderr = io::stderr().lock();
            let choice = self.color_choice(&stderr);
            // In one piece: lines of other processes on the same terminal stay whole.
            let mut out = BufWriter::new(AutoStream::new(stderr, choice));
            let _ = write(&mut out).and_then(|()| out.flush());
        };
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match bar.as_ref() {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Tells which bar is being drawn.
    pub(super) fn set_bar(&self, bar: Option<ProgressBar>) {
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    fn color_choice(&self, stream: &impl RawStream) -> ColorChoice {
        match self.color {
            Color::Auto => AutoStream::choice(stream),
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// Standard output for as long as somebody reads it.
struct WhileRead<W> {
    stream: W,
    closed: bool,
}

impl<W: Write> Write for WhileRead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        match self.stream.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.stream.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
