//! How a command ends when it does not do what it was asked: what failed, where, what state the database is
//! in now, and what to do next.
//!
//! Library code returns typed errors; the procedures turn them into a [`Failure`], the command line prints it
//! and exits. Must not: hold a password, or decide how anything looks.

use std::fmt;

use crate::connect::ServerError;

/// What a failure means for the caller; the discriminant is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The command worked, and found what it was to look for: an error in a script, a finding.
    Found = 1,
    /// Wrong arguments, an unknown or ambiguous ref, a bad configuration file.
    Usage = 2,
    /// Refused before anything ran: not confirmed, a hazard not allowed, a privilege missing, another run
    /// holds the lock.
    Refused = 3,
    /// Failed or interrupted inside the transaction, which was rolled back: the database is as before.
    RolledBack = 4,
    /// The change is committed, and something after it failed or needs attention.
    CommittedThenFailed = 5,
    /// The server or the store could not be reached, or the store is corrupt.
    Unreachable = 6,
    /// A bug in Snapback.
    Bug = 70,
    /// Interrupted while only reading.
    Interrupted = 130,
}

impl FailureKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        self as u8
    }

    /// The name in JSON output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::RolledBack => "rolled-back",
            Self::CommittedThenFailed => "committed-then-failed",
            Self::Unreachable => "unreachable",
            Self::Bug => "bug",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A place in a file, with the line that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it; `-` for standard input.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// The line's text without its line end; empty when it is not at hand.
    pub source: String,
}

impl Place {
    /// The place of the byte at `offset` of a file whose text is `text`.
    pub fn in_text(file: &str, text: &str, offset: usize) -> Self {
        let mut at = offset.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (before, after) = text.split_at(at);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = after.find('\n').map_or(text.len(), |newline| at + newline);
        let (in_line, line) = (&text[start..at], &text[start..end]);
        Self {
            file: file.to_owned(),
            line: 1 + before.matches('\n').count() as u64,
            column: 1 + in_line.chars().count() as u64,
            source: line.trim_end_matches('\r').to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A command's failure, complete enough that a user can act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the caller.
    pub kind: FailureKind,
    /// What failed, in one sentence without a full stop.
    pub message: String,
    /// Where in a script or a configuration file.
    pub place: Option<Box<Place>>,
    /// What the server said.
    pub server: Option<Box<ServerError>>,
    /// What state the database is in now.
    pub state: Option<String>,
    /// What to do, a sentence or a command each.
    pub next: Vec<String>,
}

impl Failure {
    /// A failure with a message and nothing else yet.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
            server: None,
            state: None,
            next: Vec::new(),
        }
    }

    /// [`FailureKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// [`FailureKind::Refused`].
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// [`FailureKind::RolledBack`], with the sentence that says so.
    pub fn rolled_back(message: impl Into<String>) -> Self {
        Self::new(FailureKind::RolledBack, message)
            .state("Nothing was changed: the transaction was rolled back.")
    }

    /// [`FailureKind::Unreachable`].
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unreachable, message)
    }

    /// [`FailureKind::Bug`]: something that cannot happen has happened.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Bug, message)
    }

    /// [`FailureKind::Interrupted`]; only for commands that read.
    pub fn interrupted() -> Self {
        Self::new(FailureKind::Interrupted, "interrupted").state("Nothing was changed.")
    }

    /// Says where.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// Adds what the server said.
    #[must_use]
    pub fn server(mut self, error: ServerError) -> Self {
        self.server = Some(Box::new(error));
        self
    }

    /// Says what state the database is in now.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Adds something to do.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters() {
        let text = "eins\r\nzwölf x\nend";
        let at =
            |needle: &str| Place::in_text("f.sql", text, text.find(needle).unwrap_or(text.len()));
        assert_eq!(at("eins").to_string(), "f.sql:1:1");
        assert_eq!(at("eins").source, "eins");
        assert_eq!(at("x").to_string(), "f.sql:2:7");
        assert_eq!(at("x").source, "zwölf x");
        assert_eq!(at("nowhere").to_string(), "f.sql:3:4");
        let inside = text.find('ö').unwrap_or(0) + 1;
        assert_eq!(Place::in_text("f.sql", text, inside).column, 3);
    }
}
