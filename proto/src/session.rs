//! One conversation with a server, from the startup packet to the end.
//!
//! The caller moves bytes: what it reads goes into [`Session::receive`], which hands out [`Event`]s; what is in
//! [`Session::outgoing`] is to be written. Statements may be queued at any time after the first
//! [`Event::Ready`]; each answer carries the index of its statement.
//!
//! Relies on the sibling modules for the form of each message; which message may come when is decided here
//! (startup) and in [`requests`] (everything later). Must not: wait, or hold more than what is queued.
//!
//! Source: manual, "Message Flow".

mod requests;

use std::fmt;

use bytes::{Bytes, BytesMut};
use postgres_protocol::message::frontend;

use crate::ProtocolError;
use crate::auth::{Authentication, Authenticator, Credentials};
use crate::copy::{self, CopyFormat};
use crate::frame::{self, Frame, Trust, tag};
use crate::notice::{Notice, ServerError};
use crate::query::{self, Column, CommandTag, DataRow, TransactionStatus};
use crate::startup::{self, Server, Startup};
use crate::trace::Trace;
use requests::{Kind, Requests};

/// Something that the server said. `statement` is the index of the statement it answers, counted from 0 since
/// the session began or [`Session::abandon`] was called.
#[derive(Debug)]
pub enum Event {
    /// A queued `parse` was accepted: the text is one statement, and its grammar is right.
    ParseComplete {
        /// The statement.
        statement: usize,
    },
    /// Rows with these columns follow.
    RowDescription {
        /// The statement.
        statement: usize,
        /// The columns.
        columns: Vec<Column>,
    },
    /// One row.
    DataRow {
        /// The statement.
        statement: usize,
        /// Its values.
        row: DataRow,
    },
    /// The statement has run.
    CommandComplete {
        /// The statement.
        statement: usize,
        /// What it did.
        tag: CommandTag,
    },
    /// The statement was empty: nothing ran.
    EmptyQuery {
        /// The statement.
        statement: usize,
    },
    /// `COPY .. FROM STDIN` takes data.
    CopyIn {
        /// The statement.
        statement: usize,
        /// How it is to be written.
        format: CopyFormat,
    },
    /// `COPY .. TO STDOUT` sends data.
    CopyOut {
        /// The statement.
        statement: usize,
        /// How it is written.
        format: CopyFormat,
    },
    /// A piece of that data; in practice one row.
    CopyData {
        /// The statement.
        statement: usize,
        /// The bytes.
        data: Bytes,
    },
    /// The data of `COPY .. TO STDOUT` ends.
    CopyDone {
        /// The statement.
        statement: usize,
    },
    /// The server reports an error. In the extended protocol, what was queued behind that statement up to the
    /// next Sync does not run and gets no event.
    Error {
        /// The statement; `None` when it belongs to none (startup, commit at Sync, end of the session).
        statement: Option<usize>,
        /// The report.
        error: Box<ServerError>,
    },
    /// The server says something that is no error.
    Notice {
        /// The statement that ran meanwhile.
        statement: Option<usize>,
        /// The message.
        notice: Box<Notice>,
    },
    /// NOTIFY of another session on a channel that this one listens to.
    Notification {
        /// The process id of the session that notified.
        process: i32,
        /// The channel.
        channel: String,
        /// What it said.
        payload: String,
    },
    /// The server has answered all up to a Sync (or a simple query, or the startup) and takes more.
    Ready {
        /// Where it stands.
        status: TransactionStatus,
    },
}

/// What the server is told about a COPY that nobody goes on with.
const GAVE_UP: &str = "the client gave up";

/// How far the conversation is.
enum Phase {
    /// The server is asking who we are.
    Authenticating(Box<Authenticator>),
    /// It knows, and tells about itself.
    Starting,
    /// Statements run.
    Working,
    /// No more can come: a fatal error of the server, or a broken protocol.
    Ended,
}

/// The state of one conversation.
pub struct Session {
    phase: Phase,
    out: BytesMut,
    requests: Requests,
    server: Server,
    authentication: Option<Authentication>,
    status: TransactionStatus,
    trace: Option<Trace>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.server)
            .field("authentication", &self.authentication)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Queues the startup packet. The conversation is ready with the first [`Event::Ready`].
    pub fn start(
        startup: &Startup,
        credentials: Credentials,
        trace: Option<Trace>,
    ) -> Result<Self, ProtocolError> {
        let authenticator = Authenticator::new(startup.user(), credentials);
        let mut session = Self {
            phase: Phase::Authenticating(Box::new(authenticator)),
            out: BytesMut::new(),
            requests: Requests::default(),
            server: Server::default(),
            authentication: None,
            status: TransactionStatus::Idle,
            trace,
        };
        startup.write(&mut session.out)?;
        if let Some(trace) = &mut session.trace {
            trace.startup(&session.out);
        }
        Ok(session)
    }

    /// What is to be written to the server. The caller takes from its front what it has written.
    pub fn outgoing(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// How many bytes are to be written.
    pub fn unsent(&self) -> usize {
        self.out.len()
    }

    /// What the server told about itself.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// How the server made sure of us; `None` until it has.
    pub fn authentication(&self) -> Option<Authentication> {
        self.authentication
    }

    /// Where the server stood when it was last ready.
    pub fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Whether the server has ended the session, or one side broke the protocol.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// Whether the server owes answers to what was queued.
    pub fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Working) || !self.requests.is_empty()
    }

    /// Whether the server waits for COPY data of which the end is not queued.
    pub fn wants_copy_data(&self) -> bool {
        self.requests.wants_copy_data()
    }

    /// Takes the next event out of `input`; `None` when more bytes are needed. An incomplete message stays.
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ProtocolError> {
        let result = self.next_event(input);
        if result.is_err() {
            self.phase = Phase::Ended;
        }
        result
    }

    fn next_event(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ProtocolError> {
        loop {
            let trust = match self.phase {
                Phase::Ended => {
                    input.clear();
                    return Ok(None);
                }
                Phase::Authenticating(_) => {
                    if let Some(error) = startup::plain_error(input) {
                        return Ok(Some(self.failed(error)));
                    }
                    Trust::Stranger
                }
                Phase::Starting | Phase::Working => Trust::Server,
            };
            let Some(frame) = frame::split(input, trust)? else {
                return Ok(None);
            };
            if let Some(trace) = &mut self.trace {
                trace.server(frame.tag, &frame.body);
            }
            if let Some(event) = self.take(frame)? {
                return Ok(Some(event));
            }
        }
    }

    /// Handles one message: those that may come at any time here, the others by phase.
    fn take(&mut self, frame: Frame) -> Result<Option<Event>, ProtocolError> {
        match frame.tag {
            tag::ERROR_RESPONSE => {
                let error = ServerError::read(frame.body)?;
                Ok(self.take_error(error))
            }
            tag::NOTICE_RESPONSE => {
                let notice = Box::new(Notice::read(frame.body)?);
                let statement = self.requests.running();
                Ok(self.requests.wanted(Event::Notice { statement, notice }))
            }
            _ => match &mut self.phase {
                Phase::Authenticating(_) => self.take_authenticating(frame).map(|()| None),
                Phase::Starting => self.take_starting(frame),
                Phase::Working => self.take_working(frame),
                Phase::Ended => Ok(None),
            },
        }
    }

    fn take_error(&mut self, error: ServerError) -> Option<Event> {
        if error.is_fatal() || !matches!(self.phase, Phase::Working) {
            return Some(self.failed(error));
        }
        let statement = self.requests.fail();
        self.requests.wanted(Event::Error {
            statement,
            error: Box::new(error),
        })
    }

    /// The server ends the session.
    fn failed(&mut self, error: ServerError) -> Event {
        self.phase = Phase::Ended;
        Event::Error {
            statement: self.requests.running(),
            error: Box::new(error),
        }
    }

    fn take_authenticating(&mut self, frame: Frame) -> Result<(), ProtocolError> {
        let Phase::Authenticating(authenticator) = &mut self.phase else {
            return Ok(());
        };
        match frame.tag {
            tag::NEGOTIATE_PROTOCOL_VERSION => startup::read_negotiation(frame.body),
            tag::AUTHENTICATION => {
                let start = self.out.len();
                let done = authenticator.receive(frame.body, &mut self.out)?;
                if let (Some(trace), [_, ..]) = (&mut self.trace, &self.out[start..]) {
                    trace.client(&self.out[start..]);
                }
                if done.is_some() {
                    self.authentication = done;
                    self.phase = Phase::Starting;
                }
                Ok(())
            }
            _ => Err(ProtocolError::Unexpected {
                message: frame.body.message(),
                state: "during authentication",
            }),
        }
    }

    fn take_starting(&mut self, frame: Frame) -> Result<Option<Event>, ProtocolError> {
        match frame.tag {
            tag::PARAMETER_STATUS => self.server.read_parameter(frame.body)?,
            tag::BACKEND_KEY_DATA => self.server.read_key(frame.body)?,
            tag::READY_FOR_QUERY => {
                self.status = query::read_status(frame.body)?;
                self.phase = Phase::Working;
                let status = self.status;
                return Ok(Some(Event::Ready { status }));
            }
            _ => {
                return Err(ProtocolError::Unexpected {
                    message: frame.body.message(),
                    state: "while the session was starting",
                });
            }
        }
        Ok(None)
    }

    fn take_working(&mut self, mut frame: Frame) -> Result<Option<Event>, ProtocolError> {
        match frame.tag {
            tag::PARAMETER_STATUS => {
                self.server.read_parameter(frame.body)?;
                Ok(None)
            }
            tag::NOTIFICATION_RESPONSE => {
                let event = Event::Notification {
                    process: frame.body.i32()?,
                    channel: frame.body.string()?,
                    payload: frame.body.string()?,
                };
                frame.body.end()?;
                Ok(Some(event))
            }
            _ => {
                let event = self.requests.answer(frame)?;
                match event {
                    Some(Event::Ready { status }) => self.status = status,
                    Some(Event::CopyIn { .. }) if self.requests.is_abandoned() => {
                        self.copy_fail(GAVE_UP)?;
                    }
                    _ => {}
                }
                Ok(event.and_then(|event| self.requests.wanted(event)))
            }
        }
    }
}

/// Queueing. Nothing here waits; [`Session::outgoing`] grows.
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
        if self.requests.is_copying() {
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
