//! How a column of an existing table is added and altered, keeping its rows (manual: ALTER TABLE).

use super::column::{Column, Generated, Identity, Origin};
use super::not_null::NotNull;
use super::{create, in_partition, parents_of, retype, same_column, volatile};
use crate::catalog::kind::{Body, Change, Tag};
use crate::catalog::meta::{self, Meta};
use crate::catalog::quote::{ident, parse_qualified};
use crate::catalog::step::{Lock, Loss, Reach, Step};
use crate::catalog::{Catalog, Id, Str, options, settle};

/// `ALTER TABLE .. ALTER COLUMN c what`: for this table and its children.
pub(super) fn alter(id: &Id, what: &str) -> Step {
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} {what}",
        id.on_sql(),
        ident(&id.name)
    );
    let step = Step::alter(id, sql).lock(Lock::AccessExclusive);
    step.reaching(Reach::Descendants)
}

/// `ALTER TABLE ONLY .. ALTER COLUMN c what`: for this table, not for its children.
pub(super) fn only(id: &Id, what: &str) -> Step {
    let sql = format!(
        "ALTER TABLE ONLY {} ALTER COLUMN {} {what}",
        id.on_sql(),
        ident(&id.name)
    );
    Step::alter(id, sql).lock(Lock::AccessExclusive)
}

/// `MergeAttributesIntoExisting()` of `commands/tablecmds.c`: only ATTACH PARTITION takes that away.
pub(super) const STAYS_OWN: &str = "comes from a parent alone in the target, and the server has no way to that: \
     what a table has when it gets a parent stays its own too; make the table again with INHERITS";

/// `ATPrepAlterColumnType()` of `commands/tablecmds.c`.
const IN_KEY: &str = "has another type in the target, which the server gives no column of a partition key; \
     make the table again, with its partitions";

/// Whether a column is named in the key by which its table is partitioned.
pub(super) fn in_partition_key(id: &Id, scene: &Catalog) -> bool {
    match scene.root_of(id).map(|table| &table.body) {
        Some(Body::Table(table)) => {
            let name = ident(&id.name);
            settle::tokens(&table.partition_by).any(|token| token == name)
        }
        _ => false,
    }
}

/// ADD COLUMN. A NOT NULL that existing rows would break is a step of its own, so that they can be filled in
/// between.
pub(super) fn add(column: &Column, id: &Id, scene: &Catalog) -> Vec<Step> {
    if column.origin == Origin::Inherited {
        let own = column.not_null.as_ref();
        let mut steps: Vec<Step> = own
            .and_then(|own| own.set_alone(id, scene))
            .into_iter()
            .chain(create::own_default(id, scene))
            .collect();
        steps.extend(own_identity(column, id, scene));
        steps.extend(column.settings(id, scene));
        return steps;
    }
    let own = column.not_null.as_ref().filter(|own| own.is_inline());
    let later =
        own.filter(|own| !column.is_filled(id, scene) || own.is_called_otherwise(id, scene));
    let first = Column {
        not_null: own.filter(|_| later.is_none()).cloned(),
        ..column.clone()
    };
    let (definition, makes) = first.definition_with(id, added_default(id, scene), scene);
    let add = Step::create(
        id,
        format!("ALTER TABLE {} ADD COLUMN {definition}", id.on_sql()),
    );
    let before = scene.late().before(id).iter().cloned();
    let add = add
        .making(makes)
        .needing(before)
        .lock(Lock::AccessExclusive)
        .reaching(Reach::Descendants);
    let mut steps = vec![if column.rewrites_when_added(id, scene) {
        add.rewriting()
    } else if column.is_filled(id, scene) {
        add.revaluing()
    } else {
        add
    }];
    steps.extend(later.map(|not_null| {
        let set = not_null.set_with_parents(id, scene);
        if column.is_filled(id, scene) {
            set
        } else {
            set.wanting_values()
        }
    }));
    steps.extend(column.settings(id, scene));
    steps
}

/// The default that a column is added with, which the server evaluates for the rows that are there. Not one that asks for a
/// setting that only the application's sessions have.
fn added_default<'a>(id: &Id, scene: &'a Catalog) -> Option<(Id, &'a str)> {
    create::inline_default(id, scene).filter(|(_, expression)| !asks_for_own_setting(expression))
}

/// Whether an expression calls `current_setting()` for a customized option (manual, chapter "Server Configuration"), which
/// is an error where it is not set.
fn asks_for_own_setting(expression: &str) -> bool {
    let mut asked = expression.split("current_setting('").skip(1);
    asked.any(|rest| {
        let name = rest.split_once('\'');
        name.is_some_and(|(name, rest)| name.contains('.') && rest.starts_with("::text)"))
    })
}

/// The steps that make `new` of `old`.
pub(super) fn change(old: &Column, new: &Column, id: &Id, scene: &Catalog) -> Change {
    let Column {
        data_type,
        collation,
        not_null,
        identity,
        generated,
        storage: _,
        compression: _,
        statistics: _,
        options: _,
        foreign: _,
        fdw_options: _,
        origin,
    } = new;
    // With a parent, the parent is altered; a column that leaves its parent is altered once it has left, and one that
    // joins has to fit before.
    let leaves = old.origin != Origin::Own && *origin == Origin::Own;
    let carried = match (old.origin, *origin) {
        (Origin::Merged | Origin::Inherited, Origin::Inherited | Origin::Merged) => true,
        (_, Origin::Own) | (Origin::Own, Origin::Inherited | Origin::Merged) => false,
    };
    let comes = *origin == Origin::Inherited && old.origin != *origin;
    if comes && !new.foreign && !in_partition(id, scene) {
        return Change::Impossible(STAYS_OWN);
    }
    // A generated column takes no USING.
    let cast = generated.is_some() && retype::using("", &old.data_type, data_type).is_some();
    if !carried
        && (cast
            || !can_alter_generation(
                old.generated.as_deref(),
                generated.as_deref(),
                scene.version(),
            ))
    {
        return Change::InPlace(make_again(old, new, id, scene));
    }
    let takes_identity = carried && takes_identity(id, scene);
    let mut steps = Vec::new();
    let new_sequence = identity.as_deref().map(|new| &new.sequence);
    let kept = |old: &&Identity| new_sequence == Some(&old.sequence);
    let old_identity = old.identity.as_deref();
    let lost = old_identity.filter(|old| !takes_identity && !kept(old));
    // Before the type changes, which the sequence would follow.
    steps.extend(lost.map(|lost| drop_identity(id, lost)));
    if not_null.is_none() && old.not_null.as_ref().is_some_and(|old| !old.inherited) {
        steps.extend(NotNull::drop(id, scene));
    }
    let retyped = !carried && (*data_type != old.data_type || *collation != old.collation);
    if !carried || differs_from_parents(id, generated.as_deref(), scene) {
        steps.extend(generate_otherwise(old, new, id, scene));
    }
    if retyped && in_partition_key(id, scene) {
        return Change::Impossible(IN_KEY);
    }
    if retyped {
        steps.push(retype(old, new, id, scene));
    }
    if let Some(not_null) = not_null {
        steps.extend(NotNull::change(old.not_null.as_ref(), not_null, id, scene));
    }
    if let Some(identity) = identity.as_deref().filter(|_| !takes_identity) {
        match old_identity.filter(kept) {
            Some(old) if old.always == identity.always => {}
            Some(_) => steps.push(alter(id, &format!("SET {}", identity.generation()))),
            // A lost one is dropped before.
            None => {
                steps.push(add_identity(identity, data_type, id, scene));
                steps.extend(identity.complete(data_type, id, scene));
            }
        }
    }
    steps.extend(change_settings(old, new, id, scene.version(), retyped));
    if steps.is_empty() {
        return Change::Carried;
    }
    let table = scene.root_of(id).filter(|_| leaves);
    let wait = |step: Step| step.needing(table.map(|table| table.id.clone()));
    Change::InPlace(steps.into_iter().map(wait).collect())
}

/// Whether a column that comes from a parent is an identity column as that is. Children have identity of their own, but for
/// partitions since version 17.
fn takes_identity(id: &Id, scene: &Catalog) -> bool {
    scene.version() >= 170_000 && in_partition(id, scene)
}

/// The identity that a column of a parent has in a child alone.
pub(super) fn own_identity(column: &Column, id: &Id, scene: &Catalog) -> Option<Step> {
    let identity = column.identity.as_deref();
    let own = identity.filter(|_| !takes_identity(id, scene));
    own.map(|own| add_identity(own, &column.data_type, id, scene))
}

fn add_identity(identity: &Identity, of_type: &str, id: &Id, scene: &Catalog) -> Step {
    let add = alter(id, &format!("ADD {}", identity.sql(of_type, scene)));
    add.making([identity.sequence_id()])
}

fn drop_identity(id: &Id, identity: &Identity) -> Step {
    let step = alter(id, "DROP IDENTITY");
    Step {
        frees: vec![identity.sequence_id()],
        ..step
    }
}

/// Whether ALTER COLUMN can change how a column is generated: SET EXPRESSION came with 17, and nothing makes
/// a plain column generated.
fn can_alter_generation(old: Option<&Generated>, new: Option<&Generated>, version: u32) -> bool {
    match (old, new) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(old), None) => !old.is_virtual,
        (Some(old), Some(new)) => {
            old == new || (version >= 170_000 && old.is_virtual == new.is_virtual)
        }
    }
}

/// The steps by which a column, and what is below it, is generated as it should be.
fn generate_otherwise(old: &Column, new: &Column, id: &Id, scene: &Catalog) -> Vec<Step> {
    let set = new.generated.as_deref();
    let Some(change) = change_generation(old.generated.as_deref(), set, id) else {
        return Vec::new();
    };
    let above = in_parents(id, scene).map(|(above, _)| above.clone());
    let below = set.map_or_else(Vec::new, |set| keep_generation(id, set, scene));
    std::iter::once(change.needing(above))
        .chain(below)
        .collect()
}

/// The columns of parents that a column comes from.
fn in_parents<'a>(id: &Id, scene: &'a Catalog) -> impl Iterator<Item = (&'a Id, &'a Column)> {
    let parents = parents_of(id, scene).iter();
    parents.filter_map(move |parent| same_column(&parent.id(), id, scene))
}

/// Whether a column is generated otherwise than in the parents that it comes from, which it can be made since version 17.
fn differs_from_parents(id: &Id, own: Option<&Generated>, scene: &Catalog) -> bool {
    let mut above = in_parents(id, scene).filter_map(|(_, above)| above.generated.as_deref());
    scene.version() >= 170_000
        && own.is_some_and(|own| above.any(|above| above.expression != own.expression))
}

/// SET EXPRESSION reaches all descendants: those that are generated otherwise are so again.
fn keep_generation(id: &Id, set: &Generated, scene: &Catalog) -> Vec<Step> {
    let mut steps = Vec::new();
    let children = scene.root_of(id).into_iter();
    for child in children.flat_map(|table| scene.children(&table.id)) {
        let below = same_column(&child.id, id, scene);
        if let Some((column, own)) =
            below.and_then(|(id, own)| Some((id, own.generated.as_deref()?)))
        {
            steps.extend(change_generation(Some(set), Some(own), column));
            steps.extend(keep_generation(column, own, scene));
        }
    }
    steps
}

fn change_generation(old: Option<&Generated>, new: Option<&Generated>, id: &Id) -> Option<Step> {
    match (old, new) {
        (Some(_), None) => Some(alter(id, "DROP EXPRESSION")),
        (Some(old), Some(new)) if old != new => {
            let step = alter(id, &format!("SET EXPRESSION AS ({})", new.expression));
            Some(if new.is_virtual {
                step
            } else {
                step.rewriting()
            })
        }
        _ => None,
    }
}

/// Drops the column and adds it in its new form, in one statement; the values of a generated column are
/// computed again. What hangs on a column in the server's eyes has to be set again.
fn make_again(old: &Column, new: &Column, id: &Id, scene: &Catalog) -> Vec<Step> {
    let (definition, makes) = new.definition(id, scene);
    let sql = format!(
        "ALTER TABLE {} DROP COLUMN {}, ADD COLUMN {definition}",
        id.on_sql(),
        ident(&id.name)
    );
    let step = Step::alter(id, sql)
        .lock(Lock::AccessExclusive)
        .reaching(Reach::Descendants)
        .making(makes)
        .rewriting()
        .remaking();
    let mut steps = vec![if old.generated.is_some() {
        step
    } else {
        step.loses(Loss::Column)
    }];
    steps.extend(new.settings(id, scene));
    let owner = scene.root_of(id).map_or("", |root| &root.meta.owner);
    if let Some(object) = scene.get(id) {
        steps.extend(meta::change(
            object,
            &Meta::default(),
            ("", owner),
            scene.version(),
        ));
    }
    steps
}

/// ALTER COLUMN TYPE. What becomes of a domain, or no longer is, goes by way of the type under it.
fn retype(old: &Column, new: &Column, id: &Id, scene: &Catalog) -> Step {
    let mut what = format!("TYPE {}", new.data_type);
    if !new.collation.is_empty() {
        what.push_str(" COLLATE ");
        what.push_str(&new.collation);
    }
    let column = ident(&id.name);
    let (was, is) = (&old.data_type, &new.data_type);
    let (was, is) = (under_domains(was, scene), under_domains(is, scene));
    let is_assigned = retype::using(&column, was, is).is_none();
    if !is_assigned
        && new.generated.is_none()
        && !new.foreign
        && let Some(using) = retype::using(&column, &old.data_type, &new.data_type)
    {
        what.push_str(" USING ");
        what.push_str(&using);
    }
    let step = alter(id, &what).displacing().revaluing();
    let keeps_rows = (is_assigned && retype::keeps_rows(was, is)
        || retype::only_compares_otherwise(was, is))
        && !volatile::is_constrained(id, &new.data_type, scene);
    if new.foreign || keeps_rows {
        step
    } else {
        step.rewriting()
    }
}

/// The type that is under a domain, and those under it; any other type itself, and a domain that goes.
fn under_domains<'a>(data_type: &'a str, scene: &'a Catalog) -> &'a str {
    let mut base = data_type;
    loop {
        let domain = parse_qualified(base);
        let domain = domain.map(|(schema, name)| Id::in_schema(Tag::Domain, schema, name));
        match domain
            .and_then(|id| scene.get(&id))
            .map(|found| &found.body)
        {
            Some(Body::Domain(domain)) => base = &domain.base,
            _ => return base,
        }
    }
}

impl Column {
    /// Whether existing rows get values when it is added.
    fn is_filled(&self, id: &Id, scene: &Catalog) -> bool {
        self.generated.is_some() || self.identity.is_some() || added_default(id, scene).is_some()
    }

    /// Whether adding it writes the table anew: its values differ from row to row.
    fn rewrites_when_added(&self, id: &Id, scene: &Catalog) -> bool {
        let default = added_default(id, scene);
        self.identity.is_some()
            || default.is_some_and(|(default, expression)| {
                volatile::is_volatile(&default, expression, scene)
            })
            || volatile::is_constrained(id, &self.data_type, scene)
            || self
                .generated
                .as_ref()
                .is_some_and(|generated| !generated.is_virtual)
    }

    /// The steps for the settings that a new column does not have by itself.
    pub(super) fn settings(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let plain = Self {
            storage: Str::default(),
            compression: Str::default(),
            statistics: None,
            options: Box::default(),
            fdw_options: Box::default(),
            ..self.clone()
        };
        let mut steps = change_settings(&plain, self, id, 0, false);
        let not_null = self.not_null.as_ref();
        steps.extend(
            not_null
                .into_iter()
                .flat_map(|not_null| not_null.complete(id, scene)),
        );
        let identity = self.identity.as_deref();
        steps.extend(identity.and_then(|own| own.complete(&self.data_type, id, scene)));
        steps
    }
}

/// Stands for storage and compression of a table's columns, in which the parents of one child must not differ; no object
/// has this id.
pub(super) fn settled(schema: &str, table: &str) -> Id {
    Id {
        args: "settled".into(),
        ..Id::in_schema(Tag::Table, schema, table)
    }
}

/// Storage, compression, statistics target and options; `reset` when a new type has taken the first two away.
fn change_settings(old: &Column, new: &Column, id: &Id, version: u32, reset: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let had = |setting: &Str| {
        if reset {
            Str::default()
        } else {
            setting.clone()
        }
    };
    if new.storage != had(&old.storage) {
        let storage = match &*new.storage {
            "" if version >= 160_000 => "DEFAULT",
            "" => retype::default_storage(&new.data_type),
            other => other,
        };
        steps.push(
            only(id, &format!("SET STORAGE {storage}")).making([settled(&id.schema, &id.on)]),
        );
    }
    if new.compression != had(&old.compression) {
        let method = if new.compression.is_empty() {
            "DEFAULT"
        } else {
            &new.compression
        };
        steps.push(
            only(id, &format!("SET COMPRESSION {method}")).making([settled(&id.schema, &id.on)]),
        );
    }
    if new.statistics != old.statistics {
        let target = new.statistics.unwrap_or(-1);
        steps.push(only(id, &format!("SET STATISTICS {target}")).lock(Lock::ShareUpdateExclusive));
    }
    let told = options::generic_change(&old.fdw_options, &new.fdw_options);
    steps.extend(told.map(|clause| only(id, &clause)));
    for clause in options::change("", &old.options, &new.options) {
        steps.push(only(id, &clause).lock(Lock::ShareUpdateExclusive));
    }
    steps
}
