//! What can be wrong with a conversation itself, as opposed to what the server reports.
//!
//! Must not: hold a password, or bytes of a message that may hold one.

/// The conversation cannot go on: one side broke the protocol, or this client cannot do what is asked of it.
///
/// After such an error nothing more can be read from the connection; it has to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A message that no version of the protocol has: most often this is not a Postgres server.
    #[error("the server sent a message of unknown kind 0x{tag:02x}: is this a Postgres server?")]
    UnknownMessage {
        /// The first byte of the message.
        tag: u8,
    },
    /// A length that the message cannot have.
    #[error(
        "the server announced a {message} message of {length} bytes, which it cannot have: is this a Postgres server?"
    )]
    Length {
        /// The manual's name of the message.
        message: &'static str,
        /// The length in its header, in bytes.
        length: u32,
    },
    /// The fields of a message are not what its kind must have.
    #[error("the server sent a {message} message whose content is malformed")]
    Malformed {
        /// The manual's name of the message.
        message: &'static str,
    },
    /// A message that has no place at this point of the conversation.
    #[error("the server sent an unexpected {message} message {state}")]
    Unexpected {
        /// The manual's name of the message.
        message: &'static str,
        /// What the session was doing.
        state: &'static str,
    },
    /// The server answered a request for TLS with something else than yes or no.
    #[error(
        "the server answered the request for TLS with 0x{answer:02x}: is this a Postgres server?"
    )]
    TlsAnswer {
        /// Its answer.
        answer: u8,
    },
    /// Bytes came in clear text right behind the server's consent to TLS: someone in between put them there
    /// (CVE-2021-23222).
    #[error(
        "the server sent unencrypted data after agreeing to TLS: someone may be tampering with the connection"
    )]
    UnencryptedAfterTls,
    /// The server speaks no protocol version that this client knows.
    #[error("the server speaks protocol {major}.{minor}, this client 3.0")]
    Version {
        /// Its major version.
        major: u16,
        /// Its minor version.
        minor: u16,
    },
    /// The server wants a kind of authentication that this client does not have.
    #[error(
        "the server asks for {method} authentication, which is not supported; supported are SCRAM-SHA-256, MD5, password, and those that need no answer (trust, peer, cert)"
    )]
    UnsupportedAuthentication {
        /// Its name.
        method: String,
    },
    /// The server wants a password and none was given.
    #[error("the server asks for a password ({method}) and none was given")]
    PasswordRequired {
        /// The kind of authentication that wants it.
        method: &'static str,
    },
    /// Channel binding is required and the server does not do it.
    #[error(
        "channel binding is required, but the server asks for {method} authentication without it"
    )]
    ChannelBindingRequired {
        /// What the server asked for instead.
        method: &'static str,
    },
    /// The server's part of a SCRAM exchange is wrong.
    #[error("SCRAM authentication failed: {reason}")]
    Scram {
        /// What is wrong; never the content of a message.
        reason: String,
    },
    /// The server let us in without proving that it knows the password's verifier.
    #[error("the server ended SCRAM authentication without proving who it is")]
    ServerNotProven,
    /// A `COPY .. FROM STDIN` started, for which no data was queued before the Sync behind it.
    #[error("statement {statement} is a COPY FROM STDIN, but no data was sent for it")]
    CopyWithoutData {
        /// Its index.
        statement: usize,
    },
    /// A text for the server holds a zero byte, which the protocol cannot carry.
    #[error("the text of {what} holds a zero byte, which Postgres cannot take")]
    ZeroByte {
        /// What holds it.
        what: &'static str,
    },
    /// A message for the server would be longer than it accepts.
    #[error("{what} is longer than the server accepts ({limit} bytes)")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
    /// More parameters than a statement can have.
    #[error("a statement cannot have more than 65535 parameters")]
    TooManyParameters,
    /// The session has ended: an earlier error said why.
    #[error("the session has ended")]
    Ended,
}
