//! Undo for Postgres, proven before it commits.
//!
//! ```text
//! connect --> introspect --> catalog --+--> canon --> store            (snapshot)
//!                                      +--> render                     (canonical SQL, dump)
//!                                      +--> diff --> plan --> apply    (rollback, restore)      connect <-- apply
//! file.sql --> script::split --> script::check / script::run --> connect   (a script in one transaction)
//! ```
//!
//! Each arrow is a folder; `tests/tidy.rs` checks that no other arrow exists.

pub mod apply;
pub mod catalog;
pub mod cli;
pub mod connect;
pub mod diff;
pub mod introspect;
mod nearest;
mod parallel;
pub mod plan;
pub mod procedure;
pub mod render;
pub mod script;
pub mod store;
