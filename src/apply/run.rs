//! Steps, pipelined: one round trip for all of them, a tick for each.

use std::collections::VecDeque;

use super::ApplyError;
use crate::catalog::Step;
use crate::catalog::quote::ident;
use crate::catalog::secret::Secrets;
use crate::connect::{Connection, Event, Next, ServerError};

/// Messages that a plan is sent in, at least: progress is seen when one is answered.
const MESSAGES: usize = 1_000;

/// Statements in a message, at most. The server takes a sixth longer for the statements of a large plan when each comes
/// alone, and gains nothing by more.
const TOGETHER: usize = 64;

/// Runs steps in the open transaction, with their secrets. `on_done` gets the place of each step (from 0) as the server completes it.
///
/// By simple queries, which need no Flush to be answered. After the first error the transaction can only be rolled back:
/// the server refuses what is under way already.
pub async fn run_steps(
    connection: &mut Connection,
    steps: &[Step],
    secrets: &Secrets,
    mut on_done: impl FnMut(usize),
) -> Result<(), ApplyError> {
    let mut queue = Statements::of(steps, secrets);
    let mut pipeline = connection.pipeline();
    let mut failed = None;
    let mut done = 0;
    loop {
        while failed.is_none() && pipeline.has_room() {
            let Some(sql) = queue.next_message() else {
                break;
            };
            pipeline.query(&sql)?;
        }
        match pipeline.next().await? {
            Next::Event(Event::CommandComplete { statement, .. }) if failed.is_none() => {
                match queue.sent.get(done) {
                    Some(sent) if sent.message == statement => {
                        sent.ends.into_iter().for_each(&mut on_done);
                    }
                    // More or fewer than were sent: one of them was none, or several.
                    _ => failed = Some(queue.not_one(done)),
                }
                done += 1;
            }
            Next::Event(Event::Error { statement, error }) if failed.is_none() => {
                failed = Some(queue.error(done, statement, error));
            }
            Next::Event(_) | Next::Room => {}
            Next::Done => break,
        }
    }
    drop(pipeline);
    match failed {
        Some(error) => Err(error),
        None if done < queue.sent.len() => Err(queue.not_one(done)),
        None => Ok(()),
    }
}

/// The statements of steps: a step that runs as another role is three.
struct Statements<'a> {
    steps: &'a [Step],
    secrets: &'a Secrets,
    together: usize,
    next_step: usize,
    waiting: VecDeque<String>,
    messages: usize,
    /// The statements handed out.
    sent: Vec<Sent>,
}

/// A statement that was handed out.
struct Sent {
    message: usize,
    step: usize,
    /// The step, when it is its last statement.
    ends: Option<usize>,
}

impl<'a> Statements<'a> {
    fn of(steps: &'a [Step], secrets: &'a Secrets) -> Self {
        Self {
            steps,
            secrets,
            together: (steps.len() / MESSAGES).clamp(1, TOGETHER),
            next_step: 0,
            waiting: VecDeque::new(),
            messages: 0,
            sent: Vec::new(),
        }
    }

    fn next_message(&mut self) -> Option<String> {
        let mut message = self.next()?;
        for _ in 1..self.together {
            let Some(sql) = self.next() else { break };
            // On a line of its own, in case that a comment ends the statement.
            message.push_str("\n;\n");
            message.push_str(&sql);
        }
        self.messages += 1;
        Some(message)
    }

    fn next(&mut self) -> Option<String> {
        if self.waiting.is_empty() {
            let step = self.steps.get(self.next_step)?;
            let sql = self.secrets.put_back(step).into_owned();
            match &step.role {
                None => self.waiting.push_back(sql),
                Some(role) => self.waiting.extend([
                    format!("SET LOCAL ROLE {}", ident(role)),
                    sql,
                    "RESET ROLE".to_owned(),
                ]),
            }
            self.next_step += 1;
        }
        let sql = self.waiting.pop_front();
        let step = self.next_step.saturating_sub(1);
        self.sent.push(Sent {
            message: self.messages,
            step,
            ends: self.waiting.is_empty().then_some(step),
        });
        sql
    }

    /// The step of the statement in this place.
    fn step(&self, place: usize) -> Option<(usize, &'a Step)> {
        let number = self.sent.get(place)?.step;
        Some((number, self.steps.get(number)?))
    }

    fn not_one(&self, place: usize) -> ApplyError {
        let step = self.step(place.saturating_sub(1));
        ApplyError::NotOne {
            sql: step.map_or_else(String::new, |(_, step)| step.sql.clone()),
        }
    }

    fn error(&self, place: usize, message: Option<usize>, error: Box<ServerError>) -> ApplyError {
        match self.step(place).filter(|_| message.is_some()) {
            Some((number, step)) => ApplyError::Step {
                number: number + 1,
                subject: Box::new(step.subject.clone()),
                sql: step.sql.clone(),
                error,
            },
            None => crate::connect::Error::Server {
                statement: message,
                error,
            }
            .into(),
        }
    }
}
