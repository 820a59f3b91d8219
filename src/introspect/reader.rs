//! One connection's share of a reading: its queries in one pipeline, and their rows as they come.
//!
//! Relies on `connect`. Must not: know what the rows mean.

use super::IntrospectError;
use super::tasks::{Task, Tasks};
use crate::catalog::row::Columns;
use crate::connect::{Connection, DataRow, Error, Event, Next, Pipeline};

/// A pipeline of queries that is being answered.
pub(super) struct Reader<'c> {
    pipeline: Pipeline<'c>,
    asked: Asked,
    /// Whether the last query was sent.
    ended: bool,
    /// Whether all that was sent so far is answered, and more is to come.
    idle: bool,
    done: bool,
    failed: Option<IntrospectError>,
}

/// What was asked.
#[derive(Default)]
pub(super) struct Asked {
    tasks: Tasks,
    /// Of each query that was answered so far, its columns.
    columns: Vec<Columns>,
}

impl Asked {
    /// What a query is for, and its columns.
    pub(super) fn about(&self, query: usize) -> Option<(Task, &Columns)> {
        let (task, _) = self.tasks.get(query)?;
        Some((*task, self.columns.get(query)?))
    }
}

/// A row, and the number of its query.
pub(super) type Numbered = (usize, DataRow);

impl<'c> Reader<'c> {
    /// Sends queries; [`Reader::end`] has to follow.
    pub(super) fn start(connection: &'c mut Connection, tasks: Tasks) -> Result<Self, Error> {
        let mut reader = Self {
            pipeline: connection.pipeline(),
            asked: Asked::default(),
            ended: false,
            idle: false,
            done: false,
            failed: None,
        };
        reader.send(tasks)?;
        Ok(reader)
    }

    /// Sends the last queries, unless something went wrong.
    pub(super) fn end(&mut self, tasks: Tasks) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        self.send(tasks)?;
        (self.ended, self.idle) = (true, false);
        self.pipeline.sync()
    }

    fn send(&mut self, tasks: Tasks) -> Result<(), Error> {
        let last = |of: fn(Task) -> bool| tasks.iter().rposition(|(task, _)| of(*task));
        let awaited = [last(Task::tells), last(Task::comes_first)];
        for (number, (_, sql)) in tasks.iter().enumerate() {
            self.pipeline.execute(sql)?;
            if awaited.contains(&Some(number)) {
                // Others are waiting for its answer, which the server would keep until there is more to send.
                self.pipeline.flush()?;
            }
        }
        self.asked.tasks.extend(tasks);
        Ok(())
    }

    /// Whether everything was answered.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Whether there is something to hear.
    pub(super) fn is_busy(&self) -> bool {
        !self.done && !self.idle
    }

    /// Whether all queries for such a task were answered.
    pub(super) fn has_answered(&self, of: impl Fn(Task) -> bool) -> bool {
        let begun = self.asked.columns.len().saturating_sub(1);
        let open = self.asked.tasks.iter().skip(begun);
        !self.is_busy() || !open.map(|(task, _)| *task).any(of)
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The next rows, as many as have come; none at the end and, now and then, before. May be cancelled without loss.
    ///
    /// What goes wrong is kept until the end, since the rest has to be heard all the same.
    pub(super) async fn next(&mut self) -> Result<Vec<Numbered>, Error> {
        let mut rows = Vec::new();
        let mut next = Some(self.pipeline.next().await?);
        while let Some(event) = next {
            rows.extend(self.hear(event)?);
            next = self.pipeline.received()?;
        }
        Ok(rows)
    }

    fn hear(&mut self, next: Next) -> Result<Option<Numbered>, Error> {
        match next {
            Next::Event(Event::RowDescription { statement, columns }) => {
                let names = columns.iter().map(|column| column.name.as_str());
                let known = &mut self.asked.columns;
                known.resize_with(statement, Columns::default);
                known.push(names.collect());
            }
            Next::Event(Event::DataRow { statement, row }) if self.failed.is_none() => {
                return Ok(Some((statement, row)));
            }
            Next::Event(Event::Error { statement, error }) => {
                self.fail(Error::Server { statement, error }.into());
                // The server skips everything up to a Sync.
                self.end(Tasks::new())?;
            }
            Next::Event(_) | Next::Room => {}
            Next::Done => (self.done, self.idle) = (self.ended, !self.ended),
        }
        Ok(None)
    }

    /// Notes what went wrong, unless something did before; later rows are not worth reading.
    pub(super) fn fail(&mut self, error: IntrospectError) {
        self.failed.get_or_insert(error);
    }

    /// What went wrong.
    pub(super) fn finish(self) -> Result<(), IntrospectError> {
        self.failed.map_or(Ok(()), Err)
    }
}
