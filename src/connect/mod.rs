//! Everything that touches a socket: configuration, dialing, TLS, the connection.
//!
//! Relies on `snapback-proto` for the protocol. Nothing outside this folder reads or writes a socket of Postgres.

pub mod config;
pub mod connection;
pub mod copy;
mod dial;
mod error;
pub mod interrupt;
pub mod pipeline;
pub mod rows;
mod tls;

pub use config::{Config, ConfigError, Environment, Given};
pub use connection::{Connection, Transport};
pub use dial::{Attempt, Canceller, Cause, ConnectError};
pub use error::Error;
pub use interrupt::{Interrupt, Interrupter};
pub use pipeline::{Next, Pipeline};
pub use rows::{Row, RowRef};
pub use snapback_proto::{
    Authentication, ChannelBinding, Column, CommandTag, CopyFormat, Credentials, DataRow, Event,
    Notice, Password, ProtocolError, ServerError, Severity, Startup, TransactionStatus,
    startup::Server, trace::Trace,
};
pub use tls::TlsError;
