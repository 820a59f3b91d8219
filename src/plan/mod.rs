//! The ordered steps from one catalog to another. Pure; knows no kind: kinds say how, `diff` says whether,
//! and this folder decides what has to be dropped and made again, and in which order.
//!
//! Rows count more than anything: what holds them is never dropped to change it (`replace`). A plan that would have
//! to is refused, with every reason at once.
//!
//! ```text
//! diff --> replace (what happens to each object) --> emit (its statements) --> graph --> order --> hazard
//! ```

mod circle;
mod emit;
mod given;
mod graph;
pub mod hazard;
pub mod locks;
mod order;
mod refuse;
mod replace;
mod row_types;
mod script;
#[cfg(test)]
mod tests;
mod world;

use std::sync::Arc;

use crate::catalog::{Catalog, Step};
use crate::diff::{self, Diff, Mask};
use crate::parallel;

pub use given::DefaultPrivileges;
pub use hazard::{Allow, Code, Hazard, not_allowed};
pub use refuse::{PlanError, Refusal};
pub use script::{Frame, script};

use given::Given;
use world::World;

/// What a plan has to know beside the two catalogs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The role that will run it: it owns what it makes.
    pub role: String,
    /// The default privileges of the database that it will run in.
    pub defaults: Vec<DefaultPrivileges>,
    /// What the target's owners, privileges and comments count for.
    pub mask: Mask,
}

/// Ordered steps from one catalog to another.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The statements, in an order that works.
    pub steps: Vec<Step>,
    /// What they may cost, worst first.
    pub hazards: Vec<Hazard>,
    /// The slots of the server's lock table that one transaction with all of them needs.
    pub lock_slots: usize,
    /// The difference that they remove.
    pub diff: Diff,
    /// What the database is once they have run: the target, with what the mask leaves out as it will be.
    pub target: Arc<Catalog>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The steps that turn `from` into `to`.
pub fn plan(from: &Catalog, to: &Arc<Catalog>, options: &Options) -> Result<Plan, PlanError> {
    let target = options.mask.adopt(to, from, &options.role);
    let diff = diff::compare(from, &target);
    let (steps, lock_slots) = steps(from, &target, &diff, options)?;
    Ok(Plan {
        hazards: hazard::derive(from, &steps),
        lock_slots,
        steps,
        diff,
        target,
    })
}

/// The steps in order, and the lock slots that they need.
fn steps(
    from: &Catalog,
    to: &Catalog,
    diff: &Diff,
    options: &Options,
) -> Result<(Vec<Step>, usize), PlanError> {
    if diff.is_empty() {
        return Ok((Vec::new(), locks::slots([], from, to)));
    }
    let (old, new) = (World::new(from), World::new(to));
    let fates = replace::decide(&old, &new, diff);
    if !fates.refused.is_empty() {
        return Err(PlanError::Refused(fates.refused));
    }
    let given = Given {
        role: &options.role,
        defaults: &options.defaults,
        version: to.version(),
    };
    let nodes = emit::nodes(&old, &new, diff, &fates, &given).map_err(PlanError::Refused)?;
    if nodes.is_empty() {
        // What comes with a change of a parent, and the parent does not change.
        let no_steps = diff.deltas.iter().map(Refusal::no_steps);
        return Err(PlanError::Refused(no_steps.collect()));
    }
    let steps = nodes.iter().map(|node| &node.step);
    let refused = row_types::refused(&old, to, steps.clone());
    if !refused.is_empty() {
        return Err(PlanError::Refused(refused));
    }
    let (lock_slots, order) = parallel::both(
        || locks::slots(steps, from, to),
        || order::order(&old, &new, &nodes, graph::build(&old, &new, &nodes)),
    );
    let order = order?;
    let mut steps: Vec<Option<Step>> = nodes.into_iter().map(|node| Some(node.step)).collect();
    let taken = order.into_iter();
    let taken = taken.filter_map(|number| steps.get_mut(number).and_then(Option::take));
    Ok((taken.collect(), lock_slots))
}
