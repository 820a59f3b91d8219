//! Canonical SQL of objects, for reading and for comparing as text: the `create` steps of each root object
//! with its parts, owner, privileges and comments. Pure; knows no kind.
//!
//! Objects stand in the order of the kinds and of their names, not in the order in which a server could make
//! them: that order is `plan`'s.

use std::collections::HashSet;

use crate::catalog::meta::{self, Meta};
use crate::catalog::{Catalog, Id, Object, Step, print};

/// The SQL of one root object with its parts; of a part, that of the part alone. `None` when the catalog
/// does not have it.
pub fn object(catalog: &Catalog, id: &Id) -> Option<String> {
    let object = catalog.get(id)?;
    let mut out = String::new();
    print::steps(&steps(catalog, object), &mut out);
    Some(out)
}

/// All root objects, in the order of the kinds and of their names.
pub fn roots(catalog: &Catalog) -> Vec<&Id> {
    let ids = catalog.objects().iter().map(|object| &object.id);
    let mut roots: Vec<&Id> = ids.filter(|id| !id.is_part()).collect();
    roots.sort_by_key(|id| (id.kind, *id));
    roots
}

/// The root object that an object of the catalog belongs to: itself, or what it is a part of.
pub fn root_of<'a>(catalog: &'a Catalog, id: &Id) -> Option<&'a Id> {
    if !id.is_part() {
        return catalog.get(id).map(|object| &object.id);
    }
    let objects = catalog.objects();
    let end = objects.partition_point(|object| object.id < *id);
    objects
        .get(..end)?
        .iter()
        .rev()
        .take_while(|object| object.id.same_root(id))
        .map(|object| &object.id)
        .find(|candidate| !candidate.is_part())
}

/// The steps that make an object and all its parts that it does not make itself, with their meta.
fn steps(catalog: &Catalog, object: &Object) -> Vec<Step> {
    let mut steps = object.body.create(&object.id, catalog);
    let mut made: HashSet<Id> = steps
        .iter()
        .flat_map(|step| step.makes.iter().cloned())
        .collect();
    steps.extend(meta_steps(catalog, object));
    for part in catalog.parts(&object.id) {
        if !made.contains(&part.id) {
            let own = part.body.create(&part.id, catalog);
            made.extend(own.iter().flat_map(|step| step.makes.iter().cloned()));
            steps.extend(own);
        }
        steps.extend(meta_steps(catalog, part));
    }
    steps
}

fn meta_steps(catalog: &Catalog, object: &Object) -> Vec<Step> {
    meta::change(object, &Meta::default(), catalog.version())
}
