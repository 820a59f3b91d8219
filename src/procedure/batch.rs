//! `restore --batch N`: a snapshot in several transactions, for a schema that one cannot hold.
//!
//! Nothing that is written down says how far it came: the database itself says it. What is missing from it is what is left
//! to do, so the same command goes on after whatever stopped it, by the plan from what is there. That nothing can be lost
//! by that is checked first: all that is there belongs to the snapshot, and no table has rows.

use std::num::NonZeroUsize;
use std::time::Instant;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::beside;
use super::by_plan::tell_unproven;
use super::failure::{Failure, FailureKind};
use super::host::Host;
use super::preflight;
use super::record;
use super::restore::{refuse_what_is_there, user_objects};
use super::roles;
use super::rollback::{self, Options, Preview, Target, wait_to_try_again};
use super::session::{self, with_cancel};
use super::snapshot;
use super::transaction::{self, Acted, Done, Failed, stop_if_asked, take_back};
use crate::apply::{self, Outcome};
use crate::catalog::id::Family;
use crate::catalog::{Id, Step, Str, Tag};
use crate::connect::{Config, Connection};
use crate::introspect::{Reading, Within};
use crate::plan::{Plan, locks};
use crate::store::{self, Contents, Operation, OperationId, Prepared, State, Store, StoreError};

/// The whole procedure, over a connection on which nothing has happened yet.
pub(super) async fn run(
    config: &Config,
    mut connection: Connection,
    store: &Store,
    target: &Target,
    size: NonZeroUsize,
    options: &Options,
    host: &impl Host,
) -> Result<Done, Failure> {
    let mut guard = session::connect(config, host).await?;
    // Its transaction does nothing but hold the lock, across those of the batches.
    apply::enter(&mut guard, &options.settings).await?;
    let began = Timestamp::now();
    let mut restore = Restore {
        config,
        store,
        target,
        size,
        options,
        guard,
        operation: OperationId::new(began),
        began,
        clock: Instant::now(),
        before: None,
        steps: Vec::new(),
        transaction: String::new(),
        role: String::new(),
        attention: Vec::new(),
    };
    let canceller = connection.canceller();
    let mut attempt = 1;
    loop {
        let work = restore.go_on(&mut connection, host);
        let failed = match with_cancel(&canceller, host.interrupt(), work).await {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        let again = failed.transient && attempt < options.tries && !host.interrupt().requested();
        if !again {
            return Err(restore.stopped(failed.failure, host));
        }
        wait_to_try_again(&failed.failure, attempt, options.tries, host).await;
        attempt += 1;
    }
}

/// A restore on its way.
struct Restore<'a> {
    config: &'a Config,
    store: &'a Store,
    target: &'a Target,
    size: NonZeroUsize,
    options: &'a Options,
    /// Holds the lock that keeps two runs apart.
    guard: Connection,
    operation: OperationId,
    began: Timestamp,
    clock: Instant,
    /// What was there when it began, and the snapshot of that.
    before: Option<(Reading, Prepared)>,
    /// The statements that are committed, and how long each took, in microseconds.
    steps: Vec<(Step, u64)>,
    /// The last transaction that was committed, and the role that runs it.
    transaction: String,
    role: String,
    attention: Vec<String>,
}

impl Restore<'_> {
    /// From what is there to the target, and the proof.
    async fn go_on(
        &mut self,
        connection: &mut Connection,
        host: &impl Host,
    ) -> Result<Done, Failed> {
        let preview = rollback::preview(connection, self.target, host).await?;
        refuse_unless_begun(connection, &preview, &self.target.given).await?;
        let missing = self.options.missing_roles;
        let new_roles = preflight::check(connection, self.target, &preview, missing, host).await?;
        let Preview {
            present,
            plan,
            role,
        } = preview;
        let batches = batches(&plan, self.size);
        let slots = |batch: &&[Step]| locks::slots(*batch, &present.catalog, &plan.target);
        let needed = batches.iter().map(slots).max().unwrap_or_default();
        preflight::lock_budget(connection, needed, None).await?;
        if self.before.is_none() {
            beside::tell(self.target, &present, host);
            let prepared = transaction::emergency(self.store, &present, &self.operation)?;
            self.before = Some((present, prepared));
            self.role = role;
        }
        roles::make(connection, &new_roles, host).await?;
        let mut done = 0;
        for batch in batches {
            stop_if_asked(host)?;
            // Whoever else takes the lock now has it rightly.
            self.guard.query("SELECT 1", &[]).await?;
            let tick = |step: usize, subject: &Id| {
                let number = (done + step + 1) as u64;
                host.progress(number, plan.steps.len() as u64, &subject.to_string());
            };
            self.transaction(connection, batch, tick).await?;
            done += batch.len();
        }
        self.prove(connection, &plan, host).await
    }

    /// One transaction, with its COMMIT.
    async fn transaction(
        &mut self,
        connection: &mut Connection,
        batch: &[Step],
        tick: impl Fn(usize, &Id),
    ) -> Result<(), Failed> {
        apply::begin(connection, &self.options.settings).await?;
        let mut times = Vec::with_capacity(batch.len());
        let ran = async {
            apply::pin_for_plan(connection).await?;
            apply::expect_no_rows(connection).await?;
            let mut last = Instant::now();
            let secrets = &self.target.manifest.meta.secrets;
            apply::run_steps(connection, batch, secrets, |step| {
                times.push(u64::try_from(last.elapsed().as_micros()).unwrap_or(u64::MAX));
                last = Instant::now();
                if let Some(done) = batch.get(step) {
                    tick(step, &done.subject);
                }
            })
            .await?;
            Ok(apply::transaction_id(connection).await?)
        };
        let id: Result<String, Failed> = ran.await;
        if id.is_err() && !connection.is_closed() {
            // If this fails too the connection is gone, and with it the transaction.
            let _ = apply::leave(connection).await;
        }
        let id = id?;
        let reconnect = async || {
            let connection = Connection::open(self.config).await;
            connection.map_err(|error| error.to_string())
        };
        if apply::commit(connection, &id, reconnect).await? == Outcome::CommittedUnheard {
            self.attention.push(format!(
                "the connection broke during COMMIT of transaction {id}; the server was asked since and has committed"
            ));
        }
        self.steps.extend(batch.iter().cloned().zip(times));
        self.transaction = id;
        Ok(())
    }

    /// Reads the whole back; when it is the target, writes down what was done.
    async fn prove(
        &mut self,
        connection: &mut Connection,
        plan: &Plan,
        host: &impl Host,
    ) -> Result<Done, Failed> {
        host.note("reading the result back");
        let scope = self.target.scope();
        let after = session::reading(connection, &scope, Within::Nothing, host).await?;
        let reached = self.target.reached(&after.catalog, plan, true)?;
        tell_unproven(&reached.unproven, host);
        let Some((present, prepared)) = self.before.take() else {
            return Err(Failure::bug("there is no state before").into());
        };
        let data = snapshot::encode(&after.catalog)?;
        let steps = std::mem::take(&mut self.steps);
        let acted = Acted {
            after,
            proof: reached.proof,
            statements: steps.len() as u64,
            steps,
            hazards: [&plan.hazards[..], &reached.unproven].concat(),
            saved: Vec::new(),
            filled: Vec::new(),
            layout: reached.differences.layout,
        };
        let before = &prepared.written;
        let contents = Contents::new(&data)?;
        let root = contents.trees().root;
        let (mut done, after) =
            acted.done(self.operation.clone(), &present, before.manifest.root, root);
        done.before = Some(before.id);
        done.milliseconds = transaction::milliseconds(self.clock);
        done.attention = std::mem::take(&mut self.attention);
        let facts = record::Facts {
            command: "restore",
            target: self.recorded_target(),
            allowed: &plan.hazards,
            began: self.began,
            present: &present,
            after: &after,
            contents: &contents,
            transaction: &self.transaction,
            role: &self.role,
        };
        record::write(self.store, &mut done, &facts);
        Ok(done)
    }

    /// The words for a failure: what is committed stays, and is gone on from.
    fn stopped(mut self, mut failure: Failure, host: &impl Host) -> Failure {
        if host.interrupt().requested() {
            failure = Failure::rolled_back("interrupted");
        }
        let Some((present, prepared)) = self.before.take() else {
            return failure;
        };
        if self.steps.is_empty() {
            take_back(Some(prepared), self.store, host);
            if failure.kind == FailureKind::Unreachable {
                failure.kind = FailureKind::RolledBack;
            }
            return failure;
        }
        if let Err(error) = self.record(&failure, &present, &prepared) {
            host.warn(&format!("the operation could not be recorded: {error}"));
        }
        failure.kind = FailureKind::CommittedThenFailed;
        failure.state = Some(format!(
            "{} statements are committed, the transaction after them was rolled back.",
            self.steps.len()
        ));
        failure.next("Go on from there: the same command again.")
    }

    /// What was done, of a run that did not come to its end. The state after it is not known: the connection may be gone.
    fn record(
        &self,
        failure: &Failure,
        present: &Reading,
        prepared: &Prepared,
    ) -> Result<(), StoreError> {
        let manifest = &prepared.written.manifest;
        let operation = Operation {
            target: Some(self.recorded_target()),
            before: Some(State {
                snapshot: Some(prepared.written.id),
                root: manifest.root,
                layout: None,
                counts: record::counts(present),
            }),
            transaction: Some(self.transaction.clone()),
            statements: self.steps.len() as u64,
            steps: record::steps(&self.steps),
            ..record::committed(
                self.operation.clone(),
                "restore",
                (snapshot::database(present), present.catalog.version()),
                (self.began, transaction::milliseconds(self.clock)),
                &[format!("not finished: {failure}")],
                &self.role,
            )
        };
        self.store.append_operation(&operation).map(|_| ())
    }

    fn recorded_target(&self) -> store::Target {
        store::Target {
            given: self.target.given.clone(),
            snapshot: Some(self.target.id),
            script: None,
        }
    }
}

/// The statements of each transaction: `size` of them, or more where something would be left half made, which the snapshot
/// has no name for: the shell of a type. A table that is not a partition yet has one: it becomes one by the next plan.
fn batches(plan: &Plan, size: NonZeroUsize) -> Vec<&[Step]> {
    type Name<'a> = (Family, &'a Str, &'a Str);
    fn name(id: &Id) -> Name<'_> {
        (id.kind.family(), &id.schema, &id.name)
    }
    let makes = || {
        let steps = plan.steps.iter().enumerate();
        steps.flat_map(|(place, step)| step.makes.iter().map(move |id| (place, id)))
    };
    // Some ids stand for a state of an object: what there is of it is that object.
    let object = |id: &Id| Id {
        args: "".into(),
        ..id.clone()
    };
    let half = makes().filter(|(_, id)| !plan.target.has(id) && !plan.target.has(&object(id)));
    let half: FxHashSet<Name<'_>> = half.map(|(_, id)| name(id)).collect();
    let last: FxHashMap<Name<'_>, usize> = makes()
        .map(|(place, id)| (name(id), place))
        .filter(|(name, _)| half.contains(name))
        .collect();
    let mut batches = Vec::new();
    let (mut start, mut whole) = (0, 0);
    for (place, step) in plan.steps.iter().enumerate() {
        let begun = step.makes.iter().filter_map(|id| last.get(&name(id)));
        whole = begun.copied().max().unwrap_or_default().max(whole);
        let end = place + 1;
        let full = end - start >= size.get() && place >= whole;
        if full || end == plan.steps.len() {
            batches.extend(plan.steps.get(start..end));
            start = end;
        }
    }
    batches
}

/// What is there must be what an earlier run left: objects of the snapshot, and no rows.
async fn refuse_unless_begun(
    connection: &mut Connection,
    preview: &Preview,
    given: &str,
) -> Result<(), Failure> {
    let target = &preview.plan.target;
    let foreign = user_objects(preview).filter(|object| !target.has(&object.id));
    refuse_what_is_there(preview, foreign.map(|object| object.id.to_string()))?;
    let sql = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'r' AND c.oid >= 16384 AND c.relpersistence <> 't' AND pg_relation_size(c.oid) > 0";
    let rows = connection.query(sql, &[]).await?;
    let table = rows.iter().find_map(|row| {
        let id = Id::in_schema(Tag::Table, row.get(0)?, row.get(1)?);
        preview.present.catalog.has(&id).then_some(id)
    });
    let Some(table) = table else {
        return Ok(());
    };
    Err(Failure::refused(format!(
        "{table} has rows, so it is not what an earlier run left of {given}"
    ))
    .state("Nothing was changed.")
    .next("Restore into a new database: createdb NAME")
    .next("Or bring this one to the snapshot, keeping rows: snapback rollback REF"))
}
