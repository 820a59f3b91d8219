//! Statements: the messages that send them, and those that carry their results.
//!
//! Everything uses the unnamed statement and the unnamed portal, which work through transaction-mode poolers,
//! and the text format.
//!
//! Source: manual, "Simple Query", "Extended Query".

use std::fmt;
use std::ops::Range;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

use crate::ProtocolError;
use crate::frame::{Body, LONGEST};

/// Where the session stands with regard to transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Not in a transaction block.
    Idle,
    /// In one.
    InTransaction,
    /// In one that has failed: only ROLLBACK will do.
    Failed,
}

/// Reads a `ReadyForQuery` message.
pub(crate) fn read_status(mut body: Body) -> Result<TransactionStatus, ProtocolError> {
    let status = match body.u8()? {
        b'I' => TransactionStatus::Idle,
        b'T' => TransactionStatus::InTransaction,
        b'E' => TransactionStatus::Failed,
        _ => return Err(body.malformed()),
    };
    body.end()?;
    Ok(status)
}

/// What a statement did, such as `INSERT 0 3` or `CREATE TABLE`.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandTag(Bytes);

impl CommandTag {
    pub(crate) fn read(mut body: Body) -> Result<Self, ProtocolError> {
        let text = body.text()?;
        body.end()?;
        if std::str::from_utf8(&text).is_err() {
            return Err(body.malformed());
        }
        Ok(Self(text))
    }

    /// The tag as the server sent it.
    pub fn as_str(&self) -> &str {
        // It was checked when it was read.
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// How many rows it speaks of: inserted, changed, selected, copied.
    pub fn rows(&self) -> Option<u64> {
        self.as_str().rsplit(' ').next()?.parse().ok()
    }
}

impl fmt::Display for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandTag({:?})", self.as_str())
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name. In a database in `SQL_ASCII` bytes that are not UTF-8 are shown as U+FFFD.
    pub name: String,
    /// The table it was read from; 0 when it was computed.
    pub table_oid: u32,
    /// The number of the column in that table; 0 when it was computed.
    pub number: i16,
    /// Its type.
    pub type_oid: u32,
    /// The length of the type in bytes, negative when it varies (`typlen`).
    pub type_size: i16,
    /// The type's modifier, such as the length of a varchar; -1 when there is none (`atttypmod`).
    pub type_modifier: i32,
}

/// Reads a `RowDescription` message.
pub(crate) fn read_columns(mut body: Body) -> Result<Vec<Column>, ProtocolError> {
    let count = body.u16()?;
    // A column takes 19 bytes at least, so a false count cannot reserve much.
    let mut columns = Vec::with_capacity(usize::from(count).min(1_600));
    for _ in 0..count {
        let column = Column {
            name: body.string()?,
            table_oid: body.u32()?,
            number: body.i16()?,
            type_oid: body.u32()?,
            type_size: body.i16()?,
            type_modifier: body.i32()?,
        };
        // The format; the text format is all that is ever asked for, and a simple query of a binary cursor
        // is the one way to get another.
        body.i16()?;
        columns.push(column);
    }
    body.end()?;
    Ok(columns)
}

/// One row: the bytes as they came, and where the values are in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRow {
    count: u16,
    values: Bytes,
}

impl DataRow {
    pub(crate) fn read(mut body: Body) -> Result<Self, ProtocolError> {
        let count = body.u16()?;
        let malformed = body.malformed();
        let row = Self {
            count,
            values: body.rest(),
        };
        let mut rest = &row.values[..];
        for _ in 0..count {
            rest = next_value(rest).ok_or_else(|| malformed.clone())?.1;
        }
        if rest.is_empty() {
            Ok(row)
        } else {
            Err(malformed)
        }
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether it has none, as the rows of `SELECT` without columns.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values, in order; `None` is NULL.
    pub fn values(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut rest = &self.values[..];
        (0..self.count).map_while(move |_| {
            let (value, after) = next_value(rest)?;
            rest = after;
            Some(value)
        })
    }

    /// The bytes that [`DataRow::ranges`] points into.
    pub fn bytes(&self) -> &Bytes {
        &self.values
    }

    /// Where in [`DataRow::bytes`] the values are, in order; `None` is NULL.
    pub fn ranges(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        let mut at = 0;
        self.values().map(move |value| {
            at += 4;
            let start = at;
            at += value.map_or(0, <[u8]>::len);
            value.map(|_| start..at)
        })
    }
}

/// Splits the next value off the values of a row.
fn next_value(mut values: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let length = values.try_get_i32().ok()?;
    if length == -1 {
        return Some((None, values));
    }
    let (value, rest) = values.split_at_checked(usize::try_from(length).ok()?)?;
    Some((Some(value), rest))
}

/// What a text can be refused for before it is sent.
fn check(sql: &str, out: &BytesMut) -> Result<usize, ProtocolError> {
    if sql.len() > LONGEST - 64 {
        return Err(ProtocolError::TooLong {
            what: "a statement",
            limit: LONGEST,
        });
    }
    if memchr::memchr(0, sql.as_bytes()).is_some() {
        return Err(ProtocolError::ZeroByte {
            what: "a statement",
        });
    }
    Ok(out.len())
}

/// Appends a `Query` message: the simple protocol, which may hold several statements.
pub(crate) fn write_query(sql: &str, out: &mut BytesMut) -> Result<(), ProtocolError> {
    let start = check(sql, out)?;
    frontend::query(sql, out).map_err(|_| refused(start, out))
}

/// Appends a `Parse` message.
pub(crate) fn write_parse(sql: &str, out: &mut BytesMut) -> Result<(), ProtocolError> {
    let start = check(sql, out)?;
    frontend::parse("", sql, [], out).map_err(|_| refused(start, out))
}

/// `Describe` of the unnamed portal and `Execute` of it without a row limit.
const DESCRIBE_EXECUTE: &[u8] = b"D\0\0\0\x06P\0E\0\0\0\x09\0\0\0\0\0";

/// Appends `Parse`, `Bind`, `Describe`, `Execute`.
pub(crate) fn write_execute(
    sql: &str,
    parameters: &[Option<&str>],
    out: &mut BytesMut,
) -> Result<(), ProtocolError> {
    if parameters.len() > usize::from(u16::MAX) {
        return Err(ProtocolError::TooManyParameters);
    }
    let size = parameters
        .iter()
        .flatten()
        .map(|value| value.len())
        .sum::<usize>();
    if size > LONGEST - 1_000_000 {
        return Err(ProtocolError::TooLong {
            what: "the parameters of a statement",
            limit: LONGEST,
        });
    }
    let start = check(sql, out)?;
    frontend::parse("", sql, [], out).map_err(|_| refused(start, out))?;
    let bound = frontend::bind(
        "",
        "",
        [],
        parameters,
        |value, out| match value {
            Some(value) => {
                out.put_slice(value.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        },
        [],
        out,
    );
    if bound.is_err() {
        return Err(refused(start, out));
    }
    out.put_slice(DESCRIBE_EXECUTE);
    Ok(())
}

/// Takes back what was appended of a message that cannot be sent. `check` has let nothing through that the
/// encoders refuse, so this is never seen.
fn refused(start: usize, out: &mut BytesMut) -> ProtocolError {
    out.truncate(start);
    ProtocolError::TooLong {
        what: "a statement",
        limit: LONGEST,
    }
}
