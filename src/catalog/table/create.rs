//! CREATE TABLE and what completes it.

use super::alter::only;
use super::column::{Column, Origin};
use super::{
    RelationName, ReplicaIdentity, Table, alter, alter_as, force_step, parents_of,
    row_security_step,
};
use crate::catalog::id::Family;
use crate::catalog::kind::{Body, Tag};
use crate::catalog::options;
use crate::catalog::quote::ident;
use crate::catalog::step::{Lock, Step};
use crate::catalog::{Catalog, Id, Object};

/// All steps that make a table with its columns.
pub(super) fn steps(table: &Table, id: &Id, scene: &Catalog) -> Vec<Step> {
    let keyword = if table.unlogged {
        "UNLOGGED TABLE"
    } else {
        "TABLE"
    };
    steps_as(table, id, scene, keyword, None)
}

/// All steps that make a table of some sort; `source` is where a foreign one has its rows.
pub(super) fn steps_as(
    table: &Table,
    id: &Id,
    scene: &Catalog,
    keyword: &str,
    source: Option<String>,
) -> Vec<Step> {
    let columns = columns(id, scene);
    let mut lines = Vec::with_capacity(columns.len());
    let mut makes = Vec::with_capacity(columns.len());
    let mut after = Vec::new();
    for (column_id, column) in &columns {
        makes.push((*column_id).clone());
        if from_parents(table, column) {
            match &column.not_null {
                Some(own) if own.is_named_at_creation(scene) => {
                    lines.push(own.table_sql(&column_id.name));
                }
                own => after.extend(own.as_ref().and_then(|own| own.set_alone(column_id, scene))),
            }
            after.extend(own_default(column_id, scene));
        } else {
            let (definition, along) = if inherits_expression(table, column, column_id, scene) {
                let column = Column {
                    generated: None,
                    ..(*column).clone()
                };
                column.definition(column_id, scene)
            } else {
                column.definition(column_id, scene)
            };
            lines.push(definition);
            makes.extend(along);
        }
        after.extend(column.settings(column_id, scene));
        after.extend(sequence_persistence(table, column, column_id, scene));
    }
    for object in scene.parts(id) {
        if let Some(line) = inline_check(table, object, scene) {
            lines.push(line);
            makes.push(object.id.clone());
        }
    }
    let mut sql = format!("CREATE {keyword} {} ({})", id.sql(), indented(&lines));
    for clause in clauses(table).into_iter().chain(source) {
        sql.push('\n');
        sql.push_str(&clause);
    }
    let mut steps = vec![Step::create(id, sql).making(makes)];
    steps.extend(after);
    steps.extend(finish(table, id, scene));
    steps
}

/// Whether CREATE TABLE .. INHERITS brings the column along.
fn from_parents(table: &Table, column: &Column) -> bool {
    column.origin == Origin::Inherited && !table.is_partition()
}

/// The sequence of an identity column is logged when its table is, unless it was told otherwise (since version 15).
fn sequence_persistence(table: &Table, column: &Column, id: &Id, scene: &Catalog) -> Option<Step> {
    let sequence = column.identity.as_ref()?.sequence_id();
    let Body::Sequence(properties) = &scene.get(&sequence)?.body else {
        return None;
    };
    let differs = properties.unlogged != table.unlogged && scene.version() >= 150_000;
    let what = if table.unlogged { "LOGGED" } else { "UNLOGGED" };
    let sql = format!("ALTER SEQUENCE {} SET {what}", sequence.sql());
    differs.then(|| Step::alter(id, sql).lock(Lock::AccessExclusive))
}

/// Whether a column that the table has of itself, too, has its expression from a parent. Servers before 16 refuse
/// it in the child.
fn inherits_expression(table: &Table, column: &Column, id: &Id, scene: &Catalog) -> bool {
    let parent = in_parents(id, scene).map(|object| &object.body);
    let is_parents =
        matches!(parent, Some(Body::Column(parent)) if parent.generated == column.generated);
    column.generated.is_some() && !table.is_partition() && is_parents
}

/// The same part of the first parent that has it.
fn in_parents<'a>(part: &Id, scene: &'a Catalog) -> Option<&'a Object> {
    let mut ids = parents_of(part, scene).iter().map(|parent| {
        let (schema, name) = (&*parent.schema, &*parent.name);
        Id::part(part.kind, schema, name, part.name.clone())
    });
    ids.find_map(|id| scene.get(&id))
}

/// A CHECK constraint that can be made with the table. A partition must have those of its parent before it is
/// attached.
fn inline_check(table: &Table, object: &Object, scene: &Catalog) -> Option<String> {
    let Body::Constraint(constraint) = &object.body else {
        return None;
    };
    let own = constraint.origin != Origin::Inherited;
    let wanted = table.is_partition() && !own || own && can_inline(object, scene);
    (constraint.is_check() && !constraint.not_valid && wanted).then(|| constraint.sql(&object.id))
}

/// The columns of a table in order.
fn columns<'a>(id: &'a Id, scene: &'a Catalog) -> Vec<(&'a Id, &'a Column)> {
    let mut columns: Vec<(&Id, &Column)> = scene
        .parts(id)
        .filter_map(|object| match &object.body {
            Body::Column(column) => Some((&object.id, &**column)),
            _ => None,
        })
        .collect();
    let order = scene.columns(id);
    columns.sort_by_key(|(column, _)| {
        order
            .iter()
            .position(|name| *name == column.name)
            .unwrap_or(order.len())
    });
    columns
}

fn indented(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("\n    {}\n", lines.join(",\n    "))
}

/// What follows the columns.
fn clauses(table: &Table) -> Vec<String> {
    let mut clauses = Vec::new();
    if !table.parents.is_empty() && !table.is_partition() {
        let parents: Vec<String> = table.parents.iter().map(RelationName::sql).collect();
        clauses.push(format!("INHERITS ({})", parents.join(", ")));
    }
    if table.is_partitioned() {
        clauses.push(format!("PARTITION BY {}", table.partition_by));
    }
    if !table.access_method.is_empty() {
        clauses.push(format!("USING {}", ident(&table.access_method)));
    }
    let settings = [("", &table.options), ("toast.", &table.toast_options)];
    let settings = settings.map(|(prefix, list)| options::list(prefix, list));
    let settings: Vec<String> = settings
        .into_iter()
        .filter(|list| !list.is_empty())
        .collect();
    if !settings.is_empty() {
        clauses.push(format!("WITH ({})", settings.join(", ")));
    }
    if !table.tablespace.is_empty() {
        clauses.push(format!("TABLESPACE {}", ident(&table.tablespace)));
    }
    clauses
}

/// What CREATE TABLE cannot say.
fn finish(table: &Table, id: &Id, scene: &Catalog) -> Vec<Step> {
    let mut steps = Vec::new();
    if !table.of_type.is_empty() {
        steps.push(alter(id, &format!("OF {}", table.of_type)));
    }
    if table.is_partition() {
        steps.extend(attach(table, id, scene));
    }
    match &table.replica_identity {
        // An index tells its table of its roles when it is made.
        ReplicaIdentity::Default | ReplicaIdentity::Index(_) => {}
        other @ (ReplicaIdentity::Nothing | ReplicaIdentity::Full) => {
            steps.push(alter(id, &format!("REPLICA IDENTITY {}", other.sql())));
        }
    }
    if table.row_security {
        steps.push(row_security_step(id, true));
    }
    if table.force_row_security {
        steps.push(force_step(id, true));
    }
    steps
}

/// The steps that make a new table a partition. ATTACH PARTITION would make what the parent's indexes need, by
/// names of its own, and copies the parent's row triggers: so indexes come before, and what can be said only of
/// the copies after.
fn attach(table: &Table, id: &Id, scene: &Catalog) -> Vec<Step> {
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

/// What has to be there when an index of a partitioned table wants all its partitions joined.
pub(super) fn partitions(index: &Id, scene: &Catalog) -> Vec<Id> {
    let all = scene.objects().iter().filter(|object| match &object.body {
        Body::Table(table) => {
            let mut parents = table.parents.iter();
            table.is_partition()
                && parents.any(|parent| parent.schema == *index.schema && parent.name == *index.on)
        }
        _ => false,
    });
    all.map(|object| joined(&object.id)).collect()
}

/// The constraints that a partition can have only from its parent, once it is attached, and those of the parent, which
/// come after that.
fn late(id: &Id, scene: &Catalog) -> (Vec<Id>, Vec<Id>) {
    let is_late = |part: &&Object| match &part.body {
        Body::Constraint(constraint) => constraint.comes_late(),
        _ => false,
    };
    let late = scene.parts(id).filter(is_late);
    let along: Vec<Id> = late.map(|part| part.id.clone()).collect();
    let used = along.iter().flat_map(|part| scene.edges(part));
    let later = used.map(|edge| &edge.to);
    let later = later.filter(|id| id.kind == Tag::Constraint);
    let later = later.cloned().collect();
    (along, later)
}

/// The step that gives a table a parent.
fn join(table: &Table, id: &Id, parent: &RelationName, scene: &Catalog) -> Step {
    let step = if table.is_partition() {
        let what = format!("ATTACH PARTITION {} {}", id.sql(), table.bound);
        let (along, later) = late(id, scene);
        let step = alter_as(id, &parent.id(), &what).making([joined(id)]);
        step.making(along).deferring(later)
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
            alter_as(id, &parent.id(), &format!("DETACH PARTITION {}", id.sql()))
        } else {
            alter(id, &format!("NO INHERIT {}", parent.sql()))
        }
    };
    let left = old.parents.iter();
    if new.parents.is_empty() {
        // What has another form when it is alone, or goes, does so once it is.
        return left.map(|parent| leave(parent).leaving()).collect();
    }
    let parents = new.parents.iter().map(|parent| parent.id_in(scene));
    let (along, later) = late(id, scene);
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
    let wait = |step: Step| step.needing(parts.iter().cloned());
    if let Some(joined) = joined_later(old, new) {
        // What it has from its old parents alone it would have of itself for ever once it left them.
        let join = joined
            .iter()
            .map(|parent| wait(join(new, id, parent, scene)));
        let left = left.filter(|parent| !new.parents.contains(parent));
        return join.chain(left.map(leave)).collect();
    }
    let join = new
        .parents
        .iter()
        .map(|parent| wait(join(new, id, parent, scene)));
    let triggers = if new.is_partitioned() {
        // The partitions below get theirs along with it.
        let gets = |copy: &&Object| all_joined(&copy.id, scene).contains(&joined(id));
        copied_triggers(scene.objects().iter(), gets, scene)
    } else {
        copied_triggers(scene.parts(id), |_| true, scene)
    };
    let join = join.chain(triggers);
    if new.is_partition() && new.parents != old.parents {
        // What it lacks for the new parent comes when it has left the old one.
        let leave = left.map(|parent| leave(parent).leaving().making([self::left(id)]));
        return leave.chain(join).collect();
    }
    left.map(|parent| wait(leave(parent))).chain(join).collect()
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

/// The id of the index of a table that goes by a name: an index, or the constraint that it implements.
pub(super) fn index_id(table: &Id, name: &str, scene: &Catalog) -> Option<Id> {
    scene
        .parts(table)
        .map(|part| &part.id)
        .find(|part| *part.name == *name && part.kind != Tag::Column && part.kind != Tag::Default)
        .cloned()
}

/// The id of the default of a column.
pub(super) fn default_id(column: &Id) -> Id {
    Id {
        kind: Tag::Default,
        ..column.clone()
    }
}

/// The default of a column, when its definition can have it: nothing that the expression uses can need the
/// table in turn.
pub(super) fn inline_default<'a>(column: &Id, scene: &'a Catalog) -> Option<(Id, &'a str)> {
    let id = default_id(column);
    let object = scene.get(&id)?;
    match &object.body {
        Body::Default(default) if can_inline(object, scene) => Some((id, &default.expression)),
        _ => None,
    }
}

/// Whether what a part uses is its own table, or can be made before any table.
pub(super) fn can_inline(part: &Object, scene: &Catalog) -> bool {
    scene.edges(&part.id).iter().all(|edge| {
        let family = edge.to.kind.family();
        edge.to.same_root(&part.id)
            || edge.to.kind == Tag::Sequence
            || matches!(family, Family::Schema | Family::Database | Family::Type)
    })
}

/// What a column from a parent has in this table only: no default where a parent has one.
pub(super) fn own_default(id: &Id, scene: &Catalog) -> Option<Step> {
    let default = default_id(id);
    let differs = !scene.has(&default) && in_parents(&default, scene).is_some();
    differs.then(|| only(id, "DROP DEFAULT"))
}
