//! Proves who we are to the server, and, with SCRAM, the server to us.
//!
//! Relies on `postgres-protocol` for MD5, SCRAM and its nonces. Must not: show a password, send one where
//! channel binding is required, or take the server's word that SCRAM ended well.
//!
//! Source: manual, "Start-up" and "SASL Authentication"; RFC 5802, RFC 7677, RFC 5929 (`tls-server-end-point`).

use std::fmt;

use bytes::BytesMut;
use postgres_protocol::authentication::{md5_hash, sasl};
use postgres_protocol::message::frontend;

use crate::ProtocolError;
use crate::frame::Body;

/// A password as the user gave it: can be used, cannot be printed. Only [`Password::expose`] hands out the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the authentication exchange only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Whether SCRAM is tied to the TLS connection. The bytes are the `tls-server-end-point` data of RFC 5929:
/// a hash of the server's certificate, which whoever made the connection hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// No TLS, a certificate that has no such hash, or not wanted.
    Never,
    /// If the server offers it.
    Prefer(Vec<u8>),
    /// Nothing else will do: any other authentication is refused before anything is sent.
    Require(Vec<u8>),
}

/// What we can prove ourselves with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The password, when there is one.
    pub password: Option<Password>,
    /// Channel binding.
    pub channel_binding: ChannelBinding,
}

/// How the server made sure of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// It asked for nothing (trust, peer, ident, or a TLS client certificate).
    None,
    /// A password in clear text.
    Cleartext,
    /// A password hashed with MD5.
    Md5,
    /// SCRAM: the server has proven itself too.
    ScramSha256,
    /// SCRAM, tied to the TLS connection.
    ScramSha256Plus,
}

impl Authentication {
    /// Its name, as the manual has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "no",
            Self::Cleartext => "cleartext password",
            Self::Md5 => "MD5 password",
            Self::ScramSha256 => sasl::SCRAM_SHA_256,
            Self::ScramSha256Plus => sasl::SCRAM_SHA_256_PLUS,
        }
    }
}

/// Where the exchange stands.
enum State {
    /// Nothing has been asked.
    Start,
    /// The answer to the one question has been sent.
    Answered(Authentication),
    /// The first SCRAM message has been sent.
    ScramFirst(sasl::ScramSha256, Authentication),
    /// The proof has been sent; the server's is to come.
    ScramFinal(sasl::ScramSha256, Authentication),
    /// The server's proof was right.
    Proven(Authentication),
    /// An error ended it.
    Failed,
}

/// The client's side of the authentication exchange.
pub(crate) struct Authenticator {
    user: String,
    credentials: Credentials,
    state: State,
}

impl Authenticator {
    pub(crate) fn new(user: &str, credentials: Credentials) -> Self {
        Self {
            user: user.to_owned(),
            credentials,
            state: State::Start,
        }
    }

    /// Takes an `Authentication` message and appends the answer. Returns how we were authenticated once the
    /// server says that we are.
    pub(crate) fn receive(
        &mut self,
        mut body: Body,
        out: &mut BytesMut,
    ) -> Result<Option<Authentication>, ProtocolError> {
        let code = body.u32()?;
        let state = std::mem::replace(&mut self.state, State::Failed);
        self.state = match (code, state) {
            (0, state) => {
                body.end()?;
                return self.finish(&state).map(Some);
            }
            (3, State::Start) => {
                body.end()?;
                self.answer_cleartext(out)?
            }
            (5, State::Start) => self.answer_md5(body, out)?,
            (10, State::Start) => self.answer_sasl(body, out)?,
            (11, State::ScramFirst(scram, kind)) => continue_scram(scram, kind, body, out)?,
            (12, State::ScramFinal(scram, kind)) => finish_scram(scram, kind, body)?,
            (code, State::Start) => return Err(unsupported(code)),
            (_, _) => {
                return Err(ProtocolError::Unexpected {
                    message: body.message(),
                    state: "in the middle of authentication",
                });
            }
        };
        Ok(None)
    }

    /// The server says that all is well: is it?
    fn finish(&self, state: &State) -> Result<Authentication, ProtocolError> {
        match *state {
            State::Start => {
                self.allow(Authentication::None)?;
                Ok(Authentication::None)
            }
            State::Answered(kind) | State::Proven(kind) => Ok(kind),
            State::ScramFirst(..) | State::ScramFinal(..) | State::Failed => {
                Err(ProtocolError::ServerNotProven)
            }
        }
    }

    /// Refuses what is not tied to the TLS connection when that is required.
    fn allow(&self, kind: Authentication) -> Result<(), ProtocolError> {
        match self.credentials.channel_binding {
            ChannelBinding::Require(_) if kind != Authentication::ScramSha256Plus => {
                Err(ProtocolError::ChannelBindingRequired {
                    method: kind.as_str(),
                })
            }
            ChannelBinding::Never | ChannelBinding::Prefer(_) | ChannelBinding::Require(_) => {
                Ok(())
            }
        }
    }

    /// The password, if this kind of authentication may have it.
    fn password(&self, kind: Authentication) -> Result<&Password, ProtocolError> {
        self.allow(kind)?;
        self.credentials
            .password
            .as_ref()
            .ok_or(ProtocolError::PasswordRequired {
                method: kind.as_str(),
            })
    }

    fn answer_cleartext(&self, out: &mut BytesMut) -> Result<State, ProtocolError> {
        let password = self.password(Authentication::Cleartext)?;
        write_password(password.expose().as_bytes(), out)?;
        Ok(State::Answered(Authentication::Cleartext))
    }

    fn answer_md5(&self, mut body: Body, out: &mut BytesMut) -> Result<State, ProtocolError> {
        let salt = body.u32()?.to_be_bytes();
        body.end()?;
        let password = self.password(Authentication::Md5)?;
        let hash = md5_hash(self.user.as_bytes(), password.expose().as_bytes(), salt);
        write_password(hash.as_bytes(), out)?;
        Ok(State::Answered(Authentication::Md5))
    }

    /// Chooses a mechanism and sends the first message of SCRAM.
    fn answer_sasl(&self, body: Body, out: &mut BytesMut) -> Result<State, ProtocolError> {
        let offered = Mechanisms::read(body)?;
        let (kind, binding) = match &self.credentials.channel_binding {
            ChannelBinding::Prefer(data) | ChannelBinding::Require(data) if offered.plus => (
                Authentication::ScramSha256Plus,
                sasl::ChannelBinding::tls_server_end_point(data.clone()),
            ),
            _ if !offered.plain => {
                return Err(ProtocolError::UnsupportedAuthentication {
                    method: format!("SASL ({})", offered.names.join(", ")),
                });
            }
            // "I could have, but you do not offer it": a server that did offer it then knows of a man in the middle.
            ChannelBinding::Prefer(_) | ChannelBinding::Require(_) => (
                Authentication::ScramSha256,
                sasl::ChannelBinding::unrequested(),
            ),
            ChannelBinding::Never => (
                Authentication::ScramSha256,
                sasl::ChannelBinding::unsupported(),
            ),
        };
        let password = self.password(kind)?;
        let scram = sasl::ScramSha256::new(password.expose().as_bytes(), binding);
        frontend::sasl_initial_response(kind.as_str(), scram.message(), out)
            .map_err(|error| scram_error(&error))?;
        Ok(State::ScramFirst(scram, kind))
    }
}

fn write_password(password: &[u8], out: &mut BytesMut) -> Result<(), ProtocolError> {
    let start = out.len();
    frontend::password_message(password, out).map_err(|_| {
        out.truncate(start);
        ProtocolError::ZeroByte {
            what: "the password",
        }
    })
}

fn continue_scram(
    mut scram: sasl::ScramSha256,
    kind: Authentication,
    body: Body,
    out: &mut BytesMut,
) -> Result<State, ProtocolError> {
    scram
        .update(&body.rest())
        .map_err(|error| scram_error(&error))?;
    frontend::sasl_response(scram.message(), out).map_err(|error| scram_error(&error))?;
    Ok(State::ScramFinal(scram, kind))
}

fn finish_scram(
    mut scram: sasl::ScramSha256,
    kind: Authentication,
    body: Body,
) -> Result<State, ProtocolError> {
    scram
        .finish(&body.rest())
        .map_err(|error| scram_error(&error))?;
    Ok(State::Proven(kind))
}

fn scram_error(error: &std::io::Error) -> ProtocolError {
    ProtocolError::Scram {
        reason: error.to_string(),
    }
}

/// The error for a kind of authentication that we do not have.
fn unsupported(code: u32) -> ProtocolError {
    let method = match code {
        2 => "Kerberos V5".to_owned(),
        6 => "SCM credential".to_owned(),
        7 | 8 => "GSSAPI".to_owned(),
        9 => "SSPI".to_owned(),
        11 | 12 => {
            return ProtocolError::Unexpected {
                message: "AuthenticationSASL",
                state: "before SASL authentication began",
            };
        }
        other => format!("unknown (code {other})"),
    };
    ProtocolError::UnsupportedAuthentication { method }
}

/// The SASL mechanisms that a server offers.
struct Mechanisms {
    plain: bool,
    plus: bool,
    names: Vec<String>,
}

impl Mechanisms {
    fn read(mut body: Body) -> Result<Self, ProtocolError> {
        let mut read = Self {
            plain: false,
            plus: false,
            names: Vec::new(),
        };
        loop {
            let name = body.string()?;
            if name.is_empty() {
                break;
            }
            read.plain |= name == sasl::SCRAM_SHA_256;
            read.plus |= name == sasl::SCRAM_SHA_256_PLUS;
            // A stranger chose the name, and it will be shown.
            read.names.push(name.escape_debug().take(40).collect());
        }
        body.end()?;
        Ok(read)
    }
}
