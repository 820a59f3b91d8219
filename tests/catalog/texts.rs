//! Each text of an index, constraint and trigger, compared with the server's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use snapback::catalog::table::constraint::{Constraint, ConstraintKind};
use snapback::catalog::{Body, Object};
use snapback::introspect::Reading;

use crate::support::corpus::cases;
use crate::support::live::read;
use crate::support::others;
use crate::support::postgres::Database;
use crate::support::source::root;

/// The SQL files of the corpus, of all kinds.
fn corpus() -> Vec<PathBuf> {
    let cases = cases();
    let files = cases
        .iter()
        .map(|case| [case.file("a.sql"), case.file("b.sql")]);
    files.flatten().collect()
}

fn load(file: &Path) -> Result<Database<'static>, String> {
    let database = Database::new();
    if !file.starts_with(root().join("corpus")) {
        others::make_roles();
    }
    database.psql_file(file)?;
    Ok(database)
}

/// Rows of a query that gives an id and a text.
fn server_texts(database: &Database<'_>, sql: &str) -> BTreeMap<String, String> {
    let rows = format!(
        "SET search_path = pg_catalog; SELECT coalesce(json_object_agg(id, text), '{{}}') FROM ({sql}) AS q (id, text)"
    );
    let json = database.psql(&rows);
    let json = json
        .lines()
        .skip_while(|line| *line == "SET")
        .collect::<String>();
    serde_json::from_str(&json).unwrap()
}

fn made_by(object: &Object, reading: &Reading) -> String {
    let steps = object.body.create(&object.id, &reading.catalog);
    steps
        .first()
        .map(|step| step.sql.clone())
        .unwrap_or_default()
}

/// `pg_get_constraintdef()` leaves out the storage of an index, but for that of EXCLUDE, and every tablespace.
fn as_printed(object: &Object, constraint: &Constraint) -> Object {
    let mut constraint = constraint.clone();
    constraint.tablespace.clear();
    if constraint.kind != ConstraintKind::Exclusion {
        constraint.options.clear();
    }
    Object {
        body: Body::from(constraint),
        ..object.clone()
    }
}

const INDEXES: &str = "SELECT 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) || CASE WHEN c.reltablespace <> 0 THEN '(moved)' ELSE '' END \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid >= 16384";

const CONSTRAINTS: &str = "SELECT 'table constraint ' || quote_ident(conname) || ' on ' || conrelid::regclass, pg_get_constraintdef(oid) \
     FROM pg_constraint WHERE conrelid >= 16384";

const TRIGGERS: &str = "SELECT 'trigger ' || quote_ident(tgname) || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid) \
     FROM pg_trigger WHERE tgrelid >= 16384 AND NOT tgisinternal";

/// Compares what is built with what the server prints; returns how many were compared.
fn compare(file: &Path) -> usize {
    compare_in(&load(file).unwrap(), file)
}

fn compare_in(database: &Database<'_>, file: &Path) -> usize {
    let reading = read(database);
    let indexes = server_texts(database, INDEXES);
    let constraints = server_texts(database, CONSTRAINTS);
    let triggers = server_texts(database, TRIGGERS);
    let mut compared = 0;
    let mut wrong = Vec::new();
    for object in reading.catalog.objects() {
        let id = object.id.to_string();
        let (ours, server) = match &object.body {
            Body::Index(index) if index.tablespace.is_empty() => {
                (made_by(object, &reading), indexes.get(&id))
            }
            Body::Constraint(constraint) => {
                let sql = made_by(&as_printed(object, constraint), &reading);
                let start = format!(
                    " ADD CONSTRAINT {} ",
                    snapback::catalog::quote::ident(&object.id.name)
                );
                let Some((_, text)) = sql.split_once(&start) else {
                    continue;
                };
                (text.to_owned(), constraints.get(&id))
            }
            Body::Trigger(trigger) if trigger.original.is_none() => {
                (made_by(object, &reading), triggers.get(&id))
            }
            _ => continue,
        };
        compared += 1;
        let server = server.map(|text| snapback::catalog::settle::settle(text));
        if server.as_deref() != Some(ours.as_str()) {
            wrong.push(format!("{id}\n  ours:   {ours}\n  server: {server:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}:\n{}",
        file.display(),
        wrong.join("\n")
    );
    compared
}

#[test]
fn built_texts_are_the_servers() {
    let compared: usize = corpus().iter().map(|file| compare(file)).sum();
    assert!(
        compared > 20,
        "the corpus has only {compared} indexes, constraints and triggers"
    );
}

#[test]
fn built_texts_are_the_servers_for_real_schemas() {
    let files = others::schemas();
    let mut loaded = 0;
    for file in &files {
        match load(file) {
            Ok(database) => {
                compare_in(&database, file);
                loaded += 1;
            }
            // Written for another version.
            Err(error) => eprintln!("left out: {}: {error}", file.display()),
        }
    }
    assert!(loaded * 4 >= files.len() * 3, "{loaded} of {}", files.len());
}

/// A table that has a column of each type that a server comes with, of each array, and of hostile ones of users.
const TYPES: &str = r#"
CREATE SCHEMA "App One";
CREATE TYPE "App One"."My Type" AS (a integer);
CREATE TYPE "App One".bool AS ENUM ('a');
CREATE DOMAIN "App One"."D[]" AS varchar(7)[];
CREATE TYPE "App One".floats AS RANGE (subtype = float8);
CREATE DOMAIN pg_catalog."Dom" AS numeric(7, 2);
DO $$
DECLARE
    part integer;
    columns text;
BEGIN
    FOR part IN 0..9 LOOP
        SELECT string_agg(format('c%s %s', oid, format_type(oid, NULL)), ', ') INTO columns FROM pg_type t
        WHERE typtype <> 'p' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typtype = 'p') AND oid::bigint % 10 = part AND typisdefined AND format_type(oid, NULL) NOT IN ('character', 'bit', 'character[]', 'bit[]');
        EXECUTE format('CREATE TABLE public.t%s (%s)', part, columns);
    END LOOP;
END $$;
"#;

#[test]
fn types_are_called_as_the_server_calls_them() {
    let database = Database::new();
    database.psql(&format!("SET allow_system_table_mods = on; {TYPES}"));
    let reading = read(&database);
    let names = "SELECT 'table column ' || attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) \
         FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 2200) AND attnum > 0";
    let names = server_texts(&database, names);
    let columns = reading.catalog.objects().iter();
    let columns = columns.filter_map(|object| match &object.body {
        Body::Column(column) => Some((object.id.to_string(), column.data_type.to_string())),
        _ => None,
    });
    let mut compared = 0;
    for (id, name) in columns {
        if let Some(server) = names.get(&id) {
            assert_eq!(name, *server, "{id}");
            compared += 1;
        }
    }
    assert!(compared > 300, "only {compared} columns");
}
