//! CREATE TABLE and what completes it.

use std::collections::BTreeSet;

use super::alter::{only, own_identity, settled};
use super::column::{Column, Origin};
use super::{
    RelationName, ReplicaIdentity, Table, alter, force_step, join, parents_of, row_security_step,
    same_part,
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
        if scene.late().has(column_id) {
            continue;
        }
        makes.push((*column_id).clone());
        if from_parents(table, column) {
            match &column.not_null {
                Some(own) if own.is_named_at_creation(scene) => {
                    let own = own.told_in(column_id, scene);
                    lines.push(own.table_sql(&column_id.name));
                }
                own => after.extend(own.as_ref().and_then(|own| own.set_alone(column_id, scene))),
            }
            after.extend(own_default(column_id, scene));
            after.extend(own_identity(column, column_id, scene));
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
    let parents = table.parents.iter().filter(|_| !table.is_partition());
    let create = Step::create(id, sql).making(makes);
    let of_parents = parents.map(|parent| settled(&parent.schema, &parent.name));
    let mut steps = vec![create.needing(of_parents)];
    // First what children wait for: some of the rest waits for children.
    let own = settled(&id.schema, &id.name);
    let (settling, rest): (Vec<Step>, Vec<Step>) = after
        .into_iter()
        .partition(|step| step.makes.contains(&own));
    steps.extend(settling);
    steps.extend(rest);
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
    let mut parents = parents_of(part, scene).iter();
    parents.find_map(|parent| same_part(&parent.id(), part, scene))
}

/// A CHECK constraint that can be made with the table. A partition must have those of its parent before it is
/// attached.
fn inline_check(table: &Table, object: &Object, scene: &Catalog) -> Option<String> {
    let Body::Constraint(constraint) = &object.body else {
        return None;
    };
    let own = constraint.origin != Origin::Inherited;
    let mut used = scene.edges(&object.id).map(|edge| edge.to);
    let now = !used.any(|used| scene.late().has(used)) && can_inline(object, scene);
    let wanted = table.is_partition() && !own || own && now;
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
        steps.extend(join::attach(table, id, scene));
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
    let mut edges = scene.edges(&part.id);
    edges.all(|edge| edge.to.same_root(&part.id) || needs_no_table(edge.to, scene))
}

/// Whether neither it nor anything that it uses is a relation. A sequence gets its owner later.
fn needs_no_table<'a>(id: &'a Id, scene: &'a Catalog) -> bool {
    let (mut open, mut seen) = (vec![id], BTreeSet::new());
    while let Some(id) = open.pop() {
        if id.kind == Tag::Sequence || !seen.insert(id) {
            continue;
        }
        if id.kind.family() == Family::Relation {
            return false;
        }
        open.extend(scene.edges(id).map(|edge| edge.to));
    }
    true
}

/// What a column from a parent has in this table only: no default where a parent has one.
pub(super) fn own_default(id: &Id, scene: &Catalog) -> Option<Step> {
    let default = default_id(id);
    let differs = !scene.has(&default) && in_parents(&default, scene).is_some();
    differs.then(|| only(id, "DROP DEFAULT"))
}
