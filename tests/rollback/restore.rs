//! Restores that one transaction cannot hold: refused before the start, and in batches that can be gone on with.

use std::fmt::Write as _;

use super::{Bench, SHOP, on};
use crate::support::live::{block_on, connect, same_dump};
use crate::support::postgres::{Database, Options};
use crate::support::proxy::Network;

/// Each table takes 6 locks: its own, those of its TOAST table and the index of that, of its sequence and of two
/// indexes; and its function 1, since it has a comment. A tenth of them have a view.
fn wide(tables: usize) -> String {
    let mut sql = "CREATE SCHEMA app; CREATE TYPE app.pair AS (a int, b text);\n".to_owned();
    for i in 0..tables {
        let _ = writeln!(
            sql,
            "CREATE TABLE app.t{i} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, of bigint REFERENCES app.t{});
             CREATE FUNCTION app.f{i}() RETURNS int LANGUAGE sql AS 'SELECT {i}';
             COMMENT ON FUNCTION app.f{i}() IS 'a function'; COMMENT ON COLUMN app.t{i}.name IS 'a column';",
            i.saturating_sub(1)
        );
    }
    for i in (0..tables).step_by(10) {
        let _ = writeln!(
            sql,
            "CREATE VIEW app.v{i} AS SELECT id, name FROM app.t{i};"
        );
    }
    sql
}

#[test]
fn what_the_lock_table_cannot_hold_is_refused_before_the_start() {
    const TABLES: usize = 300;
    let bench = Bench::new(&wide(TABLES));
    bench.snapback(&["snapshot", "wide"]).exits(0);
    let small = Options::new()
        .set("max_connections", "10")
        .set("max_locks_per_transaction", "10")
        .start();
    let folder = bench.folder.path();
    let copy = small.database();
    let refused = on(&copy, folder).args(["restore", "wide"]).run().exits(3);
    assert!(
        refused.stderr.contains("max_locks_per_transaction is 10"),
        "{refused}"
    );
    assert!(refused.stderr.contains("--batch"), "{refused}");
    assert!(refused.stderr.contains("Nothing was changed"), "{refused}");
    let number_after = |words: &str| -> usize {
        let (_, after) = refused.stderr.split_once(words).unwrap();
        after.split_once(' ').unwrap().0.parse().unwrap()
    };
    let needed = number_after("needs up to ");

    // The server says how many there really are: in a transaction that makes the same, and that a larger server can hold.
    let plan = on(&Database::new(), folder)
        .args(["plan", "wide", "--sql"])
        .run()
        .exits(0);
    let count = "SELECT count(DISTINCT (locktype, database, relation, classid, objid)) FROM pg_locks WHERE pid = pg_backend_pid();\n";
    let script = plan
        .stdout
        .replace("COMMIT;\n", &format!("{count} ROLLBACK;\n"));
    let real: usize = Database::new()
        .psql(&script)
        .lines()
        .last()
        .unwrap()
        .parse()
        .unwrap();
    assert!(real >= TABLES * 7, "{real} locks");
    assert!(
        (real..real + real / 20).contains(&needed),
        "{needed} for {real}"
    );
    assert!(
        copy.try_psql(&plan.stdout)
            .unwrap_err()
            .contains("shared memory")
    );

    on(&copy, folder)
        .args(["restore", "wide", "--batch", "10"])
        .run()
        .exits(0);
    same_dump(&copy, &bench.database).unwrap();

    let set = number_after("max_locks_per_transaction = ");
    small.psql(&format!(
        "ALTER SYSTEM SET max_locks_per_transaction = {set}"
    ));
    small.restart("fast");
    let other = small.database();
    on(&other, folder).args(["restore", "wide"]).run().exits(0);
    same_dump(&other, &bench.database).unwrap();
}

#[test]
fn a_rollback_that_the_lock_table_cannot_hold_is_refused() {
    let small = Options::new()
        .set("max_connections", "10")
        .set("max_locks_per_transaction", "10")
        .start();
    let database = small.database();
    let folder = tempfile::tempdir().unwrap();
    let snapback = |arguments: &[&str]| on(&database, folder.path()).args(arguments).run();
    snapback(&["snapshot", "empty"]).exits(0);
    database.psql(&wide(60));
    let rollback = ["rollback", "empty", "--yes", "--allow", "data-loss"];
    let refused = snapback(&rollback).exits(3);
    assert!(
        refused.stderr.contains("max_locks_per_transaction ="),
        "{refused}"
    );
    assert!(!refused.stderr.contains("--batch"), "{refused}");
}

/// Three that were stopped and the one that was not, each with the state before it.
fn every_run_is_on_record(copy: &Database<'_>, bench: &Bench) {
    let program = |args: &[&str]| on(copy, bench.folder.path()).args(args).run().exits(0);
    let log = program(&["log", "--format", "json"]).json();
    let entries = log["entries"].as_array().unwrap().iter();
    let operations: Vec<_> = entries
        .filter(|entry| entry["type"] == "operation")
        .collect();
    let notes: Vec<_> = operations
        .iter()
        .map(|entry| entry["note"].as_str())
        .collect();
    assert_eq!(notes.len(), 4, "{log}");
    assert_eq!(notes[0], None, "{log}");
    for note in &notes[1..] {
        assert!(note.unwrap().starts_with("not finished: "), "{log}");
    }
    for operation in operations {
        let before = format!("before/{}", operation["id"].as_str().unwrap());
        program(&["show", &before]);
    }
}

#[test]
fn batches_are_gone_on_with_after_an_interrupt_and_after_a_kill() {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "good"]).exits(0);
    let copy = Database::new();
    let restore = ["restore", "good", "--batch", "1", "--lock-timeout", "60s"];
    let program = || on(&copy, bench.folder.path()).args(restore);
    block_on(async {
        let mut other = connect(&copy).await;
        // Not pg_stat_activity, which stands still in a transaction.
        let waiting = "FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        for (stop, hold) in [
            ("INT", "pg_enum"),
            ("kill", "pg_index"),
            ("INT", "pg_rewrite"),
        ] {
            // Reading goes on; whoever makes one waits.
            let hold = format!("BEGIN; LOCK TABLE {hold} IN SHARE MODE");
            other.execute(&hold).await.unwrap();
            let running = program().spawn();
            copy.until(&format!("SELECT count(*) > 0 {waiting}"), "t");
            if stop == "INT" {
                running.signal("INT");
            } else {
                let kill = format!("SELECT pg_terminate_backend(pid) {waiting}");
                other.query(&kill, &[]).await.unwrap();
            }
            let stopped = running.wait().exits(5);
            other.execute("ROLLBACK").await.unwrap();
            assert!(stopped.stderr.contains("same command again"), "{stopped}");
            assert!(stopped.stderr.contains("are committed"), "{stopped}");
        }
    });
    let done = program().run().exits(0);
    assert!(done.stdout.contains("proven  root"), "{done}");
    same_dump(&copy, &bench.database).unwrap();
    every_run_is_on_record(&copy, &bench);
    let nothing = program().run().exits(0);
    assert!(nothing.stdout.contains("nothing to do"), "{nothing}");
}

/// What has steps between CREATE TABLE and ATTACH PARTITION, and after it.
const PARTS: &str = "
    CREATE TABLE kinds (kind text PRIMARY KEY);
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text DEFAULT 'x' NOT NULL REFERENCES kinds, twice bigint GENERATED ALWAYS AS (id * 2) STORED,
      CONSTRAINT known CHECK (kind <> ''), PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_rest (more_first text, at date NOT NULL, id bigint NOT NULL, kind text NOT NULL, twice bigint GENERATED ALWAYS AS (id * 2) STORED,
      CONSTRAINT known CHECK (kind <> '')) PARTITION BY LIST (kind);
    ALTER TABLE events_rest DROP COLUMN more_first;
    ALTER TABLE events ATTACH PARTITION events_rest DEFAULT;
    CREATE TABLE events_x PARTITION OF events_rest (kind DEFAULT 'y') FOR VALUES IN ('x', 'y');
    CREATE INDEX ON events (kind);
    CREATE INDEX only_here ON events_1 (twice);
    CREATE TRIGGER look BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION look();
    ALTER TABLE events_1 DISABLE TRIGGER look;
    ALTER TABLE events_x ENABLE ALWAYS TRIGGER look;
    ALTER TABLE events_x REPLICA IDENTITY FULL;
    ALTER TABLE events ADD CONSTRAINT late CHECK (id > 0) NOT VALID;
    ALTER TABLE events_1 ALTER COLUMN id SET STATISTICS 50;
    COMMENT ON TABLE events_1 IS 'the first';
    CREATE TABLE uses (id bigint, at date, kind text, FOREIGN KEY (id, at, kind) REFERENCES events)";

#[test]
fn partitions_are_gone_on_with_wherever_they_were_cut() {
    let bench = Bench::new(PARTS);
    bench.snapback(&["snapshot", "good"]).exits(0);
    let restore = ["restore", "good", "--batch", "1"];
    let mut commits = 0;
    loop {
        let copy = Database::new();
        let program = || on(&copy, bench.folder.path()).args(restore);
        // Asked for before each COMMIT.
        let proxy = Network::new()
            .cut_before("pg_current_xact_id", commits + 1)
            .before_port(copy.server().port());
        let direct = format!(":{}/", copy.server().port());
        let cut = copy.url().replace(&direct, &format!(":{}/", proxy.port()));
        let left = program().env("DATABASE_URL", &cut).run();
        if left.code == Some(0) {
            break;
        }
        let done = program().run().exits(0);
        assert!(done.stdout.contains("proven  root"), "{commits}: {done}");
        commits += 1;
    }
    let plan = on(&Database::new(), bench.folder.path())
        .args(["plan", "good", "--format", "json"])
        .run()
        .exits(0);
    let steps = plan.json()["steps"].as_array().unwrap().len();
    assert_eq!(commits, steps, "each statement is a transaction");
}

#[test]
fn batches_want_an_empty_database_or_what_an_earlier_run_left() {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "good"]).exits(0);
    let batch = ["restore", "good", "--batch", "3"];
    let refused = |sql: &str, words: &str| {
        let copy = Database::new();
        copy.psql(sql);
        let before = copy.pg_dump(&[]);
        let refused = on(&copy, bench.folder.path()).args(batch).run().exits(3);
        assert!(refused.stderr.contains(words), "{refused}");
        assert_eq!(copy.pg_dump(&[]), before);
    };
    refused(
        "CREATE TABLE mine (a int)",
        "not empty: it has table public.mine",
    );
    refused(
        "CREATE SCHEMA shop; CREATE TABLE shop.customer (name text); INSERT INTO shop.customer VALUES ('x')",
        "table shop.customer has rows",
    );
    let dry = bench
        .snapback(&[&batch[..], &["--dry-run"]].concat())
        .exits(2);
    assert!(dry.stderr.contains("--dry-run"), "{dry}");
}

#[test]
fn nobody_else_changes_the_schema_while_batches_run() {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "good"]).exits(0);
    let copy = Database::new();
    block_on(async {
        let mut other = connect(&copy).await;
        other
            .execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('snapback:rollback'))")
            .await
            .unwrap();
        let batch = ["restore", "good", "--batch", "3"];
        let refused = on(&copy, bench.folder.path()).args(batch).run().exits(3);
        assert!(refused.stderr.contains("another run"), "{refused}");
    });
}

#[test]
fn a_missing_tablespace_is_refused_before_the_start() {
    let server = Options::new().start();
    let (database, copy) = (server.database(), server.database());
    let folder = tempfile::tempdir().unwrap();
    let make = "SET allow_in_place_tablespaces = on; CREATE TABLESPACE \"fast disk\" LOCATION ''";
    server.psql(make);
    database.psql(
        "CREATE TABLE t (a int PRIMARY KEY USING INDEX TABLESPACE \"fast disk\") TABLESPACE \"fast disk\";
         CREATE INDEX i ON t (a) TABLESPACE \"fast disk\";
         CREATE MATERIALIZED VIEW m TABLESPACE \"fast disk\" AS SELECT 1 AS x",
    );
    on(&database, folder.path())
        .args(["snapshot", "x"])
        .run()
        .exits(0);
    let dump = database.pg_dump(&["-s"]);
    server.psql(&format!(
        "DROP DATABASE {}; DROP TABLESPACE \"fast disk\"",
        database.name()
    ));

    let refused = on(&copy, folder.path())
        .args(["restore", "x"])
        .run()
        .exits(3);
    assert!(
        refused
            .stderr
            .contains("tablespaces that the target names do not exist here: fast disk")
    );
    assert!(refused.stderr.contains("CREATE TABLESPACE \"fast disk\""));

    server.psql(make);
    on(&copy, folder.path())
        .args(["restore", "x"])
        .run()
        .exits(0);
    assert_eq!(copy.pg_dump(&["-s"]), dump);
}

#[test]
fn settings_of_a_database_change_neither_what_is_read_nor_what_is_made() {
    let bench = Bench::new(
        r"CREATE TABLE t (a text DEFAULT E'x\\y', b bytea DEFAULT '\x00ff', d date DEFAULT '2020-02-01', i interval DEFAULT '1 day 2 hours', f float8 DEFAULT 0.1);
          CREATE FUNCTION f(a text DEFAULT E'\\') RETURNS text LANGUAGE sql AS $$ SELECT '\' || a $$; INSERT INTO t DEFAULT VALUES",
    );
    let values = "SELECT * FROM t";
    let before = bench.database.psql(values);
    bench.snapback(&["snapshot", "good"]).exits(0);
    let set = |database: &Database<'_>| {
        for (setting, value) in [
            ("standard_conforming_strings", "off"),
            ("quote_all_identifiers", "on"),
            ("DateStyle", "'German'"),
            ("IntervalStyle", "'iso_8601'"),
            ("extra_float_digits", "-3"),
            ("bytea_output", "'escape'"),
            ("TimeZone", "'Asia/Kathmandu'"),
            ("search_path", "public"),
        ] {
            let name = database.name();
            database.psql(&format!("ALTER DATABASE {name} SET {setting} = {value}"));
        }
    };
    set(&bench.database);
    bench.snapback(&["diff", "good", "--exit-code"]).exits(0);
    let copy = Database::new();
    set(&copy);
    let arguments = ["restore", "good"];
    on(&copy, bench.folder.path())
        .args(arguments)
        .run()
        .exits(0);
    let inserted = copy.psql(&format!(
        "SET bytea_output = hex; SET DateStyle = ISO; SET IntervalStyle = postgres; \
         SET extra_float_digits = 1; INSERT INTO t DEFAULT VALUES; {values}"
    ));
    assert_eq!(inserted, before);
}
