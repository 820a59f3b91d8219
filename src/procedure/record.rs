//! What stays on record after COMMIT: the snapshot of the result and the entry in the operation log.
//!
//! The change is committed by now: what fails here needs attention, it is no failure of the change.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::snapshot;
use super::transaction::Done;
use crate::introspect::Reading;
use crate::plan::Hazard;
use crate::store::{
    Operation, Origin, Outcome, Proof, SavedRows, SnapshotData, State, Step, Store, StoreError,
    Target, Who,
};

/// What is known about an operation besides [`Done`].
pub(super) struct Facts<'a> {
    pub(super) command: &'static str,
    pub(super) target: Target,
    pub(super) allowed: &'a [Hazard],
    /// What was proven.
    pub(super) proof: &'a str,
    pub(super) began: Timestamp,
    pub(super) present: &'a Reading,
    pub(super) after: &'a Reading,
    /// The stored form of `after`.
    pub(super) data: &'a SnapshotData,
    pub(super) transaction: &'a str,
    pub(super) role: &'a str,
}

/// Writes both; what could not be written is added to `done.attention`.
pub(super) fn write(store: &Store, done: &mut Done, facts: &Facts<'_>) {
    let meta = snapshot::describe(facts.after, Origin::After(done.operation.clone()));
    match store.write_snapshot(facts.data, meta) {
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
    let steps = done.steps.iter().map(|(step, time)| Step {
        sql: step.sql.clone(),
        microseconds: *time,
    });
    let rows = done.saved.iter().map(|saved| SavedRows {
        record: saved.record,
        object: saved.object.clone(),
        count: saved.count,
    });
    let operation = Operation {
        id: done.operation.clone(),
        command: facts.command.to_owned(),
        database: snapshot::database(facts.after),
        server: facts.after.catalog.version(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started: facts.began,
        finished: Timestamp::now(),
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
            kind: facts.proof.to_owned(),
            hash: done.root,
        }),
        outcome: if done.attention.is_empty() {
            Outcome::Committed
        } else {
            Outcome::FailedAfterCommit
        },
        note: (!done.attention.is_empty()).then(|| done.attention.join("; ")),
        transaction: Some(facts.transaction.to_owned()),
        statements: done.statements,
        steps: steps.collect(),
        milliseconds: done.milliseconds,
        lock_milliseconds: Some(done.milliseconds),
        allowed: allowed(facts),
        rows: rows.collect(),
        who: who(facts.role),
    };
    store.append_operation(&operation).map(|_| ())
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
