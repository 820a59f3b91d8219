//! Runs a script inside a transaction that is already open, as one pipeline.
//!
//! Statements go out while answers come in; a Flush behind each makes the server tell of every one as it completes.
//! COPY data is streamed. At the first error nothing further runs, and the transaction can only be rolled back, which
//! is the caller's to do, as are BEGIN, the proof and COMMIT. Memory is bounded by the statements under way, of
//! which only as many are sent as keep the server busy.

mod error;
mod flight;
mod input;
mod sink;

use std::time::Duration;

use crate::connect::{Canceller, CommandTag, Connection, Event, Interrupt, Next, Pipeline};

pub use error::RunError;
pub use input::interruptible;
pub use sink::{Completed, Sink};

use super::classify::classify;
use super::gate::{Admission, Gate};
use super::location::Location;
use super::source::{Item, Source};
use flight::{Flight, Flights};

/// How many statements may be under way at once. At a round trip of 100 ms this still lets 40,000 run in a second.
const MOST_UNDER_WAY: usize = 4_096;

/// How often a cancel request is sent until the server answers: one that arrives between two statements is lost.
const INSIST: Duration = Duration::from_millis(200);

/// What became of a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many statements ran.
    pub statements: u64,
    /// How many rows they inserted, changed, deleted or copied in, as their tags say.
    pub rows: u64,
}

/// Tells a script what psql would know of the connection: the settings its lexer follows, and the variables that
/// psql sets by itself.
#[must_use]
pub fn prepare(source: Source, connection: &Connection, database: &str, user: &str) -> Source {
    let mut source = source.in_database(database);
    let server = connection.server();
    source.standard_strings(server.parameter("standard_conforming_strings") != Some("off"));
    let version = server.version_num().to_string();
    let name = server.parameter("server_version").unwrap_or_default();
    let variables = source.variables();
    for (variable, value) in [
        ("DBNAME", database),
        ("USER", user),
        ("ENCODING", "UTF8"),
        ("AUTOCOMMIT", "on"),
        ("ON_ERROR_STOP", "1"),
        ("SERVER_VERSION_NUM", version.as_str()),
        ("SERVER_VERSION_NAME", name),
    ] {
        variables.set(variable, value);
    }
    source
}

/// Runs every statement of `source` in the open transaction of `connection`, and tells `sink` what happens.
///
/// When the user interrupts, the server is asked to cancel, and what it says is awaited, so that the connection can
/// take ROLLBACK.
pub async fn run(
    connection: &mut Connection,
    source: Source,
    sink: &mut dyn Sink,
    interrupt: &Interrupt,
) -> Result<Summary, RunError> {
    let canceller = connection.canceller();
    let mut runner = Runner {
        pipeline: connection.pipeline(),
        feed: Feed {
            source,
            gate: Gate::default(),
            copying: false,
            over: false,
        },
        flights: Flights::default(),
        sink,
        summary: Summary::default(),
        failed: None,
        gave_up: false,
    };
    runner.run(&canceller, interrupt).await?;
    match runner.failed {
        None => Ok(runner.summary),
        Some(error) => Err(error),
    }
}

struct Runner<'a> {
    pipeline: Pipeline<'a>,
    feed: Feed,
    flights: Flights,
    sink: &'a mut dyn Sink,
    summary: Summary,
    /// The first thing that went wrong. Nothing is sent after it.
    failed: Option<RunError>,
    /// Whether the server was asked to cancel.
    gave_up: bool,
}

/// Where the statements come from.
struct Feed {
    source: Source,
    gate: Gate,
    /// Whether the COPY sent last still takes data.
    copying: bool,
    /// Whether the Sync that ends it all was sent.
    over: bool,
}

impl Runner<'_> {
    async fn run(&mut self, canceller: &Canceller, interrupt: &Interrupt) -> Result<(), RunError> {
        loop {
            while !self.feed.over && self.pipeline.has_room() && self.flights.len() < MOST_UNDER_WAY
            {
                if let Err(error) = self.send_next() {
                    self.give_up(error, canceller).await?;
                }
            }
            let interrupted = matches!(self.failed, Some(RunError::Interrupted));
            let next = tokio::select! {
                biased;
                () = interrupt.wait(), if !interrupted => {
                    self.failed = None;
                    self.give_up(RunError::Interrupted, canceller).await?;
                    continue;
                }
                next = self.pipeline.next() => next?,
                () = tokio::time::sleep(INSIST), if self.gave_up => {
                    let _ = canceller.cancel().await;
                    continue;
                }
            };
            match next {
                Next::Event(event) => self.take(event)?,
                Next::Done if self.feed.over => return Ok(()),
                Next::Done | Next::Room => {}
            }
        }
    }

    /// Stops although the server has not failed. Of what is under way nothing will stay, so the server is asked to
    /// cancel it. Where it cannot be asked, it comes to its end by itself.
    async fn give_up(&mut self, error: RunError, canceller: &Canceller) -> Result<(), RunError> {
        self.fail(error)?;
        if !self.flights.is_empty() {
            self.gave_up = true;
            let _ = canceller.cancel().await;
        }
        Ok(())
    }

    /// Sends the next statement, or the next piece of COPY data.
    fn send_next(&mut self) -> Result<(), RunError> {
        let offset = self.feed.source.offset();
        match self.feed.source.next()? {
            Some(Item::Statement { statement, file }) => {
                let start = Location {
                    file: file.clone(),
                    place: statement.span.start,
                };
                let class = classify(statement.text);
                if self.feed.gate.admit(&class, &start)? == Admission::Absorb {
                    return Ok(());
                }
                let index = self.pipeline.execute(statement.text)?;
                self.pipeline.flush()?;
                self.feed.copying = statement.copy_data;
                self.flights.push(Flight::new(index, start, &statement));
            }
            Some(Item::CopyData(data)) => {
                self.pipeline.copy_data(data)?;
                self.sink.read(offset);
            }
            Some(Item::CopyEnd) => {
                self.pipeline.copy_done()?;
                self.feed.copying = false;
            }
            Some(Item::Echo(echo)) => {
                if let Some(now) = self.flights.echo(echo.clone()) {
                    self.sink.echo(&now);
                }
            }
            None => {
                self.feed.gate.finish()?;
                self.end()?;
            }
        }
        Ok(())
    }

    /// Sends the last message.
    fn end(&mut self) -> Result<(), RunError> {
        if !self.feed.over {
            self.feed.over = true;
            self.pipeline.sync()?;
        }
        Ok(())
    }

    /// Nothing more is sent; what went wrong first counts.
    fn fail(&mut self, error: RunError) -> Result<(), RunError> {
        if let RunError::Connection(error) = error {
            return Err(error.into());
        }
        self.failed.get_or_insert(error);
        if self.feed.copying {
            self.feed.copying = false;
            self.pipeline.copy_fail("the script ends here")?;
        }
        self.end()
    }

    fn take(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::RowDescription { columns, .. } => self.sink.columns(columns),
            Event::DataRow { row, .. } => self.sink.row(&row),
            Event::CopyData { data, .. } => self.sink.copy_out(&data),
            Event::CommandComplete { statement, tag } => self.completed(statement, Some(&tag)),
            Event::EmptyQuery { statement } => self.completed(statement, None),
            Event::CopyIn { statement, .. } => {
                let expected = self
                    .flights
                    .get(statement)
                    .is_some_and(|flight| flight.copy_data);
                if !expected && self.failed.is_none() {
                    self.pipeline
                        .copy_fail("the script has no data for this COPY")?;
                }
            }
            Event::Notice { statement, notice } => {
                let at = statement.and_then(|statement| self.flights.get(statement));
                self.sink.notice(&notice, at.map(|flight| &flight.start));
            }
            Event::Error { statement, error } => {
                let flight = statement.and_then(|statement| self.flights.get(statement));
                let location = flight.map(|flight| flight.location_of(&error));
                self.fail(RunError::Statement { location, error })?;
            }
            Event::ParseComplete { .. }
            | Event::CopyOut { .. }
            | Event::CopyDone { .. }
            | Event::Notification { .. }
            | Event::Ready { .. } => {}
        }
        Ok(())
    }

    fn completed(&mut self, statement: usize, tag: Option<&CommandTag>) {
        self.summary.statements += 1;
        let changing = |tag: &&CommandTag| {
            ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"]
                .iter()
                .any(|verb| tag.as_str().starts_with(verb))
        };
        self.summary.rows += tag.filter(changing).and_then(CommandTag::rows).unwrap_or(0);
        let (flight, echoes) = self.flights.completed(statement);
        if let Some(flight) = flight {
            self.sink.completed(&Completed {
                number: self.summary.statements,
                tag: tag.map_or("", CommandTag::as_str),
                location: &flight.start,
                end: flight.end,
            });
        }
        for echo in echoes {
            self.sink.echo(&echo);
        }
    }
}
