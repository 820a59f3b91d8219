//! COPY: the messages that begin it and those that carry its data.
//!
//! Source: manual, "COPY Operations".

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use crate::ProtocolError;
use crate::frame::{Body, LONGEST};

/// How the rows of a COPY are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyFormat {
    /// Lines of text (also `FORMAT csv`).
    Text,
    /// `FORMAT binary`.
    Binary,
}

/// Reads a `CopyInResponse` or a `CopyOutResponse`.
pub(crate) fn read_response(mut body: Body) -> Result<CopyFormat, ProtocolError> {
    let format = match body.u8()? {
        0 => CopyFormat::Text,
        1 => CopyFormat::Binary,
        _ => return Err(body.malformed()),
    };
    let columns = usize::from(body.u16()?);
    body.take(columns * 2)?;
    body.end()?;
    Ok(format)
}

/// Appends one `CopyData` message. It need not hold whole rows.
pub(crate) fn write_data(data: &[u8], out: &mut BytesMut) -> Result<(), ProtocolError> {
    let too_long = ProtocolError::TooLong {
        what: "a piece of COPY data",
        limit: LONGEST,
    };
    if data.len() > LONGEST - 4 {
        return Err(too_long);
    }
    let message = frontend::CopyData::new(data).map_err(|_| too_long)?;
    message.write(out);
    Ok(())
}

/// Appends the end of the data.
pub(crate) fn write_done(out: &mut BytesMut) {
    frontend::copy_done(out);
}

/// Appends the request to fail the COPY with this message.
pub(crate) fn write_fail(message: &str, out: &mut BytesMut) -> Result<(), ProtocolError> {
    let start = out.len();
    frontend::copy_fail(message, out).map_err(|_| {
        out.truncate(start);
        ProtocolError::ZeroByte {
            what: "the reason for ending a COPY",
        }
    })
}
