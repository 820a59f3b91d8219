//! A connection that stands: moves bytes between a socket and a [`Session`], and the calls that need no more
//! than that.
//!
//! Relies on `tokio` for the socket; one thread is enough. Must not: know how the socket came to be.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use snapback_proto::startup::Server;
use snapback_proto::trace::Trace;
use snapback_proto::{
    Authentication, CancelKey, CommandTag, Credentials, Event, Notice, ProtocolError, Session,
    Startup, TransactionStatus,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::dial::Route;
use super::pipeline::{HIGH_WATER, LOW_WATER};
use super::rows::Finder;
use super::{Error, Next, Pipeline, Row, RowRef};

/// Bytes to ask the socket for at once.
const READ: usize = 64 * 1024;

/// Notices kept for [`Connection::take_notices`]; of more, the first ones.
const NOTICES: usize = 1_000;

/// What a connection runs over: a TCP or Unix socket, or TLS over one.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// A session with a server.
pub struct Connection {
    stream: Box<dyn Transport>,
    pub(super) session: Session,
    /// What was read and not yet handled.
    input: BytesMut,
    /// Whether the caller was told to wait before it queues more.
    full: bool,
    /// Whether the stream may hold written bytes back (TLS does).
    unflushed: bool,
    /// Writing failed. What the server said before it closed the connection may still be read.
    write_error: Option<io::Error>,
    notices: Vec<Notice>,
    /// How the server was reached, when `dial` did it: for a request to cancel.
    pub(super) route: Option<Route>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Starts a session over a stream on which nothing was said yet (or TLS alone was agreed), and waits until
    /// the server takes statements.
    pub async fn start(
        stream: impl Transport + 'static,
        startup: &Startup,
        credentials: Credentials,
        trace: Option<Trace>,
    ) -> Result<Self, Error> {
        let mut connection = Self {
            stream: Box::new(stream),
            session: Session::start(startup, credentials, trace)?,
            input: BytesMut::new(),
            full: false,
            unflushed: false,
            write_error: None,
            notices: Vec::new(),
            route: None,
        };
        loop {
            match connection.next().await? {
                Next::Event(Event::Ready { .. }) | Next::Done => return Ok(connection),
                Next::Event(Event::Error { statement, error }) => {
                    return Err(Error::Server { statement, error });
                }
                Next::Event(event) => connection.keep_notice(event),
                Next::Room => {}
            }
        }
    }

    /// What the server told about itself.
    pub fn server(&self) -> &Server {
        self.session.server()
    }

    /// How the server made sure of us.
    pub fn authentication(&self) -> Authentication {
        self.session
            .authentication()
            .unwrap_or(Authentication::None)
    }

    /// What a request to cancel needs; a pooler may not give one.
    pub fn cancel_key(&self) -> Option<&CancelKey> {
        self.server().cancel_key()
    }

    /// Where the session stood when the server was last ready.
    pub fn transaction_status(&self) -> TransactionStatus {
        self.session.status()
    }

    /// Whether the session has ended: by the server, by a broken protocol, or with the socket.
    pub fn is_closed(&self) -> bool {
        self.session.has_ended()
    }

    /// The notices that came with the calls below since this was last called.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Sends many statements at once and hands out what the server says, as it comes.
    pub fn pipeline(&mut self) -> Pipeline<'_> {
        Pipeline::new(self)
    }

    /// Runs a text of one or more statements (the simple protocol) and returns what each did; rows are dropped.
    /// After an error the ones behind it do not run; outside a transaction block nothing of the text has happened.
    pub async fn execute(&mut self, sql: &str) -> Result<Vec<CommandTag>, Error> {
        let mut tags = Vec::new();
        let mut pipeline = self.pipeline();
        pipeline.query(sql)?;
        drain(&mut pipeline, |event| {
            if let Event::CommandComplete { tag, .. } = event {
                tags.push(tag);
            }
            Ok::<(), Error>(())
        })
        .await?;
        Ok(tags)
    }

    /// Runs one statement with its parameters as text (`None` is NULL) and returns its rows.
    pub async fn query(&mut self, sql: &str, params: &[Option<&str>]) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut pipeline = self.pipeline();
        pipeline.execute_with(sql, params)?;
        pipeline.sync()?;
        drain(&mut pipeline, |event| {
            if let Event::DataRow { statement, row } = event {
                rows.push(Row::new(statement, &row)?);
            }
            Ok::<(), Error>(())
        })
        .await?;
        Ok(rows)
    }

    /// Runs all queries in one round trip and hands out each row with the index of its query, while the server
    /// still sends. The first error ends it, also one of `on_row`.
    pub async fn batch<E: From<Error>>(
        &mut self,
        queries: &[&str],
        mut on_row: impl FnMut(usize, RowRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut finder = Finder::default();
        let mut pipeline = self.pipeline();
        for sql in queries {
            pipeline.execute(sql)?;
        }
        pipeline.sync()?;
        drain(&mut pipeline, |event| {
            let Event::DataRow { statement, row } = event else {
                return Ok(());
            };
            on_row(statement, finder.find(statement, &row)?)
        })
        .await
    }

    /// Ends the session politely.
    pub async fn close(mut self) -> Result<(), Error> {
        self.session.terminate()?;
        std::future::poll_fn(|cx| self.poll_write(cx))
            .await
            .map_err(Error::Lost)
    }
}

/// Runs a pipeline to its end. The first error is returned once the server is ready again.
pub(super) async fn drain<E: From<Error>>(
    pipeline: &mut Pipeline<'_>,
    mut on_event: impl FnMut(Event) -> Result<(), E>,
) -> Result<(), E> {
    let mut failed = None;
    loop {
        match pipeline.next().await? {
            Next::Event(Event::Error { statement, error }) => {
                failed.get_or_insert(Error::Server { statement, error });
            }
            Next::Event(Event::CopyIn { .. }) => {
                pipeline.copy_fail("there is no data for this COPY")?;
            }
            Next::Event(event @ Event::Notice { .. }) => pipeline.keep_notice(event),
            Next::Event(event) => on_event(event)?,
            Next::Room => {}
            Next::Done => return failed.map_or(Ok(()), |error| Err(error.into())),
        }
    }
}

/// What [`Pipeline`] is made of.
impl Connection {
    pub(super) fn keep_notice(&mut self, event: Event) {
        if let Event::Notice { notice, .. } = event
            && self.notices.len() < NOTICES
        {
            self.notices.push(*notice);
        }
    }

    pub(super) fn has_room(&self) -> bool {
        !self.full || self.session.unsent() < LOW_WATER
    }

    pub(super) fn note_queued(&mut self) {
        self.full |= self.session.unsent() >= HIGH_WATER;
    }

    pub(super) fn abandon(&mut self) {
        // It fails only where the session has ended, and then the next call says so.
        let _ = self.session.abandon();
        self.full = false;
    }

    /// See [`Pipeline::received`].
    pub(super) fn received(&mut self) -> Result<Option<Next>, Error> {
        match self.session.receive(&mut self.input)? {
            Some(Event::Error { statement, error }) if error.is_fatal() => {
                Err(Error::Server { statement, error })
            }
            event => Ok(event.map(Next::Event)),
        }
    }

    /// See [`Pipeline::next`].
    pub(super) async fn next(&mut self) -> Result<Next, Error> {
        loop {
            if let Some(next) = self.received()? {
                return Ok(next);
            }
            if self.session.has_ended() {
                return Err(ProtocolError::Ended.into());
            }
            if self.session.unsent() == 0 && !self.session.is_busy() {
                return Ok(Next::Done);
            }
            let progress = std::future::poll_fn(|cx| self.poll_progress(cx)).await;
            match progress {
                Ok(Progress::Sent | Progress::Read) => {}
                Ok(Progress::Room) => return Ok(Next::Room),
                Err(error) => {
                    self.session.end();
                    return Err(Error::Lost(error));
                }
            }
        }
    }

    /// Writes what it can and reads what there is.
    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        if self.write_error.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write_answerable(cx)
        {
            self.write_error = Some(error);
            self.session.outgoing().clear();
        }
        if self.session.unsent() == 0 && !self.session.is_busy() {
            return Poll::Ready(Ok(Progress::Sent));
        }
        if let Poll::Ready(read) = self.poll_read(cx) {
            return Poll::Ready(match (read, self.write_error.take()) {
                (Ok(0), None) => Err(closed()),
                (Ok(0) | Err(_), Some(error)) | (Err(error), None) => Err(error),
                (Ok(_), error) => {
                    self.write_error = error;
                    Ok(Progress::Read)
                }
            });
        }
        let wanted = if self.full {
            self.session.unsent() < LOW_WATER
        } else {
            self.session.unsent() == 0 && self.session.wants_copy_data()
        };
        if wanted {
            self.full = false;
            return Poll::Ready(Ok(Progress::Room));
        }
        Poll::Pending
    }

    /// Writes all that is queued, and a Flush behind it where the server would else keep its answers to itself
    /// while we wait for them.
    fn poll_write_answerable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(cx))?;
        // It fails only where the session has ended, and then there is nothing to write.
        let _ = self.session.flush_if_needed();
        self.poll_write(cx)
    }

    /// Writes all that is queued.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let out = self.session.outgoing();
        while !out.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            out.advance(written);
            self.unflushed = true;
        }
        // Not kept: it may have held a very long statement.
        *out = BytesMut::new();
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once. The buffer grows with what really arrives, not with what a header announces.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.capacity() - self.input.len() < READ / 8 {
            if self.input.is_empty() {
                // Rows may still use the old one, and it may have grown for a very long message.
                self.input = BytesMut::with_capacity(READ);
            } else {
                self.input.reserve(READ.max(self.input.len()));
            }
        }
        // `read_buf` keeps nothing between polls, so that a new one for each poll is the same.
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }
}

/// What [`Connection::poll_progress`] did.
enum Progress {
    /// Everything was written, and no answer is due.
    Sent,
    /// More has come.
    Read,
    /// The caller may queue more.
    Room,
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the server closed the connection unexpectedly",
    )
}
