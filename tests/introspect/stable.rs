//! Roots are stable: a schema has one, in whatever order its objects were made, by ALTER instead of CREATE, with what came
//! and went in between, after `pg_dump` and psql, and on another server. `PROPTEST_CASES` says how many random schemas.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::live::read;
use crate::support::postgres::{Database, Options, Server};
use snapback::diff;

/// Types of columns, each with a default.
const TYPES: &[(&str, &str)] = &[
    ("integer", "7"),
    ("text", "'x'"),
    ("character varying(20)", "'x'"),
    ("numeric(10,2)", "1.5"),
    ("timestamp with time zone", "now()"),
    ("boolean", "true"),
    ("integer[]", "'{1,2}'"),
    ("jsonb", "'{}'"),
    ("mood", "'fine'"),
    ("positive", "3"),
    ("pair", "NULL"),
];

/// A column after the first, which is an integer in each table.
#[derive(Clone, Debug)]
struct Column {
    data_type: usize,
    not_null: bool,
    default: bool,
    comment: bool,
}

#[derive(Clone, Debug)]
struct Table {
    columns: Vec<Column>,
    partitioned: bool,
    key: bool,
    check: bool,
    unique: bool,
    index: bool,
    view: bool,
    grant: bool,
    policy: bool,
    trigger: bool,
    /// The table that its first column refers to, if that has a key.
    refers: Option<usize>,
}

/// A schema and two ways to make it.
#[derive(Clone, Debug)]
struct Sample {
    tables: Vec<Table>,
    /// For each thing that is made, when one of several could be, and whether it gets its form by ALTER.
    ways: Vec<(u16, bool)>,
}

/// Something that is made, in one of two ways.
struct Item {
    direct: String,
    altered: String,
    needs: Vec<usize>,
}

#[derive(Default)]
struct Items(Vec<Item>);

impl Items {
    fn add(&mut self, needs: &[usize], direct: String, altered: String) -> usize {
        self.0.push(Item {
            direct,
            altered,
            needs: needs.to_vec(),
        });
        self.0.len() - 1
    }

    /// The statements in the order of the ways, as far as what needs what allows.
    fn script(&self, ways: &[(u16, bool)]) -> String {
        let way = |item: usize| ways[item % ways.len()];
        let mut waiting: BTreeSet<_> = (0..self.0.len()).map(|item| (way(item).0, item)).collect();
        let mut script = String::new();
        while let Some(&(rank, item)) = waiting.iter().find(|(_, item)| {
            let needs = &self.0[*item].needs;
            needs
                .iter()
                .all(|needed| !waiting.contains(&(way(*needed).0, *needed)))
        }) {
            waiting.remove(&(rank, item));
            let Item {
                direct, altered, ..
            } = &self.0[item];
            script += if way(item).1 { altered } else { direct };
            script += ";\n";
        }
        assert!(waiting.is_empty());
        script
    }
}

fn types(items: &mut Items) -> Vec<usize> {
    vec![
        items.add(
            &[],
            "CREATE TYPE mood AS ENUM ('bad', 'fine', 'good')".into(),
            "CREATE TYPE mood AS ENUM ('bad', 'well'); ALTER TYPE mood RENAME VALUE 'well' TO 'fine'; \
             ALTER TYPE mood ADD VALUE 'good' AFTER 'fine'"
                .into(),
        ),
        items.add(
            &[],
            "CREATE DOMAIN positive AS integer DEFAULT 1 CHECK (VALUE > 0)".into(),
            "CREATE DOMAIN positive AS integer NOT NULL; ALTER DOMAIN positive DROP NOT NULL; \
             ALTER DOMAIN positive SET DEFAULT 2; ALTER DOMAIN positive SET DEFAULT 1; \
             ALTER DOMAIN positive ADD CONSTRAINT other CHECK (VALUE > 0) NOT VALID; \
             ALTER DOMAIN positive VALIDATE CONSTRAINT other; \
             ALTER DOMAIN positive RENAME CONSTRAINT other TO positive_check"
                .into(),
        ),
        items.add(
            &[],
            "CREATE TYPE pair AS (a integer, b text)".into(),
            "CREATE TYPE other AS (gone text, a bigint); ALTER TYPE other DROP ATTRIBUTE gone, ADD ATTRIBUTE c text; \
             ALTER TYPE other ALTER ATTRIBUTE a TYPE integer; ALTER TYPE other RENAME ATTRIBUTE c TO b; \
             ALTER TYPE other RENAME TO pair"
                .into(),
        ),
        items.add(
            &[],
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql COST 10 AS 'BEGIN RETURN NEW; END'".into(),
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql STRICT AS 'BEGIN RETURN NULL; END'; \
             CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             ALTER FUNCTION touch() COST 10"
                .into(),
        ),
        items.add(
            &[],
            "CREATE SEQUENCE numbers INCREMENT 5".into(),
            "CREATE SEQUENCE numbers CACHE 7 OWNED BY NONE; ALTER SEQUENCE numbers INCREMENT 5 CACHE 1".into(),
        ),
        items.add(
            &[],
            "CREATE SCHEMA kept".into(),
            "CREATE TABLE gone (a integer); DROP TABLE gone; CREATE SCHEMA other; ALTER SCHEMA other RENAME TO kept".into(),
        ),
    ]
}

/// The table itself, with its columns, key and CHECK.
fn table(items: &mut Items, types: &[usize], number: usize, table: &Table) -> usize {
    let name = format!("t{number}");
    let by = if table.partitioned {
        " PARTITION BY LIST (c0)"
    } else {
        ""
    };
    let columns = table.columns.iter().enumerate().map(|(at, column)| {
        let (data_type, default) = TYPES[column.data_type];
        (format!("c{}", at + 1), data_type, default, column)
    });
    let mut direct = vec!["c0 integer".to_owned()];
    let mut altered = vec![format!(
        "CREATE TABLE {name} (gone integer, c0 integer, again text){by}"
    )];
    for (column, data_type, default, settings) in columns.rev() {
        let mut definition = format!("{column} {data_type}");
        altered.push(format!("ALTER TABLE {name} ADD COLUMN {column} xml"));
        altered.push(format!(
            "ALTER TABLE {name} ALTER COLUMN {column} TYPE {data_type} USING NULL"
        ));
        if settings.default {
            definition = format!("{definition} DEFAULT {default}");
            altered.push(format!(
                "ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT {default}"
            ));
        }
        if settings.not_null {
            definition += " NOT NULL";
            altered.push(format!(
                "ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL"
            ));
        } else {
            altered.push(format!("ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL; ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL"));
        }
        direct.push(definition);
    }
    for (wanted, clause) in [
        (table.key, "PRIMARY KEY (c0)"),
        (table.check, "CHECK (c0 > 0)"),
        (table.unique, "UNIQUE (c0, c1)"),
    ] {
        if wanted {
            direct.push(clause.to_owned());
            altered.push(format!("ALTER TABLE {name} ADD {clause}"));
        }
    }
    altered.push(format!(
        "ALTER TABLE {name} DROP COLUMN gone, DROP COLUMN again"
    ));
    let mut direct = vec![format!("CREATE TABLE {name} ({}){by}", direct.join(", "))];
    if table.partitioned {
        direct.push(format!(
            "CREATE TABLE {name}_1 PARTITION OF {name} FOR VALUES IN (1)"
        ));
        altered.push(format!(
            "CREATE TABLE {name}_1 (LIKE {name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        ));
        altered.push(format!(
            "ALTER TABLE {name} ATTACH PARTITION {name}_1 FOR VALUES IN (1)"
        ));
    }
    for (at, column) in table.columns.iter().enumerate() {
        let on = format!("COMMENT ON COLUMN {name}.c{} IS", at + 1);
        altered.push(format!("{on} 'else'"));
        let text = if column.comment { "'said'" } else { "NULL" };
        altered.push(format!("{on} {text}"));
        if column.comment {
            direct.push(format!("{on} {text}"));
        }
    }
    items.add(types, direct.join("; "), altered.join("; "))
}

/// What hangs on a table.
fn belongings(items: &mut Items, number: usize, own: usize, table: &Table) {
    let name = format!("t{number}");
    let last = format!("c{}", table.columns.len());
    if table.index {
        let on = format!("ON {name} ((c0 + 1)) WHERE c0 > 5");
        items.add(
            &[own],
            format!("CREATE INDEX i{number} {on}"),
            format!(
                "CREATE INDEX other{number} {on}; ALTER INDEX other{number} RENAME TO i{number}"
            ),
        );
    }
    if table.view {
        let query = format!("FROM {name} WHERE c0 > 1");
        let view = items.add(
            &[own],
            format!("CREATE VIEW v{number} WITH (security_barrier = true) AS SELECT c0 AS a, {last} AS b {query}"),
            format!(
                "CREATE VIEW v{number} AS SELECT c0 AS a FROM {name}; \
                 CREATE OR REPLACE VIEW v{number} AS SELECT c0 AS a, {last} AS b {query}; \
                 ALTER VIEW v{number} SET (security_barrier = true)"
            ),
        );
        let over = format!(
            "MATERIALIZED VIEW m{number} AS SELECT a, count(*) AS n FROM v{number} GROUP BY a"
        );
        items.add(
            &[view],
            format!("CREATE {over}"),
            format!("CREATE {over} WITH NO DATA; REFRESH MATERIALIZED VIEW m{number}"),
        );
    }
    let (grant, revoke) = (
        format!("GRANT ALL ON {name} TO pg_monitor, PUBLIC"),
        format!("REVOKE ALL ON {name} FROM pg_monitor, PUBLIC"),
    );
    let wanted = format!("GRANT SELECT, UPDATE (c0) ON {name} TO pg_monitor");
    if table.grant {
        items.add(
            &[own],
            wanted.clone(),
            format!("{grant}; {revoke}; {wanted}"),
        );
    } else {
        items.add(
            &[own],
            String::new(),
            format!("{grant}; {wanted}; {revoke}; REVOKE UPDATE (c0) ON {name} FROM pg_monitor"),
        );
    }
    if table.policy {
        items.add(
            &[own],
            format!("CREATE POLICY p ON {name} TO pg_monitor USING (c0 > 2); ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
            format!(
                "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY q ON {name} USING (true); \
                 ALTER POLICY q ON {name} TO pg_monitor USING (c0 > 2); ALTER POLICY q ON {name} RENAME TO p; \
                 ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"
            ),
        );
    }
    if table.trigger {
        let made = |name: &str| {
            format!(
                "CREATE TRIGGER {name} AFTER INSERT ON t{number} FOR EACH ROW EXECUTE FUNCTION touch()"
            )
        };
        let (direct, other) = (made("touch"), made("other"));
        items.add(
            &[own],
            direct,
            format!(
                "{other}; DROP TRIGGER other ON {name}; {other}; ALTER TABLE {name} DISABLE TRIGGER other; \
                 ALTER TABLE {name} ENABLE TRIGGER other; ALTER TRIGGER other ON {name} RENAME TO touch"
            ),
        );
    }
}

fn items(sample: &Sample) -> Items {
    let mut items = Items::default();
    let types = types(&mut items);
    let tables: Vec<usize> = sample
        .tables
        .iter()
        .enumerate()
        .map(|(number, one)| table(&mut items, &types, number, one))
        .collect();
    for (number, one) in sample.tables.iter().enumerate() {
        belongings(&mut items, number, tables[number], one);
        let target = one.refers.map(|other| other % tables.len());
        let Some(target) = target.filter(|&target| sample.tables[target].key) else {
            continue;
        };
        let add = format!("ALTER TABLE t{number} ADD CONSTRAINT");
        let key = format!("FOREIGN KEY (c0) REFERENCES t{target} ON DELETE CASCADE");
        let direct = format!("{add} r{number} {key}");
        // Of a partitioned table not every server can.
        let altered = if one.partitioned || sample.tables[target].partitioned {
            direct.clone()
        } else {
            format!(
                "{add} other {key} NOT VALID; ALTER TABLE t{number} VALIDATE CONSTRAINT other; \
                 ALTER TABLE t{number} RENAME CONSTRAINT other TO r{number}"
            )
        };
        items.add(&[tables[number], tables[target]], direct, altered);
    }
    items
}

fn samples() -> impl Strategy<Value = Sample> {
    let column = (0..TYPES.len(), any::<[bool; 3]>()).prop_map(
        |(data_type, [not_null, default, comment])| Column {
            data_type,
            not_null,
            default,
            comment,
        },
    );
    let columns = proptest::collection::vec(column, 1..5);
    let table = (
        columns,
        any::<[bool; 9]>(),
        proptest::option::of(0..4_usize),
    )
        .prop_map(
            |(
                columns,
                [
                    partitioned,
                    key,
                    check,
                    unique,
                    index,
                    view,
                    grant,
                    policy,
                    trigger,
                ],
                refers,
            )| Table {
                columns,
                partitioned,
                key,
                check,
                unique,
                index,
                view,
                grant,
                policy,
                trigger,
                refers,
            },
        );
    let tables = proptest::collection::vec(table, 1..5);
    let ways = proptest::collection::vec(any::<(u16, bool)>(), 20..60);
    (tables, ways).prop_map(|(tables, ways)| Sample { tables, ways })
}

/// Another cluster, which differs in what must not matter.
fn elsewhere() -> &'static Server {
    static OTHER: OnceLock<Server> = OnceLock::new();
    OTHER.get_or_init(|| {
        Options::new()
            .set("quote_all_identifiers", "on")
            .set("datestyle", "SQL, DMY")
            .start()
    })
}

/// What the root is made of.
fn same_root(a: &Database<'_>, b: &Database<'_>, what: &str) -> Result<(), TestCaseError> {
    let (a, b) = (read(a), read(b));
    prop_assert!(b.unmodeled.is_empty(), "{:?}", b.unmodeled);
    let left = diff::compare(&a.catalog, &b.catalog);
    prop_assert!(left.is_empty(), "{what}:\n{left}");
    Ok(())
}

fn holds(sample: &Sample) -> Result<(), TestCaseError> {
    let items = items(sample);
    let made = |database: &Database<'_>, script: &str| {
        let script = format!("SET client_min_messages = warning;\n{script}");
        database
            .try_psql(&script)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{script}")))
    };
    let (first, second, third) = (Database::new(), Database::new(), elsewhere().database());
    made(&first, &items.script(&[(0, false)]))?;
    made(&second, &items.script(&sample.ways))?;
    same_root(&first, &second, "in another order and by ALTER")?;
    made(&third, &second.pg_dump(&[]))?;
    same_root(&second, &third, "after a dump, on another server")
}

#[test]
fn a_schema_has_one_root_however_it_was_made() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(10),
        max_shrink_iters: 30,
        failure_persistence: None,
        ..Config::default()
    };
    proptest!(config, |(sample in samples())| holds(&sample)?);
}
