//! `snapback log`, after a day's work: a snapshot, a migration, the way back.

use std::fs;

use tempfile::TempDir;

use crate::support::cli::{Ran, Snapback, filters};
use crate::support::postgres::Database;

fn snapback(folder: &TempDir, database: &Database<'_>, arguments: &[&str]) -> Ran {
    let snapback = Snapback::new()
        .folder(folder.path())
        .env("DATABASE_URL", database.url())
        .env("USER", "ada");
    snapback.args(arguments).run()
}

#[test]
fn a_day_is_told_newest_first() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("v1.sql"),
        "CREATE TABLE t (id integer); INSERT INTO t VALUES (1);",
    )
    .unwrap();
    fs::write(
        folder.path().join("v2.sql"),
        "ALTER TABLE t ADD COLUMN name text;",
    )
    .unwrap();
    let run = |arguments: &[&str]| snapback(&folder, &database, arguments).exits(0);

    let empty = snapback(&folder, &database, &["log"]).exits(6);
    assert!(
        empty.stderr.contains("snapback snapshot") || empty.stderr.contains("no store"),
        "{empty}"
    );
    run(&["run", "v1.sql"]);
    run(&["snapshot", "v1"]);
    let ran = run(&["run", "v2.sql", "--snapshot"]);
    let undo = ran
        .stdout
        .split("take it back: snapback ")
        .nth(1)
        .unwrap()
        .trim()
        .to_owned();
    run(&["rollback", "v1", "--yes", "--allow", "data-loss"]);
    assert_eq!(
        database.psql("TABLE t"),
        "1",
        "the row is still there, the column is gone"
    );

    fs::write(folder.path().join("look.sql"), "SELECT 1;").unwrap();
    run(&["run", "look.sql", "--snapshot"]); // Changes nothing, so it is no operation.

    let log = run(&["log"]);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let mut filters = filters();
    let host = format!("ada@{}", host.trim());
    filters.push((&host, "[WHO]"));
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!("log", log) });
    assert_eq!(
        run(&["log", "--format", "json"]).json()["entries"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        run(&["log", "--all", "--format", "json"]).json()["entries"]
            .as_array()
            .unwrap()
            .len(),
        6
    );

    let history = run(&["log", "--object", "table public.t", "--format", "json"]).json();
    let changes: Vec<_> = history["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["change"].clone())
        .collect();
    assert_eq!(changes, ["changed", "changed", "new"]);
    snapback(
        &folder,
        &database,
        &["log", "--object", "table public.nope"],
    )
    .exits(2);

    // What `run` said takes the column back out: the same state that the rollback has led to.
    let words: Vec<_> = undo.split(' ').collect();
    let again = run(&words);
    assert!(again.stdout.contains("nothing to do"), "{again}");
}
