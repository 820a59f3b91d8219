//! The one transaction of a rollback or restore: steps 5 to 11 of the safety procedure, in their order.
//!
//! Until COMMIT everything can be taken back, and is, whatever goes wrong: the server forgets the transaction, the store
//! what was written for it.

use std::time::Instant;

use jiff::Timestamp;

use super::failure::{Failure, FailureKind};
use super::host::Host;
use super::record;
use super::rollback::{Options, Target, plan_to};
use super::rows::{self, Fills, Saved};
use super::session::{self, with_cancel};
use super::snapshot;
use crate::apply::{self, ApplyError, Outcome};
use crate::catalog::{Id, Step};
use crate::connect::{Config, Connection};
use crate::diff::{self, Layout};
use crate::introspect::{self, Reading, Within};
use crate::plan::{Hazard, Plan};
use crate::store::{Hash, OperationId, Origin, Prepared, SnapshotId, Store, trees_of};

/// Where a transaction is to lead.
#[derive(Debug)]
pub(super) struct Goal<'a> {
    /// The command, for the operation log.
    pub(super) command: &'static str,
    /// The target.
    pub(super) target: &'a Target,
    /// Hazards that may happen.
    pub(super) allowed: &'a [Hazard],
    /// The user's options.
    pub(super) options: &'a Options,
    /// Whether the layout must be equal too (an empty database, where it can be).
    pub(super) layout: bool,
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// The operation.
    pub operation: OperationId,
    /// Whether it was rolled back as a dry run.
    pub dry_run: bool,
    /// The root before.
    pub root_before: Hash,
    /// The root after, proven equal to the target's.
    pub root: Hash,
    /// The emergency snapshot; `None` after a dry run.
    pub before: Option<SnapshotId>,
    /// The snapshot of the result; `None` after a dry run.
    pub after: Option<SnapshotId>,
    /// The steps and how long each took, in microseconds.
    pub steps: Vec<(Step, u64)>,
    /// What it cost.
    pub hazards: Vec<Hazard>,
    /// Rows that were saved before they were destroyed.
    pub saved: Vec<Saved>,
    /// Rows that were put back: of what, and how many.
    pub filled: Vec<(Id, u64)>,
    /// Tables whose columns stand in another order than in the target.
    pub layout: Vec<Layout>,
    /// Locks held at the end: relation and mode.
    pub locks: Vec<(String, String)>,
    /// From BEGIN to the end, in milliseconds.
    pub milliseconds: u64,
    /// What needs attention although the change is committed.
    pub attention: Vec<String>,
}

/// A failure, and whether the transaction may succeed when tried again.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) failure: Failure,
    pub(super) transient: bool,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            transient: false,
        }
    }
}

impl From<ApplyError> for Failed {
    fn from(error: ApplyError) -> Self {
        Self {
            transient: error.is_transient(),
            failure: error.into(),
        }
    }
}

impl From<crate::connect::Error> for Failed {
    fn from(error: crate::connect::Error) -> Self {
        ApplyError::from(error).into()
    }
}

/// Takes the emergency snapshot and the rows saved with it out of the store again: nothing was destroyed.
fn take_back(prepared: Option<Prepared>, store: &Store, host: &impl Host) {
    if let Some(prepared) = prepared
        && let Err(error) = store.discard(prepared)
    {
        host.warn(&format!(
            "what was written to the store could not be removed again: {error}; gc will"
        ));
    }
}

/// Runs one attempt. After an error the database is as before, unless the failure says otherwise.
pub(super) async fn run(
    config: &Config,
    connection: &mut Connection,
    store: &Store,
    goal: &Goal<'_>,
    host: &impl Host,
) -> Result<Done, Failed> {
    let canceller = connection.canceller();
    let mut prepared = None;
    let attempt = attempt(config, connection, store, goal, host, &mut prepared);
    let result = with_cancel(&canceller, host.interrupt(), attempt).await;
    let failed = match result {
        Ok(done) if done.dry_run => {
            take_back(prepared, store, host);
            return Ok(done);
        }
        Ok(done) => return Ok(done),
        Err(failed) => failed,
    };
    if failed.failure.kind == FailureKind::CommittedThenFailed {
        return Err(failed);
    }
    if !connection.is_closed() {
        // If this fails too the connection is gone, and with it the transaction.
        let _ = apply::leave(connection).await;
    }
    take_back(prepared, store, host);
    Err(as_rolled_back(failed, host))
}

/// The words for a failure inside the transaction: it was rolled back, and perhaps the user wanted it.
fn as_rolled_back(failed: Failed, host: &impl Host) -> Failed {
    let Failed {
        mut failure,
        transient,
    } = failed;
    if host.interrupt().requested() {
        return Failure::rolled_back("interrupted").into();
    }
    if failure.kind == FailureKind::Unreachable {
        failure.kind = FailureKind::RolledBack;
    }
    if failure.state.is_none() {
        failure = failure.state("Nothing was changed: the transaction was rolled back.");
    }
    Failed { failure, transient }
}

async fn attempt(
    config: &Config,
    connection: &mut Connection,
    store: &Store,
    goal: &Goal<'_>,
    host: &impl Host,
    kept: &mut Option<Prepared>,
) -> Result<Done, Failed> {
    let (began, clock) = (Timestamp::now(), Instant::now());
    let scope = goal.target.scope();
    apply::enter(connection, &goal.options.settings).await?;
    let present = introspect::read(connection, &scope, Within::Transaction)
        .await
        .map_err(Failure::from)?;
    let role = session::current_role(connection).await?;
    let plan = plan_to(&present, &goal.target.catalog, &role)?;
    refuse_new_hazards(&plan, goal.allowed)?;
    let operation = OperationId::new(began);
    let prepared = kept.insert(emergency(store, &present, &operation)?);
    let (before, root_before) = (prepared.written.id, prepared.written.manifest.root);
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
    let saved = rows::save(
        connection,
        store,
        prepared,
        &plan,
        &present,
        goal.options,
        host,
    )
    .await?;
    let fills = Fills::find(store, &snapshot::database(&present), &plan)?;
    let (times, filled) = run_steps(connection, store, &plan, &fills, host).await?;
    let after = prove(connection, goal, &plan, host).await?;
    let data = snapshot::encode(&after.catalog)?;
    let root = trees_of(&data).map_err(session::store_failed)?.root;
    let mut done = Done {
        operation,
        dry_run: goal.options.dry_run,
        root_before,
        root,
        before: None,
        after: None,
        hazards: plan.hazards.clone(),
        saved,
        filled,
        layout: diff::compare(&after.catalog, &plan.target).layout,
        steps: plan.steps.into_iter().zip(times).collect(),
        locks: locks(connection).await?,
        milliseconds: 0,
        attention: Vec::new(),
    };
    if goal.options.dry_run {
        apply::leave(connection).await?;
        done.milliseconds = milliseconds(clock);
        return Ok(done);
    }
    let transaction = apply::transaction_id(connection).await?;
    stop_if_asked(host)?;
    let reconnect = async || {
        Connection::open(config)
            .await
            .map_err(|error| error.to_string())
    };
    if apply::commit(connection, &transaction, reconnect).await? == Outcome::CommittedUnheard {
        done.attention.push(
            "the connection broke during COMMIT; the server was asked since and has committed"
                .to_owned(),
        );
    }
    done.before = Some(before);
    done.milliseconds = milliseconds(clock);
    let record = record::Facts {
        goal,
        began,
        present: &present,
        after: &after,
        data: &data,
        transaction: &transaction,
        role: &role,
    };
    record::write(store, &mut done, &record);
    Ok(done)
}

fn milliseconds(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn stop_if_asked(host: &impl Host) -> Result<(), Failure> {
    if host.interrupt().requested() {
        Err(Failure::rolled_back("interrupted"))
    } else {
        Ok(())
    }
}

/// The schema may have changed between the question and the lock: what was not consented to does not happen.
fn refuse_new_hazards(plan: &Plan, allowed: &[Hazard]) -> Result<(), Failure> {
    let new: Vec<String> = plan
        .hazards
        .iter()
        .filter(|hazard| hazard.code.needs_allowing() && !allowed.contains(hazard))
        .map(|hazard| hazard.text.clone())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the schema changed after it was looked at; not consented to: {}",
        new.join("; ")
    ))
    .state("Nothing was changed.")
    .next("Run the command again."))
}

/// The state before, durable before anything runs.
fn emergency(
    store: &Store,
    present: &Reading,
    operation: &OperationId,
) -> Result<Prepared, Failure> {
    let data = snapshot::encode(&present.catalog)?;
    let meta = snapshot::describe(present, Origin::Before(operation.clone()));
    store.prepare(&data, meta).map_err(|error| {
        let failure = session::store_failed(error);
        Failure::rolled_back(format!(
            "the emergency snapshot could not be stored: {failure}"
        ))
    })
}

/// Runs the steps; rows that the store holds go in as soon as what held them is back. Returns the time of each step and
/// what was put back.
async fn run_steps(
    connection: &mut Connection,
    store: &Store,
    plan: &Plan,
    fills: &Fills,
    host: &impl Host,
) -> Result<(Vec<u64>, Vec<(Id, u64)>), Failed> {
    let total = plan.steps.len();
    let mut times = Vec::with_capacity(total);
    let mut filled = Vec::new();
    let mut start = 0;
    for end in fills.stops(plan) {
        let Some(segment) = plan.steps.get(start..end) else {
            break;
        };
        let mut last = Instant::now();
        apply::run_steps(connection, segment, |step| {
            times.push(u64::try_from(last.elapsed().as_micros()).unwrap_or(u64::MAX));
            last = Instant::now();
            let part = segment
                .get(step)
                .map_or_else(String::new, |step| step.subject.to_string());
            host.progress((start + step + 1) as u64, total as u64, &part);
        })
        .await
        .map_err(|error| number_from(error, start))?;
        stop_if_asked(host)?;
        filled.extend(fills.put_back(connection, store, segment).await?);
        start = end;
    }
    Ok((times, filled))
}

fn number_from(error: ApplyError, start: usize) -> ApplyError {
    match error {
        ApplyError::Step {
            number,
            subject,
            sql,
            error,
        } => ApplyError::Step {
            number: number + start,
            subject,
            sql,
            error,
        },
        other => other,
    }
}

/// Reads the result back in the same transaction: anything that differs from the target ends it.
async fn prove(
    connection: &mut Connection,
    goal: &Goal<'_>,
    plan: &Plan,
    host: &impl Host,
) -> Result<Reading, Failed> {
    apply::pin_again(connection).await?;
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
    host.note("reading the result back");
    let after = introspect::read(connection, &goal.target.scope(), Within::Transaction)
        .await
        .map_err(Failure::from)?;
    let differences = diff::compare(&after.catalog, &plan.target);
    let mut wrong: Vec<String> = differences
        .deltas
        .iter()
        .map(|delta| delta.to_string())
        .collect();
    if goal.layout {
        wrong.extend(
            differences
                .layout
                .iter()
                .map(|layout| format!("{}: column order", layout.id)),
        );
    }
    if wrong.is_empty() {
        return Ok(after);
    }
    Err(Failure::rolled_back(format!(
        "proof failed: the result is not {}: {}",
        goal.target.given,
        wrong.join("; ")
    ))
    .into())
}

/// The relation locks of this transaction.
async fn locks(connection: &mut Connection) -> Result<Vec<(String, String)>, Failed> {
    let sql = "SELECT c.oid::regclass::text, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
         WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.oid >= 16384 \
         AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND l.mode <> 'AccessShareLock' ORDER BY 1, 2";
    let rows = connection.query(sql, &[]).await?;
    let text = |row: &crate::connect::Row, column| row.get(column).unwrap_or_default().to_owned();
    Ok(rows
        .iter()
        .map(|row| (text(row, 0), text(row, 1)))
        .collect())
}
