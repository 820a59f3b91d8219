//! How a table gets parents and leaves them (manual: ALTER TABLE, ATTACH PARTITION, INHERIT): as a new partition, as one
//! that was a table of its own, or from one parent to another.
//!
//! The server merges what a table has with what the parent has, and wants all of it there. So steps wait for states
//! that are no objects: a table that is a partition, an index that is there without being attached.

use super::constraint::referenced;
use super::{RelationName, Table, alter, alter_as, default_partition, is_partitioned};
use crate::catalog::kind::{Body, Tag};
use crate::catalog::quote::ident;
use crate::catalog::step::{Lock, Reach, Step};
use crate::catalog::{Catalog, Id, Object};

/// The steps that make a new table a partition. ATTACH PARTITION would make what the parent's indexes need, by
/// names of its own, and copies the parent's row triggers: so indexes come before, and what can be said only of
/// the copies after.
pub(super) fn attach(table: &Table, id: &Id, scene: &Catalog) -> Vec<Step> {
    let mut before = Vec::new();
    let mut after = Vec::new();
    for part in scene.parts(id).filter(|part| part.body.is_attached()) {
        let mut steps = part.body.create(&part.id, scene).into_iter();
        before.extend(steps.next());
        after.extend(steps);
    }
    let parents = table.parents.iter();
    let attach = parents.map(|parent| join(table, id, parent, scene));
    let after = after.into_iter();
    let after = after.chain(copied_triggers(scene.parts(id), |_| true, scene));
    before.into_iter().chain(attach).chain(after).collect()
}

/// Stands for an index's being there, attached or not yet; no object has this id.
pub(super) fn alone(index: &Id) -> Id {
    Id {
        args: "alone".into(),
        ..index.clone()
    }
}

/// Stands for a table's being a partition, for what has to wait until it is; no object has this id.
pub(super) fn joined(table: &Id) -> Id {
    Id {
        args: "partition".into(),
        ..table.clone()
    }
}

/// Stands for that of the table of a part, and of all tables that this is a partition of.
pub(super) fn all_joined(part: &Id, scene: &Catalog) -> Vec<Id> {
    let mut all = Vec::new();
    let mut current = scene.root_of(part);
    while let Some((id, table)) = current.and_then(|object| match &object.body {
        Body::Table(table) => Some((&object.id, table)),
        _ => None,
    }) {
        all.push(joined(id));
        let parent = table.parents.first().filter(|_| table.is_partition());
        current = parent.and_then(|parent| scene.get(&parent.id()));
    }
    all
}

/// Stands for a table's having left the parent whose partition it was for another.
pub(super) fn left(table: &Id) -> Id {
    Id {
        args: "no partition".into(),
        ..table.clone()
    }
}

/// The steps of a part that wait for that.
pub(super) fn once_left(part: &Id, steps: Vec<Step>, scene: &Catalog) -> Vec<Step> {
    let left = scene.root_of(part).map(|table| left(&table.id));
    let steps = steps.into_iter();
    steps.map(|step| step.needing(left.clone())).collect()
}

/// What has to be there when an index of a partitioned table wants all its partitions joined.
pub(super) fn partitions(index: &Id, scene: &Catalog) -> Vec<Id> {
    let Some(table) = scene.root_of(index) else {
        return Vec::new();
    };
    let children = scene.children(&table.id);
    let partitions =
        children.filter(|child| matches!(&child.body, Body::Table(table) if table.is_partition()));
    partitions.map(|child| joined(&child.id)).collect()
}

/// The constraints that a partition can have only from its parent, once it is attached.
fn late(id: &Id, scene: &Catalog) -> Vec<Id> {
    let is_late = |part: &&Object| match &part.body {
        Body::Constraint(constraint) => constraint.comes_late(),
        _ => false,
    };
    let late = scene.parts(id).filter(is_late);
    late.map(|part| part.id.clone()).collect()
}

/// What may be made only when a partition has joined its parent: the parent's constraints that it has late, and indexes.
pub(super) fn made_later(table: &Table, id: &Id, scene: &Catalog) -> Vec<Id> {
    let late = late(id, scene);
    let used = late.iter().flat_map(|part| scene.edges(part));
    let used = used.map(|edge| edge.to);
    let constraints = used.filter(|id| id.kind == Tag::Constraint).cloned();
    let indexes = indexes_without(table, id, scene);
    constraints.chain(indexes).collect()
}

/// The step that gives a table a parent.
fn join(table: &Table, id: &Id, parent: &RelationName, scene: &Catalog) -> Step {
    let step = if table.is_partition() {
        let what = format!("ATTACH PARTITION {} {}", id.sql(), table.bound);
        let step = alter_as(id, &parent.id(), &what).making([joined(id)]);
        let step = step
            .making(late(id, scene))
            .deferring(made_later(table, id, scene))
            .scanning()
            .reaching(Reach::Partitions)
            .locking(
                default_partition(&parent.id(), scene),
                Lock::AccessExclusive,
            )
            .locking([parent.id()], Lock::ShareUpdateExclusive);
        Step {
            attaches: true,
            ..step
        }
    } else {
        alter(id, &format!("INHERIT {}", parent.sql()))
    };
    step.needing([parent.id()])
}

/// The steps that take an existing table from its parents, and to others. Columns and constraints on both sides
/// have their new form before it joins: while it is away, a change of the parent would not reach it.
pub(super) fn move_to_parents(old: &Table, new: &Table, id: &Id, scene: &Catalog) -> Vec<Step> {
    let leave = |parent: &RelationName| {
        if old.is_partition() {
            let what = format!("DETACH PARTITION {}", id.sql());
            let step = alter_as(id, &parent.id(), &what);
            let step = if scene.version() < 140_000 {
                step.lock(Lock::ShareUpdateExclusive)
            } else {
                step
            };
            Step {
                detaches: true,
                ..step
            }
        } else {
            alter(id, &format!("NO INHERIT {}", parent.sql()))
        }
    };
    let left = old.parents.iter();
    let leave_behind = |parent: &RelationName| {
        let (kept, dropped) = if old.is_partition() {
            copied_foreign_keys(id, parent, scene)
        } else {
            (Vec::new(), Vec::new())
        };
        std::iter::once(leave(parent).leaving().making(kept)).chain(dropped)
    };
    if new.parents.is_empty() {
        // What has another form when it is alone, or goes, does so once it is.
        return left.flat_map(leave_behind).collect();
    }
    let parts = wanted_before(new, id, scene);
    let wait = |step: Step| step.needing(parts.iter().cloned());
    let join = |parent: &RelationName| wait(join(new, id, parent, scene));
    if let Some(joined) = joined_later(old, new) {
        // What it has from its old parents alone it would have of itself for ever once it left them.
        let left = left.filter(|parent| !new.parents.contains(parent));
        return joined.iter().map(join).chain(left.map(leave)).collect();
    }
    let triggers = if new.is_partitioned() {
        // The partitions below get theirs along with it.
        let gets = |copy: &&Object| all_joined(&copy.id, scene).contains(&joined(id));
        copied_triggers(scene.objects().iter(), gets, scene)
    } else {
        copied_triggers(scene.parts(id), |_| true, scene)
    };
    let join = new.parents.iter().map(join).chain(triggers);
    if new.is_partition() && new.parents != old.parents {
        // What it lacks for the new parent comes when it has left the old one.
        let mut steps: Vec<Step> = left.flat_map(leave_behind).collect();
        if let Some(last) = steps.last_mut() {
            last.makes.push(self::left(id));
        }
        steps.extend(join);
        return steps;
    }
    left.map(|parent| wait(leave(parent))).chain(join).collect()
}

/// The indexes of its parent that a partition has none attached to: it would get one if they were there before it is.
fn indexes_without(table: &Table, id: &Id, scene: &Catalog) -> Vec<Id> {
    let Some(parent) = table.parents.first().filter(|_| table.is_partition()) else {
        return Vec::new();
    };
    let parent = parent.id();
    let indexes = scene
        .parts(&parent)
        .filter(|part| part.id.kind == Tag::Index);
    let is_attached = |index: &Id| {
        let own = scene.parts(id).filter(|part| part.body.is_attached());
        let mut used = own.flat_map(|part| scene.edges(&part.id));
        used.any(|edge| *edge.to == *index)
    };
    let without = indexes.filter(|index| !is_attached(&index.id));
    without.map(|index| index.id.clone()).collect()
}

/// What DETACH PARTITION leaves of the parent's foreign keys, a copy of each by its name: those that are wanted, and the
/// steps that drop the others. One that the parent gets only now leaves none.
fn copied_foreign_keys(id: &Id, parent: &RelationName, scene: &Catalog) -> (Vec<Id>, Vec<Step>) {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for part in scene.parts(&parent.id()) {
        let Body::Constraint(key) = &part.body else {
            continue;
        };
        if !key.is_foreign() {
            continue;
        }
        let copy = Id {
            schema: id.schema.clone(),
            on: id.name.clone(),
            ..part.id.clone()
        };
        if scene.get(&copy).is_some_and(|own| own.body == part.body) {
            kept.push(copy);
            continue;
        }
        let name = ident(&copy.name);
        let sql = format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {name}", id.sql());
        let step = Step::drop(&copy, sql);
        // Before 15 the copy of one that refers to a partitioned table has no triggers there.
        let locked = referenced(&part.id, scene)
            .filter(|table| scene.version() >= 150_000 || !is_partitioned(table, scene));
        dropped.push(step.locking(locked, Lock::AccessExclusive));
    }
    (kept, dropped)
}

/// What a table and its parents have to have before it joins them.
fn wanted_before(table: &Table, id: &Id, scene: &Catalog) -> Vec<Id> {
    let parents = table.parents.iter().map(|parent| parent.id_in(scene));
    let (along, later) = (late(id, scene), made_later(table, id, scene));
    let mut parts: Vec<Id> = Vec::new();
    for table in parents.chain([id.clone()]) {
        let ids = scene.parts(&table).filter_map(|part| match part.id.kind {
            // ATTACH PARTITION makes the indexes that are missing, and none is attached before it.
            Tag::Index if table != *id => None,
            Tag::Index | Tag::Constraint if part.body.is_attached() => Some(alone(&part.id)),
            Tag::Column | Tag::Constraint | Tag::Index => Some(part.id.clone()),
            _ => None,
        });
        parts.extend(ids.filter(|id| !along.contains(id) && !later.contains(id)));
    }
    parts
}

/// What is said of the copies that a partition gets of its parent's triggers, each time that it gets them.
fn copied_triggers<'a>(
    parts: impl Iterator<Item = &'a Object>,
    gets: impl Fn(&&Object) -> bool,
    scene: &Catalog,
) -> Vec<Step> {
    let is_copy = |part: &&Object| match &part.body {
        Body::Trigger(trigger) => trigger.original.is_some(),
        _ => false,
    };
    let copies = parts.filter(is_copy).filter(gets);
    copies
        .flat_map(|copy| copy.body.create(&copy.id, scene))
        .collect()
}

/// The parents that a child joins while it still has its old ones, when the parents then have the wanted order: those
/// that stay come first. A partition can have one parent only.
fn joined_later<'a>(old: &Table, new: &'a Table) -> Option<&'a [RelationName]> {
    let stay: Vec<&RelationName> = old
        .parents
        .iter()
        .filter(|parent| new.parents.contains(parent))
        .collect();
    let (first, joined) = new.parents.split_at_checked(stay.len())?;
    let in_order = first.iter().eq(stay);
    (in_order && !old.is_partition() && !new.is_partition()).then_some(joined)
}
