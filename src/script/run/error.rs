//! Why a script did not run to its end.

use crate::connect::{Error, ServerError};

use super::super::gate::Refusal;
use super::super::location::Location;
use super::super::source::SourceError;

/// Why a script did not run to its end. In every case the transaction can only be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The script cannot be read on.
    #[error("{}", .0.kind)]
    Source(#[from] SourceError),
    /// A statement does not fit into one transaction.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server reports an error.
    #[error("{}", error.message)]
    Statement {
        /// Where, as exactly as the server says.
        location: Option<Location>,
        /// Its report.
        error: Box<ServerError>,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The connection broke.
    #[error(transparent)]
    Connection(#[from] Error),
}

impl RunError {
    /// Where in the script it happened.
    pub fn location(&self) -> Option<&Location> {
        match self {
            RunError::Source(error) => Some(&error.location),
            RunError::Refused(refusal) => Some(&refusal.location),
            RunError::Statement { location, .. } => location.as_ref(),
            RunError::Interrupted | RunError::Connection(_) => None,
        }
    }

    /// The server's report, when it is one.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            RunError::Statement { error, .. } => Some(error),
            RunError::Connection(error) => error.server(),
            RunError::Source(_) | RunError::Refused(_) | RunError::Interrupted => None,
        }
    }
}
