//! Constraints of tables (`pg_constraint`; manual: CREATE TABLE): check, unique, primary key, exclusion, foreign
//! key. The index of a constraint is part of it. NOT NULL is the column's.
//!
//! The text is what `pg_get_constraintdef()` prints without its last words; for keys it is built from columns.
//! A foreign key that the server made for a partition is part of the foreign key that it was made from.

mod definition;

use super::index::{attach, attached_to, change_storage, is_detached, without_parent};
use super::spelled::check_spelled_with;
use super::{
    RelationName, alter::STAYS_OWN, column::Origin, in_partition, is_partitioned, join,
    parent_of_partition, roles_of_index,
};
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Body, Change, Found, Kind, Query, Tag};
use crate::catalog::meta::comment_on;
use crate::catalog::names::Names;
use crate::catalog::quote::{ident, qualified};
use crate::catalog::record::Neutral;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::{self, settle};
use crate::catalog::step::{Lock, Reach, Step};
use crate::catalog::{Catalog, Object, Strength, options};
use crate::record;

record! {
    /// A constraint of a table.
    pub struct Constraint {
        /// What it demands.
        pub kind: ConstraintKind,
        /// As `pg_get_constraintdef()` prints it, up to WITH or WHERE of its index and to what says when it is
        /// checked.
        pub definition: String,
        /// WHERE, of an exclusion constraint.
        pub predicate: String,
        /// DEFERRABLE.
        pub deferrable: bool,
        /// INITIALLY DEFERRED.
        pub deferred: bool,
        /// NOT ENFORCED (18 and later).
        pub not_enforced: bool,
        /// NOT VALID.
        pub not_valid: bool,
        /// Storage parameters of its index (`name=value`), in the server's order.
        pub options: Vec<String>,
        /// Tablespace of its index; empty for the database's.
        pub tablespace: String,
        /// Comment on its index, which is no object of its own.
        pub index_comment: Option<String>,
        /// The index of the parent's constraint that its index is a partition of.
        pub attached_to: Option<RelationName>,
        /// Where it comes from; what is attached has come by itself.
        pub origin: Origin,
    }
}

/// `pg_constraint.contype`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConstraintKind {
    /// CHECK.
    #[default]
    Check,
    /// UNIQUE.
    Unique,
    /// PRIMARY KEY.
    Primary,
    /// EXCLUDE.
    Exclusion,
    /// FOREIGN KEY.
    Foreign,
}

impl Neutral for ConstraintKind {}

impl ConstraintKind {
    fn has_index(self) -> bool {
        match self {
            Self::Unique | Self::Primary | Self::Exclusion => true,
            Self::Check | Self::Foreign => false,
        }
    }
}

impl Constraint {
    /// `CONSTRAINT name ..`, as CREATE TABLE and ADD CONSTRAINT write it.
    pub(super) fn sql(&self, id: &Id) -> String {
        let Self {
            kind: _,
            definition,
            predicate,
            deferrable,
            deferred,
            not_enforced,
            not_valid,
            options,
            tablespace,
            index_comment: _,
            attached_to: _,
            origin: _,
        } = self;
        let mut clauses = vec![format!("CONSTRAINT {} {definition}", ident(&id.name))];
        if !options.is_empty() {
            clauses.push(format!("WITH ({})", options::flat(options)));
        }
        if !tablespace.is_empty() {
            clauses.push(format!("USING INDEX TABLESPACE {}", ident(tablespace)));
        }
        if !predicate.is_empty() {
            clauses.push(format!("WHERE ({predicate})"));
        }
        let words = [
            (*deferrable, "DEFERRABLE"),
            (*deferred, "INITIALLY DEFERRED"),
            (*not_enforced, "NOT ENFORCED"),
            (*not_valid && !not_enforced, "NOT VALID"),
        ];
        clauses.extend(
            words
                .into_iter()
                .filter(|(said, _)| *said)
                .map(|(_, word)| word.to_owned()),
        );
        clauses.join(" ")
    }

    /// Whether it is a CHECK.
    pub(super) fn is_check(&self) -> bool {
        self.kind == ConstraintKind::Check
    }

    /// Whether it is a FOREIGN KEY.
    pub(super) fn is_foreign(&self) -> bool {
        self.kind == ConstraintKind::Foreign
    }

    /// Whether a partition can have it only from its parent, once it is attached.
    pub(super) fn comes_late(&self) -> bool {
        self.is_check() && self.origin == Origin::Inherited && self.not_valid
    }

    /// The step that makes a copy valid where the parent's is not.
    fn validate_alone(&self, id: &Id, scene: &Catalog) -> Option<Step> {
        let mut parents = scene.edges(id).filter_map(|edge| scene.get(edge.to));
        let is_valid_alone = self.checks_rows()
            && parents.any(|parent| match &parent.body {
                Body::Constraint(parent) => parent.is_check() && parent.not_valid,
                _ => false,
            });
        is_valid_alone.then(|| validate(id))
    }

    fn checks_rows(&self) -> bool {
        !self.not_valid && !self.not_enforced
    }

    fn comment_on_index(&self, id: &Id) -> Step {
        let address = format!("INDEX {}", qualified(&id.schema, &id.name));
        comment_on(id, &address, self.index_comment.as_deref())
    }
}

/// The copies that children get of a CHECK that is NOT VALID: partitions have to be attached before, since they
/// could not be with a constraint of their own that is not valid.
fn copies_in_children(constraint: &Constraint, id: &Id, scene: &Catalog) -> Vec<Id> {
    if !constraint.is_check() {
        return Vec::new();
    }
    let copies = scene.objects().iter().filter(|object| match &object.body {
        Body::Constraint(copy) => copy.comes_late() && object.id.name == id.name,
        _ => false,
    });
    let of_this = copies.filter(|copy| scene.closure(&copy.id).contains(id));
    of_this.map(|copy| copy.id.clone()).collect()
}

/// The table that a foreign key refers to, which the server locks as it does its own, to make or drop the triggers there. It
/// depends on the partitions of that, too.
pub(super) fn referenced(id: &Id, scene: &Catalog) -> Option<Id> {
    let roots = scene.edges(id).filter_map(|edge| scene.root_of(edge.to));
    let tables: Vec<&Object> = roots
        .filter(|root| matches!(root.body, Body::Table(_)))
        .collect();
    let is_below = |table: &Object| {
        let parent = parent_of_partition(table, scene);
        parent.is_some_and(|parent| tables.iter().any(|table| table.id == parent.id))
    };
    let mut others = tables.iter().filter(|table| !table.id.same_root(id));
    let table = others.find(|table| !is_below(table))?;
    Some(table.id.clone())
}

/// What `CreateConstraintEntry()` of `pg_constraint.c` makes it depend on: its columns, with those that its index has besides; or
/// the table, when it has none.
fn part_of(row: &Row<'_>, table: u32) -> Result<Vec<Key>, RowError> {
    let mut columns: Vec<i32> = row.numbers("conkey")?;
    if row.opt("indkey")?.is_some() {
        columns.extend(row.numbers::<i32>("indkey")?);
    }
    if columns.is_empty() {
        columns.push(0);
    }
    let keys = columns.into_iter();
    Ok(keys.map(|attnum| Key::column(table, attnum)).collect())
}

fn alter(id: &Id, what: &str) -> Step {
    let step = Step::alter(id, format!("ALTER TABLE {} {what}", id.on_sql()));
    step.lock(Lock::AccessExclusive)
        .reaching(Reach::Descendants)
}

fn validate(id: &Id) -> Step {
    let what = format!("VALIDATE CONSTRAINT {}", ident(&id.name));
    alter(id, &what).lock(Lock::ShareUpdateExclusive).scanning()
}

macro_rules! query {
    ($constraint:literal, $index:literal, $unlike:literal) => {
        concat!(
            "SELECT c.oid, c.conname, c.conrelid, c.contype, c.condeferrable, c.condeferred, c.convalidated, c.conislocal, c.coninhcount, c.connoinherit, ",
            "c.conindid, c.conkey, c.confrelid, c.confkey, c.confmatchtype, c.confupdtype, c.confdeltype, ",
            "pg_get_expr(c.conbin, c.spelled_with) AS expression, c.spelled_with, ",
            "i.indkey, i.indnkeyatts, pg_get_expr(i.indpred, i.indrelid) AS predicate, h.inhparent",
            $constraint,
            $index,
            " FROM (SELECT *, ",
            check_spelled_with!(),
            " FROM pg_constraint WHERE oid >= 16384 AND conrelid <> 0 AND contype IN ('c', 'f', 'p', 'u', 'x') OFFSET 0) c ",
            // Of most indexes there is no more to say than of the constraint.
            "LEFT JOIN (SELECT * FROM pg_index WHERE indnatts <> indnkeyatts",
            $unlike,
            " OR indisexclusion) i ON i.indexrelid = c.conindid AND c.contype IN ('p', 'u', 'x') ",
            "LEFT JOIN pg_inherits h ON h.inhrelid = c.conindid AND c.contype IN ('p', 'u', 'x') ",
            "WHERE c.contype <> 'f' OR c.conparentid = 0"
        )
    };
}

impl Kind for Constraint {
    const NAME: &'static str = "table constraint";
    const LABEL: &'static str = "constraint";
    const KEYWORD: &'static str = "CONSTRAINT";
    const STYLE: Style = Style::On;
    const FAMILY: Family = Family::Relation;
    const TEXTS: &'static [&'static str] = &["definition", "predicate"];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!(
                ", CASE WHEN c.contype = 'x' THEN pg_get_constraintdef(c.oid) END AS definition",
                "",
                ""
            ),
        },
        Query {
            since: 150_000,
            sql: query!(
                ", CASE WHEN c.contype = 'x' THEN pg_get_constraintdef(c.oid) END AS definition, c.confdelsetcols",
                ", i.indnullsnotdistinct",
                " OR indnullsnotdistinct"
            ),
        },
        Query {
            since: 180_000,
            sql: query!(
                ", CASE WHEN c.contype = 'x' OR c.conperiod THEN pg_get_constraintdef(c.oid) END AS definition, c.confdelsetcols, c.conenforced",
                ", i.indnullsnotdistinct",
                " OR indnullsnotdistinct"
            ),
        },
    ];
    const REBUILDABLE: bool = true;
    const HOLDS_ON: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let table: u32 = row.number("conrelid")?;
        let relation = names.relation(table);
        let Some(relation) = relation.filter(|relation| matches!(relation.kind, 'r' | 'p' | 'f'))
        else {
            return Ok(None);
        };
        let kind = match row.letter("contype")? {
            'u' => ConstraintKind::Unique,
            'p' => ConstraintKind::Primary,
            'x' => ConstraintKind::Exclusion,
            'f' => ConstraintKind::Foreign,
            _ => ConstraintKind::Check,
        };
        let mut index = None;
        if kind.has_index() {
            let key = Key::new(Class::CLASS, row.number("conindid")?);
            index = names.any_relation(key.oid).map(|found| (key, found));
        }
        let tablespace = index.and_then(|(_, index)| names.tablespace(index.tablespace));
        let index_comment = index.and_then(|(key, _)| names.comment(key));
        let attached_to = attached_to(row, names)?;
        let not_enforced = row.has("conenforced") && !row.flag("conenforced")?;
        let mut body = Self {
            kind,
            definition: String::new(),
            predicate: row.text_or_empty("predicate")?.to_owned(),
            deferrable: row.flag("condeferrable")?,
            deferred: row.flag("condeferred")?,
            not_enforced,
            not_valid: !row.flag("convalidated")? && !not_enforced,
            options: index.map_or_else(Vec::new, |(_, index)| index.options.clone()),
            tablespace: tablespace.as_deref().unwrap_or_default().to_owned(),
            index_comment: index_comment.map(str::to_owned),
            origin: match (row.number::<i32>("coninhcount")?, row.flag("conislocal")?) {
                _ if attached_to.is_some() => Origin::Own,
                (0, _) => Origin::Own,
                (_, false) => Origin::Inherited,
                (_, true) => Origin::Merged,
            },
            attached_to,
        };
        body.definition = match row.opt("definition")? {
            Some(definition) => settle(definition::without_last_words(definition, &body)),
            None => definition::of(row, names, table, kind)?,
        };
        body.predicate = settle(&body.predicate);
        let (schema, table_name) = (relation.schema.clone(), relation.name.clone());
        let id = Id::part(Tag::Constraint, schema, table_name, row.text("conname")?);
        let key = Key::new(Class::CONSTRAINT, row.number("oid")?);
        Ok(Some(Found {
            parts: index.into_iter().map(|(key, _)| key).collect(),
            part_of: part_of(row, table)?,
            ..Found::new(id, key, body)
        }))
    }

    /// The server makes the index again by itself when that is needed. Text that was read under the old type
    /// is not always what it is under the new one. The two sides of a foreign key have to fit each other at
    /// any time, and would be compared after each of the two steps.
    fn in_the_way(&self, step: &Step, strength: Strength, _to_change: bool) -> bool {
        match self.kind {
            ConstraintKind::Check => strength == Strength::Normal,
            ConstraintKind::Foreign => step.rewrites,
            ConstraintKind::Unique | ConstraintKind::Primary | ConstraintKind::Exclusion => false,
        }
    }

    fn create(&self, id: &Id, scene: &Catalog) -> Vec<Step> {
        if self.is_check() && self.origin == Origin::Inherited {
            return self.validate_alone(id, scene).into_iter().collect();
        }
        // The index of a partitioned table's constraint is made without those of its partitions, which have
        // their own names; everything else goes to the children too.
        let only = if self.kind.has_index() { "ONLY " } else { "" };
        let create = Step::create(
            id,
            format!("ALTER TABLE {only}{} ADD {}", id.on_sql(), self.sql(id)),
        );
        let create = match self.kind {
            ConstraintKind::Foreign => create
                .lock(Lock::ShareRowExclusive)
                .reaching(Reach::Descendants)
                .locking(referenced(id, scene), Lock::ShareRowExclusive),
            ConstraintKind::Check => create
                .lock(Lock::AccessExclusive)
                .reaching(Reach::Descendants),
            ConstraintKind::Unique | ConstraintKind::Primary | ConstraintKind::Exclusion => {
                create.lock(Lock::AccessExclusive)
            }
        };
        let create = if self.checks_rows() {
            create.scanning()
        } else {
            create.needing(copies_in_children(self, id, scene))
        };
        let create = without_parent(create, self.attached_to.as_ref(), scene);
        let mut steps = vec![create];
        steps.extend(
            self.attached_to
                .as_ref()
                .map(|parent| attach(id, id, parent)),
        );
        if self.kind.has_index() {
            steps.extend(roles_of_index(id, scene));
        }
        steps.extend(
            self.index_comment
                .as_ref()
                .map(|_| self.comment_on_index(id)),
        );
        steps
    }

    fn create_before_parent(&self, id: &Id, scene: &Catalog) -> Result<Vec<Step>, &'static str> {
        if self.origin == Origin::Inherited && !in_partition(id, scene) {
            return Err(STAYS_OWN);
        }
        let own = Self {
            origin: Origin::Own,
            ..self.clone()
        };
        Ok(join::once_left(id, own.create(id, scene), scene))
    }

    fn supports(&self) -> usize {
        usize::from(self.kind != ConstraintKind::Check)
    }

    fn tablespace(&self) -> Option<&str> {
        Some(&self.tablespace)
    }

    fn relations(&self, _id: &Id, _scene: &Catalog) -> usize {
        usize::from(self.kind.has_index())
    }

    fn newer(&self, id: &Id, scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = |words: &str| settle::find(&self.definition, words).is_some();
        let partitioned = is_partitioned(id, scene);
        let exclusion = self.kind == ConstraintKind::Exclusion;
        let foreign = self.kind == ConstraintKind::Foreign;
        let columns = foreign && (has("NULL (") || has("DEFAULT ("));
        let features = [
            (has("NULLS NOT DISTINCT"), 150_000, "NULLS NOT DISTINCT"),
            (columns, 150_000, "ON DELETE SET of some columns"),
            (
                exclusion && partitioned,
                170_000,
                "EXCLUDE of a partitioned table",
            ),
            (
                foreign && self.not_valid && partitioned,
                180_000,
                "a foreign key of a partitioned table that is NOT VALID",
            ),
            (self.not_enforced, 180_000, "NOT ENFORCED"),
            (has("WITHOUT OVERLAPS"), 180_000, "WITHOUT OVERLAPS"),
            (foreign && has("PERIOD "), 180_000, "PERIOD"),
        ];
        let has = features.into_iter().filter(|(has, ..)| *has);
        has.map(|(_, since, what)| (since, what)).collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(
            id,
            format!(
                "ALTER TABLE {} DROP CONSTRAINT {}",
                id.on_sql(),
                ident(&id.name)
            ),
        )
        .reaching(Reach::Descendants)
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        // All but what can be altered.
        let rest = |constraint: &Self| Self {
            deferrable: false,
            deferred: false,
            not_valid: false,
            options: Vec::new(),
            tablespace: String::new(),
            index_comment: None,
            attached_to: None,
            origin: Origin::Own,
            ..constraint.clone()
        };
        let redeferred = (self.deferrable, self.deferred) != (new.deferrable, new.deferred);
        let (from, to) = (self.attached_to.as_ref(), new.attached_to.as_ref());
        if rest(self) != rest(new)
            || is_detached(from, to, id, scene)
            || (!self.not_valid && new.not_valid)
            || (redeferred && self.kind != ConstraintKind::Foreign)
        {
            return Change::Replace;
        }
        let mut steps = Vec::new();
        if redeferred {
            let deferrable = if new.deferrable {
                "DEFERRABLE"
            } else {
                "NOT DEFERRABLE"
            };
            let deferred = if new.deferred {
                "INITIALLY DEFERRED"
            } else {
                "INITIALLY IMMEDIATE"
            };
            steps.push(alter(
                id,
                &format!(
                    "ALTER CONSTRAINT {} {deferrable} {deferred}",
                    ident(&id.name)
                ),
            ));
        }
        if self.not_valid && !new.not_valid {
            steps.push(validate(id));
        }
        steps.extend(change_storage(
            id,
            (&self.options, &self.tablespace),
            (&new.options, &new.tablespace),
        ));
        if self.index_comment != new.index_comment {
            steps.push(new.comment_on_index(id));
        }
        if self.attached_to.is_none() {
            steps.extend(
                new.attached_to
                    .as_ref()
                    .map(|parent| attach(id, id, parent)),
            );
        }
        if steps.is_empty() {
            Change::Carried
        } else {
            Change::InPlace(steps)
        }
    }

    fn is_attached(&self) -> bool {
        self.attached_to.is_some()
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        if from.on != to.on || from.schema != to.schema {
            return None;
        }
        let what = format!(
            "RENAME CONSTRAINT {} TO {}",
            ident(&from.name),
            ident(&to.name)
        );
        let step = Step::alter(to, format!("ALTER TABLE {} {what}", from.on_sql()))
            .lock(Lock::AccessExclusive)
            .reaching(Reach::Descendants);
        Some(Step {
            makes: vec![to.clone()],
            frees: vec![from.clone()],
            ..step
        })
    }
}
