//! Why no connection came to be: per server that was tried, in words that say what to do.
//!
//! No text here holds a password: causes keep where one came from, never what it is.

use std::{fmt, io, time::Duration};

use snapback_proto::{ProtocolError, ServerError};

use crate::connect::{
    Error,
    config::{ConfigError, Source, TargetSession},
    tls::TlsError,
};

/// No connection could be opened.
#[derive(Debug)]
pub enum ConnectError {
    /// The settings are wrong; no server was asked. Exit code 2.
    Config(ConfigError),
    /// No server would do: what happened with each, in the order they were tried; never empty. Exit code 6.
    Servers(Vec<Attempt>),
}

/// One server that was tried.
#[derive(Debug)]
pub struct Attempt {
    /// Where: `db.example:5432 (192.0.2.1)`, or a socket's path.
    pub server: String,
    /// Why not.
    pub cause: Cause,
}

/// Why a server would not do.
#[derive(Debug)]
pub enum Cause {
    /// Its name could not be resolved.
    Resolve(io::Error),
    /// The network, or the machine, refused.
    Unreachable(io::Error),
    /// It did not answer within `connect_timeout`.
    Timeout(Duration),
    /// It closed the connection, or the network did, before the session began.
    Lost(io::Error),
    /// The process behind a Unix-domain socket runs as another user than `requirepeer`.
    Peer {
        /// The user that `requirepeer` names.
        required: String,
        /// Who it runs as.
        found: String,
    },
    /// It has no TLS; the text says what needs it.
    NoTls(String),
    /// The TLS handshake failed.
    Tls(TlsError),
    /// `channel_binding=require`, which cannot be had; the text says why.
    NoChannelBinding(&'static str),
    /// It asks for a password and there is none. The user can be asked.
    PasswordNeeded,
    /// It does not let this user in.
    Authentication {
        /// Its report.
        error: Box<ServerError>,
        /// Where the password came from, when there was one.
        password_from: Option<Source>,
    },
    /// It reports another error: no such database, too many connections, starting up.
    Server(Box<ServerError>),
    /// The conversation went wrong, or it asks for an authentication that is not supported.
    Protocol(ProtocolError),
    /// The session began, but the question what kind of server it is could not be answered.
    Question(Error),
    /// It is not what `target_session_attrs` asks for.
    WrongRole(TargetSession),
}

/// SQLSTATE `invalid_authorization_specification`: also "no `pg_hba.conf` entry" for this encryption.
const NOT_AUTHORIZED: &str = "28000";
/// SQLSTATE `invalid_password`.
const WRONG_PASSWORD: &str = "28P01";
/// SQLSTATEs of a server that will take connections later: `too_many_connections`, `admin_shutdown`,
/// `crash_shutdown`, `cannot_connect_now`.
const LATER: [&str; 4] = ["53300", "57P01", "57P02", "57P03"];

impl Cause {
    /// What an error of the session's start means; `password_from` is where the password came from.
    pub(super) fn at_start(error: Error, password_from: Option<&Source>) -> Self {
        match error {
            Error::Server { error, .. }
                if [NOT_AUTHORIZED, WRONG_PASSWORD].contains(&error.code.as_str()) =>
            {
                let used = error.code == WRONG_PASSWORD;
                Cause::Authentication {
                    error,
                    password_from: password_from.filter(|_| used).cloned(),
                }
            }
            Error::Server { error, .. } => Cause::Server(error),
            Error::Lost(error) => Cause::lost(error),
            Error::Protocol(ProtocolError::PasswordRequired { .. }) => Cause::PasswordNeeded,
            Error::Protocol(error) => Cause::Protocol(error),
            error @ Error::NotUtf8 { .. } => Cause::Question(error),
        }
    }

    /// An I/O error after the connection stood.
    pub(super) fn lost(error: io::Error) -> Self {
        TlsError::inside(&error).map_or(Cause::Lost(error), Cause::Tls)
    }

    /// Whether the next server is worth a try. One that was reached and refused us decides the matter, as in libpq.
    pub(super) fn leaves_others(&self) -> bool {
        self.is_transient()
            || matches!(
                self,
                Cause::Unreachable(_) | Cause::Timeout(_) | Cause::WrongRole(_)
            )
    }

    /// Whether the same server may answer otherwise with TLS instead of without, or the other way round.
    pub(super) fn may_be_encryption(&self) -> bool {
        match self {
            // A certificate that was looked at and found wrong is not a reason to go on without one.
            Cause::Tls(error) => !error.is_distrust(),
            Cause::Lost(_) => true,
            Cause::Authentication { error, .. } => error.code == NOT_AUTHORIZED,
            _ => false,
        }
    }

    /// Whether the same may succeed a moment later.
    fn is_transient(&self) -> bool {
        match self {
            Cause::Resolve(_) | Cause::Lost(_) => true,
            Cause::Unreachable(error) => error.kind() != io::ErrorKind::PermissionDenied,
            Cause::Server(error) => LATER.contains(&error.code.as_str()),
            Cause::Timeout(_)
            | Cause::Peer { .. }
            | Cause::NoTls(_)
            | Cause::Tls(_)
            | Cause::NoChannelBinding(_)
            | Cause::PasswordNeeded
            | Cause::Authentication { .. }
            | Cause::Protocol(_)
            | Cause::Question(_)
            | Cause::WrongRole(_) => false,
        }
    }
}

impl ConnectError {
    /// The cause that decided: that of the last server tried. None when the settings are wrong.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            ConnectError::Config(_) => None,
            ConnectError::Servers(attempts) => attempts.last().map(|attempt| &attempt.cause),
        }
    }

    /// Whether a password was all that was missing: ask for one, then try again with
    /// [`Config::remember_password`](crate::connect::Config::remember_password).
    pub fn needs_password(&self) -> bool {
        matches!(self.cause(), Some(Cause::PasswordNeeded))
    }

    /// The server's own report, when there is one.
    pub fn server_error(&self) -> Option<&ServerError> {
        match self.cause()? {
            Cause::Authentication { error, .. } | Cause::Server(error) => Some(error),
            Cause::Question(error) => error.server(),
            _ => None,
        }
    }

    /// Whether to try again in a moment.
    pub(super) fn is_transient(&self) -> bool {
        self.cause().is_some_and(Cause::is_transient)
    }
}

impl From<ConfigError> for ConnectError {
    fn from(error: ConfigError) -> Self {
        ConnectError::Config(error)
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Config(error) => error.fmt(f),
            ConnectError::Servers(attempts) => match attempts.as_slice() {
                [Attempt { server, cause }] => write!(f, "cannot connect to {server}: {cause}"),
                attempts => {
                    f.write_str("cannot connect")?;
                    attempts.iter().try_for_each(|Attempt { server, cause }| {
                        write!(f, "\n  {server}: {cause}")
                    })
                }
            },
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Resolve(error) => {
                write!(f, "the host name cannot be resolved: {}", plain(error))
            }
            Cause::Unreachable(error) => f.write_str(&unreachable(error)),
            Cause::Timeout(limit) => write!(
                f,
                "no answer within {} s (connect_timeout)",
                limit.as_secs()
            ),
            Cause::Lost(error) => write!(
                f,
                "the connection was lost before the session began: {}",
                plain(error)
            ),
            Cause::Peer { required, found } => {
                write!(
                    f,
                    "requirepeer is {required:?}, but the server runs as {found:?}"
                )
            }
            Cause::NoTls(who) => write!(f, "the server does not support TLS, which {who} needs"),
            Cause::Tls(error) => error.fmt(f),
            Cause::NoChannelBinding(why) => write!(f, "channel_binding=require: {why}"),
            Cause::PasswordNeeded => {
                f.write_str("the server asks for a password, and none was given")
            }
            Cause::Authentication {
                error,
                password_from,
            } => {
                error.fmt(f)?;
                match password_from {
                    Some(source) => write!(f, "; the password came from: {source}"),
                    None => Ok(()),
                }
            }
            Cause::Server(error) => error.fmt(f),
            Cause::Protocol(
                error @ (ProtocolError::Length { .. }
                | ProtocolError::Malformed { .. }
                | ProtocolError::Unexpected { .. }),
            ) => {
                write!(f, "{error}: is this a Postgres server?")
            }
            Cause::Protocol(error) => error.fmt(f),
            Cause::Question(error) => write!(f, "cannot tell what kind of server it is: {error}"),
            Cause::WrongRole(wanted) => f.write_str(match wanted {
                TargetSession::Any => "the server will do",
                TargetSession::ReadWrite => {
                    "the server is read-only (target_session_attrs=read-write)"
                }
                TargetSession::ReadOnly => {
                    "the server is not read-only (target_session_attrs=read-only)"
                }
                TargetSession::Primary => "the server is a standby (target_session_attrs=primary)",
                TargetSession::Standby | TargetSession::PreferStandby => {
                    "the server is not a standby (target_session_attrs=standby)"
                }
            }),
        }
    }
}

fn unreachable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused: no server listens there".to_owned(),
        io::ErrorKind::NotFound => {
            "there is no such socket: no server runs here, or its host was not given (host=, PGHOST)".to_owned()
        }
        _ => plain(error),
    }
}

/// The error without the number that the standard library puts behind it.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
