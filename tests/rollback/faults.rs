//! What goes wrong: after each the database is as before, and the user knows.

use super::{Bench, SHOP, hold_customers, on};
use crate::support::live::{block_on, connect};
use crate::support::postgres::Database;

fn broken_shop() -> Bench {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench
        .database
        .psql("DROP VIEW shop.revenue; ALTER TABLE shop.customer ADD COLUMN extra int");
    bench
}

const ROLLBACK: [&str; 5] = ["rollback", "good", "--yes", "--allow", "data-loss"];

#[test]
fn a_second_run_at_the_same_time_is_refused_and_told_who() {
    let bench = broken_shop();
    block_on(async {
        let mut other = connect(&bench.database).await;
        other.execute("BEGIN; SET LOCAL application_name = 'the other one'; SELECT pg_advisory_xact_lock(hashtext('snapback:rollback'))").await.unwrap();
        let refused = bench.snapback(&ROLLBACK).exits(3);
        assert!(refused.stderr.contains("the other one"), "{refused}");
    });
}

#[test]
fn a_lock_that_is_not_to_be_had_ends_it_after_some_tries() {
    let bench = broken_shop();
    let before = bench.dump();
    let files = bench.store_files();
    block_on(async {
        let _holder = hold_customers(&bench.database).await;
        let failed = bench
            .snapback(
                &[
                    &ROLLBACK[..],
                    &["--lock-timeout", "100ms", "--tries", "2", "-v"],
                ]
                .concat(),
            )
            .exits(4);
        for words in ["55P03", "trying again", "--lock-timeout 30s"] {
            assert!(failed.stderr.contains(words), "{failed}");
        }
    });
    assert_eq!(bench.dump(), before);
    assert_eq!(bench.store_files(), files);
}

#[test]
fn ctrl_c_at_any_moment_rolls_back() {
    let bench = broken_shop();
    let before = bench.dump();
    block_on(async {
        let _other = hold_customers(&bench.database).await;
        let running = bench
            .program(&[&ROLLBACK[..], &["--lock-timeout", "60s"]].concat())
            .spawn();
        // Until it waits for the lock.
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        bench.database.until(waits, "1");
        running.signal("INT");
        let interrupted = running.wait().exits(4);
        assert!(interrupted.stderr.contains("interrupted"), "{interrupted}");
        assert!(
            interrupted.stderr.contains("Nothing was changed"),
            "{interrupted}"
        );
        // A backend goes a little later than its client, who has told it so.
        let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        // The one that is left is the other.
        bench.database.until(left, "1");
    });
    assert_eq!(bench.dump(), before);
}

#[test]
fn refs_that_are_not_there() {
    let bench = broken_shop();
    let unknown = bench.snapback(&["rollback", "godo", "--yes"]).exits(2);
    assert!(unknown.stderr.contains("good"), "{unknown}");
    let empty = tempfile::tempdir().unwrap();
    let nowhere = on(&bench.database, empty.path())
        .args(["rollback", "good", "--yes"])
        .run();
    assert!(matches!(nowhere.code, Some(2 | 6)), "{nowhere}");
    assert!(nowhere.stderr.contains(".snapback"), "{nowhere}");
    assert!(!empty.path().join(".snapback").exists());
}

#[test]
fn a_flipped_bit_is_named_and_refused() {
    let bench = broken_shop();
    let pack = bench
        .store_files()
        .into_iter()
        .find(|file| file.contains("/packs/"))
        .unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let refused = bench.snapback(&ROLLBACK).exits(6);
    let name = std::path::Path::new(&pack)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap();
    assert!(refused.stderr.contains(name), "{refused}");
}

#[test]
fn without_rights_nothing_begins() {
    let bench = broken_shop();
    let server = bench.database.server();
    server.psql("DO $$ BEGIN CREATE ROLE snapback_guest LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
    let url = format!("{}&user=snapback_guest", bench.database.socket_url());
    let refused = bench.program(&ROLLBACK).env("DATABASE_URL", url).run();
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("owner postgres"), "{refused}");
}

#[test]
fn the_target_may_come_from_another_database_and_this_is_said() {
    let bench = broken_shop();
    let other = Database::new();
    let done = on(&other, bench.folder.path())
        .args(["rollback", "good", "--yes"])
        .run()
        .exits(0);
    assert!(done.stderr.contains("another database"), "{done}");
    assert!(
        other
            .psql("SELECT to_regclass('shop.revenue') IS NOT NULL")
            .starts_with('t')
    );
}

#[test]
fn restore_wants_an_empty_database() {
    let bench = broken_shop();
    let refused = bench.snapback(&["restore", "good"]).exits(3);
    assert!(refused.stderr.contains("not empty"), "{refused}");
}

#[test]
fn a_role_that_is_missing_is_named_before_anything_runs() {
    let bench = Bench::new("");
    let role = format!("role_of_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {role}; CREATE TABLE t (a int); GRANT SELECT ON t TO {role}"
    ));
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench
        .database
        .psql(&format!("DROP TABLE t; DROP ROLE {role}"));
    let refused = bench.snapback(&["rollback", "good", "--yes"]).exits(3);
    assert!(refused.stderr.contains(&role), "{refused}");
}
