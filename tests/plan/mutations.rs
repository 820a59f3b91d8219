//! Random changes to a schema, and the plans there and back: what nobody would think of as a case. Each change is a statement
//! that a query finds among what is there, so a change that does not fit is left out.
//!
//! `SNAPBACK_MUTATIONS=SEED:COUNT` makes other changes, as many, also to the schemas in `../shared/schemas`, where that
//! folder is there. What fails then is printed with its statements, for a case of its own in the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use super::proof::{Way, rows_do_not_fit, there_and_back};
use crate::support::live::block_on;
use crate::support::others;
use crate::support::postgres::Database;
use crate::support::source::root;

/// What there is to change; names are qualified and quoted.
const FACTS: &str = "\
WITH rel AS (SELECT c.oid, relkind, nspname, format('%I.%I', nspname, relname) AS rel \
 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid >= 16384 AND nspname !~ '^pg_' \
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND classid = 'pg_class'::regclass AND deptype = 'e')), \
tab AS (SELECT * FROM rel WHERE relkind IN ('r', 'p')), \
col AS (SELECT tab.*, quote_ident(attname) AS col, format_type(atttypid, atttypmod) AS type FROM tab \
 JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped), \
con AS (SELECT rel, quote_ident(conname) AS con, contype, conkey, conrelid FROM pg_constraint JOIN tab ON tab.oid = conrelid), \
fun AS (SELECT p.oid, p.oid::regprocedure AS fun, prorettype FROM pg_proc p WHERE p.oid >= 16384 AND prokind = 'f' \
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')), \
typ AS (SELECT t.oid, t.oid::regtype AS typ, typtype FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid \
 WHERE t.oid >= 16384 AND typtype IN ('c', 'd', 'e') AND (typrelid = 0 OR relkind = 'c') \
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND classid = 'pg_type'::regclass AND deptype = 'e')), \
sch AS (SELECT quote_ident(nspname) AS sch FROM pg_namespace WHERE oid >= 16384) ";

/// Queries for statements; `{new}` is a name that nothing has.
const CHANGES: &[&str] = &[
    // Columns
    "SELECT format('ALTER TABLE %s DROP COLUMN %s CASCADE', rel, col) FROM col",
    // The key of a partitioned table is what it is.
    "SELECT format('ALTER TABLE %s RENAME COLUMN %s TO {new}', rel, col) FROM col WHERE relkind = 'r'",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s TYPE text USING %s::text', rel, col, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s TYPE bigint USING NULL', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s TYPE %s USING NULL', rel, col, typ) FROM col, typ",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s TYPE varchar(80)', rel, col) FROM col WHERE type = 'text'",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET NOT NULL', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT NULL::%s', rel, col, type) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS 7', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE EXTERNAL', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET (n_distinct = 5)', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY IF EXISTS', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION IF EXISTS', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ADD COLUMN {new} %s', rel, type) FROM col",
    "SELECT format('ALTER TABLE %s ADD COLUMN {new} text DEFAULT ''x'' NOT NULL', rel) FROM tab",
    "SELECT format('ALTER TABLE %s ADD COLUMN {new} bigint GENERATED ALWAYS AS IDENTITY', rel) FROM tab",
    "SELECT format('ALTER TABLE %s ADD COLUMN {new} text GENERATED ALWAYS AS (1 + 1) STORED', rel) FROM tab",
    "SELECT format('COMMENT ON COLUMN %s.%s IS ''it''''s new''', rel, col) FROM col",
    "SELECT format('GRANT SELECT (%s) ON %s TO pg_monitor', col, rel) FROM col",
    // Tables
    "SELECT format('DROP TABLE %s CASCADE', rel) FROM tab",
    "SELECT format('ALTER TABLE %s RENAME TO {new}', rel) FROM tab",
    "SELECT format('ALTER TABLE %s SET SCHEMA %s', rel, sch) FROM tab, sch",
    "SELECT format('ALTER TABLE %s SET (fillfactor = 70)', rel) FROM tab",
    "SELECT format('ALTER TABLE %s OWNER TO pg_monitor', rel) FROM tab",
    "SELECT format('ALTER TABLE %s REPLICA IDENTITY FULL', rel) FROM tab",
    "SELECT format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', rel) FROM tab",
    "SELECT format('CREATE POLICY {new} ON %s FOR SELECT USING (%s IS NOT NULL)', rel, col) FROM col",
    "SELECT format('CREATE TABLE {new} (LIKE %s INCLUDING ALL)', rel) FROM tab",
    "SELECT format('CREATE TABLE {new} (id integer) INHERITS (%s)', rel) FROM tab",
    "SELECT format('ALTER TABLE %s DETACH PARTITION %s', inhparent::regclass, inhrelid::regclass) FROM pg_inherits",
    "SELECT format('ALTER TABLE %s SET UNLOGGED', rel) FROM tab WHERE relkind = 'r'",
    "SELECT format('CREATE TABLE {new} PARTITION OF %s FOR VALUES IN (''{new}'')', rel) FROM tab WHERE relkind = 'p'",
    "SELECT format('CREATE TABLE {new} PARTITION OF %s DEFAULT', rel) FROM tab WHERE relkind = 'p'",
    "SELECT format('CREATE TABLE {new} PARTITION OF %s DEFAULT PARTITION BY LIST (%s)', rel, col) FROM col WHERE relkind = 'p'",
    "SELECT format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', p.rel, t.rel) FROM tab p, tab t WHERE p.relkind = 'p' \
     AND (SELECT array_agg(col || type ORDER BY col) FROM col WHERE oid = p.oid) = (SELECT array_agg(col || type ORDER BY col) FROM col WHERE oid = t.oid)",
    "SELECT format('CREATE STATISTICS {new} ON %s, %s FROM %s', a.col, b.col, a.rel) FROM col a JOIN col b USING (oid)",
    "SELECT format('CREATE RULE {new} AS ON UPDATE TO %s WHERE old.%s IS NULL DO ALSO NOTHING', rel, col) FROM col",
    "SELECT format('DROP STATISTICS %I.%I', nspname, stxname) FROM pg_statistic_ext JOIN pg_namespace n ON n.oid = stxnamespace",
    // Constraints and indexes
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %s CASCADE', rel, con) FROM con",
    "SELECT format('ALTER TABLE %s RENAME CONSTRAINT %s TO {new}', rel, con) FROM con",
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT {new} CHECK (%s IS NOT NULL) NOT VALID', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT {new} CHECK (%s IS NULL OR true) NO INHERIT', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT {new} UNIQUE (%s) DEFERRABLE', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT {new} EXCLUDE (%s WITH =)', rel, col) FROM col",
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT {new} FOREIGN KEY (%s) REFERENCES %s', col.rel, col, con.rel) FROM col, con \
     JOIN pg_attribute a ON attrelid = conrelid AND attnum = conkey[1] WHERE contype = 'p' AND cardinality(conkey) = 1 AND format_type(atttypid, atttypmod) = type",
    "SELECT format('ALTER TABLE %s ALTER CONSTRAINT %s DEFERRABLE INITIALLY DEFERRED', rel, con) FROM con WHERE contype = 'f'",
    "SELECT format('DROP INDEX %s CASCADE', rel) FROM rel WHERE relkind IN ('i', 'I')",
    "SELECT format('ALTER INDEX %s RENAME TO {new}', rel) FROM rel WHERE relkind IN ('i', 'I')",
    "SELECT format('CREATE INDEX {new} ON %s (%s DESC)', rel, col) FROM col",
    "SELECT format('CREATE INDEX {new} ON %s USING hash (%s)', rel, col) FROM col",
    "SELECT format('CREATE UNIQUE INDEX {new} ON %s (%s) INCLUDE (%s) WHERE %s IS NOT NULL', a.rel, a.col, b.col, b.col) \
     FROM col a JOIN col b USING (oid)",
    "SELECT format('CREATE INDEX {new} ON %s (lower(%s))', rel, col) FROM col WHERE type ~ 'text|varying'",
    "SELECT format('ALTER TABLE %s CLUSTER ON %I', t.rel, i.relname) FROM tab t JOIN pg_index x ON indrelid = t.oid JOIN pg_class i ON i.oid = indexrelid",
    // Views
    "SELECT format('DROP VIEW %s CASCADE', rel) FROM rel WHERE relkind = 'v'",
    "SELECT format('ALTER VIEW %s RENAME TO {new}', rel) FROM rel WHERE relkind = 'v'",
    "SELECT format('CREATE VIEW {new} AS SELECT * FROM %s', rel) FROM rel WHERE relkind IN ('r', 'p', 'v', 'm')",
    "SELECT format('CREATE VIEW {new} AS SELECT v FROM %s v', rel) FROM rel WHERE relkind IN ('r', 'v')",
    "SELECT format('CREATE MATERIALIZED VIEW {new} AS SELECT %s AS one FROM %s', col, rel) FROM col",
    "SELECT format('CREATE OR REPLACE VIEW %s AS SELECT *, 1 AS {new} FROM (%s) s', rel, translate(pg_get_viewdef(oid), E';\\n', ' ')) \
     FROM rel WHERE relkind = 'v'",
    "SELECT format('ALTER VIEW %s SET (security_barrier)', rel) FROM rel WHERE relkind = 'v'",
    "SELECT format('ALTER VIEW %s RENAME COLUMN %I TO {new}', rel, attname) FROM rel JOIN pg_attribute ON attrelid = oid WHERE relkind = 'v'",
    "SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT NULL', rel, attname) FROM rel JOIN pg_attribute ON attrelid = oid WHERE relkind = 'v'",
    "SELECT format('DROP MATERIALIZED VIEW %s CASCADE', rel) FROM rel WHERE relkind = 'm'",
    // Functions and triggers
    "SELECT format('DROP FUNCTION %s CASCADE', fun) FROM fun",
    "SELECT format('ALTER FUNCTION %s RENAME TO {new}', fun) FROM fun",
    "SELECT format('ALTER FUNCTION %s SET SCHEMA %s', fun, sch) FROM fun, sch",
    "SELECT format('ALTER FUNCTION %s STRICT SECURITY DEFINER', fun) FROM fun",
    "SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fun) FROM fun",
    "SELECT format('CREATE FUNCTION {new}(%s) RETURNS %s LANGUAGE sql BEGIN ATOMIC SELECT $1; END', typ, typ) FROM typ",
    "SELECT format('CREATE FUNCTION {new}(r %s) RETURNS SETOF %s LANGUAGE sql AS ''SELECT r''', rel, rel) FROM tab",
    "SELECT format('DROP TRIGGER %I ON %s', tgname, rel) FROM pg_trigger JOIN tab ON tab.oid = tgrelid WHERE NOT tgisinternal",
    "SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', rel) FROM tab",
    "SELECT format('CREATE TRIGGER {new} AFTER INSERT ON %s FOR EACH ROW WHEN (new.%s IS NULL) EXECUTE FUNCTION %s', rel, col, fun) \
     FROM col, fun WHERE prorettype = 'trigger'::regtype",
    "SELECT format('CREATE TRIGGER {new} BEFORE DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s', rel, fun) \
     FROM tab, fun WHERE prorettype = 'trigger'::regtype",
    "SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', rel, tgname) FROM pg_trigger JOIN tab ON tab.oid = tgrelid WHERE NOT tgisinternal",
    "SELECT format('CREATE FUNCTION {new}(a %s, b %s DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS ''BEGIN END''', typ, typ) FROM typ",
    "SELECT 'CREATE AGGREGATE {new}(integer) (SFUNC = int4pl, STYPE = integer)'",
    // Types
    "SELECT format('DROP TYPE %s CASCADE', typ) FROM typ",
    "SELECT format('ALTER TYPE %s RENAME TO {new}', typ) FROM typ",
    "SELECT format('ALTER TYPE %s SET SCHEMA %s', typ, sch) FROM typ, sch",
    "SELECT format('ALTER TYPE %s ADD VALUE ''{new}'' BEFORE %L', typ, enumlabel) FROM typ JOIN pg_enum ON enumtypid = typ.oid",
    "SELECT format('ALTER TYPE %s RENAME VALUE %L TO ''{new}''', typ, enumlabel) FROM typ JOIN pg_enum ON enumtypid = typ.oid",
    "SELECT format('ALTER TYPE %s ADD ATTRIBUTE {new} text CASCADE', typ) FROM typ WHERE typtype = 'c'",
    "SELECT format('ALTER DOMAIN %s SET DEFAULT NULL', typ) FROM typ WHERE typtype = 'd'",
    "SELECT format('ALTER DOMAIN %s ADD CONSTRAINT {new} CHECK (VALUE IS NOT NULL) NOT VALID', typ) FROM typ WHERE typtype = 'd'",
    "SELECT format('CREATE DOMAIN {new} AS %s', typ) FROM typ",
    "SELECT format('ALTER DOMAIN %s DROP CONSTRAINT %I', typ, conname) FROM typ JOIN pg_constraint ON contypid = typ.oid",
    "SELECT 'CREATE TYPE {new} AS RANGE (SUBTYPE = integer)'",
    "SELECT format('CREATE TABLE {new} (a %s, b %s[])', typ, typ) FROM typ",
    // The rest
    "SELECT format('ALTER SEQUENCE %s INCREMENT 5', rel) FROM rel WHERE relkind = 'S'",
    "SELECT format('ALTER SEQUENCE %s RENAME TO {new}', rel) FROM rel WHERE relkind = 'S'",
    "SELECT format('CREATE SEQUENCE %I.{new} AS smallint OWNED BY %s.%s', nspname, rel, col) FROM col",
    "SELECT 'CREATE SCHEMA {new}'",
    "SELECT format('ALTER SCHEMA %s RENAME TO {new}', sch) FROM sch",
    "SELECT format('COMMENT ON SCHEMA %s IS ''a comment''', sch) FROM sch",
];

/// Seeds and how many changes each makes, unless told otherwise.
const USUAL: (std::ops::Range<u64>, usize) = (0..3, 20);

#[test]
fn random_changes_are_made_and_taken_back() {
    let told = std::env::var("SNAPBACK_MUTATIONS").ok().map(|told| {
        let (seed, count) = told.split_once(':').expect("SEED:COUNT");
        let seed: u64 = seed.parse().unwrap();
        (seed..seed + 1, count.parse().unwrap())
    });
    let mut schemas = vec![base()];
    if told.is_some() {
        others::make_roles();
        schemas.extend(others::schemas());
    }
    let (seeds, count) = told.unwrap_or(USUAL);
    let mut wrong = Vec::new();
    for schema in schemas {
        for seed in seeds.clone() {
            if let Err(error) = journey(&schema, seed, count) {
                wrong.push(format!("{}, seed {seed}: {error}", schema.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n{} failed",
        wrong.join("\n\n"),
        wrong.len()
    );
}

#[test]
fn each_change_can_be_made() {
    let database = Database::new();
    database.psql(&fs::read_to_string(base()).unwrap());
    let major = database.server().major();
    let known = |query: &&&str| major >= 14 || !query.contains("BEGIN ATOMIC");
    for query in CHANGES.iter().filter(known) {
        let found = database.psql(&candidates(query, ""));
        let mut found = found.lines().map(|line| line.replace("{new}", "m"));
        let can_be_made = |statement: String| {
            let tried = format!("BEGIN; {statement}; ROLLBACK");
            database.try_psql(&tried).is_ok()
        };
        assert!(found.any(can_be_made), "{query}");
    }
}

fn base() -> PathBuf {
    root().join("corpus/mutate/base.sql")
}

/// The statements that a query of [`CHANGES`] finds, sorted by chance.
fn candidates(query: &str, chance: &str) -> String {
    format!(
        "SET search_path = ''; {FACTS} SELECT s FROM ({query}) AS found(s) ORDER BY md5(s || '{chance}')"
    )
}

/// Loads a schema twice, changes the second one, and goes from the first to it and back.
fn journey(schema: &Path, seed: u64, count: usize) -> Result<(), String> {
    let (a, b) = (Database::new(), Database::new());
    let load = format!("\\i '{}'", schema.display());
    if a.try_psql(&load).is_err() {
        // An extension that this server has not.
        return Ok(());
    }
    b.psql(&load);
    let done = change(&b, seed, count);
    assert!(done.len() >= count, "{done:?}");
    let journey = block_on(there_and_back(&a, &b));
    match journey {
        // A column that comes back empty need not fit what was demanded of it.
        Err((Way::Back, error)) if rows_do_not_fit(&error) => Ok(()),
        Err((way, error)) => Err(format!("{way:?}: {error}\n  after\n{}", done.join(";\n"))),
        Ok(_) => Ok(()),
    }
}

/// Makes so many changes, and returns their statements.
fn change(database: &Database<'_>, seed: u64, count: usize) -> Vec<String> {
    let mut done = Vec::new();
    for number in 0..count * 10 {
        let place = hash(&format!("{seed} {number}")) % CHANGES.len();
        let Some(query) = CHANGES.get(place).filter(|_| done.len() < count) else {
            continue;
        };
        let sql = candidates(query, &format!("{seed} {number}")) + " LIMIT 1";
        let found = database.psql(&sql);
        let statement = found.replace("{new}", &format!("m{number}"));
        if !statement.is_empty() && database.try_psql(&statement).is_ok() {
            done.push(statement);
        }
    }
    done
}

fn hash(text: &str) -> usize {
    let bytes = *blake3::hash(text.as_bytes()).as_bytes();
    let [a, b, c, d, ..] = bytes;
    u32::from_le_bytes([a, b, c, d]) as usize
}
