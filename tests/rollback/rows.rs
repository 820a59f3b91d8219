//! Rows: kept, saved, put back.

use super::{Bench, SHOP};

#[test]
fn what_was_destroyed_comes_back_with_its_rows() {
    let bench = Bench::new(SHOP);
    bench.snapback(&["snapshot", "full"]).exits(0);
    let full = bench.dump();
    bench
        .database
        .psql("CREATE TABLE kept AS SELECT * FROM shop.\"order\"; DROP TABLE kept");
    // Back to a state without orders and without names: both are destroyed, and saved.
    let empty = Bench::new("");
    drop(empty);
    bench.database.psql("CREATE SCHEMA marker");
    bench.snapback(&["snapshot", "marked"]).exits(0);
    bench.database.psql("DROP SCHEMA marker");
    let sql = "DROP VIEW shop.revenue; DROP TABLE shop.\"order\"; ALTER TABLE shop.customer DROP COLUMN name";
    let path = bench.folder.path().join("shrink.sql");
    std::fs::write(&path, sql).unwrap();
    bench
        .snapback(&["rollback", "./shrink.sql", "--yes", "--allow", "data-loss"])
        .exits(0);
    assert_eq!(
        bench
            .database
            .psql("SELECT to_regclass('shop.order') IS NULL"),
        "t"
    );
    let back = bench
        .snapback(&["rollback", "full", "--yes", "--format", "json"])
        .exits(0)
        .json();
    let filled: Vec<_> = back["filled"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rows| rows["rows"].as_u64().unwrap())
        .collect();
    assert_eq!(filled.iter().sum::<u64>(), 600, "{back}");
    assert_eq!(
        bench
            .database
            .psql("SELECT count(*), sum(total) FROM shop.\"order\""),
        "500|125250.00"
    );
    assert_eq!(
        bench
            .database
            .psql("SELECT count(*) FROM shop.customer WHERE name = 'name ' || id"),
        "100"
    );
    // The next id is a new one.
    bench
        .database
        .psql("INSERT INTO shop.\"order\" (customer_id, total) VALUES (1, 1)");
    assert_eq!(
        bench.database.psql("SELECT max(id) FROM shop.\"order\""),
        "501"
    );
    assert_eq!(bench.dump().lines().count(), full.lines().count());
}

#[test]
fn more_rows_than_allowed_are_not_saved_in_silence() {
    let bench = Bench::new("");
    bench.snapback(&["snapshot", "empty"]).exits(0);
    bench
        .database
        .psql("CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 1000)");
    let files = bench.store_files();
    let arguments = ["rollback", "empty", "--yes", "--allow", "data-loss"];
    let refused = bench
        .snapback(&[&arguments[..], &["--max-save", "1000"]].concat())
        .exits(3);
    assert!(refused.stderr.contains("--no-save"), "{refused}");
    assert_eq!(bench.store_files(), files);
    let saved = bench
        .snapback(&[&arguments[..], &["--no-save"]].concat())
        .exits(0);
    assert!(!saved.stdout.contains("saved"), "{saved}");
}

#[test]
fn a_column_that_comes_back_stands_at_the_end_and_this_is_said() {
    let bench = Bench::new(
        "CREATE TABLE t (a int PRIMARY KEY, b text, c int); INSERT INTO t VALUES (1, 'x', 2)",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench.database.psql("ALTER TABLE t DROP COLUMN b");
    let done = bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    assert!(done.stdout.contains("layout  table public.t"), "{done}");
    assert_eq!(bench.database.psql("SELECT * FROM t"), "1|2|");
}
