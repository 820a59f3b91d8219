//! Each text of an index, constraint, default and trigger, compared with the server's.

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

/// Compares what is built with what the server prints; returns how many were compared.
fn compare(file: &Path) -> usize {
    compare_in(&load(file).unwrap(), file)
}

fn compare_in(database: &Database<'_>, file: &Path) -> usize {
    let reading = read(database);
    let indexes = server_texts(database, INDEXES);
    let constraints = server_texts(database, CONSTRAINTS);
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
        "the corpus has only {compared} indexes and constraints"
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
