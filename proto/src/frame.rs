//! Cuts the byte stream of the server into messages, and reads the fields of one message.
//!
//! Relies on: nothing but `bytes`. Must not: wait for, or make room for, a message that is longer than its
//! kind may be (the length is checked as soon as the header is there), and never panic, whatever the bytes.
//!
//! Source: manual, "Message Formats"; the limits follow libpq's `fe-protocol3.c`.

use bytes::{Buf, Bytes, BytesMut};

use crate::ProtocolError;

/// Bytes of a message header: the tag and the length.
const HEADER: usize = 5;

/// Longest message of the kinds that carry rows, texts or COPY data, in bytes. The server cannot make a
/// longer one: it builds a message in one allocation of at most `MaxAllocSize` (`memutils.h`), 1 GiB less one.
pub const LONGEST: usize = 0x3fff_ffff;

/// Longest message of every other kind, in bytes (libpq calls these "short" and has the same bound).
const SHORT: usize = 30_000;

/// Longest `ParameterDescription`, in bytes: 65,535 parameters of four bytes each, and their count.
const PARAMETERS: usize = 65_535 * 4 + 2;

/// How far the server is trusted, which bounds what it may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Before authentication has ended: anyone may be at the other end.
    Stranger,
    /// After it.
    Server,
}

/// One message of the server, its header removed.
#[derive(Debug)]
pub struct Frame {
    /// The kind of the message, one of [`tag`].
    pub tag: u8,
    /// Its fields.
    pub body: Body,
}

/// Tags of the messages of the server.
#[allow(missing_docs)] // Each has the name that the manual gives it.
pub mod tag {
    pub const AUTHENTICATION: u8 = b'R';
    pub const BACKEND_KEY_DATA: u8 = b'K';
    pub const BIND_COMPLETE: u8 = b'2';
    pub const CLOSE_COMPLETE: u8 = b'3';
    pub const COMMAND_COMPLETE: u8 = b'C';
    pub const COPY_BOTH_RESPONSE: u8 = b'W';
    pub const COPY_DATA: u8 = b'd';
    pub const COPY_DONE: u8 = b'c';
    pub const COPY_IN_RESPONSE: u8 = b'G';
    pub const COPY_OUT_RESPONSE: u8 = b'H';
    pub const DATA_ROW: u8 = b'D';
    pub const EMPTY_QUERY_RESPONSE: u8 = b'I';
    pub const ERROR_RESPONSE: u8 = b'E';
    pub const FUNCTION_CALL_RESPONSE: u8 = b'V';
    pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';
    pub const NO_DATA: u8 = b'n';
    pub const NOTICE_RESPONSE: u8 = b'N';
    pub const NOTIFICATION_RESPONSE: u8 = b'A';
    pub const PARAMETER_DESCRIPTION: u8 = b't';
    pub const PARAMETER_STATUS: u8 = b'S';
    pub const PARSE_COMPLETE: u8 = b'1';
    pub const PORTAL_SUSPENDED: u8 = b's';
    pub const READY_FOR_QUERY: u8 = b'Z';
    pub const ROW_DESCRIPTION: u8 = b'T';
}

/// The manual's name of a message of the server; `None` when there is no message with this tag.
pub fn name(tag: u8) -> Option<&'static str> {
    Some(match tag {
        tag::AUTHENTICATION => "Authentication",
        tag::BACKEND_KEY_DATA => "BackendKeyData",
        tag::BIND_COMPLETE => "BindComplete",
        tag::CLOSE_COMPLETE => "CloseComplete",
        tag::COMMAND_COMPLETE => "CommandComplete",
        tag::COPY_BOTH_RESPONSE => "CopyBothResponse",
        tag::COPY_DATA => "CopyData",
        tag::COPY_DONE => "CopyDone",
        tag::COPY_IN_RESPONSE => "CopyInResponse",
        tag::COPY_OUT_RESPONSE => "CopyOutResponse",
        tag::DATA_ROW => "DataRow",
        tag::EMPTY_QUERY_RESPONSE => "EmptyQueryResponse",
        tag::ERROR_RESPONSE => "ErrorResponse",
        tag::FUNCTION_CALL_RESPONSE => "FunctionCallResponse",
        tag::NEGOTIATE_PROTOCOL_VERSION => "NegotiateProtocolVersion",
        tag::NO_DATA => "NoData",
        tag::NOTICE_RESPONSE => "NoticeResponse",
        tag::NOTIFICATION_RESPONSE => "NotificationResponse",
        tag::PARAMETER_DESCRIPTION => "ParameterDescription",
        tag::PARAMETER_STATUS => "ParameterStatus",
        tag::PARSE_COMPLETE => "ParseComplete",
        tag::PORTAL_SUSPENDED => "PortalSuspended",
        tag::READY_FOR_QUERY => "ReadyForQuery",
        tag::ROW_DESCRIPTION => "RowDescription",
        _ => return None,
    })
}

/// Longest body that a message of this kind may have, in bytes.
fn longest(tag: u8, trust: Trust) -> usize {
    match (trust, tag) {
        (
            Trust::Server,
            tag::COPY_DATA
            | tag::DATA_ROW
            | tag::ERROR_RESPONSE
            | tag::NOTICE_RESPONSE
            | tag::NOTIFICATION_RESPONSE
            | tag::ROW_DESCRIPTION,
        ) => LONGEST,
        (Trust::Server, tag::PARAMETER_DESCRIPTION) => PARAMETERS,
        (Trust::Stranger | Trust::Server, _) => SHORT,
    }
}

/// Takes the next whole message off the front of `input`; `None` when it has not arrived yet.
///
/// The bytes of the body are shared with `input`, not copied.
pub fn split(input: &mut BytesMut, trust: Trust) -> Result<Option<Frame>, ProtocolError> {
    let Some(&[tag, a, b, c, d]) = input.first_chunk::<HEADER>() else {
        return match input.first() {
            Some(&tag) if name(tag).is_none() => Err(ProtocolError::UnknownMessage { tag }),
            _ => Ok(None),
        };
    };
    let Some(message) = name(tag) else {
        return Err(ProtocolError::UnknownMessage { tag });
    };
    let length = u32::from_be_bytes([a, b, c, d]);
    let total = usize::try_from(length).unwrap_or(usize::MAX);
    let Some(size) = total.checked_sub(HEADER - 1) else {
        return Err(ProtocolError::Length { message, length });
    };
    if size > longest(tag, trust) {
        return Err(ProtocolError::Length { message, length });
    }
    if input.len() - HEADER < size {
        return Ok(None);
    }
    input.advance(HEADER);
    let bytes = input.split_to(size).freeze();
    Ok(Some(Frame {
        tag,
        body: Body { message, bytes },
    }))
}

/// The fields of one message, read from the front to the end.
#[derive(Clone, Debug)]
pub struct Body {
    message: &'static str,
    bytes: Bytes,
}

impl Body {
    /// The name of the message, for errors.
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// The error that says that this message does not have the form it must have.
    pub fn malformed(&self) -> ProtocolError {
        ProtocolError::Malformed {
            message: self.message,
        }
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, ProtocolError> {
        self.bytes.try_get_u8().map_err(|_| self.malformed())
    }

    /// The next two bytes, a count.
    pub fn u16(&mut self) -> Result<u16, ProtocolError> {
        self.bytes.try_get_u16().map_err(|_| self.malformed())
    }

    /// The next two bytes, signed.
    pub fn i16(&mut self) -> Result<i16, ProtocolError> {
        self.bytes.try_get_i16().map_err(|_| self.malformed())
    }

    /// The next four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, ProtocolError> {
        self.bytes.try_get_i32().map_err(|_| self.malformed())
    }

    /// The next four bytes, such as an OID.
    pub fn u32(&mut self) -> Result<u32, ProtocolError> {
        self.bytes.try_get_u32().map_err(|_| self.malformed())
    }

    /// The next text, which ends with a zero byte; its encoding is not checked.
    pub fn text(&mut self) -> Result<Bytes, ProtocolError> {
        let end = memchr::memchr(0, &self.bytes).ok_or_else(|| self.malformed())?;
        let text = self.bytes.split_to(end);
        self.bytes.advance(1);
        Ok(text)
    }

    /// The next text as a string; bytes that are not UTF-8 become U+FFFD (a server may speak before the
    /// encoding is agreed, and a database in `SQL_ASCII` never agrees).
    pub fn string(&mut self) -> Result<String, ProtocolError> {
        let text = self.text()?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The next `size` bytes.
    pub fn take(&mut self, size: usize) -> Result<Bytes, ProtocolError> {
        if size > self.bytes.len() {
            return Err(self.malformed());
        }
        Ok(self.bytes.split_to(size))
    }

    /// All that is left.
    pub fn rest(self) -> Bytes {
        self.bytes
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Checks that nothing is left.
    pub fn end(&self) -> Result<(), ProtocolError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}
