//! Cutting a byte stream into messages: the same messages come out however the bytes arrive, their bytes are
//! those that went in, and nothing is reserved for what has not arrived.

use bytes::{BufMut, BytesMut};
use snapback_proto::ProtocolError;
use snapback_proto::frame::{self, Trust};

/// One input.
pub(crate) fn run(data: &[u8]) {
    for trust in [Trust::Stranger, Trust::Server] {
        let (whole, end) = split(data, data.len().max(1), trust);
        for piece in [1, 7] {
            assert_eq!(split(data, piece, trust), (whole.clone(), end.clone()));
        }
        assert!(data.starts_with(&whole), "bytes were changed");
        if matches!(end, Err(ProtocolError::UnknownMessage { .. })) {
            assert!(frame::name(data[whole.len()]).is_none());
        }
    }
}

/// Splits data that arrives in pieces, and puts the messages together again.
fn split(data: &[u8], piece: usize, trust: Trust) -> (Vec<u8>, Result<(), ProtocolError>) {
    let mut input = BytesMut::new();
    let mut messages = Vec::new();
    for piece in data.chunks(piece) {
        input.put_slice(piece);
        let arrived = input.len();
        loop {
            match frame::split(&mut input, trust) {
                Ok(Some(frame)) => {
                    let body = frame.body.rest();
                    messages.put_u8(frame.tag);
                    messages.put_u32(u32::try_from(body.len() + 4).unwrap_or(u32::MAX));
                    messages.put_slice(&body);
                }
                Ok(None) => break,
                Err(error) => return (messages, Err(error)),
            }
        }
        assert!(input.len() <= arrived, "bytes came from nowhere");
    }
    (messages, Ok(()))
}
