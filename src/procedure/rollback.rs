//! `rollback REF`: back to a snapshot, proven before it commits.
//!
//! Looks first (target, present, plan, hazards), asks, and then does everything once more inside the one transaction:
//! what was looked at may have changed meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::beside;
use super::by_plan::ByPlan;
use super::consent::{Consent, Question};
use super::failure::Failure;
use super::fills::{self, Fills};
use super::host::Host;
use super::preflight;
use super::roles::Missing;
use super::sequences::Positions;
use super::session;
use super::snapshot;
use super::transaction::{self, Done, Way};
use crate::apply::{self, Settings};
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Newer};
use crate::connect::{Config, Connection};
use crate::diff::Mask;
use crate::introspect::{Reading, Within};
use crate::plan::{self, Allow, DefaultPrivileges, Frame, Hazard, Plan};
use crate::store::{Manifest, SnapshotId, Store};

/// What a rollback may do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Do all of it and end with ROLLBACK.
    pub dry_run: bool,
    /// Look, say what would happen, and stop before the transaction.
    pub preflight_only: bool,
    /// Do not ask.
    pub yes: bool,
    /// Hazards that are allowed.
    pub allow: Vec<Allow>,
    /// Timeouts.
    pub settings: Settings,
    /// How often a transaction that lost a race for a lock is tried.
    pub tries: u32,
    /// Rows to be saved, at most, in bytes on disk.
    pub max_save: u64,
    /// Save no rows.
    pub no_save: bool,
    /// What of the target does not count.
    pub mask: Mask,
    /// What is done about roles that do not exist.
    pub missing_roles: Missing,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dry_run: false,
            preflight_only: false,
            yes: false,
            allow: Vec::new(),
            settings: Settings::default(),
            tries: 3,
            max_save: 1 << 30,
            no_save: false,
            mask: Mask::default(),
            missing_roles: Missing::default(),
        }
    }
}

/// A target: a stored snapshot as a catalog.
#[derive(Debug)]
pub struct Target {
    /// As the user named it.
    pub given: String,
    /// Which snapshot.
    pub id: SnapshotId,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its objects.
    pub catalog: Arc<Catalog>,
    /// What of them does not count.
    pub mask: Mask,
    /// Whether roles have other names than in the snapshot.
    pub renamed: bool,
}

impl Target {
    /// Loads a snapshot.
    pub fn load(store: &Store, given: &str, id: SnapshotId) -> Result<Self, Failure> {
        let (catalog, manifest) = snapshot::load(store, id)?;
        Ok(Self {
            given: given.to_owned(),
            id,
            manifest,
            catalog: Arc::new(catalog),
            mask: Mask::default(),
            renamed: false,
        })
    }

    /// Resolves a ref as the user of this database means it, and loads the snapshot.
    pub async fn find(
        connection: &mut Connection,
        store: &Store,
        given: &str,
    ) -> Result<Self, Failure> {
        let database = session::database(connection).await?;
        let found = store.resolve(given, Some(&database.id()), Timestamp::now())?;
        Self::load(store, given, found.id)
    }

    /// What the snapshot covers, and so what a rollback to it may touch.
    pub fn scope(&self) -> Scope {
        snapshot::scope(&self.manifest.meta)
    }
}

/// What a rollback would do, as seen before the transaction.
#[derive(Debug)]
pub struct Preview {
    /// The present.
    pub present: Reading,
    /// The way there.
    pub plan: Plan,
    /// The role that it is for.
    pub role: String,
}

/// What a printed plan sets besides what its steps rely on: how scripts are read, and how long they wait.
const SCRIPT: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("standard_conforming_strings", "on"),
    ("lock_timeout", "5s"),
    ("search_path", "pg_catalog"),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "postgres"),
    ("xmloption", "content"),
    ("row_security", "off"),
];

impl Preview {
    /// The way as a script that any client can run. Rows that the store has do not come back by it.
    pub fn script(&self, heading: &str) -> String {
        let positions = Positions::of(&self.present.catalog, &self.plan, &Fills::default());
        let settings: Vec<_> = SCRIPT.iter().chain(apply::FOR_PLAN).copied().collect();
        plan::script(
            &self.plan,
            &Frame {
                heading,
                settings: &settings,
                before: &positions.note,
                after: &positions.go_on,
            },
        )
    }
}

/// Reads the present and plans the way to a target.
pub async fn preview(
    connection: &mut Connection,
    target: &Target,
    host: &impl Host,
) -> Result<Preview, Failure> {
    let present = session::reading(connection, &target.scope(), Within::Nothing, host).await?;
    let role = session::current_role(connection).await?;
    let plan = plan_to(&present, target, &role)?;
    Ok(Preview {
        present,
        plan,
        role,
    })
}

/// The plan from a reading to a target.
pub(super) fn plan_to(present: &Reading, target: &Target, role: &str) -> Result<Plan, Failure> {
    let defaults = present
        .default_privileges
        .iter()
        .map(|found| DefaultPrivileges {
            role: found.role.clone(),
            schema: found.schema.clone(),
            kind: found.kind,
            grants: found.grants.clone(),
        });
    let options = plan::Options {
        role: role.to_owned(),
        defaults: defaults.collect(),
        mask: target.mask,
    };
    let target = target
        .catalog
        .moved_to(&present.catalog)
        .map_err(|newer| does_not_exist_here(present, &newer))?;
    plan::plan(&present.catalog, &target, &options)
        .map_err(|error| Failure::refused(error.to_string()).state("Nothing was changed."))
}

fn does_not_exist_here(present: &Reading, newer: &[Newer]) -> Failure {
    let here = present.catalog.version() / 10_000;
    let list: Vec<String> = newer.iter().map(Newer::to_string).collect();
    Failure::refused(format!(
        "the target has what PostgreSQL {here} does not have, and the version that brought it: {}",
        list.join("; ")
    ))
    .state("Nothing was changed.")
    .next("Restore it into a server of that version or a newer one.")
}

/// How a rollback ended.
#[derive(Debug)]
pub enum Ended {
    /// It stopped before the transaction: as asked, or since there is nothing to do.
    Looked(Box<(Target, Preview)>),
    /// It ran.
    Ran(Box<Done>),
}

/// The whole procedure; `given` is a ref.
pub async fn run(
    config: &Config,
    store: &Store,
    given: &str,
    options: &Options,
    host: &impl Host,
) -> Result<Ended, Failure> {
    let mut connection = session::connect(config, host).await?;
    let mut target = Target::find(&mut connection, store, given).await?;
    target.mask = options.mask;
    store.check_writable()?;
    let preview = preview(&mut connection, &target, host).await?;
    say_what_is_odd(&target, &preview, host);
    if preview.plan.is_empty() {
        return Ok(Ended::Looked(Box::new((target, preview))));
    }
    preflight::check(
        &mut connection,
        &target,
        &preview,
        options.missing_roles,
        host,
    )
    .await?;
    let needed = preflight::lock_slots(&preview);
    preflight::lock_budget(&mut connection, needed, None).await?;
    fills::refuse_unfilled(&mut connection, store, &preview.present, &preview.plan).await?;
    if options.preflight_only {
        return Ok(Ended::Looked(Box::new((target, preview))));
    }
    let allowed = consent(&connection, &target, &preview, options, host).await?;
    let mut way = ByPlan::<false>::new(&target, allowed, preview);
    way.allow.clone_from(&options.allow);
    let done = retried(config, connection, store, options, &mut way, host).await?;
    Ok(Ended::Ran(Box::new(done)))
}

fn say_what_is_odd(target: &Target, preview: &Preview, host: &impl Host) {
    let here = snapshot::database(&preview.present);
    let there = &target.manifest.meta.database;
    if here.id() != there.id() {
        host.warn(&format!(
            "snapshot {} was taken of another database, {}",
            target.given, there.name
        ));
    }
    if here.id() == there.id() && here.name != there.name {
        host.note(&format!(
            "this database was called {} when the snapshot was taken",
            there.name
        ));
    }
    let (now, then) = (
        preview.present.catalog.version() / 10_000,
        target.manifest.meta.server / 10_000,
    );
    if now != then {
        host.warn(&format!("the snapshot is from PostgreSQL {then}, this is {now}: what it prints in other words is made from the snapshot's text and cannot be proven; it is listed, and takes --allow unproven"));
    }
    beside::tell(target, &preview.present, host);
    for object in &preview.present.unmodeled {
        host.warn(&format!(
            "{} is not modelled by this version: it is neither compared nor changed",
            object.object
        ));
    }
}

/// Asks, unless `--yes`. Returns all hazards that may happen.
async fn consent(
    connection: &Connection,
    target: &Target,
    preview: &Preview,
    options: &Options,
    host: &impl Host,
) -> Result<Vec<Hazard>, Failure> {
    let (allowed, forbidden): (Vec<Hazard>, Vec<Hazard>) =
        preview.plan.hazards.iter().cloned().partition(|hazard| {
            !hazard.code.needs_allowing() || options.allow.iter().any(|allow| allow.covers(hazard))
        });
    if options.dry_run {
        return Ok(allowed.into_iter().chain(forbidden).collect());
    }
    if options.yes {
        refuse_forbidden(&forbidden)?;
        for hazard in &allowed {
            host.note(&format!("going on although: {}", hazard.text));
        }
        return Ok(allowed);
    }
    let question = Question {
        what: &format!(
            "roll the schema back to {} ({})",
            target.given,
            target.id.short()
        ),
        database: &session::describe(connection, &preview.present),
        steps: preview.plan.steps.len(),
        hazards: &allowed,
        forbidden: &forbidden,
    };
    match host.ask(&question).await? {
        Consent::Given => Ok(allowed.into_iter().chain(forbidden).collect()),
        Consent::Refused => Err(Failure::refused("not confirmed").state("Nothing was changed.")),
    }
}

/// Hazards that need leave and have none end it here.
pub(super) fn refuse_forbidden(forbidden: &[Hazard]) -> Result<(), Failure> {
    let Some(first) = forbidden.first() else {
        return Ok(());
    };
    let list: Vec<String> = forbidden.iter().map(|hazard| hazard.text.clone()).collect();
    Err(
        Failure::refused(format!("not allowed: {}", list.join("; ")))
            .state("Nothing was changed.")
            .next(format!("Allow it: --allow '{}:{}'", first.code, first.id)),
    )
}

/// One transaction, tried again when it lost a race for a lock.
pub(super) async fn retried<W: Way>(
    config: &Config,
    mut connection: Connection,
    store: &Store,
    options: &Options,
    way: &mut W,
    host: &impl Host,
) -> Result<Done, Failure> {
    let mut attempt = 1;
    loop {
        match transaction::run(config, &mut connection, store, options, way, host).await {
            Err(failed)
                if failed.transient && attempt < options.tries && !host.interrupt().requested() =>
            {
                wait_to_try_again(&failed.failure, attempt, options.tries, host).await;
                attempt += 1;
            }
            Err(failed) => return Err(failed.failure),
            Ok(done) => return Ok(done),
        }
    }
}

/// Says why, and waits for a while before the next try.
pub(super) async fn wait_to_try_again(
    failure: &Failure,
    attempt: u32,
    tries: u32,
    host: &impl Host,
) {
    host.note(&format!(
        "{}; trying again ({attempt} of {tries})",
        failure.message
    ));
    tokio::time::sleep(jittered(attempt)).await;
}

/// Half a second, then one, then two, each up to half as long again: two runs that met do not meet again.
fn jittered(attempt: u32) -> Duration {
    let base = 500_u64 << attempt.min(6).saturating_sub(1);
    let nanos = u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs());
    Duration::from_millis(base + nanos % (base / 2))
}
