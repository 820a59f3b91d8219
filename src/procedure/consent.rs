//! The question before a database is changed, and the answer.
//!
//! Consent to run is one thing, leave to destroy another: `--yes` gives the first, `--allow data-loss` or the typed name
//! of the object the second.

use crate::plan::Hazard;

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// What will be done, in one sentence.
    pub what: &'a str,
    /// The database and where it is.
    pub database: &'a str,
    /// How many steps.
    pub steps: usize,
    /// What it may cost and is allowed already.
    pub hazards: &'a [Hazard],
    /// What it may cost and is not allowed yet: the answer must name each object.
    pub forbidden: &'a [Hazard],
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Go on; the names of what is lost were typed where they had to be.
    Given,
    /// No.
    Refused,
}
