//! Sequences (`pg_sequence`; manual: CREATE SEQUENCE), free, owned by a column (`serial`), or of an identity
//! column. Where a sequence stands is not schema: nothing here reads or sets its position.
//!
//! A sequence of an identity column is made and removed by its column.

use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Body, Change, Found, Kind, Query, Tag};
use super::names::Names;
use super::quote::{dollar, ident, qualified};
use super::row::{Row, RowError};
use super::step::{Lock, Step};
use super::{Catalog, Strength};
use crate::record;

record! {
    /// A sequence.
    pub struct Sequence {
        /// `smallint` or `integer`; empty for `bigint`.
        pub data_type: String,
        /// First value.
        pub start: i64,
        /// Step.
        pub increment: i64,
        /// Smallest value.
        pub min: i64,
        /// Largest value.
        pub max: i64,
        /// How many values a session takes at once.
        pub cache: i64,
        /// Whether it starts over at its end.
        pub cycle: bool,
        /// Whether it is not crash-safe (15 and later).
        pub unlogged: bool,
        /// The column with which it is dropped.
        pub owner: Option<OwningColumn>,
    }
}

record! {
    /// The column that a sequence belongs to.
    pub struct OwningColumn {
        /// Schema of the table.
        pub schema: String,
        /// The table.
        pub table: String,
        /// The column.
        pub column: String,
        /// Whether the sequence is the inner part of an identity column.
        pub identity: bool,
    }
}

impl OwningColumn {
    fn sql(&self) -> String {
        let Self {
            schema,
            table,
            column,
            identity: _,
        } = self;
        format!("{}.{}", qualified(schema, table), ident(column))
    }

    fn id(&self) -> Id {
        Id::part(Tag::Column, &*self.schema, &*self.table, &*self.column)
    }
}

impl Sequence {
    /// Lowest and highest value of its type.
    fn range(&self) -> (i64, i64) {
        match self.data_type.as_str() {
            "smallint" => (i16::MIN.into(), i16::MAX.into()),
            "integer" => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// What CREATE SEQUENCE takes when nothing is said: smallest, largest, first value (`init_params()` of
    /// `commands/sequence.c`).
    fn defaults(&self) -> (i64, i64, i64) {
        let (lowest, highest) = self.range();
        let (min, max) = if self.increment < 0 {
            (lowest, -1)
        } else {
            (1, highest)
        };
        let start = if self.increment < 0 {
            self.max
        } else {
            self.min
        };
        (min, max, start)
    }

    fn is_of_unlogged(&self, scene: &Catalog) -> bool {
        let Some(owner) = &self.owner else {
            return false;
        };
        let table = Id::in_schema(Tag::Table, &*owner.schema, &*owner.table);
        match scene.get(&table).map(|object| &object.body) {
            Some(Body::Table(table)) => table.unlogged,
            _ => false,
        }
    }

    /// The options of an identity column of a type: LOGGED and UNLOGGED where the sequence is not as its table. What has limits of
    /// another type is set by a step of its own.
    pub(super) fn identity_options(&self, of_type: &str, scene: &Catalog) -> Vec<String> {
        let mut options = if self.type_name() == of_type {
            self.options()
        } else {
            Vec::new()
        };
        if self.unlogged != self.is_of_unlogged(scene) && scene.version() >= 150_000 {
            let word = if self.unlogged { "UNLOGGED" } else { "LOGGED" };
            options.insert(0, word.to_owned());
        }
        options
    }

    /// What has to follow an identity column of a type, where the sequence has another one: CREATE TABLE .. LIKE makes some, and there
    /// is no word for it in CREATE TABLE.
    pub(super) fn retype_from(&self, of_type: &str, id: &Id) -> Option<String> {
        if self.type_name() == of_type {
            return None;
        }
        let Self {
            data_type: _,
            start,
            increment,
            min,
            max,
            cache,
            cycle,
            unlogged: _,
            owner: _,
        } = self;
        let cycle = if *cycle { "CYCLE" } else { "NO CYCLE" };
        Some(format!(
            "ALTER SEQUENCE {} AS {} INCREMENT BY {increment} MINVALUE {min} MAXVALUE {max} START WITH {start} \
             CACHE {cache} {cycle} RESTART",
            id.sql(),
            self.type_name()
        ))
    }

    fn type_name(&self) -> &str {
        match self.data_type.as_str() {
            "" => "bigint",
            name => name,
        }
    }

    /// The options of CREATE SEQUENCE, or of an identity column, that are not what the server would take.
    pub fn options(&self) -> Vec<String> {
        let Self {
            data_type: _,
            start,
            increment,
            min,
            max,
            cache,
            cycle,
            unlogged: _,
            owner: _,
        } = self;
        let (default_min, default_max, default_start) = self.defaults();
        let mut options = Vec::new();
        if *start != default_start {
            options.push(format!("START WITH {start}"));
        }
        if *increment != 1 {
            options.push(format!("INCREMENT BY {increment}"));
        }
        if *min != default_min {
            options.push(format!("MINVALUE {min}"));
        }
        if *max != default_max {
            options.push(format!("MAXVALUE {max}"));
        }
        if *cache != 1 {
            options.push(format!("CACHE {cache}"));
        }
        if *cycle {
            options.push("CYCLE".to_owned());
        }
        options
    }

    /// ALTER SEQUENCE to narrower limits, which is refused when the sequence stands outside of them: then, and
    /// only then, it starts again.
    fn keeping_in_range(&self, id: &Id, step: Step) -> Step {
        let (start, min, max) = (self.start, self.min, self.max);
        let (alter, sequence) = (&step.sql, id.sql());
        let block = format!(
            "BEGIN IF (SELECT last_value BETWEEN {min} AND {max} FROM {sequence}) THEN {alter}; \
             ELSE {alter} RESTART WITH {start}; END IF; END"
        );
        Step {
            sql: format!("DO {}", dollar(&block)),
            ..step
        }
    }

    fn is_identity(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.identity)
    }

    /// The options of ALTER SEQUENCE that make `self` of `old`.
    fn altered(&self, old: &Self) -> Vec<String> {
        let Self {
            data_type,
            start,
            increment,
            min,
            max,
            cache,
            cycle,
            unlogged: _,
            owner: _,
        } = self;
        let mut options = Vec::new();
        let retyped = *data_type != old.data_type;
        if retyped {
            options.push(format!("AS {}", self.type_name()));
        }
        if *increment != old.increment {
            options.push(format!("INCREMENT BY {increment}"));
        }
        // AS moves limits that are those of the old type.
        if retyped || *min != old.min {
            options.push(format!("MINVALUE {min}"));
        }
        if retyped || *max != old.max {
            options.push(format!("MAXVALUE {max}"));
        }
        if *start != old.start {
            options.push(format!("START WITH {start}"));
        }
        if *cache != old.cache {
            options.push(format!("CACHE {cache}"));
        }
        if *cycle != old.cycle {
            options.push(if *cycle { "CYCLE" } else { "NO CYCLE" }.to_owned());
        }
        options
    }
}

impl Kind for Sequence {
    const NAME: &'static str = "sequence";
    const LABEL: &'static str = "sequence";
    const KEYWORD: &'static str = "SEQUENCE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Relation;
    const ACL: Option<(char, &'static str)> = Some(('s', "SEQUENCE"));
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT s.seqrelid AS oid, c.relowner AS owner, c.relacl AS acl, c.relpersistence, s.seqtypid, s.seqstart, s.seqincrement, \
              s.seqmin, s.seqmax, s.seqcache, s.seqcycle \
              FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid AND c.relkind = 'S' \
              WHERE s.seqrelid >= 16384 AND c.relpersistence <> 't'",
    }];
    const REBUILDABLE: bool = true;

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(relation) = names.relation(oid) else {
            return Ok(None);
        };
        let unlogged = row.letter("relpersistence")? == 'u';
        let data_type = match &*names.type_name(row.number("seqtypid")?, -1)? {
            "bigint" => String::new(),
            other => other.to_owned(),
        };
        let body = Self {
            data_type,
            start: row.number("seqstart")?,
            increment: row.number("seqincrement")?,
            min: row.number("seqmin")?,
            max: row.number("seqmax")?,
            cache: row.number("seqcache")?,
            cycle: row.flag("seqcycle")?,
            unlogged,
            owner: owning_column(oid, names)?,
        };
        Ok(Some(Found::new(
            Id::in_schema(
                Tag::Sequence,
                relation.schema.clone(),
                relation.name.clone(),
            ),
            Key::new(Class::CLASS, oid),
            body,
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        if self.is_identity() {
            return Vec::new();
        }
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let mut sql = format!("CREATE {unlogged}SEQUENCE {}", id.sql());
        if !self.data_type.is_empty() {
            sql.push_str(" AS ");
            sql.push_str(&self.data_type);
        }
        for option in self.options() {
            sql.push(' ');
            sql.push_str(&option);
        }
        let create = Step::create(id, sql);
        let Some(owner) = &self.owner else {
            return vec![create];
        };
        let sql = format!("ALTER SEQUENCE {} OWNED BY {}", id.sql(), owner.sql());
        vec![
            create.deferring([owner.id()]),
            Step::alter(id, sql).needing([owner.id()]),
        ]
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        self.unlogged
            .then_some((150_000, "UNLOGGED"))
            .into_iter()
            .collect()
    }

    /// That of an unlogged table is so by itself since version 15.
    fn move_to(&mut self, _id: &Id, from: &Catalog, version: u32) {
        if version < 150_000 {
            self.unlogged &= !self.is_of_unlogged(from);
        }
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP SEQUENCE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let is_identity = self.is_identity() || new.is_identity();
        if is_identity && self.owner != new.owner {
            return Change::Replace;
        }
        let alter = |what: &str| {
            Step::alter(id, format!("ALTER SEQUENCE {} {what}", id.sql()))
                .lock(Lock::ShareRowExclusive)
        };
        let mut steps = Vec::new();
        let options = new.altered(self);
        if !options.is_empty() {
            let step = alter(&options.join(" "));
            let narrower = new.min > self.min || new.max < self.max;
            steps.push(if narrower {
                new.keeping_in_range(id, step)
            } else {
                step
            });
        }
        if new.unlogged != self.unlogged {
            let what = if new.unlogged {
                "SET UNLOGGED"
            } else {
                "SET LOGGED"
            };
            steps.push(alter(what).lock(Lock::AccessExclusive));
        }
        if new.owner != self.owner {
            let owner = new
                .owner
                .as_ref()
                .map_or("NONE".to_owned(), OwningColumn::sql);
            steps.push(
                alter(&format!("OWNED BY {owner}"))
                    .needing(new.owner.as_ref().map(OwningColumn::id)),
            );
        }
        Change::InPlace(steps)
    }

    fn in_the_way(&self, _step: &Step, _strength: Strength, _to_change: bool) -> bool {
        false
    }

    fn owner_follows(&self) -> bool {
        self.owner.is_some()
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::table::rename_relation("SEQUENCE", from, to)
    }
}

fn owning_column(sequence: u32, names: &Names) -> Result<Option<OwningColumn>, RowError> {
    let Some(owner) = names.owner_of_sequence(sequence) else {
        return Ok(None);
    };
    let column = names.column(owner.table, owner.column)?;
    let Some(relation) = names.any_relation(owner.table) else {
        return Ok(None);
    };
    Ok(Some(OwningColumn {
        schema: relation.schema.to_string(),
        table: relation.name.to_string(),
        column: column.name.to_string(),
        identity: owner.identity,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending() -> Sequence {
        Sequence {
            start: 1,
            increment: 1,
            min: 1,
            max: i64::MAX,
            cache: 1,
            ..Sequence::default()
        }
    }

    #[test]
    fn only_what_is_not_the_default_is_written() {
        assert!(ascending().options().is_empty());
        let down = Sequence {
            start: -1,
            increment: -1,
            min: i64::MIN,
            max: -1,
            ..ascending()
        };
        assert_eq!(down.options(), ["INCREMENT BY -1"]);
        let small = Sequence {
            data_type: "smallint".into(),
            max: i16::MAX.into(),
            ..ascending()
        };
        assert!(small.options().is_empty());
        let odd = Sequence {
            start: 7,
            min: 5,
            max: 99,
            cache: 10,
            cycle: true,
            ..ascending()
        };
        assert_eq!(
            odd.options(),
            [
                "START WITH 7",
                "MINVALUE 5",
                "MAXVALUE 99",
                "CACHE 10",
                "CYCLE"
            ]
        );
    }

    #[test]
    fn owned_sequences_are_made_before_their_column() {
        let id = Id::in_schema(Tag::Sequence, "app", "t_id_seq");
        let owner = OwningColumn {
            schema: "app".into(),
            table: "t".into(),
            column: "id".into(),
            identity: false,
        };
        let serial = Sequence {
            owner: Some(owner),
            ..ascending()
        };
        let steps = serial.create(&id, &Catalog::default());
        assert_eq!(steps[0].sql, "CREATE SEQUENCE app.t_id_seq");
        assert_eq!(steps[0].defers, [Id::part(Tag::Column, "app", "t", "id")]);
        assert_eq!(
            steps[1].sql,
            "ALTER SEQUENCE app.t_id_seq OWNED BY app.t.id"
        );
    }

    #[test]
    fn a_new_type_brings_its_limits() {
        let id = Id::in_schema(Tag::Sequence, "app", "s");
        let old = Sequence {
            data_type: "integer".into(),
            max: i32::MAX.into(),
            ..ascending()
        };
        let Change::InPlace(steps) = old.change(&ascending(), &id, &Catalog::default()) else {
            unreachable!("a sequence is altered");
        };
        assert_eq!(steps.len(), 1);
        assert_eq!(
            steps[0].sql,
            "ALTER SEQUENCE app.s AS bigint MINVALUE 1 MAXVALUE 9223372036854775807"
        );
    }
}
