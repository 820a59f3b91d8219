//! The online check: the server's own grammar judges every statement, and nothing runs.
//!
//! Each statement goes out as `Parse` with a Sync behind it, all in one pipeline. Of DDL the server looks at the
//! grammar alone; of queries, DML and a few others also at the objects, which need not be there yet, so that only an
//! error out of `scan.l` or `gram.y` (field `F`) is an error of the script. Everything else means "cannot be judged
//! before it runs". The same goes for [`super::offline`], whose report this is.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::connect::{Connection, Error, Event, Next, Pipeline, ServerError};

use super::check::{Inspector, Report};
use super::location::{FileName, Location};
use super::source::{Item, Source, SourceError};
use super::statement::OwnedStatement;
use super::suggest::suggestion;

/// How many statements may be under way at once.
const MOST_UNDER_WAY: usize = 4_096;

/// Checks a script against the server's grammar. The connection is not in a transaction, before and after.
pub async fn online(connection: &mut Connection, mut source: Source) -> Result<Report, Error> {
    let mut checker = Checker {
        pipeline: connection.pipeline(),
        inspector: Inspector::default(),
        under_way: VecDeque::new(),
        first: 0,
    };
    let mut over = false;
    let mut broken_off = None;
    loop {
        while !over && checker.pipeline.has_room() && checker.under_way.len() < MOST_UNDER_WAY {
            match checker.send_next(&mut source)? {
                Ok(more) => over = !more,
                Err(error) => {
                    broken_off = Some(error);
                    over = true;
                }
            }
        }
        match checker.pipeline.next().await? {
            Next::Event(event) => checker.take(event),
            Next::Done if over => break,
            Next::Room | Next::Done => {}
        }
    }
    Ok(match broken_off {
        Some(error) => checker.inspector.broken_off(&error),
        None => checker.inspector.finish(source.main_file()),
    })
}

struct Checker<'a> {
    pipeline: Pipeline<'a>,
    inspector: Inspector,
    /// What was sent and not yet answered, in order.
    under_way: VecDeque<UnderWay>,
    /// The index of the first of them.
    first: usize,
}

struct UnderWay {
    number: u64,
    file: Arc<FileName>,
    statement: OwnedStatement,
}

impl Checker<'_> {
    /// Sends the next statement; `false` at the end of the script.
    fn send_next(&mut self, source: &mut Source) -> Result<Result<bool, SourceError>, Error> {
        match source.next() {
            Ok(Some(Item::Statement { statement, file })) => {
                let number = self.inspector.statement(&statement, file);
                self.pipeline.parse(statement.text)?;
                self.pipeline.sync()?;
                let (file, statement) = (Arc::clone(file), statement.to_owned());
                self.under_way.push_back(UnderWay {
                    number,
                    file,
                    statement,
                });
                Ok(Ok(true))
            }
            Ok(Some(_)) => Ok(Ok(true)),
            Ok(None) => Ok(Ok(false)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::ParseComplete { statement } if self.answered(statement).is_some() => {
                self.inspector.valid();
            }
            Event::Error {
                statement: Some(statement),
                error,
            } => {
                if let Some(sent) = self.answered(statement) {
                    self.judge(&sent, &error);
                }
            }
            _ => {}
        }
    }

    /// Takes out the statement that was answered.
    fn answered(&mut self, index: usize) -> Option<UnderWay> {
        if index != self.first {
            return None;
        }
        self.first += 1;
        self.under_way.pop_front()
    }

    fn judge(&mut self, sent: &UnderWay, error: &ServerError) {
        let UnderWay {
            number,
            file,
            statement,
        } = sent;
        let statement = statement.borrow();
        let position = error
            .position
            .and_then(|position| usize::try_from(position).ok());
        let at = position.map(|position| statement.byte_of(position));
        let place = at.map_or(statement.span.start, |at| statement.place_at(at));
        let location = Location {
            file: Arc::clone(file),
            place,
        };
        if is_about_grammar(error) {
            let guess = at.and_then(|at| suggestion(statement.text, at));
            let hint = error.hint.clone().or(guess);
            let (message, code) = (error.message.clone(), error.code.clone());
            self.inspector
                .broken(*number, location, message, hint, Some(code));
        } else {
            let reason = format!("cannot be judged before it runs: {}", error.message);
            self.inspector.unknown(*number, location, reason);
        }
    }
}

/// Whether the server's scanner or grammar raised the error, or it found more than one statement.
fn is_about_grammar(error: &ServerError) -> bool {
    let several = error.code == "42601" && error.routine.as_deref() == Some("exec_parse_message");
    several
        || matches!(
            error.file.as_deref(),
            Some("scan.l" | "gram.y" | "scansup.c")
        )
}
