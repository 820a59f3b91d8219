//! A place in one of the files of a script, as messages name it.
//!
//! Knows files by name; reads one only to show a line of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::excerpt::Excerpt;
use super::place::Place;

/// The name of a script, and where it can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// As the user or the script wrote it; `<stdin>` for standard input.
    pub shown: String,
    /// `None` for what is not a file.
    pub path: Option<PathBuf>,
}

/// A place in one of the files of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: Arc<FileName>,
    /// Where in it.
    pub place: Place,
}

impl Location {
    /// The line, when it can be read again.
    #[must_use]
    pub fn excerpt(&self) -> Option<Excerpt> {
        Excerpt::of_file(self.file.path.as_deref()?, self.place)
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.shown, self.place)
    }
}
