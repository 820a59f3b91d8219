//! Extended statistics (`pg_statistic_ext`; manual: CREATE STATISTICS): what ANALYZE is told to gather, not
//! what it found.
//!
//! The server keeps the columns in the order of the table, which is layout; here they are sorted by name.

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::quote::{ident, ident_list, qualified};
use super::row::{Row, RowError};
use super::settle::settle;
use super::step::{Lock, Step};
use crate::record;

record! {
    /// A statistics object.
    pub struct Statistics {
        /// The qualified name of its table.
        pub table: String,
        /// Its columns, sorted.
        pub columns: Vec<String>,
        /// Its expressions (since version 14).
        pub expressions: Vec<String>,
        /// What is gathered over several of them; empty for everything that the server knows.
        pub kinds: Vec<String>,
        /// Its statistics target, when it is not the default.
        pub target: Option<i32>,
    }
}

/// `pg_statistic_ext.stxkind` over several columns, in the order of `pg_get_statisticsobjdef()`.
const KINDS: &[(&str, &str)] = &[("d", "ndistinct"), ("f", "dependencies"), ("m", "mcv")];

macro_rules! query {
    ($expressions:literal) => {
        concat!(
            "SELECT oid, stxnamespace, stxname, stxrelid, stxkeys, ",
            $expressions,
            " AS expressions, stxkind, coalesce(stxstattarget, -1) AS target, stxowner AS owner \
             FROM pg_statistic_ext WHERE oid >= 16384"
        )
    };
}

impl Kind for Statistics {
    const NAME: &'static str = "statistics object";
    const LABEL: &'static str = "statistics object";
    const KEYWORD: &'static str = "STATISTICS";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Statistics;
    const TEXTS: &'static [&'static str] = &["expressions"];
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::STATISTIC)];
    const QUERIES: &'static [Query] = &[
        Query {
            since: 0,
            sql: query!("NULL"),
        },
        Query {
            since: 140_000,
            sql: query!("pg_get_statisticsobjdef_expressions(oid)"),
        },
    ];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("stxnamespace")?) else {
            return Ok(None);
        };
        let name = row.text("stxname")?;
        let relation = row.number("stxrelid")?;
        let Some(table) = names.any_relation(relation) else {
            return Ok(None);
        };
        let mut columns = Vec::new();
        for attnum in row.numbers("stxkeys")? {
            columns.push(names.column(relation, attnum)?.name.to_string());
        }
        columns.sort();
        let expressions = row.list("expressions")?;
        let letters = row.list("stxkind")?;
        let target: i32 = row.number("target")?;
        let mut kinds: Vec<_> = KINDS
            .iter()
            .filter(|(letter, _)| letters.iter().any(|found| found == letter))
            .map(|(_, kind)| (*kind).to_owned())
            .collect();
        if kinds.len() == KINDS.len() {
            kinds.clear();
        }
        Ok(Some(Found::new(
            Id::in_schema(Tag::Statistics, schema, name),
            Key::new(Class::STATISTIC, oid),
            Self {
                table: qualified(&table.schema, &table.name),
                columns,
                expressions: expressions.iter().map(|text| settle(text)).collect(),
                kinds,
                target: Some(target).filter(|&target| target >= 0),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            table,
            columns,
            expressions,
            kinds,
            target,
        } = self;
        let kinds = if kinds.is_empty() {
            String::new()
        } else {
            format!(" ({})", ident_list(kinds))
        };
        let columns = columns.iter().map(|column| ident(column).into_owned());
        let expressions = expressions.iter().map(|text| format!("({text})"));
        let on: Vec<_> = columns.chain(expressions).collect();
        let sql = format!(
            "CREATE STATISTICS {}{kinds} ON {} FROM {table}",
            id.sql(),
            on.join(", ")
        );
        let mut steps = vec![Step::create(id, sql).lock(Lock::ShareUpdateExclusive)];
        steps.extend(target.map(|target| set_target(id, target)));
        steps
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = !self.expressions.is_empty();
        has.then_some((140_000, "expressions"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP STATISTICS {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            table,
            columns,
            expressions,
            kinds,
            target,
        } = new;
        let is_same = *table == self.table
            && *columns == self.columns
            && *expressions == self.expressions
            && *kinds == self.kinds;
        if !is_same {
            return Change::Replace;
        }
        Change::InPlace(vec![set_target(id, target.unwrap_or(-1))])
    }
}

fn set_target(id: &Id, target: i32) -> Step {
    Step::alter(
        id,
        format!("ALTER STATISTICS {} SET STATISTICS {target}", id.sql()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_with_its_target() {
        let id = Id::in_schema(Tag::Statistics, "app", "S 1");
        let statistics = Statistics {
            table: "app.\"T\"".to_owned(),
            columns: vec!["a".to_owned(), "B".to_owned()],
            expressions: vec!["lower(c)".to_owned()],
            kinds: vec!["ndistinct".to_owned(), "mcv".to_owned()],
            target: Some(9),
        };
        let steps = statistics.create(&id, &Catalog::default());
        let sql: Vec<_> = steps.iter().map(|step| step.sql.as_str()).collect();
        assert_eq!(
            sql,
            [
                "CREATE STATISTICS app.\"S 1\" (ndistinct, mcv) ON a, \"B\", (lower(c)) FROM app.\"T\"",
                "ALTER STATISTICS app.\"S 1\" SET STATISTICS 9"
            ]
        );
        let plain = Statistics {
            target: None,
            ..statistics.clone()
        };
        let Change::InPlace(steps) = statistics.change(&plain, &id, &Catalog::default()) else {
            panic!("it was to be made again")
        };
        assert_eq!(
            steps[0].sql,
            "ALTER STATISTICS app.\"S 1\" SET STATISTICS -1"
        );
    }
}
