//! What was queued and not yet answered, in order, and which answers may come for it.
//!
//! Must not: write. It knows what the client has said, not how.

use std::collections::VecDeque;

use super::Event;
use crate::ProtocolError;
use crate::copy;
use crate::frame::{Frame, tag};
use crate::query::{self, CommandTag, DataRow};

/// What the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Parse` alone.
    Parse,
    /// `Parse`, `Bind`, `Describe`, `Execute`.
    Execute,
    /// A simple query.
    Query,
    /// `Sync`.
    Sync,
}

/// Which answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// `ParseComplete`.
    Parse,
    /// `BindComplete`.
    Bind,
    /// `RowDescription` or `NoData`.
    Describe,
    /// The outcome of a statement that returns no rows (or has not said so).
    Run,
    /// Rows.
    Rows,
    /// The end of a COPY that takes data.
    CopyIn,
    /// The data of a COPY that sends it.
    CopyOut,
    /// The end of that COPY.
    CopyOutEnd,
    /// Only `ReadyForQuery`.
    Ready,
}

/// How much COPY data was queued for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    None,
    Begun,
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    kind: Kind,
    /// Its index; a Sync has that of the statement that follows it.
    statement: usize,
    stage: Stage,
    data: Data,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Requests {
    queue: VecDeque<Request>,
    next_statement: usize,
    /// The server ignores everything up to a Sync that is not queued yet.
    skipping: bool,
    /// Something is queued that the server may not answer before a Flush or Sync.
    unflushed: bool,
    /// So many `ReadyForQuery` are due until the answers are wanted again.
    abandoned: usize,
}

impl Requests {
    /// Whether the server owes no answer.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn is_skipping(&self) -> bool {
        self.skipping
    }

    pub(super) fn flushed(&mut self) {
        self.unflushed = false;
    }

    pub(super) fn needs_flush(&self) -> bool {
        self.unflushed && !self.queue.is_empty()
    }

    /// Whether a Sync is due at the end of what is queued.
    pub(super) fn needs_sync(&self) -> bool {
        self.skipping
            || self
                .queue
                .back()
                .is_some_and(|last| matches!(last.kind, Kind::Parse | Kind::Execute))
    }

    /// The statement that runs, if any.
    pub(super) fn running(&self) -> Option<usize> {
        self.queue
            .front()
            .filter(|request| request.kind != Kind::Sync)
            .map(|request| request.statement)
    }

    /// Adds a request, and returns the index of the statement. One that the server will skip is only counted.
    pub(super) fn push(&mut self, kind: Kind) -> usize {
        let statement = self.next_statement;
        let stage = match kind {
            Kind::Parse | Kind::Execute => Stage::Parse,
            Kind::Query => Stage::Run,
            Kind::Sync => Stage::Ready,
        };
        match kind {
            Kind::Parse | Kind::Execute => {
                self.next_statement += 1;
                self.unflushed = true;
            }
            Kind::Query => {
                self.next_statement += 1;
                self.unflushed = false;
            }
            Kind::Sync => {
                self.skipping = false;
                self.unflushed = false;
            }
        }
        if !self.skipping {
            self.queue.push_back(Request {
                kind,
                statement,
                stage,
                data: Data::None,
            });
        }
        statement
    }

    /// Notes that COPY data, or the end of it, is about to be queued; false when no statement can take it.
    pub(super) fn send_copy(&mut self, end: bool) -> bool {
        let Some(last) = self.copying() else {
            return false;
        };
        last.data = if end { Data::Ended } else { Data::Begun };
        true
    }

    /// The statement that takes COPY data if any is queued now: the last one, unless it failed or had its end.
    fn copying(&mut self) -> Option<&mut Request> {
        self.queue.back_mut().filter(|last| {
            matches!(last.kind, Kind::Execute | Kind::Query)
                && last.stage != Stage::Ready
                && last.data != Data::Ended
        })
    }

    /// Whether the last statement may be a COPY that takes data of which the end is not queued.
    pub(super) fn may_be_copying(&self) -> bool {
        self.queue.back().is_some_and(|last| {
            last.data != Data::Ended
                && match last.kind {
                    Kind::Execute => {
                        !matches!(last.stage, Stage::Rows | Stage::CopyOut | Stage::CopyOutEnd)
                    }
                    Kind::Query => last.stage == Stage::CopyIn,
                    Kind::Parse | Kind::Sync => false,
                }
        })
    }

    /// Whether the server waits for COPY data of which the end is not queued.
    pub(super) fn wants_copy_data(&self) -> bool {
        self.queue
            .back()
            .is_some_and(|last| last.stage == Stage::CopyIn && last.data != Data::Ended)
    }

    /// Nobody waits for the answers to what is queued now.
    pub(super) fn abandon(&mut self) {
        self.abandoned = self
            .queue
            .iter()
            .filter(|request| matches!(request.kind, Kind::Query | Kind::Sync))
            .count();
        self.next_statement = 0;
    }

    /// Whether nobody waits for the answers that come now.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned > 0
    }

    /// The event, unless it answers something abandoned.
    pub(super) fn wanted(&mut self, event: Event) -> Option<Event> {
        if self.abandoned == 0 {
            return Some(event);
        }
        if matches!(event, Event::Ready { .. }) {
            self.abandoned -= 1;
        }
        None
    }

    /// Takes an error of the server: the statement it is about ends, and in the extended protocol all the
    /// others up to the next Sync.
    pub(super) fn fail(&mut self) -> Option<usize> {
        let statement = self.running();
        let Some(first) = self.queue.front_mut() else {
            return statement;
        };
        match first.kind {
            Kind::Query => first.stage = Stage::Ready,
            Kind::Sync => {}
            Kind::Parse | Kind::Execute => {
                while self.queue.front().is_some_and(|r| r.kind != Kind::Sync) {
                    self.queue.pop_front();
                }
                self.skipping = self.queue.is_empty();
            }
        }
        statement
    }

    /// Takes an answer of the server to the first request.
    pub(super) fn answer(&mut self, frame: Frame) -> Result<Option<Event>, ProtocolError> {
        match frame.tag {
            tag::PARSE_COMPLETE | tag::BIND_COMPLETE | tag::NO_DATA => self.prepare(&frame),
            tag::ROW_DESCRIPTION
            | tag::DATA_ROW
            | tag::COMMAND_COMPLETE
            | tag::EMPTY_QUERY_RESPONSE => self.result(frame).map(Some),
            tag::COPY_IN_RESPONSE | tag::COPY_OUT_RESPONSE | tag::COPY_DATA | tag::COPY_DONE => {
                self.copy(frame).map(Some)
            }
            tag::READY_FOR_QUERY => self.ready(frame).map(Some),
            _ => Err(self.unexpected(&frame)),
        }
    }

    /// The steps before a statement runs; of these only the last one of a `parse` is an event.
    fn prepare(&mut self, frame: &Frame) -> Result<Option<Event>, ProtocolError> {
        let Some(request) = self.queue.front_mut() else {
            return Err(self.unexpected(frame));
        };
        request.stage = match (request.kind, request.stage, frame.tag) {
            (Kind::Parse, Stage::Parse, tag::PARSE_COMPLETE) => {
                frame.body.end()?;
                let statement = request.statement;
                self.queue.pop_front();
                return Ok(Some(Event::ParseComplete { statement }));
            }
            (Kind::Execute, Stage::Parse, tag::PARSE_COMPLETE) => Stage::Bind,
            (_, Stage::Bind, tag::BIND_COMPLETE) => Stage::Describe,
            (_, Stage::Describe, tag::NO_DATA) => Stage::Run,
            _ => return Err(self.unexpected(frame)),
        };
        frame.body.end()?;
        Ok(None)
    }

    /// What a statement returns.
    fn result(&mut self, frame: Frame) -> Result<Event, ProtocolError> {
        let Some(request) = self.queue.front_mut() else {
            return Err(self.unexpected(&frame));
        };
        let statement = request.statement;
        match (request.kind, request.stage, frame.tag) {
            (Kind::Execute, Stage::Describe, tag::ROW_DESCRIPTION)
            | (Kind::Query, Stage::Run, tag::ROW_DESCRIPTION) => {
                request.stage = Stage::Rows;
                let columns = query::read_columns(frame.body)?;
                Ok(Event::RowDescription { statement, columns })
            }
            (_, Stage::Rows, tag::DATA_ROW) => {
                let row = DataRow::read(frame.body)?;
                Ok(Event::DataRow { statement, row })
            }
            (
                _,
                Stage::Run | Stage::Rows | Stage::CopyIn | Stage::CopyOutEnd,
                tag::COMMAND_COMPLETE,
            ) => {
                let tag = CommandTag::read(frame.body)?;
                self.complete();
                Ok(Event::CommandComplete { statement, tag })
            }
            (_, Stage::Run, tag::EMPTY_QUERY_RESPONSE) => {
                frame.body.end()?;
                self.complete();
                Ok(Event::EmptyQuery { statement })
            }
            _ => Err(self.unexpected(&frame)),
        }
    }

    /// The beginning of a COPY, and the data that one sends.
    fn copy(&mut self, frame: Frame) -> Result<Event, ProtocolError> {
        let synced = self
            .queue
            .get(1)
            .is_some_and(|next| next.kind == Kind::Sync);
        let Some(request) = self.queue.front_mut() else {
            return Err(self.unexpected(&frame));
        };
        let statement = request.statement;
        match (request.stage, frame.tag) {
            (Stage::Run, tag::COPY_IN_RESPONSE) => {
                // While it waits for data the server ignores a Sync, so that nobody could say any more which
                // `ReadyForQuery` answers what. (Any other message makes it fail the COPY.)
                if request.data == Data::None && synced {
                    return Err(ProtocolError::CopyWithoutData { statement });
                }
                request.stage = Stage::CopyIn;
                let format = copy::read_response(frame.body)?;
                Ok(Event::CopyIn { statement, format })
            }
            (Stage::Run, tag::COPY_OUT_RESPONSE) => {
                request.stage = Stage::CopyOut;
                let format = copy::read_response(frame.body)?;
                Ok(Event::CopyOut { statement, format })
            }
            (Stage::CopyOut, tag::COPY_DATA) => {
                let data = frame.body.rest();
                Ok(Event::CopyData { statement, data })
            }
            (Stage::CopyOut, tag::COPY_DONE) => {
                frame.body.end()?;
                request.stage = Stage::CopyOutEnd;
                Ok(Event::CopyDone { statement })
            }
            _ => Err(self.unexpected(&frame)),
        }
    }

    /// The end of what stands or falls together.
    fn ready(&mut self, frame: Frame) -> Result<Event, ProtocolError> {
        let due = self
            .queue
            .front()
            .is_some_and(|request| match request.kind {
                Kind::Sync => true,
                Kind::Query => matches!(request.stage, Stage::Run | Stage::Ready),
                Kind::Parse | Kind::Execute => false,
            });
        if !due {
            return Err(self.unexpected(&frame));
        }
        let status = query::read_status(frame.body)?;
        self.queue.pop_front();
        Ok(Event::Ready { status })
    }

    /// A statement ended well. A simple query may hold more of them.
    fn complete(&mut self) {
        match self.queue.front_mut() {
            Some(request) if request.kind == Kind::Query => request.stage = Stage::Run,
            Some(_) | None => {
                self.queue.pop_front();
            }
        }
    }

    /// The error for a message that is no answer to the first request.
    fn unexpected(&self, frame: &Frame) -> ProtocolError {
        let state = self
            .queue
            .front()
            .map_or("while no statement was running", |request| {
                describe(request.kind, request.stage)
            });
        ProtocolError::Unexpected {
            message: frame.body.message(),
            state,
        }
    }
}

/// What the session waits for, as an error says it.
fn describe(kind: Kind, stage: Stage) -> &'static str {
    match (kind, stage) {
        (_, Stage::Parse) => "in answer to Parse",
        (_, Stage::Bind) => "in answer to Bind",
        (_, Stage::Describe) => "in answer to Describe",
        (Kind::Query, Stage::Run) => "in answer to Query",
        (_, Stage::Run) => "in answer to Execute",
        (_, Stage::Rows) => "among the rows of a result",
        (_, Stage::CopyIn) => "while it was taking COPY data",
        (_, Stage::CopyOut | Stage::CopyOutEnd) => "while it was sending COPY data",
        (_, Stage::Ready) => "instead of ReadyForQuery",
    }
}
