//! How a conversation begins: the request for TLS, the startup packet, and what the server tells about itself.
//!
//! Must not: know how bytes travel, or where a parameter came from.
//!
//! Source: manual, "Start-up" and "SSL Session Encryption".

use std::collections::BTreeMap;
use std::task::Poll;

use bytes::{Buf, BytesMut};
use postgres_protocol::message::frontend;

use crate::cancel::CancelKey;
use crate::frame::Body;
use crate::notice::ServerError;
use crate::{ProtocolError, frame};

/// Longest startup packet that a server reads, in bytes (`MAX_STARTUP_PACKET_LENGTH`, `pqcomm.h`).
const LONGEST_PACKET: usize = 10_000;

/// Longest text of a server that cannot start a session, in bytes (libpq's bound).
const LONGEST_PLAIN_ERROR: usize = 30_000;

/// The parameters of the startup packet, in the order in which they were set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startup {
    parameters: Vec<(String, String)>,
}

impl Startup {
    /// A session for this role. The texts that travel are UTF-8.
    pub fn new(user: &str) -> Self {
        Self {
            parameters: vec![
                ("user".to_owned(), user.to_owned()),
                ("client_encoding".to_owned(), "UTF8".to_owned()),
            ],
        }
    }

    /// Sets `database`, `options`, `replication`, or any run-time setting, such as `application_name`.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The role.
    pub fn user(&self) -> &str {
        self.parameters
            .iter()
            .find(|(name, _)| name == "user")
            .map_or("", |(_, value)| value)
    }

    /// Appends the startup packet.
    pub(crate) fn write(&self, out: &mut BytesMut) -> Result<(), ProtocolError> {
        let start = out.len();
        let pairs = self
            .parameters
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()));
        frontend::startup_message(pairs, out).map_err(|_| {
            out.truncate(start);
            ProtocolError::ZeroByte {
                what: "a connection parameter",
            }
        })?;
        if out.len() - start > LONGEST_PACKET {
            out.truncate(start);
            return Err(ProtocolError::TooLong {
                what: "the startup packet",
                limit: LONGEST_PACKET,
            });
        }
        Ok(())
    }
}

/// Appends the request to go on with TLS. The server answers with one byte: see [`tls_answer`].
pub fn ssl_request(out: &mut BytesMut) {
    frontend::ssl_request(out);
}

/// Reads the server's answer to [`ssl_request`]: whether it goes on with TLS.
///
/// `received` is all that has come so far, at least one byte. More than one byte together with a yes is an
/// error: whatever is there came before TLS began and must not be read as if it had come through it.
pub fn tls_answer(received: &[u8]) -> Result<bool, ProtocolError> {
    match received {
        [b'S'] => Ok(true),
        [b'N'] => Ok(false),
        [b'S' | b'N', _, ..] => Err(ProtocolError::UnencryptedAfterTls),
        // An `E` begins an error text, which nobody has vouched for: not shown (CVE-2024-10977).
        other => Err(ProtocolError::TlsAnswer {
            answer: other.first().copied().unwrap_or(0),
        }),
    }
}

/// What the server told about itself and the session.
#[derive(Clone, Debug, Default)]
pub struct Server {
    parameters: BTreeMap<String, String>,
    process: Option<i32>,
    key: Option<CancelKey>,
}

impl Server {
    /// The current value of a parameter that the server reports, such as `server_version`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The server's version as its own `server_version_num` has it (15.18 is 150018); 0 when it is not known.
    pub fn version_num(&self) -> u32 {
        self.parameter("server_version").map_or(0, version_num)
    }

    /// The process id of the session's backend; a pooler may not tell.
    pub fn process(&self) -> Option<i32> {
        self.process
    }

    /// What a [`CancelRequest`](crate::cancel) for this session needs; a pooler may not tell.
    pub fn cancel_key(&self) -> Option<&CancelKey> {
        self.key.as_ref()
    }

    /// Takes a `ParameterStatus` message.
    pub(crate) fn read_parameter(&mut self, mut body: Body) -> Result<(), ProtocolError> {
        let name = body.string()?;
        let value = body.string()?;
        body.end()?;
        self.parameters.insert(name, value);
        Ok(())
    }

    /// Takes a `BackendKeyData` message. The key is 4 bytes up to server 17, up to 256 later.
    pub(crate) fn read_key(&mut self, mut body: Body) -> Result<(), ProtocolError> {
        let process = body.i32()?;
        let malformed = body.malformed();
        let key = body.rest();
        if !(4..=256).contains(&key.len()) {
            return Err(malformed);
        }
        self.process = Some(process);
        self.key = Some(CancelKey::new(process, &key));
        Ok(())
    }
}

/// `15.18 (Debian 15.18-0+deb12u1)` is 150018, `9.6.24` is 90624, `19beta1` is 190000.
fn version_num(version: &str) -> u32 {
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()
        .unwrap_or("")
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let major = next().min(9_999);
    if major >= 10 {
        return major * 10_000 + next().min(9_999);
    }
    major * 10_000 + next().min(99) * 100 + next().min(99)
}

/// Reads a `NegotiateProtocolVersion` message. This client asks for 3.0 and no options, so a server has no
/// reason to send one; one that sends it all the same is fine as long as it speaks 3.x.
pub(crate) fn read_negotiation(mut body: Body) -> Result<(), ProtocolError> {
    let major = body.u16()?;
    let minor = body.u16()?;
    let options = body.i32()?;
    for _ in 0..options {
        body.text()?;
    }
    body.end()?;
    // Servers send the whole version; the manual can be read as if the minor one stood alone.
    if major != 3 && major != 0 {
        return Err(ProtocolError::Version { major, minor });
    }
    Ok(())
}

/// Takes the text of a server that could not start a process for us off `input`: an `E`, then the text up to a
/// zero byte, without a length (`report_fork_failure_to_client`, `postmaster.c`). `Ready(None)` when `input` is
/// something else, `Pending` when it is not all there.
pub(crate) fn plain_error(input: &mut BytesMut) -> Poll<Option<ServerError>> {
    let [frame::tag::ERROR_RESPONSE, text @ ..] = &input[..] else {
        return Poll::Ready(None);
    };
    // The first byte of the length of a true error is zero.
    match text.first() {
        None => return Poll::Pending,
        Some(b' '..=b'~') => {}
        Some(_) => return Poll::Ready(None),
    }
    let Some(end) = memchr::memchr(0, text) else {
        return if text.len() > LONGEST_PLAIN_ERROR {
            Poll::Ready(None)
        } else {
            Poll::Pending
        };
    };
    let message = String::from_utf8_lossy(text.get(..end).unwrap_or(text));
    let error = ServerError::plain(message.trim_end().to_owned());
    input.advance(end + 2);
    Poll::Ready(Some(error))
}

#[cfg(test)]
mod tests {
    use super::{tls_answer, version_num};
    use crate::ProtocolError;

    #[test]
    fn versions_as_the_server_numbers_them() {
        for (text, number) in [
            ("15.18 (Debian 15.18-0+deb12u1)", 150_018),
            ("18.0", 180_000),
            ("19beta1", 190_000),
            ("20devel", 200_000),
            ("9.6.24", 90_624),
            ("", 0),
            ("EnterpriseDB", 0),
            ("99999999999.99999999999", 0),
            ("4294967295.4294967295", 99_999_999),
        ] {
            assert_eq!(version_num(text), number, "{text}");
        }
    }

    #[test]
    fn the_answer_to_the_request_for_tls_stands_alone() {
        assert_eq!(tls_answer(b"S"), Ok(true));
        assert_eq!(tls_answer(b"N"), Ok(false));
        let stuffed = Err(ProtocolError::UnencryptedAfterTls);
        assert_eq!(tls_answer(b"SR\0\0\0\x08"), stuffed);
        assert_eq!(tls_answer(b"NR"), stuffed);
        let error = Err(ProtocolError::TlsAnswer { answer: b'E' });
        assert_eq!(tls_answer(b"Etext"), error);
        assert_eq!(tls_answer(b""), Err(ProtocolError::TlsAnswer { answer: 0 }));
    }
}
