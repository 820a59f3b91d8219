//! The commands as library calls, in the order of the safety procedure; no terminal, no process exit.
//!
//! ```text
//! rollback ---+--> preflight --> consent --> transaction --+--> rows (saved), fills (put back), sequences
//! restore ----+                                            +--> record (operation log)
//! snapshot --> session (connection, reading)
//! compare  --> session, store (two schemas side by side)
//! ```

mod authority;
mod batch;
mod beside;
mod by_plan;
mod by_script;
pub mod compare;
pub mod consent;
mod difference;
pub mod failure;
mod fills;
pub mod history;
pub mod host;
mod outside;
pub mod preflight;
pub mod profile;
pub mod record;
pub mod restore;
pub mod roles;
pub mod rollback;
pub mod rollback_script;
mod rows;
pub mod run;
mod secrets;
mod sequences;
pub mod session;
pub mod snapshot;
mod store;
pub mod transaction;

pub use crate::apply::Settings;
