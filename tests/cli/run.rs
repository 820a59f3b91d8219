//! `snapback run` as a user sees it. That it does what psql does is tested with the scripts.

use std::fs;

use crate::support::cli::{Ran, Snapback, filters};
use crate::support::live::{block_on, connect};
use crate::support::postgres::Database;

/// Runs `script` from a file called script.sql.
fn run(database: &Database<'_>, script: &str, arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script.sql"), script).unwrap();
    let snapback = Snapback::new()
        .folder(folder.path())
        .env("DATABASE_URL", database.url());
    snapback.args(["run", "script.sql"]).args(arguments).run()
}

#[test]
fn rows_are_shown_as_they_come() {
    let database = Database::new();
    let script = "CREATE TABLE t (id integer, name text);
INSERT INTO t VALUES (1, 'one'), (20, NULL), (3, E'two\\nlines'), (4, '日本');
SELECT * FROM t;
\\echo and nothing:
SELECT FROM t WHERE false;
DO $$ BEGIN RAISE WARNING 'careful' USING HINT = 'really'; END $$;
COPY t (id) TO STDOUT;
";
    let ran = run(&database, script, &[]);
    insta::with_settings!({ filters => filters() }, { insta::assert_snapshot!("run_rows", ran) });
    assert_eq!(database.psql("SELECT count(*) FROM t"), "4");

    let json = run(
        &database,
        "SELECT 1 AS a, NULL AS b;",
        &["--format", "json"],
    )
    .exits(0)
    .stdout;
    let lines: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["columns"], serde_json::json!(["a", "b"]));
    assert_eq!(lines[0]["rows"], serde_json::json!([["1", null]]));
    assert_eq!(
        (&lines[1]["event"], &lines[1]["committed"]),
        (&"done".into(), &true.into())
    );
}

#[test]
fn the_first_error_takes_all_of_it_back() {
    let database = Database::new();
    let ran = run(
        &database,
        "CREATE TABLE t ();\nSELECT\n  1 / 0;\nCREATE TABLE u ();\n",
        &[],
    );
    insta::with_settings!({ filters => filters() }, { insta::assert_snapshot!("run_error", ran) });
    assert_eq!(
        database.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "0"
    );
}

#[test]
fn what_only_commit_finds_is_no_success() {
    let database = Database::new();
    let script = "CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE c (id integer REFERENCES p DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO c VALUES (7);";
    for flags in [&[][..], &["--dry-run"]] {
        let ran = run(&database, script, flags).exits(4);
        assert!(
            ran.stderr.contains("(id)=(7)") && ran.stderr.contains("Nothing was changed"),
            "{ran}"
        );
    }
    assert_eq!(database.psql("SELECT to_regclass('p') IS NULL"), "t");
}

#[test]
fn a_broken_script_does_not_begin() {
    let database = Database::new();
    for (script, words) in [
        (
            "CREATE TABLE t (); CREAT TABLE u ();",
            "did you mean CREATE?",
        ),
        ("CREATE TABLE t (); COMMIT; CREATE TABLE u ();", "COMMIT"),
        ("VACUUM;", "cannot run inside a transaction"),
        ("SELECT 'open", "never closed"),
        ("-- nothing\n", "has no statement"),
    ] {
        let ran = run(&database, script, &[]).exits(3);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains("Nothing was changed"),
            "{ran}"
        );
    }
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[test]
fn a_dry_run_changes_nothing() {
    let database = Database::new();
    let ran = run(&database, "CREATE TABLE t ();", &["--dry-run"]).exits(0);
    assert!(ran.stdout.contains("nothing was changed"), "{ran}");
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
}

#[test]
fn standard_input_and_variables() {
    let database = Database::new();
    let snapback = Snapback::new().env("DATABASE_URL", database.url());
    let ran = snapback
        .args(["run", "-", "--set", "name=it's"])
        .input("SELECT :'name' AS word;\n")
        .run()
        .exits(0);
    assert!(ran.stdout.contains("\n it's\n"), "{ran}");
    run(&database, "SELECT 1", &["--set", "no value"]).exits(2);
}

#[test]
fn two_runs_do_not_meet() {
    let database = Database::new();
    let lock = "SELECT pg_advisory_lock(hashtext('snapback:rollback')), pg_sleep(30)";
    std::thread::scope(|scope| {
        let first = scope.spawn(|| database.try_psql(lock));
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        while database.psql(held) == "0" {}
        let ran = run(&database, "SELECT 1", &[]).exits(3);
        assert!(
            ran.stderr.contains("pid ") && ran.stderr.contains("psql"),
            "{ran}"
        );
        database.psql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
        assert!(first.join().unwrap().is_err());
    });
}

#[test]
fn limits_of_the_role_are_not_meant_for_us() {
    let database = Database::new();
    database.psql(&format!(
        "DO $$ DECLARE limit_name text; BEGIN FOR limit_name IN SELECT name FROM pg_settings WHERE name IN
           ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout') LOOP
         EXECUTE format('ALTER DATABASE {} SET %s = ''200ms''', limit_name); END LOOP; END $$",
        database.name()
    ));
    run(&database, "SELECT pg_sleep(0.5)", &[]).exits(0);
    let ours = ["--statement-timeout", "100ms"];
    run(&database, "SELECT pg_sleep(30)", &ours).exits(4);
}

#[test]
fn an_interrupt_takes_it_back() {
    let database = Database::new();
    let snapback = Snapback::new().env("DATABASE_URL", database.url());
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("slow.sql"),
        "CREATE TABLE t (); SELECT pg_sleep(60);",
    )
    .unwrap();
    let running = snapback
        .folder(folder.path())
        .args(["run", "slow.sql"])
        .spawn();
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' \
        AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";
    while database.psql(sleeps) == "0" {}
    running.signal("INT");
    let ran = running.wait().exits(4);
    assert!(ran.stderr.contains("Nothing was changed"), "{ran}");
    assert_eq!(database.psql("SELECT to_regclass('t') IS NULL"), "t");
    assert_eq!(database.psql(sleeps), "0", "the server was told to stop");
}

#[test]
fn a_lock_that_is_not_to_be_had_is_tried_for_again() {
    let database = Database::new();
    database.psql("CREATE TABLE t (a integer)");
    let arguments = ["--lock-timeout", "100ms", "--tries", "2", "-v"];
    block_on(async {
        let mut other = connect(&database).await;
        other.execute("BEGIN; LOCK TABLE t").await.unwrap();
        let failed = run(&database, "CREATE TABLE u (); DROP TABLE t", &arguments).exits(4);
        assert!(failed.stderr.contains("trying again (1 of 2)"), "{failed}");
        // What was said cannot be taken back.
        let said = run(&database, "SELECT 1; DROP TABLE t", &arguments).exits(4);
        assert!(!said.stderr.contains("trying again"), "{said}");
    });
    assert_eq!(database.psql("SELECT to_regclass('u') IS NULL"), "t");
}
