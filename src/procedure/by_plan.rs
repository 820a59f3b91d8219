//! To a snapshot by a plan: the way of `rollback REF` and `restore REF`.
//!
//! Plans inside the transaction, from what is there now; proves that the result is the target.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::{self, JoinHandle};

use super::failure::Failure;
use super::fills::Fills;
use super::host::Host;
use super::outside;
use super::roles;
use super::rollback::{Preview, Target, plan_to};
use super::rows;
use super::sequences::{self, Positions};
use super::session;
use super::snapshot;
use super::transaction::{Acted, Failed, Stage, Way, stop_if_asked};
use crate::apply::{self, ApplyError};
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id};
use crate::connect::Connection;
use crate::diff::{self, Diff};
use crate::introspect::{self, Reading, Within};
use crate::parallel;
use crate::plan::{Allow, Hazard, Plan, not_allowed};
use crate::store::{self, SnapshotData};

/// The way to a snapshot. `RESTORE`: from an empty database, where the layout must come out equal too.
pub(super) struct ByPlan<'a, const RESTORE: bool> {
    pub(super) target: &'a Target,
    /// Hazards that may happen.
    pub(super) allowed: Vec<Hazard>,
    pub(super) plan: Option<Plan>,
    /// What the user allowed that is not known before the result is read.
    pub(super) allow: Vec<Allow>,
    /// Roles to be made first.
    pub(super) new_roles: Vec<String>,
    /// What was looked at before the transaction: its plan holds when nothing has changed since.
    looked_at: Option<Preview>,
}

impl<'a, const RESTORE: bool> ByPlan<'a, RESTORE> {
    pub(super) fn new(target: &'a Target, allowed: Vec<Hazard>, preview: Preview) -> Self {
        Self {
            target,
            allowed,
            plan: None,
            allow: Vec::new(),
            new_roles: Vec::new(),
            looked_at: Some(preview),
        }
    }
}

impl<const RESTORE: bool> Way for ByPlan<'_, RESTORE> {
    const COMMAND: &'static str = if RESTORE { "restore" } else { "rollback" };

    fn scope(&self) -> Scope {
        self.target.scope()
    }

    fn target(&self) -> store::Target {
        store::Target {
            given: self.target.given.clone(),
            snapshot: Some(self.target.id),
            script: None,
        }
    }

    fn allowed(&self) -> &[Hazard] {
        &self.allowed
    }

    async fn look(&mut self, connection: &mut Connection) -> Result<Reading, Failed> {
        apply::pin_for_plan(connection).await?;
        let present = introspect::read(connection, &self.scope(), Within::Transaction).await?;
        let role = session::current_role(connection).await?;
        let plan = match self.looked_at.take() {
            Some(then) if then.role == role && same(&then.present, &present) => then.plan,
            _ => plan_to(&present, self.target, &role)?,
        };
        refuse_new_hazards(&plan, &self.allowed)?;
        outside::is_left_alone(connection, &self.scope(), &present.catalog, &plan).await?;
        self.plan = Some(plan);
        Ok(present)
    }

    async fn act(
        &mut self,
        stage: &mut Stage<'_>,
        present: &Reading,
        host: &impl Host,
    ) -> Result<(Acted, SnapshotData), Failed> {
        let Some(plan) = self.plan.take() else {
            return Err(Failure::bug("there is no plan to act by").into());
        };
        apply::fire_deferred(stage.connection).await?;
        roles::make(stage.connection, &self.new_roles, host).await?;
        let doomed = rows::doomed(&plan, &present.catalog);
        let saved = rows::save(stage, &doomed, present, host).await?;
        let fills = Fills::find(stage.store, &snapshot::database(present), &plan)?;
        if RESTORE && fills.is_empty() {
            apply::expect_no_rows(stage.connection).await?;
        }
        let positions = Positions::of(&present.catalog, &plan, &fills);
        sequences::run(stage.connection, &positions.note).await?;
        let stored = stored_form(&plan.target);
        let (times, filled) = run_steps(stage, self.target, &plan, &fills, host).await?;
        sequences::run(stage.connection, &positions.go_on).await?;
        let after = prove(stage.connection, &self.scope(), host).await?;
        let reached = self.target.reached(&after.catalog, &plan, RESTORE)?;
        if RESTORE {
            tell_unproven(&reached.unproven, host);
        } else {
            refuse_unproven(&reached.unproven, &self.allow)?;
        }
        let data = match stored.await {
            Ok(stored) if reached.exactly => stored?,
            Ok(_) | Err(_) => snapshot::encode(&after.catalog)?,
        };
        let acted = Acted {
            after,
            proof: reached.proof,
            statements: plan.steps.len() as u64,
            hazards: plan.hazards.into_iter().chain(reached.unproven).collect(),
            saved,
            filled,
            layout: reached.differences.layout,
            steps: plan.steps.into_iter().zip(times).collect(),
        };
        parallel::let_go((plan.diff, plan.target));
        Ok((acted, data))
    }
}

/// The stored form of what a plan is to reach, which is mostly that of what it does reach: made on another thread while the
/// server runs the steps.
fn stored_form(target: &Arc<Catalog>) -> JoinHandle<Result<SnapshotData, Failure>> {
    let target = Arc::clone(target);
    task::spawn_blocking(move || snapshot::encode(&target))
}

/// What a plan has reached.
pub(super) struct Reached {
    /// What was proven.
    pub(super) proof: String,
    /// What the server prints in other words than the target has.
    pub(super) unproven: Vec<Hazard>,
    /// What differs all the same.
    pub(super) differences: Diff,
    /// Whether nothing does, nor any dependency.
    exactly: bool,
}

impl Target {
    /// Whether a catalog is what a plan was to reach. The layout must be equal only when everything was made by the plan.
    pub(super) fn reached(
        &self,
        after: &Catalog,
        plan: &Plan,
        layout: bool,
    ) -> Result<Reached, Failure> {
        let exactly = *after == *plan.target;
        let (reached, wanted) = (self.mask.hide(after), self.mask.hide(&plan.target));
        let mut differences = if exactly {
            Diff::default()
        } else {
            diff::compare(&reached, &wanted)
        };
        let moved = self.catalog.version() / 10_000 != after.version() / 10_000;
        let reworded = if moved {
            differences.forgive_texts(&reached, &wanted)
        } else {
            Vec::new()
        };
        let mut wrong: Vec<String> = differences.deltas.iter().map(ToString::to_string).collect();
        if layout {
            let tables = differences.layout.iter();
            wrong.extend(tables.map(|layout| format!("{}: column order", layout.id)));
        }
        if !wrong.is_empty() {
            return Err(Failure::rolled_back(format!(
                "proof failed: the result is not {}: {}",
                self.given,
                wrong.join("; ")
            )));
        }
        let proof = if reworded.is_empty() {
            self.mask.root_name()
        } else {
            "all but the words in which this version prints expressions"
        };
        let roles = if self.renamed { " (roles mapped)" } else { "" };
        Ok(Reached {
            proof: format!("{proof}{roles}"),
            unproven: reworded.iter().map(Hazard::unproven).collect(),
            differences,
            exactly,
        })
    }
}

/// In a database that was empty nothing is lost by it.
pub(super) fn tell_unproven(unproven: &[Hazard], host: &impl Host) {
    for hazard in unproven {
        host.warn(&hazard.text);
    }
}

/// What is known only from the result has to be allowed too.
fn refuse_unproven(unproven: &[Hazard], allow: &[Allow]) -> Result<(), Failure> {
    let forbidden = not_allowed(unproven, allow);
    let Some(first) = forbidden.first() else {
        return Ok(());
    };
    let list: Vec<&str> = forbidden
        .iter()
        .map(|hazard| hazard.text.as_str())
        .collect();
    Err(
        Failure::refused(format!("not allowed: {}", list.join("; ")))
            .state("Nothing was changed: the transaction was rolled back.")
            .next(format!("Allow it: --allow {}", first.code)),
    )
}

/// Whether two readings of a database in one scope are the same as far as a plan goes.
fn same(a: &Reading, b: &Reading) -> bool {
    a.catalog == b.catalog && a.default_privileges == b.default_privileges
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

/// Runs the steps; rows that the store holds go in as soon as what held them is back. Returns the time of each step and
/// what was put back.
async fn run_steps(
    stage: &mut Stage<'_>,
    target: &Target,
    plan: &Plan,
    fills: &Fills,
    host: &impl Host,
) -> Result<(Vec<u64>, Vec<(Id, u64)>), Failed> {
    let secrets = &target.manifest.meta.secrets;
    let total = plan.steps.len();
    let mut times = Vec::with_capacity(total);
    let mut filled = Vec::new();
    let mut start = 0;
    for end in fills.stops(plan) {
        let Some(segment) = plan.steps.get(start..end) else {
            break;
        };
        let mut last = Instant::now();
        apply::run_steps(stage.connection, segment, secrets, |step| {
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
        filled.extend(
            fills
                .put_back(stage.connection, stage.store, segment)
                .await?,
        );
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

/// Reads the result back in the same transaction, with the settings pinned again.
pub(super) async fn prove(
    connection: &mut Connection,
    scope: &Scope,
    host: &impl Host,
) -> Result<Reading, Failed> {
    apply::pin_again(connection).await?;
    apply::fire_deferred(connection).await?;
    host.note("reading the result back");
    Ok(introspect::read(connection, scope, Within::Transaction).await?)
}
