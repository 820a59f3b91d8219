//! Functions that are not immutable any more where the server takes only immutable ones: in the expressions of indexes and of
//! exclusion constraints, generated columns, and keys of partitioned tables. It asks when those are made and never again
//! (manual: CREATE FUNCTION), so such a function is made immutable and becomes what it is when they are there.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::function::Volatility;
use crate::catalog::kind::Body;
use crate::catalog::table::constraint::ConstraintKind;
use crate::catalog::{Catalog, Id};

/// What waits for such a function, by the place of the function among the objects: places of those.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted(BTreeMap<usize, Vec<usize>>);

impl Wanted {
    /// Those of a catalog.
    pub(in crate::catalog) fn of(scene: &Catalog) -> Self {
        let objects = || scene.objects().iter().enumerate();
        let changing = objects().filter(|(_, object)| is_changing(&object.body));
        let changing: FxHashSet<usize> = changing.map(|(place, _)| place).collect();
        let mut wanted = BTreeMap::<usize, Vec<usize>>::new();
        if changing.is_empty() {
            return Self(wanted);
        }
        for (place, _) in objects().filter(|(_, object)| wants_immutable(&object.body)) {
            let used = scene.used_at(place).iter().map(|(used, _)| used);
            for &function in used.filter(|used| changing.contains(used)) {
                wanted.entry(function).or_default().push(place);
            }
        }
        Self(wanted)
    }

    /// What has to be there before a function may be other than immutable.
    pub(super) fn before(&self, function: &Id, scene: &Catalog) -> Vec<Id> {
        let waiting = scene.place(function).and_then(|place| self.0.get(&place));
        let objects = waiting.into_iter().flatten();
        let objects = objects.filter_map(|&place| scene.objects().get(place));
        objects.map(|object| object.id.clone()).collect()
    }
}

fn is_changing(body: &Body) -> bool {
    matches!(body, Body::Function(function) if function.volatility != Volatility::Immutable)
}

fn wants_immutable(body: &Body) -> bool {
    match body {
        Body::Index(_) => true,
        Body::Column(column) => column.generated.is_some(),
        Body::Constraint(constraint) => constraint.kind == ConstraintKind::Exclusion,
        Body::Table(table) => table.is_partitioned(),
        _ => false,
    }
}
