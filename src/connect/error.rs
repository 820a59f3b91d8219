//! What can go wrong on a connection that stands. What can go wrong before is `ConnectError`.

use std::io;

use snapback_proto::{ProtocolError, ServerError};

/// An error of a connection, or of a statement on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server reports an error. Unless it is fatal the connection can be used on.
    #[error("{error}")]
    Server {
        /// The index of the statement among those sent together; `None` when it is about none of them.
        statement: Option<usize>,
        /// Its report.
        error: Box<ServerError>,
    },
    /// The connection broke. What the server made of the last statements is not known.
    #[error("the connection to the server was lost: {0}")]
    Lost(#[source] io::Error),
    /// The conversation went wrong; or something cannot be sent (then the connection can be used on).
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// A value is not UTF-8: the database is in `SQL_ASCII`, which does not say what its bytes mean.
    #[error(
        "the value in column {column} of the result is not UTF-8 (is the database in SQL_ASCII?)"
    )]
    NotUtf8 {
        /// The index of the statement.
        statement: usize,
        /// The column, from 1.
        column: usize,
    },
}

impl Error {
    /// The server's report, when it is one.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Server { error, .. } => Some(error),
            Self::Lost(_) | Self::Protocol(_) | Self::NotUtf8 { .. } => None,
        }
    }
}
