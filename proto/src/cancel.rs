//! Asking the server to cancel what a session is doing, over a connection of its own.
//!
//! Source: manual, "Canceling Requests in Progress".

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

/// `CANCEL_REQUEST_CODE` of `pqcomm.h`: 1234 and 5678 in 16 bits each.
const REQUEST: i32 = 80_877_102;

/// Names a session and proves the right to cancel what it does. Whoever has it can; it is not shown.
#[derive(Clone)]
pub struct CancelKey {
    process: i32,
    secret: Bytes,
}

impl CancelKey {
    pub(crate) fn new(process: i32, secret: &[u8]) -> Self {
        // A copy, so that a few bytes do not keep a whole read buffer alive.
        Self {
            process,
            secret: Bytes::copy_from_slice(secret),
        }
    }

    /// The process id of the session's backend.
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Appends the `CancelRequest`: the first and only message of a new connection. The server does not answer,
    /// it closes the connection.
    pub fn write(&self, out: &mut BytesMut) {
        // A secret has at most 256 bytes: `Server::read_key`.
        let length = 12_u32.saturating_add(u32::try_from(self.secret.len()).unwrap_or(u32::MAX));
        out.put_u32(length);
        out.put_i32(REQUEST);
        out.put_i32(self.process);
        out.put_slice(&self.secret);
    }
}

impl fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelKey")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}
