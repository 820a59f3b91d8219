//! Servers that are not what one hoped for, or go away in the middle.

use std::fs;
use std::time::Duration;

use super::{Bench, SHOP, hold_customers, on};
use crate::support::live::{block_on, connect};
use crate::support::postgres::{Database, Options, Server};

const ROLLBACK: [&str; 5] = ["rollback", "good", "--yes", "--allow", "data-loss"];

#[test]
fn a_standby_is_refused_by_name() {
    let server = Options::new().start();
    let database = server.database();
    database.psql(SHOP);
    let folder = tempfile::tempdir().unwrap();
    on(&database, folder.path())
        .args(["snapshot", "good"])
        .run()
        .exits(0);
    database.psql("DROP VIEW shop.revenue");
    let data = database.psql("SHOW data_directory");
    fs::write(format!("{}/standby.signal", data.trim()), "").unwrap();
    server.restart("fast");
    // A look is allowed there.
    on(&database, folder.path())
        .args(["plan", "good"])
        .run()
        .exits(0);
    let refused = on(&database, folder.path()).args(ROLLBACK).run().exits(3);
    assert!(refused.stderr.contains("standby"), "{refused}");
}

#[test]
fn a_session_that_is_killed_changes_nothing() {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench
        .database
        .psql("DROP VIEW shop.revenue; ALTER TABLE shop.customer ADD COLUMN extra int");
    let before = bench.dump();
    block_on(async {
        let _holder = hold_customers(&bench.database).await;
        let running = bench
            .program(&[&ROLLBACK[..], &["--lock-timeout", "60s"]].concat())
            .spawn();
        let mut killer = connect(&bench.database).await;
        assert!(terminate(&mut killer, "wait_event_type = 'Lock'").await);
        let ended = running.wait().exits(4);
        assert!(ended.stderr.contains("Nothing was changed"), "{ended}");
    });
    assert_eq!(bench.dump(), before);
}

/// COMMIT waits for a standby that never comes, and the session is killed meanwhile: committed, but not heard of.
#[test]
fn a_broken_commit_is_looked_up() {
    let server = Options::new().set("synchronous_commit", "on").start();
    let database = server.database();
    database.psql(SHOP);
    let folder = tempfile::tempdir().unwrap();
    on(&database, folder.path())
        .args(["snapshot", "good"])
        .run()
        .exits(0);
    database.psql("DROP VIEW shop.revenue");
    server.psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server.psql("SELECT pg_reload_conf()");
    let (killed, done) = block_on(async {
        let mut other = connect(&database).await;
        let running = on(&database, folder.path()).args(ROLLBACK).spawn();
        let killed = terminate(&mut other, "wait_event = 'SyncRep'").await;
        // Whoever still waits for that standby goes on, also those who clean up behind a failed assertion.
        server.psql("ALTER SYSTEM RESET synchronous_standby_names");
        server.psql("SELECT pg_reload_conf()");
        (killed, running.wait())
    });
    assert!(killed, "the program never waited in COMMIT: {done}");
    let done = done.exits(0);
    assert!(
        done.stdout.contains("the connection broke during COMMIT"),
        "{done}"
    );
    assert_eq!(
        database
            .psql("SELECT to_regclass('shop.revenue') IS NOT NULL")
            .trim(),
        "t"
    );
}

/// Kills our program's session as soon as it waits for this; `false` if it never does.
async fn terminate(other: &mut snapback::connect::Connection, waits: &str) -> bool {
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'snapback' \
         AND datname = current_database() AND pid <> pg_backend_pid() AND {waits}"
    );
    for _ in 0..1200 {
        if !other.query(&kill, &[]).await.unwrap().is_empty() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn names_that_are_not_utf8_are_named() {
    let database = Server::shared()
        .database_with("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    let folder = tempfile::tempdir().unwrap();
    database.psql("CREATE TABLE fine (a int)");
    on(&database, folder.path())
        .args(["snapshot", "x"])
        .run()
        .exits(0);
    database.psql("DO $$ BEGIN EXECUTE 'CREATE TABLE \"caf' || chr(233) || '\" (a int)'; END $$");
    let refused = on(&database, folder.path())
        .args(["snapshot", "y"])
        .run()
        .exits(3);
    assert!(refused.stderr.contains("not UTF-8"), "{refused}");
    assert!(refused.stderr.contains("caf"), "{refused}");
}

#[test]
fn hostile_names_survive() {
    let name = "a\"b''c -- $$ \n\t\u{1F600}";
    let quoted = name.replace('"', "\"\"");
    let sql = format!(
        "CREATE SCHEMA \"{quoted}\"; CREATE TABLE \"{quoted}\".\"{quoted}\" (\"{quoted}\" int PRIMARY KEY, \"select\" text DEFAULT '{literal}');
         COMMENT ON TABLE \"{quoted}\".\"{quoted}\" IS '{literal}';
         CREATE VIEW \"{quoted}\".v AS SELECT \"{quoted}\" FROM \"{quoted}\".\"{quoted}\";
         CREATE TABLE \"{long}\" (\"{long}\" int CHECK (\"{long}\" > 0))",
        literal = name.replace('\'', "''"),
        long = "é".repeat(31),
    );
    let bench = Bench::new(&sql);
    bench.snapback(&["snapshot", "good", "--strict"]).exits(0);
    let before = bench.dump();
    let copy = Database::new();
    on(&copy, bench.folder.path())
        .args(["restore", "good"])
        .run()
        .exits(0);
    assert_eq!(copy.pg_dump(&["-s"]), before);
    bench.database.psql(&format!(
        "DROP SCHEMA \"{quoted}\" CASCADE; DROP TABLE \"{}\"",
        "é".repeat(31)
    ));
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    assert_eq!(bench.dump(), before);
}
