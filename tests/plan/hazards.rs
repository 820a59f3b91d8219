//! What plans say of the tables that have to wait.

use crate::rollback::Bench;

/// The lines of a plan that say who is locked or written anew.
fn said(before: &str, after: &str) -> Vec<String> {
    let bench = Bench::new(before);
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench.database.psql(after);
    let plan = bench.snapback(&["plan", "good", "--sql"]).exits(0);
    let lines = plan.stdout.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("-- "));
    let hazards = lines.filter(|line| line.starts_with("lock:") || line.starts_with("rewrite:"));
    hazards.map(str::to_owned).collect()
}

const TREE: &str = "CREATE TABLE p (a int, b text) PARTITION BY LIST (a); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); \
     CREATE TABLE q PARTITION OF p FOR VALUES IN (2, 3) PARTITION BY LIST (a); CREATE TABLE q_2 PARTITION OF q FOR VALUES IN (2); \
     CREATE TABLE alone (a int, b text)";

#[test]
fn what_is_done_to_a_parent_is_done_to_those_below_it() {
    let said = said(
        TREE,
        "ALTER TABLE p ALTER b TYPE varchar(3); ALTER TABLE alone ALTER b TYPE varchar(3)",
    );
    let wait = "locked in ACCESS EXCLUSIVE mode until COMMIT: who reads or writes it waits";
    assert_eq!(
        said,
        [
            format!("lock: table public.alone is {wait}"),
            format!("lock: table public.p and the 3 tables below it are {wait}"),
        ]
    );
}

#[test]
fn who_loses_a_partition_is_locked() {
    let said = said(
        TREE,
        "CREATE TABLE q_3 PARTITION OF q FOR VALUES IN (3); CREATE TABLE p_4 (LIKE p); ALTER TABLE p ATTACH PARTITION p_4 FOR VALUES IN (4)",
    );
    for table in ["p", "q"] {
        let start = format!("lock: table public.{table} is locked in ACCESS EXCLUSIVE mode");
        assert!(said.iter().any(|line| line.starts_with(&start)), "{said:?}");
    }
}

#[test]
fn those_below_are_written_anew_too() {
    let said = said(
        TREE,
        "ALTER TABLE p ALTER b TYPE int USING NULL; ALTER TABLE q DETACH PARTITION q_2; DROP TABLE q_2",
    );
    let line = "rewrite: table public.p and the 2 tables below it are written anew, in time and space that grow with the rows";
    assert!(said.iter().any(|said| said == line), "{said:?}");
}
