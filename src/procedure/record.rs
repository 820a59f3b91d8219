//! What stays on record after COMMIT: the snapshot of the result and the entry in the operation log.
//!
//! The change is committed by now: what fails here needs attention, it is no failure of the change.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::snapshot;
use super::transaction::Done;
use crate::catalog;
use crate::introspect::Reading;
use crate::plan::Hazard;
use crate::store::{
    Contents, Database, Operation, OperationId, Origin, Outcome, Proof, SavedRows, State, Step,
    Store, StoreError, Target, Who,
};

/// What is known about an operation besides [`Done`].
pub(super) struct Facts<'a> {
    pub(super) command: &'static str,
    pub(super) target: Target,
    pub(super) allowed: &'a [Hazard],
    pub(super) began: Timestamp,
    pub(super) present: &'a Reading,
    pub(super) after: &'a Reading,
    /// The stored form of `after`.
    pub(super) contents: &'a Contents<'a>,
    pub(super) transaction: &'a str,
    pub(super) role: &'a str,
}

/// Writes both; what could not be written is added to `done.attention`.
pub(super) fn write(store: &Store, done: &mut Done, facts: &Facts<'_>) {
    let meta = snapshot::describe(facts.after, Origin::After(done.operation.clone()));
    match store.write_contents(facts.contents, meta) {
        Ok(written) => done.after = Some(written.id),
        Err(error) => done.attention.push(format!(
            "the snapshot of the result could not be stored: {error}"
        )),
    }
    if let Err(error) = append(store, done, facts) {
        done.attention
            .push(format!("the operation could not be recorded: {error}"));
    }
}

fn append(store: &Store, done: &Done, facts: &Facts<'_>) -> Result<(), StoreError> {
    let rows = done.saved.iter().map(|saved| SavedRows {
        record: saved.record,
        object: saved.object.clone(),
        count: saved.count,
    });
    let operation = Operation {
        target: Some(facts.target.clone()),
        before: Some(State {
            snapshot: done.before,
            root: done.root_before,
            layout: None,
            counts: counts(facts.present),
        }),
        after: Some(State {
            snapshot: done.after,
            root: done.root,
            layout: None,
            counts: counts(facts.after),
        }),
        proof: Some(Proof {
            kind: done.proof.clone(),
            hash: done.root,
        }),
        transaction: Some(facts.transaction.to_owned()),
        statements: done.statements,
        steps: steps(&done.steps),
        allowed: allowed(facts),
        rows: rows.collect(),
        ..committed(
            done.operation.clone(),
            facts.command,
            (
                snapshot::database(facts.after),
                facts.after.catalog.version(),
            ),
            (facts.began, done.milliseconds),
            &done.attention,
            facts.role,
        )
    };
    store.append_operation(&operation).map(|_| ())
}

/// The entry of something that was committed, of which nothing more is known than this: what it changed and that
/// server's version, when it began and how long it took, and what failed after the commit.
pub(super) fn committed(
    id: OperationId,
    command: &str,
    (database, server): (Database, u32),
    (began, milliseconds): (Timestamp, u64),
    attention: &[String],
    role: &str,
) -> Operation {
    Operation {
        id,
        command: command.to_owned(),
        database,
        server,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started: began,
        finished: Timestamp::now(),
        target: None,
        before: None,
        after: None,
        proof: None,
        outcome: if attention.is_empty() {
            Outcome::Committed
        } else {
            Outcome::FailedAfterCommit
        },
        note: (!attention.is_empty()).then(|| attention.join("; ")),
        transaction: None,
        statements: 0,
        steps: Vec::new(),
        milliseconds,
        lock_milliseconds: Some(milliseconds),
        allowed: Vec::new(),
        rows: Vec::new(),
        who: who(role),
    }
}

/// Steps as the log keeps them.
pub(super) fn steps(steps: &[(catalog::Step, u64)]) -> Vec<Step> {
    let steps = steps.iter().map(|(step, time)| Step {
        sql: step.sql.clone(),
        microseconds: *time,
    });
    steps.collect()
}

/// Hazards that needed leave and had it, as `--allow` takes them.
fn allowed(facts: &Facts<'_>) -> Vec<String> {
    let needed = facts
        .allowed
        .iter()
        .filter(|hazard| hazard.code.needs_allowing());
    needed
        .map(|hazard| format!("{}:{}", hazard.code, hazard.id))
        .collect()
}

pub(super) fn counts(reading: &Reading) -> BTreeMap<String, u64> {
    reading
        .catalog
        .counts()
        .into_iter()
        .map(|(kind, count)| (kind.label().to_owned(), count as u64))
        .collect()
}

/// Who runs this. Environment variables are hints for people, not proof.
pub(super) fn who(role: &str) -> Who {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .unwrap_or_else(|_| variable("HOSTNAME"));
    Who {
        user: variable("USER"),
        host: host.trim().to_owned(),
        pid: std::process::id(),
        role: role.to_owned(),
        application: "snapback".to_owned(),
    }
}
