//! The Postgres wire protocol (version 3.0), sans-IO: state machines over bytes.
//!
//! Bytes that came from the server go in, [`Event`]s and bytes for the server come out. The one entry is
//! [`Session`]: it starts the conversation, authenticates, and then answers for each statement that was
//! queued. What happens before a session exists ([`startup::ssl_request`]) and beside it ([`cancel`]) are
//! plain functions.
//!
//! Relies on `postgres-protocol` for the encoding of the client's messages, MD5 and SCRAM. Must not: touch a
//! socket, a clock, the environment or a thread. No input makes it panic, wait or allocate without bound.

pub mod auth;
pub mod cancel;
pub mod copy;
mod error;
pub mod frame;
pub mod notice;
pub mod query;
pub mod session;
pub mod startup;
pub mod trace;

pub use auth::{Authentication, ChannelBinding, Credentials, Password};
pub use cancel::CancelKey;
pub use copy::CopyFormat;
pub use error::ProtocolError;
pub use notice::{Notice, ServerError, Severity};
pub use query::{Column, CommandTag, DataRow, TransactionStatus};
pub use session::{Event, Session};
pub use startup::Startup;
