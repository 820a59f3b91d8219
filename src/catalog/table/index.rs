//! Indexes of tables and materialized views (`pg_index`; manual: CREATE INDEX), but for those that implement
//! a constraint, which are the constraint's. Invalid indexes are no objects; that of a partitioned table is
//! invalid as long as a partition lacks it, and an object all the same.
//!
//! The text is built from columns; only expressions and operator class parameters are taken from
//! `pg_get_indexdef()`, which costs a relation cache entry per index.

use std::fmt::Write;

use super::spelled::{expression, spelled_with};
use super::{RelationName, in_partition, join, rename_relation, roles_of_index};
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Tag};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::{ident, qualified};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::{self, settle};
use crate::catalog::step::{Lock, Reach, Step};
use crate::catalog::{Catalog, Strength};
use crate::record;

record! {
    /// An index.
    pub struct Index {
        /// UNIQUE.
        pub unique: bool,
        /// Access method.
        pub method: String,
        /// Key columns and expressions with collation, operator class and order, as `pg_get_indexdef()`
        /// prints them.
        pub keys: String,
        /// INCLUDE.
        pub include: Vec<String>,
        /// NULLS NOT DISTINCT (15 and later).
        pub nulls_not_distinct: bool,
        /// Storage parameters (`name=value`), in the server's order.
        pub options: Vec<String>,
        /// Tablespace; empty for the database's.
        pub tablespace: String,
        /// WHERE.
        pub predicate: String,
        /// Statistics targets of expressions (`position=target`).
        pub statistics: Vec<String>,
        /// Of a partitioned table: it has no rows of its own.
        pub partitioned: bool,
        /// The index of the parent that it is a partition of.
        pub attached_to: Option<RelationName>,
        /// Whether CLUSTER uses it, on a materialized view; a table says it itself.
        pub clustered: bool,
    }
}

impl Index {
    /// The definition after the name of the table.
    fn definition(&self) -> String {
        let Self {
            unique: _,
            method,
            keys,
            include,
            nulls_not_distinct,
            options,
            tablespace,
            predicate,
            statistics: _,
            partitioned: _,
            attached_to: _,
            clustered: _,
        } = self;
        let mut clauses = vec![format!("USING {} ({keys})", ident(method))];
        if !include.is_empty() {
            clauses.push(format!(
                "INCLUDE ({})",
                crate::catalog::quote::ident_list(include)
            ));
        }
        if *nulls_not_distinct {
            clauses.push("NULLS NOT DISTINCT".to_owned());
        }
        if !options.is_empty() {
            clauses.push(format!("WITH ({})", options::flat(options)));
        }
        if !tablespace.is_empty() {
            clauses.push(format!("TABLESPACE {}", ident(tablespace)));
        }
        if !predicate.is_empty() {
            clauses.push(format!("WHERE {predicate}"));
        }
        clauses.join(" ")
    }

    /// CREATE INDEX, as `pg_get_indexdef()` prints it (which leaves the tablespace out).
    fn sql(&self, id: &Id) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let only = if self.partitioned { "ONLY " } else { "" };
        format!(
            "CREATE {unique}INDEX {} ON {only}{} {}",
            ident(&id.name),
            id.on_sql(),
            self.definition()
        )
    }

    fn attach(&self, id: &Id) -> Option<Step> {
        self.attached_to
            .as_ref()
            .map(|parent| attach(id, id, parent))
    }

    fn cluster(&self, id: &Id) -> Option<Step> {
        let sql = format!(
            "ALTER MATERIALIZED VIEW {} CLUSTER ON {}",
            id.on_sql(),
            ident(&id.name)
        );
        self.clustered
            .then(|| Step::alter(id, sql).lock(Lock::AccessExclusive))
    }
}

/// The step that makes an index or its constraint without waiting for the index of the parent: only ATTACH
/// PARTITION, which comes later, needs that.
pub(super) fn without_parent(step: Step, parent: Option<&RelationName>, scene: &Catalog) -> Step {
    let Some(name) = parent else {
        return step;
    };
    let is_parent = |other: &&Id| name.schema == *other.schema && name.name == *other.name;
    let used = scene.edges(&step.subject).map(|edge| edge.to);
    let parents: Vec<Id> = used.filter(is_parent).cloned().collect();
    let alone = join::alone(&step.subject);
    step.deferring(parents).making([alone])
}

/// Whether an index that is attached to none in the target, or its constraint, leaves with its table: it is detached when
/// that is, and only then.
fn leaves(to: Option<&RelationName>, id: &Id, scene: &Catalog) -> bool {
    to.is_none() && !in_partition(id, scene)
}

/// Whether an index, or its constraint, would have to be detached by itself, which nothing does.
pub(super) fn is_detached(
    from: Option<&RelationName>,
    to: Option<&RelationName>,
    id: &Id,
    scene: &Catalog,
) -> bool {
    from.is_some() && from != to && !leaves(to, id, scene)
}

/// `ALTER INDEX parent ATTACH PARTITION index`.
pub(super) fn attach(subject: &Id, index: &Id, parent: &RelationName) -> Step {
    let index = qualified(&index.schema, &index.name);
    let sql = format!("ALTER INDEX {} ATTACH PARTITION {index}", parent.sql());
    let table = Id::in_schema(Tag::Table, subject.schema.clone(), subject.on.clone());
    // The indexes are locked, and the table as every query does it.
    Step::alter(subject, sql)
        .lock(Lock::AccessShare)
        .needing([table])
}

/// The steps that change storage parameters and tablespace of an index.
pub(super) fn change_storage(
    subject: &Id,
    (old_options, old_tablespace): (&[String], &str),
    (options, tablespace): (&[String], &str),
) -> Vec<Step> {
    let index = qualified(&subject.schema, &subject.name);
    let mut steps = Vec::new();
    for clause in options::change("", old_options, options) {
        let step = Step::alter(subject, format!("ALTER INDEX {index} {clause}"));
        steps.push(step.lock(Lock::ShareUpdateExclusive));
    }
    if tablespace != old_tablespace {
        let space = if tablespace.is_empty() {
            "pg_default"
        } else {
            tablespace
        };
        let sql = format!("ALTER INDEX {index} SET TABLESPACE {}", ident(space));
        steps.push(
            Step::alter(subject, sql)
                .lock(Lock::AccessExclusive)
                .rewriting(),
        );
    }
    steps
}

fn statistics_steps(id: &Id, old: &[String], new: &[String]) -> Vec<Step> {
    let step = |position: &str, target: &str| {
        let sql = format!(
            "ALTER INDEX {} ALTER COLUMN {position} SET STATISTICS {target}",
            id.sql()
        );
        Step::alter(id, sql).lock(Lock::ShareUpdateExclusive)
    };
    let gone = old
        .iter()
        .filter(|item| !new.contains(item))
        .filter_map(|item| item.split_once('='));
    let mut steps: Vec<Step> = gone
        .filter(|(position, _)| {
            !new.iter().any(|item| {
                item.split_once('=')
                    .is_some_and(|(other, _)| other == *position)
            })
        })
        .map(|(position, _)| step(position, "-1"))
        .collect();
    let come = new
        .iter()
        .filter(|item| !old.contains(item))
        .filter_map(|item| item.split_once('='));
    steps.extend(come.map(|(position, target)| step(position, target)));
    steps
}

macro_rules! query {
    ($columns:literal) => {
        concat!(
            "SELECT i.indexrelid AS oid, i.indrelid, i.indisvalid, i.indisunique, i.indisclustered, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption, ",
            "pg_get_expr(i.indpred, i.spelled_with) AS predicate, i.spelled_with, ",
            "CASE WHEN i.indexprs IS NOT NULL THEN pg_get_indexdef(i.indexrelid) END AS definition, h.inhparent",
            $columns,
            " FROM (SELECT *, ",
            spelled_with!("indpred::text", "indrelid"),
            // Those of TOAST tables are primary, too.
            " FROM pg_index WHERE indexrelid >= 16384 AND NOT indisprimary AND NOT indisexclusion OFFSET 0) i ",
            "LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid ",
            "WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'u')"
        )
    };
}

impl Kind for Index {
    const NAME: &'static str = "index";
    const LABEL: &'static str = "index";
    const KEYWORD: &'static str = "INDEX";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["keys", "predicate"];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!(""),
        },
        Query {
            since: 150_000,
            sql: query!(", i.indnullsnotdistinct"),
        },
    ];
    const REBUILDABLE: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let table: u32 = row.number("indrelid")?;
        let (Some(index), Some(relation)) = (names.relation(oid), names.relation(table)) else {
            return Ok(None);
        };
        let partitioned = index.kind == 'I';
        if !partitioned && !row.flag("indisvalid")? {
            return Ok(None);
        }
        let id = Id::part(
            Tag::Index,
            relation.schema.clone(),
            relation.name.clone(),
            index.name.clone(),
        );
        let method = names.access_method(index.method).unwrap_or_default();
        let keys: usize = row.number("indnkeyatts")?;
        let columns: Vec<i32> = row.numbers("indkey")?;
        let include = columns.get(keys..).unwrap_or_default();
        let include = include
            .iter()
            .map(|&column| Ok(names.column(table, column)?.name.to_string()));
        let tablespace = names.tablespace(index.tablespace);
        let predicate = expression(row, "predicate", names, table)?;
        let body = Self {
            unique: row.flag("indisunique")?,
            keys: match row.opt("definition")? {
                Some(definition) => settle(keys_of(definition, &method)?),
                None => key_list(
                    row,
                    names,
                    (oid, table),
                    columns.get(..keys).unwrap_or_default(),
                )?,
            },
            method: method.to_string(),
            include: include.collect::<Result<_, RowError>>()?,
            nulls_not_distinct: row.has("indnullsnotdistinct")
                && row.flag("indnullsnotdistinct")?,
            options: index.options.clone(),
            tablespace: tablespace.as_deref().unwrap_or_default().to_owned(),
            predicate: settle(&predicate.unwrap_or_default()),
            statistics: statistics(names, oid),
            partitioned,
            attached_to: attached_to(row, names)?,
            clustered: relation.kind == 'm' && row.flag("indisclustered")?,
        };
        Ok(Some(Found::new(id, Key::new(Class::CLASS, oid), body)))
    }

    /// The server makes it again by itself when that is needed.
    fn in_the_way(&self, _step: &Step, _strength: Strength, _to_change: bool) -> bool {
        false
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        let create = Step::create(id, self.sql(id)).lock(Lock::Share);
        let create = without_parent(create, self.attached_to.as_ref(), scene);
        // A partition that is to have none, or one that is not complete, would get another if it came later.
        let partitions = self.partitioned.then(|| join::partitions(id, scene));
        let create = create.needing(partitions.into_iter().flatten());
        let mut steps = vec![create.scanning()];
        steps.extend(self.attach(id));
        steps.extend(statistics_steps(id, &[], &self.statistics));
        steps.extend(roles_of_index(id, scene));
        steps.extend(self.cluster(id));
        steps
    }

    fn tablespace(&self) -> Option<&str> {
        Some(&self.tablespace)
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let distinct = self.nulls_not_distinct;
        distinct
            .then_some((150_000, "NULLS NOT DISTINCT"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP INDEX {}", id.sql())).reaching(Reach::Partitions)
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        // All but what can be altered.
        let rest = |index: &Self| Self {
            options: Vec::new(),
            tablespace: String::new(),
            statistics: Vec::new(),
            attached_to: None,
            clustered: false,
            ..index.clone()
        };
        let (from, to) = (self.attached_to.as_ref(), new.attached_to.as_ref());
        if rest(self) != rest(new) || is_detached(from, to, id, scene) {
            return Change::Replace;
        }
        let mut steps = change_storage(
            id,
            (&self.options, &self.tablespace),
            (&new.options, &new.tablespace),
        );
        steps.extend(statistics_steps(id, &self.statistics, &new.statistics));
        if self.attached_to.is_none() {
            steps.extend(new.attach(id));
        }
        if self.clustered && !new.clustered {
            let sql = format!(
                "ALTER MATERIALIZED VIEW {} SET WITHOUT CLUSTER",
                id.on_sql()
            );
            steps.push(Step::alter(id, sql).lock(Lock::AccessExclusive));
        } else if !self.clustered {
            steps.extend(new.cluster(id));
        }
        if steps.is_empty() && leaves(to, id, scene) {
            return Change::Carried;
        }
        Change::InPlace(steps)
    }

    fn is_attached(&self) -> bool {
        self.attached_to.is_some()
    }

    fn follow(&self, id: &Id, _replaced: &Id, _from: &Catalog, _to: &Catalog) -> Option<Vec<Step>> {
        Some(self.attach(id).into_iter().collect())
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        if from.on != to.on || from.schema != to.schema {
            return None;
        }
        rename_relation("INDEX", from, to)
    }
}

/// Statistics targets of expressions (`position=target`).
fn statistics(names: &Names, index: u32) -> Vec<String> {
    let columns = names.index_columns(index).iter();
    columns
        .filter_map(|column| Some(format!("{}={}", column.position, column.statistics?)))
        .collect()
}

/// What stands in the brackets after USING in the server's text.
fn keys_of<'a>(definition: &'a str, method: &str) -> Result<&'a str, RowError> {
    let start = format!(" USING {} (", ident(method));
    let keys = settle::find(definition, &start).and_then(|at| {
        let open = at + start.len() - 1;
        definition.get(open + 1..settle::closing(definition, open)?)
    });
    keys.ok_or_else(|| RowError::new("definition", format!("{definition:?} is no index")))
}

/// The parent index of one that is attached.
pub(super) fn attached_to(row: &Row<'_>, names: &Names) -> Result<Option<RelationName>, RowError> {
    let parent = row
        .opt_number::<u32>("inhparent")?
        .and_then(|oid| names.any_relation(oid));
    Ok(parent.map(|parent| RelationName {
        schema: parent.schema.to_string(),
        name: parent.name.to_string(),
    }))
}

/// Key columns as `pg_get_indexdef_worker()` of `ruleutils.c` prints them.
fn key_list(
    row: &Row<'_>,
    names: &Names,
    (index, table): (u32, u32),
    columns: &[i32],
) -> Result<String, RowError> {
    let opclasses: Vec<u32> = row.numbers("indclass")?;
    let collations: Vec<u32> = row.numbers("indcollation")?;
    let orders: Vec<u16> = row.numbers("indoption")?;
    let mut keys = Vec::with_capacity(columns.len());
    for ((position, &column), ((&opclass, &collation), &order)) in (1..)
        .zip(columns)
        .zip(opclasses.iter().zip(&collations).zip(&orders))
    {
        let column = names.column(table, column)?;
        let mut key = ident(&column.name).into_owned();
        if collation != 0 && collation != column.collation {
            let name = names.collation(collation).unwrap_or_default();
            key.push_str(" COLLATE ");
            key.push_str(name.strip_prefix("pg_catalog.").unwrap_or(&name));
        }
        let class = names.opclass(opclass)?;
        let set = names.index_columns(index);
        let set = set.iter().find(|set| set.position == position);
        let parameters = set.map_or(&[][..], |set| &set.parameters);
        if !parameters.is_empty() || !names.is_default_opclass(class, column.data_type) {
            key.push(' ');
            key.push_str(&class.name);
        }
        if !parameters.is_empty() {
            let _ = write!(key, " ({})", options::flat(parameters));
        }
        key.push_str(match order & 3 {
            0 => "",
            1 => " DESC NULLS LAST",
            2 => " NULLS FIRST",
            _ => " DESC",
        });
        keys.push(key);
    }
    Ok(keys.join(", "))
}
