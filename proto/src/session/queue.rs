//! Queueing: what the client says. Nothing here waits; [`Session::outgoing`] grows.
//!
//! Must not: send a message that the server could not take, or half of one.

use bytes::BytesMut;
use postgres_protocol::message::frontend;

use super::Session;
use super::requests::Kind;
use crate::{ProtocolError, copy, query};

/// What the server is told about a COPY that nobody goes on with.
pub(super) const GAVE_UP: &str = "the client gave up";

impl Session {
    /// Appends messages to what is to be written, and shows them to the trace.
    fn write(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        if self.has_ended() {
            return Err(ProtocolError::Ended);
        }
        let start = self.out.len();
        write(&mut self.out)?;
        if let Some(trace) = &mut self.trace {
            trace.client(&self.out[start..]);
        }
        Ok(())
    }

    /// Queues a `Parse`: the server checks the grammar of one statement and does not run it. Returns its index.
    ///
    /// After an error the server ignores everything up to the next Sync. What is queued meanwhile is counted
    /// but not sent.
    pub fn parse(&mut self, sql: &str) -> Result<usize, ProtocolError> {
        if !self.requests.is_skipping() {
            self.write(|out| query::write_parse(sql, out))?;
        }
        Ok(self.requests.push(Kind::Parse))
    }

    /// Queues one statement to run, its parameters as text (`None` is NULL). Returns its index. See
    /// [`Session::parse`] for what happens after an error.
    pub fn execute(
        &mut self,
        sql: &str,
        parameters: &[Option<&str>],
    ) -> Result<usize, ProtocolError> {
        if !self.requests.is_skipping() {
            self.write(|out| query::write_execute(sql, parameters, out))?;
        }
        Ok(self.requests.push(Kind::Execute))
    }

    /// Queues a simple query, which may hold several statements; they are one transaction unless they say
    /// otherwise. All of them have the one index that is returned.
    pub fn query(&mut self, sql: &str) -> Result<usize, ProtocolError> {
        if self.requests.needs_sync() {
            self.sync()?;
        }
        self.write(|out| query::write_query(sql, out))?;
        Ok(self.requests.push(Kind::Query))
    }

    /// Asks the server to send what it has so far; it would else keep small answers back up to the Sync.
    pub fn flush(&mut self) -> Result<(), ProtocolError> {
        if self.requests.is_skipping() {
            return Ok(());
        }
        self.write(|out| {
            frontend::flush(out);
            Ok(())
        })?;
        self.requests.flushed();
        Ok(())
    }

    /// Makes sure that the server will answer what is queued, without ending what a Sync would end.
    pub fn flush_if_needed(&mut self) -> Result<(), ProtocolError> {
        if self.requests.needs_flush() && !self.has_ended() {
            self.flush()?;
        }
        Ok(())
    }

    /// Queues a Sync: the end of what stands or falls together, answered by [`Event::Ready`].
    pub fn sync(&mut self) -> Result<(), ProtocolError> {
        self.write(|out| {
            frontend::sync(out);
            Ok(())
        })?;
        self.requests.push(Kind::Sync);
        Ok(())
    }

    /// Queues data for the `COPY .. FROM STDIN` that was queued last. It may be queued before the server has
    /// said that it wants it: when the statement fails, the server ignores the data.
    pub fn copy_data(&mut self, data: &[u8]) -> Result<(), ProtocolError> {
        if !self.requests.send_copy(false) {
            return Ok(());
        }
        self.write(|out| copy::write_data(data, out))
    }

    /// Queues the end of that data.
    pub fn copy_done(&mut self) -> Result<(), ProtocolError> {
        if !self.requests.send_copy(true) {
            return Ok(());
        }
        self.write(|out| {
            copy::write_done(out);
            Ok(())
        })
    }

    /// Makes that COPY fail, with this message.
    pub fn copy_fail(&mut self, message: &str) -> Result<(), ProtocolError> {
        if !self.requests.send_copy(true) {
            return Ok(());
        }
        self.write(|out| copy::write_fail(message, out))
    }

    /// Forgets the statements that are queued: their answers will be dropped as they come. What the server has
    /// not begun may still run. Statements count from 0 again.
    pub fn abandon(&mut self) -> Result<(), ProtocolError> {
        if self.has_ended() {
            return Ok(());
        }
        if self.requests.may_be_copying() {
            // A server that does not wait for COPY data ignores it.
            self.copy_fail(GAVE_UP)?;
        }
        if self.requests.needs_sync() {
            self.sync()?;
        }
        self.requests.abandon();
        Ok(())
    }

    /// Queues the message that ends the session.
    pub fn terminate(&mut self) -> Result<(), ProtocolError> {
        self.write(|out| {
            frontend::terminate(out);
            Ok(())
        })
    }
}
