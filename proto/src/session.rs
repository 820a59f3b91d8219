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

mod queue;
mod requests;

use std::fmt;
use std::task::Poll;

use bytes::{Bytes, BytesMut};

use crate::ProtocolError;
use crate::auth::{Authentication, Authenticator, Credentials};
use crate::copy::CopyFormat;
use crate::frame::{self, Frame, Trust, tag};
use crate::notice::{Notice, ServerError};
use crate::query::{self, Column, CommandTag, DataRow, TransactionStatus};
use crate::startup::{self, Server, Startup};
use crate::trace::Trace;
use requests::Requests;

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

    /// Takes note that the connection is gone.
    pub fn end(&mut self) {
        self.phase = Phase::Ended;
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
                Phase::Authenticating(_) => match startup::plain_error(input) {
                    Poll::Ready(None) => Trust::Stranger,
                    Poll::Ready(Some(error)) => return Ok(Some(self.failed(error))),
                    Poll::Pending => return Ok(None),
                },
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
                        self.copy_fail(queue::GAVE_UP)?;
                    }
                    _ => {}
                }
                Ok(event.and_then(|event| self.requests.wanted(event)))
            }
        }
    }
}
