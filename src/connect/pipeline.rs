//! Many statements under way at once, on one connection: what every other call is built on.
//!
//! Queue, then call [`Pipeline::next`] until it says [`Next::Done`]. It writes and reads at the same time, so
//! that a pipeline of any length cannot deadlock, and asks for more when the send buffer has room again, so that a
//! script of any length needs little memory:
//!
//! ```text
//! loop {
//!     while pipeline.has_room() { queue more, or break }
//!     match pipeline.next().await? { Next::Event(..) => .., Next::Room => .., Next::Done => break }
//! }
//! ```

use snapback_proto::{Event, TransactionStatus};

use super::{Connection, Error};

/// Bytes to be sent above which the caller is asked to wait.
pub(super) const HIGH_WATER: usize = 256 * 1024;

/// Bytes to be sent below which it is asked to go on.
pub(super) const LOW_WATER: usize = 64 * 1024;

/// What [`Pipeline::next`] has to say.
#[derive(Debug)]
pub enum Next {
    /// The server said something.
    Event(Event),
    /// There is room for more: said once each time that [`Pipeline::has_room`] becomes true again, and while the
    /// server waits for COPY data.
    Room,
    /// Everything queued was sent and answered.
    Done,
}

/// Statements under way. Dropping it early is fine: answers still due are dropped as they come.
#[derive(Debug)]
pub struct Pipeline<'a> {
    connection: &'a mut Connection,
}

impl<'a> Pipeline<'a> {
    pub(super) fn new(connection: &'a mut Connection) -> Self {
        Self { connection }
    }

    /// Queues a statement to be checked for grammar only. Returns its index, counted from 0.
    pub fn parse(&mut self, sql: &str) -> Result<usize, Error> {
        let index = self.connection.session.parse(sql)?;
        Ok(self.queued(index))
    }

    /// Queues one statement to run. Returns its index.
    pub fn execute(&mut self, sql: &str) -> Result<usize, Error> {
        self.execute_with(sql, &[])
    }

    /// Queues one statement to run with these parameters, as text; `None` is NULL. Returns its index.
    pub fn execute_with(&mut self, sql: &str, parameters: &[Option<&str>]) -> Result<usize, Error> {
        let index = self.connection.session.execute(sql, parameters)?;
        Ok(self.queued(index))
    }

    /// Queues a text of one or more statements for the simple protocol. Returns their one index.
    pub fn query(&mut self, sql: &str) -> Result<usize, Error> {
        let index = self.connection.session.query(sql)?;
        Ok(self.queued(index))
    }

    /// Makes the server answer what is queued so far. With a Sync at the end alone, small answers come at the end.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.connection.session.flush()?)
    }

    /// Ends what stands or falls together, answered by [`Event::Ready`]. After an error the server ignores
    /// everything up to here; outside a transaction block it commits here.
    pub fn sync(&mut self) -> Result<(), Error> {
        Ok(self.connection.session.sync()?)
    }

    /// Queues data for the `COPY .. FROM STDIN` queued last, without waiting for [`Event::CopyIn`] if one likes.
    pub fn copy_data(&mut self, data: &[u8]) -> Result<(), Error> {
        self.connection.session.copy_data(data)?;
        self.queued(());
        Ok(())
    }

    /// Ends that data.
    pub fn copy_done(&mut self) -> Result<(), Error> {
        Ok(self.connection.session.copy_done()?)
    }

    /// Makes that COPY fail with this message.
    pub fn copy_fail(&mut self, message: &str) -> Result<(), Error> {
        Ok(self.connection.session.copy_fail(message)?)
    }

    /// Whether more may be queued. One may queue all the same, and use memory.
    pub fn has_room(&self) -> bool {
        self.connection.has_room()
    }

    /// Where the session stood when the server was last ready.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.connection.transaction_status()
    }

    /// Waits for the next thing to happen. May be cancelled without loss.
    ///
    /// An error ends the connection. Errors of statements are events.
    pub async fn next(&mut self) -> Result<Next, Error> {
        self.connection.next().await
    }

    /// The next event, when it has come already.
    pub fn received(&mut self) -> Result<Option<Next>, Error> {
        self.connection.received()
    }

    pub(super) fn keep_notice(&mut self, event: Event) {
        self.connection.keep_notice(event);
    }

    fn queued<T>(&mut self, value: T) -> T {
        self.connection.note_queued();
        value
    }
}

impl Drop for Pipeline<'_> {
    fn drop(&mut self) {
        self.connection.abandon();
    }
}
