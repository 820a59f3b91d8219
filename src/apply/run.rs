//! Steps, pipelined: one round trip for all of them, a tick for each.

use super::ApplyError;
use crate::catalog::Step;
use crate::catalog::quote::ident;
use crate::connect::{Connection, Event, Next, ServerError};

/// Runs steps in the open transaction. `on_done` gets the place of each step (from 0) as the server completes it.
///
/// After the first error the server skips the rest, and the transaction can only be rolled back.
pub async fn run_steps(
    connection: &mut Connection,
    steps: &[Step],
    mut on_done: impl FnMut(usize),
) -> Result<(), ApplyError> {
    let mut queue = Statements::of(steps);
    let mut pipeline = connection.pipeline();
    let mut failed = None;
    let mut ended = false;
    loop {
        while !ended && pipeline.has_room() {
            if let Some(sql) = queue.next() {
                pipeline.execute(&sql)?;
                // With one Sync alone no tick would arrive before the end.
                pipeline.flush()?;
            } else {
                pipeline.sync()?;
                ended = true;
            }
        }
        match pipeline.next().await? {
            Next::Event(Event::CommandComplete { statement, .. }) => queue
                .completed(statement)
                .into_iter()
                .for_each(&mut on_done),
            Next::Event(Event::Error { statement, error }) => {
                failed.get_or_insert((statement, error));
                if !ended {
                    pipeline.sync()?;
                    ended = true;
                }
            }
            Next::Event(_) | Next::Room => {}
            Next::Done => break,
        }
    }
    drop(pipeline);
    match failed {
        None => Ok(()),
        Some((statement, error)) => Err(queue.error(statement, error)),
    }
}

/// The statements of steps: a step that runs as another role is three.
struct Statements<'a> {
    steps: &'a [Step],
    next_step: usize,
    waiting: std::collections::VecDeque<String>,
    /// For each statement handed out, its step and whether it ends the step.
    origin: Vec<(usize, bool)>,
}

impl<'a> Statements<'a> {
    fn of(steps: &'a [Step]) -> Self {
        Self {
            steps,
            next_step: 0,
            waiting: std::collections::VecDeque::new(),
            origin: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<String> {
        if self.waiting.is_empty() {
            let step = self.steps.get(self.next_step)?;
            match &step.role {
                None => self.waiting.push_back(step.sql.clone()),
                Some(role) => self.waiting.extend([
                    format!("SET LOCAL ROLE {}", ident(role)),
                    step.sql.clone(),
                    "RESET ROLE".to_owned(),
                ]),
            }
            self.next_step += 1;
        }
        let sql = self.waiting.pop_front();
        self.origin
            .push((self.next_step.saturating_sub(1), self.waiting.is_empty()));
        sql
    }

    fn completed(&self, statement: usize) -> Option<usize> {
        self.origin
            .get(statement)
            .filter(|(_, ends)| *ends)
            .map(|&(step, _)| step)
    }

    fn error(&self, statement: Option<usize>, error: Box<ServerError>) -> ApplyError {
        let step = statement
            .and_then(|statement| self.origin.get(statement))
            .map(|&(step, _)| step);
        match step.and_then(|number| self.steps.get(number).map(|step| (number, step))) {
            Some((number, step)) => ApplyError::Step {
                number: number + 1,
                subject: Box::new(step.subject.clone()),
                sql: step.sql.clone(),
                error,
            },
            None => crate::connect::Error::Server { statement, error }.into(),
        }
    }
}
