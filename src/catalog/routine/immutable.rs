//! Functions that are not immutable any more where the server takes only immutable ones: in the expressions of indexes and of
//! exclusion constraints, generated columns, and keys of partitioned tables. It asks when those are made and never again
//! (manual: CREATE FUNCTION), so such a function is made immutable and becomes what it is when they are there.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use super::function::Volatility;
use crate::catalog::kind::Body;
use crate::catalog::table::constraint::ConstraintKind;
use crate::catalog::{Catalog, Id};

/// By the place of such a function among the objects, the places of what waits for it.
type Waiting = BTreeMap<usize, Vec<usize>>;

/// What waits for such functions, looked for when it is asked for first: a snapshot never does.
#[derive(Clone, Debug, Default)]
pub struct Wanted(OnceLock<Waiting>);

/// It follows from the rest of a catalog.
impl PartialEq for Wanted {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Wanted {
    /// What has to be there before a function may be other than immutable.
    pub(super) fn before(&self, function: &Id, scene: &Catalog) -> Vec<Id> {
        let waiting = self.0.get_or_init(|| find(scene));
        let waiting = scene.place(function).and_then(|place| waiting.get(&place));
        let objects = waiting.into_iter().flatten();
        let objects = objects.filter_map(|&place| scene.objects().get(place));
        objects.map(|object| object.id.clone()).collect()
    }
}

fn find(scene: &Catalog) -> Waiting {
    let objects = || scene.objects().iter().enumerate();
    let changing = objects().filter(|(_, object)| is_changing(&object.body));
    let changing: FxHashSet<usize> = changing.map(|(place, _)| place).collect();
    let mut waiting = Waiting::new();
    for (place, _) in objects().filter(|(_, object)| wants_immutable(&object.body)) {
        let used = scene.used_at(place).iter().map(|(used, _)| used);
        for &function in used.filter(|used| changing.contains(used)) {
            waiting.entry(function).or_default().push(place);
        }
    }
    waiting
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
