//! What can go wrong while a plan is applied.

use crate::catalog::Id;
use crate::connect::{Error, ServerError};

/// Why a plan was not applied. In each case but [`ApplyError::Unknown`] nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The connection, or a statement of our own.
    #[error(transparent)]
    Connection(#[from] Error),
    /// Another run of Snapback holds the lock.
    #[error("another run of Snapback is changing this database{}", .holder.as_ref().map(|holder| format!(": {holder}")).unwrap_or_default())]
    Locked {
        /// Who, as far as the server tells.
        holder: Option<String>,
    },
    /// The server takes no changes.
    #[error("the server is {0}: it takes no changes")]
    ReadOnly(&'static str),
    /// A table that a step destroys could not be locked before its rows are saved.
    #[error("{table} could not be locked: {error}")]
    Unlockable {
        /// The table, quoted and qualified.
        table: String,
        /// What the server said.
        error: Box<ServerError>,
    },
    /// A step failed.
    #[error("step {number} failed: {error}")]
    Step {
        /// Its place in the plan, from 1.
        number: usize,
        /// What it is about.
        subject: Box<Id>,
        /// Its statement.
        sql: String,
        /// What the server said.
        error: Box<ServerError>,
    },
    /// A step is none or several statements, or is not what it seems.
    #[error("not one statement: {sql}")]
    NotOne {
        /// What was sent, as far as it can be told.
        sql: String,
    },
    /// COMMIT was answered by ROLLBACK: something in the transaction had failed.
    #[error("the server rolled the transaction back instead of committing it")]
    NotCommitted,
    /// The connection broke during COMMIT and the server could not be asked since.
    #[error(
        "the connection broke during COMMIT and the server cannot be asked about transaction {transaction}: {error}"
    )]
    Unknown {
        /// What `pg_xact_status()` wants to know.
        transaction: String,
        /// Why it cannot be asked.
        error: String,
    },
}

impl ApplyError {
    /// What the server said, when it is that.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Connection(error) => error.server(),
            Self::Unlockable { error, .. } | Self::Step { error, .. } => Some(error),
            Self::Locked { .. }
            | Self::ReadOnly(_)
            | Self::NotOne { .. }
            | Self::NotCommitted
            | Self::Unknown { .. } => None,
        }
    }

    /// Whether the same transaction may well succeed when tried again: a lock timeout, a deadlock, a
    /// serialization failure.
    pub fn is_transient(&self) -> bool {
        self.server()
            .is_some_and(|error| matches!(error.code.as_str(), "55P03" | "40P01" | "40001"))
    }
}
