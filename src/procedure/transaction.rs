//! The one transaction of a rollback or restore: steps 5 to 11 of the safety procedure, in their order.
//!
//! Until COMMIT everything can be taken back, and is, whatever goes wrong: the server forgets the transaction, the store
//! what was written for it.

use std::time::Instant;

use jiff::Timestamp;

use super::failure::{Failure, FailureKind};
use super::host::Host;
use super::record;
use super::rollback::Options;
use super::rows::Saved;
use super::session::{self, with_cancel};
use super::snapshot;
use crate::apply::{self, ApplyError, Outcome};
use crate::catalog::scope::Scope;
use crate::catalog::{Id, Step};
use crate::connect::{Config, Connection};
use crate::diff::{self, Diff, Layout};
use crate::introspect::{IntrospectError, Reading};
use crate::parallel;
use crate::plan::Hazard;
use crate::store::{
    self, Contents, Hash, OperationId, Origin, Prepared, SnapshotData, SnapshotId, Store,
    StoreError,
};

/// One way to change a schema: by a plan or by a script.
#[allow(async_fn_in_trait, reason = "used in this crate, on one thread")]
pub(super) trait Way {
    /// The command, for the operation log.
    const COMMAND: &'static str;

    /// What it may touch.
    fn scope(&self) -> Scope;

    /// Where it leads, for the operation log.
    fn target(&self) -> store::Target;

    /// Hazards that may happen.
    fn allowed(&self) -> &[Hazard];

    /// Reads the schema as it is now, in the open transaction, and decides what to do. Nothing is changed yet.
    async fn look(&mut self, connection: &mut Connection) -> Result<Reading, Failed>;

    /// Does it: saves rows, changes, reads the result back and proves it. Gives the stored form of the result, too.
    async fn act(
        &mut self,
        stage: &mut Stage<'_>,
        present: &Reading,
        host: &impl Host,
    ) -> Result<(Acted, SnapshotData), Failed>;
}

/// What a [`Way`] works with.
pub(super) struct Stage<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options,
    /// The emergency snapshot, to which saved rows belong.
    pub(super) prepared: &'a mut Prepared,
}

/// What a [`Way`] has done.
pub(super) struct Acted {
    /// The result, as it was read back.
    pub(super) after: Reading,
    /// What was proven: `root`, or in words.
    pub(super) proof: String,
    pub(super) steps: Vec<(Step, u64)>,
    pub(super) statements: u64,
    pub(super) hazards: Vec<Hazard>,
    pub(super) saved: Vec<Saved>,
    pub(super) filled: Vec<(Id, u64)>,
    pub(super) layout: Vec<Layout>,
}

impl Acted {
    /// As the user is told of it, but for what is known only after COMMIT; and the result as it was read back.
    pub(super) fn done(
        self,
        operation: OperationId,
        present: &Reading,
        root_before: Hash,
        root: Hash,
    ) -> (Done, Reading) {
        let done = Done {
            operation,
            database: present.database.name.clone(),
            proof: self.proof,
            dry_run: false,
            root_before,
            root,
            before: None,
            after: None,
            effect: diff::compare(&present.catalog, &self.after.catalog),
            steps: self.steps,
            statements: self.statements,
            hazards: self.hazards,
            saved: self.saved,
            filled: self.filled,
            layout: self.layout,
            locks: Vec::new(),
            milliseconds: 0,
            attention: Vec::new(),
        };
        (done, self.after)
    }
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// The operation.
    pub operation: OperationId,
    /// The name of the database.
    pub database: String,
    /// What was proven: `root`, or in words.
    pub proof: String,
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
    /// How the schema was changed.
    pub effect: Diff,
    /// The steps and how long each took, in microseconds; empty for a script.
    pub steps: Vec<(Step, u64)>,
    /// How many statements ran.
    pub statements: u64,
    /// What it cost.
    pub hazards: Vec<Hazard>,
    /// Rows that were saved before they were destroyed.
    pub saved: Vec<Saved>,
    /// Rows that were put back: of what, and how many.
    pub filled: Vec<(Id, u64)>,
    /// Tables whose columns stand in another order than in the target.
    pub layout: Vec<Layout>,
    /// Locks held at the end of a dry run: relation and mode.
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

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<IntrospectError> for Failed {
    fn from(error: IntrospectError) -> Self {
        Failure::from(error).into()
    }
}

impl From<crate::connect::Error> for Failed {
    fn from(error: crate::connect::Error) -> Self {
        ApplyError::from(error).into()
    }
}

/// Takes the emergency snapshot and the rows saved with it out of the store again: nothing was destroyed.
pub(super) fn take_back(prepared: Option<Prepared>, store: &Store, host: &impl Host) {
    if let Some(prepared) = prepared
        && let Err(error) = store.discard(prepared)
    {
        host.warn(&format!(
            "what was written to the store could not be removed again: {error}; gc will"
        ));
    }
}

/// Runs one attempt. After an error the database is as before, unless the failure says otherwise.
pub(super) async fn run<W: Way>(
    config: &Config,
    connection: &mut Connection,
    store: &Store,
    options: &Options,
    way: &mut W,
    host: &impl Host,
) -> Result<Done, Failed> {
    let canceller = connection.canceller();
    let mut prepared = None;
    let attempt = attempt(config, connection, store, options, way, host, &mut prepared);
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

async fn attempt<W: Way>(
    config: &Config,
    connection: &mut Connection,
    store: &Store,
    options: &Options,
    way: &mut W,
    host: &impl Host,
    kept: &mut Option<Prepared>,
) -> Result<Done, Failed> {
    let (began, clock) = (Timestamp::now(), Instant::now());
    apply::enter(connection, &options.settings).await?;
    let role = session::current_role(connection).await?;
    let present = way.look(connection).await?;
    let operation = OperationId::new(began);
    let prepared = kept.insert(emergency(store, &present, &operation)?);
    let (before, root_before) = (prepared.written.id, prepared.written.manifest.root);
    let mut stage = Stage {
        connection,
        store,
        options,
        prepared,
    };
    let (acted, data) = way.act(&mut stage, &present, host).await?;
    let contents = Contents::new(&data)?;
    let root = contents.trees().root;
    let (mut done, after) = acted.done(operation, &present, root_before, root);
    if options.dry_run {
        done.dry_run = true;
        done.locks = locks(connection).await?;
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
    let facts = record::Facts {
        command: W::COMMAND,
        target: way.target(),
        allowed: way.allowed(),
        began,
        present: &present,
        after: &after,
        contents: &contents,
        transaction: &transaction,
        role: &role,
    };
    record::write(store, &mut done, &facts);
    drop(contents);
    parallel::let_go((present, after, data));
    Ok(done)
}

pub(super) fn milliseconds(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn stop_if_asked(host: &impl Host) -> Result<(), Failure> {
    if host.interrupt().requested() {
        Err(Failure::rolled_back("interrupted"))
    } else {
        Ok(())
    }
}

/// The state before, durable before anything runs.
pub(super) fn emergency(
    store: &Store,
    present: &Reading,
    operation: &OperationId,
) -> Result<Prepared, Failure> {
    let data = snapshot::encode(&present.catalog)?;
    let meta = snapshot::describe(present, Origin::Before(operation.clone()));
    store.prepare(&data, meta).map_err(|error| {
        Failure::rolled_back(format!(
            "the emergency snapshot could not be stored: {error}"
        ))
    })
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
