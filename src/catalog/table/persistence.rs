//! SET LOGGED and SET UNLOGGED (manual: ALTER TABLE). A logged table may not refer to an unlogged one, not even for a moment
//! (`ATPrepChangePersistence()` of `commands/tablecmds.c`): what is referred to becomes logged first, and unlogged last.

use std::collections::BTreeSet;

use super::alter;
use super::constraint::ConstraintKind;
use crate::catalog::kind::{Body, Tag};
use crate::catalog::step::Step;
use crate::catalog::{Catalog, Id, Object};

/// The step that makes a table unlogged, or logged. Tables that refer to each other in a circle get no order.
pub(super) fn change(id: &Id, unlogged: bool, scene: &Catalog) -> Step {
    let step = if unlogged {
        alter(id, "SET UNLOGGED")
    } else {
        alter(id, "SET LOGGED")
    };
    let is_behind = |other: &&Id| !reached(other, scene).contains(id);
    let first: Vec<Id> = if unlogged {
        let own = reached(id, scene);
        let behind = referring(id, scene).into_iter();
        let behind = behind.filter(|other| !own.contains(other));
        behind.map(changed).collect()
    } else {
        referred(id, scene).filter(is_behind).map(changed).collect()
    };
    step.rewriting().making([changed(id)]).needing(first)
}

/// Stands for a table's having changed so; no object has this id.
fn changed(table: &Id) -> Id {
    Id {
        args: "persistence".into(),
        ..table.clone()
    }
}

/// The tables that the foreign keys of a table name.
fn referred<'a>(table: &Id, scene: &'a Catalog) -> impl Iterator<Item = &'a Id> {
    let keys = scene.parts(table).filter(|part| is_foreign_key(part));
    let used = keys.flat_map(|key| scene.edges(&key.id));
    let roots = used.filter_map(|edge| scene.root_of(edge.to));
    let tables = roots.filter(|root| root.id.kind == Tag::Table);
    tables.map(|root| &root.id)
}

/// The tables whose foreign keys name a table.
fn referring<'a>(table: &Id, scene: &'a Catalog) -> BTreeSet<&'a Id> {
    let keys = scene.objects().iter().filter(|part| is_foreign_key(part));
    let roots = keys.filter_map(|key| scene.root_of(&key.id));
    let mut tables: BTreeSet<&Id> = roots.map(|root| &root.id).collect();
    tables.retain(|other| referred(other, scene).any(|id| id == table));
    tables
}

/// The tables that foreign keys lead to from a table, by way of others, too.
fn reached<'a>(table: &Id, scene: &'a Catalog) -> BTreeSet<&'a Id> {
    let mut open: Vec<&Id> = referred(table, scene).collect();
    let mut reached = BTreeSet::new();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(referred(next, scene));
        }
    }
    reached
}

fn is_foreign_key(part: &Object) -> bool {
    matches!(&part.body, Body::Constraint(body) if body.kind == ConstraintKind::Foreign)
}
