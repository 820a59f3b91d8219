//! SQL scripts: split into statements, classified, checked, run.
//!
//! ```text
//! bytes -> lex -> split -> source (psql commands, includes, variables) -> classify
//!                                    |                                 -> check (offline; online: the server's grammar)
//!                                    +--------------------------------> run
//! ```
//!
//! psql is the model: the same file through `psql -1 -v ON_ERROR_STOP=1 -f` leaves the same catalog and
//! rows. What we do not do as psql does is refused with its place and the reason, never done differently.
//! Everything but `run` and the online check is pure: no socket, no clock.

pub mod check;
pub mod classify;
mod commands;
mod copy_data;
mod cursor;
mod destroy;
pub mod gate;
mod judge;
mod lex;
pub mod location;
mod lock;
mod online;
pub mod place;
pub mod psql;
pub mod run;
mod setting;
pub mod source;
pub mod split;
mod split_error;
pub mod statement;
mod suggest;
mod tokens;
pub mod variables;

pub use check::{Finding, Report, Severity, offline};
pub use classify::{Class, Control, Destroyed, Lock, LockMode, Transaction, classify};
pub use commands::{CommandError, Echo};
pub use gate::{Admission, Gate, Refusal, RefusalKind};
pub use judge::{Fault, Verdict};
pub use lex::Open;
pub use location::{FileName, Location};
pub use online::online;
pub use place::{Place, Span};
pub use source::{Item, Source, SourceError, SourceErrorKind};
pub use split::{Command, Piece, Splitter};
pub use split_error::{SplitError, SplitErrorKind};
pub use statement::{OwnedStatement, Statement};
pub use variables::Variables;

#[cfg(test)]
mod split_tests;
