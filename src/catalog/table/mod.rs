//! Tables (`pg_class`, relkind `r` and `p`; manual: CREATE TABLE): plain, partitioned, partitions, children by
//! INHERITS, typed. Columns, defaults, constraints, indexes, triggers and policies are kinds of their own.
//!
//! A partition is made as a table of its own and then attached, as `pg_dump` does, so that it keeps its own
//! column order and names.

mod alter;
pub mod column;
pub mod constraint;
mod create;
pub mod default;
mod follow;
pub mod foreign;
pub mod index;
mod join;
mod late;
pub mod not_null;
mod persistence;
pub mod policy;
mod retype;
pub mod rule;
mod spelled;
pub mod trigger;
mod volatile;

pub use late::Late;
pub use not_null::TakenNames;

use super::address::{Class, Key};
use super::grouped::Grouped;
use super::id::{Family, Id, Style};
use super::kind::{Body, Change, Found, Kind, Query, Tag};
use super::names::Names;
use super::options;
use super::quote::{ident, qualified};
use super::record::Neutral;
use super::row::{Row, RowError};
use super::step::{Lock, Loss, Step};
use super::{Catalog, Object};
use crate::record;

record! {
    /// A table.
    pub struct Table {
        /// Whether its rows are not crash-safe.
        pub unlogged: bool,
        /// Storage parameters (`name=value`), in the server's order.
        pub options: Vec<String>,
        /// Storage parameters of its TOAST table.
        pub toast_options: Vec<String>,
        /// Access method; empty for `heap`.
        pub access_method: String,
        /// Tablespace; empty for the database's.
        pub tablespace: String,
        /// The composite type that it is a table OF, qualified and quoted.
        pub of_type: String,
        /// PARTITION BY, as `pg_get_partkeydef()` prints it.
        pub partition_by: String,
        /// What it inherits from, or is a partition of, in order.
        pub parents: Vec<RelationName>,
        /// FOR VALUES or DEFAULT, of a partition.
        pub bound: String,
        /// What identifies a row in logical replication.
        pub replica_identity: ReplicaIdentity,
        /// The index that CLUSTER uses.
        pub cluster_on: String,
        /// Whether row-level security is enabled.
        pub row_security: bool,
        /// Whether row-level security binds the owner too.
        pub force_row_security: bool,
    }
}

record! {
    /// The name of a relation.
    pub struct RelationName {
        /// Its schema.
        pub schema: String,
        /// Its name.
        pub name: String,
    }
}

impl RelationName {
    fn sql(&self) -> String {
        let Self { schema, name } = self;
        qualified(schema, name)
    }

    /// The id of the table.
    pub fn id(&self) -> Id {
        Id::in_schema(Tag::Table, &*self.schema, &*self.name)
    }

    /// The id of the table, which may be a foreign one.
    fn id_in(&self, scene: &Catalog) -> Id {
        let foreign = Id {
            kind: Tag::ForeignTable,
            ..self.id()
        };
        if scene.has(&foreign) {
            foreign
        } else {
            self.id()
        }
    }
}

/// REPLICA IDENTITY (manual: ALTER TABLE).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplicaIdentity {
    /// The primary key.
    #[default]
    Default,
    /// None.
    Nothing,
    /// All columns.
    Full,
    /// This index.
    Index(String),
}

impl Neutral for ReplicaIdentity {}

impl ReplicaIdentity {
    fn sql(&self) -> String {
        match self {
            Self::Default => "DEFAULT".to_owned(),
            Self::Nothing => "NOTHING".to_owned(),
            Self::Full => "FULL".to_owned(),
            Self::Index(name) => format!("USING INDEX {}", ident(name)),
        }
    }
}

impl Table {
    /// Whether it is a partition.
    pub fn is_partition(&self) -> bool {
        !self.bound.is_empty()
    }

    /// Whether it has partitions instead of rows.
    pub fn is_partitioned(&self) -> bool {
        !self.partition_by.is_empty()
    }
}

/// The steps that tell a table of a role that one of its indexes has; the index makes them when it is made,
/// since the server forgets them with the index.
fn roles_of_index(index: &Id, scene: &Catalog) -> Vec<Step> {
    let table = Id::in_schema(Tag::Table, index.schema.clone(), index.on.clone());
    let Some(Body::Table(body)) = scene.get(&table).map(|object| &object.body) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    if body.replica_identity == ReplicaIdentity::Index(index.name.to_string()) {
        steps.push(alter_as(
            index,
            &table,
            &format!("REPLICA IDENTITY {}", body.replica_identity.sql()),
        ));
    }
    if *body.cluster_on == *index.name {
        steps.push(cluster_on_step(index, &table, &index.name));
    }
    steps
}

fn cluster_on_step(subject: &Id, table: &Id, index: &str) -> Step {
    let step = alter_as(subject, table, &format!("CLUSTER ON {}", ident(index)));
    step.lock(Lock::ShareUpdateExclusive)
}

fn alter_as(subject: &Id, table: &Id, what: &str) -> Step {
    Step::alter(subject, format!("ALTER TABLE {} {what}", table.sql())).lock(Lock::AccessExclusive)
}

/// `ALTER TABLE .. what` on the table itself.
fn alter(id: &Id, what: &str) -> Step {
    alter_as(id, id, what)
}

/// Renames or moves a relation; both at once take two steps and so are no rename.
pub(super) fn rename_relation(keyword: &str, from: &Id, to: &Id) -> Option<Step> {
    let what = match (from.schema == to.schema, from.name == to.name) {
        (true, false) => format!("RENAME TO {}", ident(&to.name)),
        (false, true) => format!("SET SCHEMA {}", ident(&to.schema)),
        _ => return None,
    };
    let step = Step::alter(to, format!("ALTER {keyword} {} {what}", from.sql()));
    Some(Step {
        makes: vec![to.clone()],
        frees: vec![from.clone()],
        ..step.lock(Lock::AccessExclusive)
    })
}

impl Kind for Table {
    const NAME: &'static str = "table";
    const LABEL: &'static str = "table";
    const KEYWORD: &'static str = "TABLE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["partition_by", "bound"];
    const ACL: Option<(char, &'static str)> = Some(('r', "TABLE"));
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT c.oid, c.relowner AS owner, c.relacl AS acl, c.relpersistence, c.reloptions, t.reloptions AS toast_options, \
              c.relam, c.reltablespace, c.reloftype, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, \
              CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by, \
              CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound, \
              h.parents, i.replica_index, i.cluster_index \
              FROM pg_class c \
              LEFT JOIN (SELECT oid, reloptions FROM pg_class WHERE relkind = 't' AND reloptions IS NOT NULL) t ON t.oid = c.reltoastrelid \
              LEFT JOIN (SELECT inhrelid, array_agg(inhparent ORDER BY inhseqno) AS parents FROM pg_inherits GROUP BY inhrelid) h ON h.inhrelid = c.oid \
              LEFT JOIN (SELECT indrelid, max(indexrelid::int8) FILTER (WHERE indisreplident) AS replica_index, \
              max(indexrelid::int8) FILTER (WHERE indisclustered) AS cluster_index \
              FROM pg_index WHERE indisreplident OR indisclustered GROUP BY indrelid) i ON i.indrelid = c.oid \
              WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'",
    }];
    const HOLDS_DATA: bool = true;
    const DROPS_PARTS: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(oid) else {
            return Ok(None);
        };
        let access_method = names.access_method(row.number("relam")?);
        let tablespace = names.tablespace(row.number("reltablespace")?);
        let body = Self {
            unlogged: row.letter("relpersistence")? == 'u',
            options: row.list("reloptions")?,
            toast_options: row.list("toast_options")?,
            access_method: access_method
                .filter(|name| **name != *"heap")
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            tablespace: tablespace.as_deref().unwrap_or_default().to_owned(),
            of_type: match row.number("reloftype")? {
                0 => String::new(),
                composite => names.type_name(composite, -1)?.to_string(),
            },
            partition_by: row.text_or_empty("partition_by")?.to_owned(),
            parents: parents(row, names)?,
            bound: row.text_or_empty("bound")?.to_owned(),
            replica_identity: match row.letter("relreplident")? {
                'n' => ReplicaIdentity::Nothing,
                'f' => ReplicaIdentity::Full,
                'i' => index_name(row, "replica_index", names)?
                    .map_or(ReplicaIdentity::Nothing, ReplicaIdentity::Index),
                _ => ReplicaIdentity::Default,
            },
            cluster_on: index_name(row, "cluster_index", names)?.unwrap_or_default(),
            row_security: row.flag("relrowsecurity")?,
            force_row_security: row.flag("relforcerowsecurity")?,
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Table, relation.schema.clone(), relation.name.clone()),
            Key::new(Class::CLASS, oid),
            body,
        )))
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        create::steps(self, id, scene)
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = self.is_partitioned() && !self.access_method.is_empty();
        has.then_some((170_000, "the access method of a partitioned table"))
            .into_iter()
            .collect()
    }

    fn supports(&self) -> usize {
        1
    }

    fn tablespace(&self) -> Option<&str> {
        Some(&self.tablespace)
    }

    fn relations(&self, id: &Id, scene: &Catalog) -> usize {
        let is_toasted = |part: &Object| match &part.body {
            Body::Column(column) => column.may_be_toasted(&part.id, scene),
            _ => false,
        };
        if !self.is_partitioned() && scene.parts(id).any(is_toasted) {
            3
        } else {
            1
        }
    }

    fn drop(&self, id: &Id) -> Step {
        let step = Step::drop(id, format!("DROP TABLE {}", id.sql()));
        if self.is_partitioned() {
            step
        } else {
            step.loses(Loss::Table)
        }
    }

    fn joins_before(&self, id: &Id, scene: &Catalog) -> Vec<Id> {
        join::made_later(self, id, scene)
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self {
            unlogged,
            options,
            toast_options,
            access_method,
            tablespace,
            of_type,
            partition_by,
            parents,
            bound,
            replica_identity,
            cluster_on,
            row_security,
            force_row_security,
        } = new;
        if *partition_by != self.partition_by {
            return Change::Replace;
        }
        let mut steps = Vec::new();
        if *unlogged != self.unlogged {
            steps.push(persistence::change(id, *unlogged, scene));
        }
        let mut settings = options::change("", &self.options, options);
        settings.extend(options::change(
            "toast.",
            &self.toast_options,
            toast_options,
        ));
        if !settings.is_empty() {
            steps.push(alter(id, &settings.join(", ")).lock(Lock::ShareUpdateExclusive));
        }
        if *access_method != self.access_method {
            let method = if access_method.is_empty() {
                "heap"
            } else {
                access_method
            };
            steps.push(alter(id, &format!("SET ACCESS METHOD {}", ident(method))).rewriting());
        }
        if *tablespace != self.tablespace {
            let space = if tablespace.is_empty() {
                "pg_default"
            } else {
                tablespace
            };
            steps.push(alter(id, &format!("SET TABLESPACE {}", ident(space))).rewriting());
        }
        if *of_type != self.of_type {
            let what = if of_type.is_empty() {
                "NOT OF".to_owned()
            } else {
                format!("OF {of_type}")
            };
            steps.push(alter(id, &what));
        }
        if *parents != self.parents || *bound != self.bound {
            steps.extend(join::move_to_parents(self, new, id, scene));
        }
        if *replica_identity != self.replica_identity {
            let step = alter(id, &format!("REPLICA IDENTITY {}", replica_identity.sql()));
            steps.push(match replica_identity {
                ReplicaIdentity::Index(name) => step.needing(create::index_id(id, name, scene)),
                ReplicaIdentity::Default | ReplicaIdentity::Nothing | ReplicaIdentity::Full => step,
            });
        }
        if *cluster_on != self.cluster_on {
            steps.push(if cluster_on.is_empty() {
                alter(id, "SET WITHOUT CLUSTER").lock(Lock::ShareUpdateExclusive)
            } else {
                cluster_on_step(id, id, cluster_on).needing(create::index_id(id, cluster_on, scene))
            });
        }
        if *row_security != self.row_security {
            steps.push(row_security_step(id, *row_security));
        }
        if *force_row_security != self.force_row_security {
            steps.push(force_step(id, *force_row_security));
        }
        Change::InPlace(steps)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        rename_relation("TABLE", from, to)
    }
}

fn row_security_step(id: &Id, enabled: bool) -> Step {
    if enabled {
        alter(id, "ENABLE ROW LEVEL SECURITY")
    } else {
        alter(id, "DISABLE ROW LEVEL SECURITY").widening()
    }
}

fn force_step(id: &Id, forced: bool) -> Step {
    if forced {
        alter(id, "FORCE ROW LEVEL SECURITY")
    } else {
        alter(id, "NO FORCE ROW LEVEL SECURITY").widening()
    }
}

/// The parents of the table that a part belongs to.
fn parents_of<'a>(part: &Id, scene: &'a Catalog) -> &'a [RelationName] {
    scene.root_of(part).map_or(&[], parents_in)
}

/// The tables that a table inherits from or is a partition of.
fn parents_in(table: &Object) -> &[RelationName] {
    match &table.body {
        Body::Table(table) => &table.parents,
        Body::ForeignTable(table) => &table.parents,
        _ => &[],
    }
}

/// The part of the same kind and name in another table, a parent or a child.
fn same_part<'a>(table: &Id, part: &Id, scene: &'a Catalog) -> Option<&'a Object> {
    let (schema, name) = (table.schema.clone(), table.name.clone());
    scene.get(&Id::part(part.kind, schema, name, part.name.clone()))
}

/// The same of a column.
fn same_column<'a>(
    table: &Id,
    column: &Id,
    scene: &'a Catalog,
) -> Option<(&'a Id, &'a column::Column)> {
    let object = same_part(table, column, scene)?;
    match &object.body {
        Body::Column(column) => Some((&object.id, column)),
        _ => None,
    }
}

/// The partitioned table that a table is a partition of.
pub(super) fn parent_of_partition<'a>(table: &Object, scene: &'a Catalog) -> Option<&'a Object> {
    let parent = parents_in(table).first()?;
    let parent = scene.get(&parent.id())?;
    in_partition(&table.id, scene).then_some(parent)
}

/// The partition that has the rows for which there is no other.
fn default_partition(parent: &Id, scene: &Catalog) -> Option<Id> {
    let is_default = |child: &&Object| match &child.body {
        Body::Table(table) => table.bound == "DEFAULT",
        Body::ForeignTable(table) => table.bound == "DEFAULT",
        _ => false,
    };
    let found = scene.children(parent).find(is_default)?;
    Some(found.id.clone())
}

/// See [`Catalog::foreign_keys`].
pub(super) fn foreign_keys(catalog: &Catalog) -> impl Iterator<Item = (&Id, Id, Id)> {
    let keys = catalog
        .objects()
        .iter()
        .filter(|object| match &object.body {
            Body::Constraint(constraint) => constraint.is_foreign(),
            _ => false,
        });
    keys.filter_map(|key| {
        let (key, own) = (&key.id, catalog.root_of(&key.id)?);
        Some((key, own.id.clone(), constraint::referenced(key, catalog)?))
    })
}

/// See [`Catalog::locked_with`].
pub(super) fn locked_with(object: &Object, scene: &Catalog) -> Vec<Id> {
    match &object.body {
        Body::Table(_) | Body::ForeignTable(_) => {
            let parent = parent_of_partition(object, scene).map(|parent| parent.id.clone());
            let default = parent.as_ref().and_then(|id| default_partition(id, scene));
            parent.into_iter().chain(default).collect()
        }
        Body::Constraint(constraint) if constraint.is_foreign() => {
            constraint::referenced(&object.id, scene)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// By the places of tables those of their children.
pub(super) fn children(catalog: &Catalog) -> Grouped<usize> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (child, tree) in catalog.trees() {
        let parents = tree.first().map_or(&[][..], parents_in).iter();
        let parents = parents.filter_map(|parent| catalog.place(&parent.id()));
        pairs.extend(parents.map(|parent| (parent, child)));
    }
    pairs.sort_unstable();
    Grouped::of(pairs)
}

/// Whether the table that a part belongs to is partitioned.
fn is_partitioned(part: &Id, scene: &Catalog) -> bool {
    match scene.root_of(part).map(|object| &object.body) {
        Some(Body::Table(table)) => table.is_partitioned(),
        _ => false,
    }
}

/// Whether the table that a part belongs to is a partition.
fn in_partition(part: &Id, scene: &Catalog) -> bool {
    match scene.root_of(part).map(|object| &object.body) {
        Some(Body::Table(table)) => table.is_partition(),
        Some(Body::ForeignTable(table)) => !table.bound.is_empty(),
        _ => false,
    }
}

fn parents(row: &Row<'_>, names: &Names) -> Result<Vec<RelationName>, RowError> {
    let mut parents = Vec::new();
    for oid in row.numbers::<u32>("parents")? {
        let relation = names.any_relation(oid).ok_or_else(|| {
            RowError::new("parents", format!("relation {oid} is not in pg_class"))
        })?;
        parents.push(RelationName {
            schema: relation.schema.to_string(),
            name: relation.name.to_string(),
        });
    }
    Ok(parents)
}

fn index_name(
    row: &Row<'_>,
    column: &'static str,
    names: &Names,
) -> Result<Option<String>, RowError> {
    let index = row
        .opt_number::<u32>(column)?
        .and_then(|oid| names.any_relation(oid));
    Ok(index.map(|relation| relation.name.to_string()))
}
