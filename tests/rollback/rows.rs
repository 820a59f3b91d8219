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

#[test]
fn a_column_without_default_comes_back_not_null_when_its_values_are_known() {
    let bench = Bench::new(
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, kept int); CREATE TABLE none (id int, code text NOT NULL);
         INSERT INTO t SELECT i, 'code ' || i, i FROM generate_series(1, 9) i",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench
        .database
        .psql("ALTER TABLE none DROP COLUMN code; ALTER TABLE t DROP COLUMN kept");
    // In an empty table nobody misses a value.
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    let drop = bench.folder.path().join("drop.sql");
    std::fs::write(&drop, "ALTER TABLE t DROP COLUMN code").unwrap();
    let arguments = ["rollback", "./drop.sql", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    let plan = bench.snapback(&["plan", "good"]).exits(0);
    assert!(plan.stdout.contains("unfilled"), "{plan}");
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    let known = "SELECT count(*) FROM t WHERE code = 'code ' || id";
    assert_eq!(bench.database.psql(known), "9");
    bench
        .database
        .try_psql("INSERT INTO t (id) VALUES (10)")
        .unwrap_err();
}

#[test]
fn a_column_that_nobody_has_values_for_is_refused_before_the_start() {
    let bench = Bench::new(
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL); INSERT INTO t VALUES (1, 'a')",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench.database.psql("ALTER TABLE t DROP COLUMN code");
    let refused = bench.snapback(&["rollback", "good", "--yes"]).exits(3);
    assert!(
        refused.stderr.contains("column public.t.code is NOT NULL"),
        "{refused}"
    );
    assert!(
        refused.stderr.contains("UPDATE public.t SET code"),
        "{refused}"
    );
    bench
        .database
        .psql("ALTER TABLE t ADD COLUMN code text; UPDATE t SET code = 'b'");
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
}

#[test]
fn rows_that_came_after_the_column_went_have_no_value() {
    let bench = Bench::new(
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL); INSERT INTO t VALUES (1, 'a')",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    let drop = bench.folder.path().join("drop.sql");
    std::fs::write(&drop, "ALTER TABLE t DROP COLUMN code").unwrap();
    let arguments = ["rollback", "./drop.sql", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    bench.database.psql("INSERT INTO t VALUES (2)");
    let failed = bench.snapback(&["rollback", "good", "--yes"]).exits(4);
    assert!(
        failed
            .stderr
            .contains("Rows have no value for table column public.t.code"),
        "{failed}"
    );
    assert!(failed.stderr.contains("Nothing was changed"), "{failed}");
}

#[test]
fn a_column_of_a_partitioned_table_is_saved_and_comes_back() {
    let bench = Bench::new(
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL) PARTITION BY RANGE (id);
         CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (5);
         CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5) TO (100);
         INSERT INTO t SELECT i, 'code ' || i FROM generate_series(1, 9) i",
    );
    bench.snapback(&["snapshot", "with"]).exits(0);
    let with = bench.dump();
    bench
        .database
        .psql("CREATE TABLE u (LIKE t); ALTER TABLE t DROP COLUMN code");
    bench.snapback(&["snapshot", "without"]).exits(0);
    bench.database.psql("DROP TABLE u; ALTER TABLE t ADD COLUMN code text; UPDATE t SET code = 'code ' || id; ALTER TABLE t ALTER code SET NOT NULL");
    let arguments = ["rollback", "without", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    let arguments = ["rollback", "with", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    let known = "SELECT count(*) FROM t WHERE code = 'code ' || id";
    assert_eq!(bench.database.psql(known), "9");
    assert_eq!(bench.dump(), with);
}

#[test]
fn values_that_come_back_are_no_change_of_rows_to_triggers_and_rules() {
    let bench = Bench::new(
        "CREATE TABLE log (what text);
         CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, a text) PARTITION BY RANGE (id);
         CREATE TABLE \"t 1\" PARTITION OF t FOR VALUES FROM (0) TO (5);
         CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (5) TO (9);
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN NEW.n := NEW.n + 1; INSERT INTO log VALUES (TG_NAME); RETURN NEW; END $$;
         CREATE TRIGGER t AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
         CREATE TRIGGER \"it's\" BEFORE UPDATE ON \"t 1\" FOR EACH ROW EXECUTE FUNCTION touch();
         CREATE TRIGGER always BEFORE UPDATE ON t2 FOR EACH ROW EXECUTE FUNCTION touch();
         ALTER TABLE t2 ENABLE ALWAYS TRIGGER always;
         CREATE TRIGGER never BEFORE UPDATE ON t2 FOR EACH ROW EXECUTE FUNCTION touch();
         ALTER TABLE t2 DISABLE TRIGGER never;
         CREATE RULE noted AS ON UPDATE TO t2 DO ALSO INSERT INTO log VALUES ('rule');
         INSERT INTO t SELECT i, 0, 'value ' || i FROM generate_series(1, 8) i",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    let (good, states) = (bench.dump(), trigger_states(&bench));
    let drop = bench.folder.path().join("drop.sql");
    std::fs::write(&drop, "ALTER TABLE t DROP COLUMN a").unwrap();
    let arguments = ["rollback", "./drop.sql", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    let same = "SELECT count(*) FROM t WHERE a = 'value ' || id AND n = 0";
    assert_eq!(bench.database.psql(same), "8");
    assert_eq!(bench.database.psql("SELECT count(*) FROM log"), "0");
    assert_eq!(trigger_states(&bench), states);
    assert_eq!(bench.dump(), good);
    bench.database.psql("UPDATE t SET n = 5");
    let noted = "SELECT what, count(*) FROM log GROUP BY what ORDER BY what COLLATE \"C\"";
    let noted = bench.database.psql(noted);
    assert_eq!(noted.replace('\n', " "), "always|4 it's|4 t|8");
}

fn trigger_states(bench: &Bench) -> String {
    let states = "SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname !~ '^RI_' ORDER BY 1, 2";
    bench.database.psql(states)
}

#[test]
fn values_of_an_identity_that_is_always_generated_come_back() {
    let bench = Bench::new(
        "CREATE TABLE t (name text PRIMARY KEY, id bigint GENERATED ALWAYS AS IDENTITY (START 100));
         INSERT INTO t VALUES ('a'), ('b')",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    let (good, rows) = (bench.dump(), bench.database.psql("TABLE t"));
    let drop = bench.folder.path().join("drop.sql");
    std::fs::write(&drop, "ALTER TABLE t DROP COLUMN id").unwrap();
    let arguments = ["rollback", "./drop.sql", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    bench.snapback(&["rollback", "good", "--yes"]).exits(0);
    assert_eq!(bench.database.psql("TABLE t"), rows);
    assert_eq!(bench.dump(), good);
    let next = bench
        .database
        .psql("INSERT INTO t VALUES ('c') RETURNING id");
    assert!(next.starts_with("102"), "{next}");
}

#[test]
fn a_table_that_comes_to_a_parent_keeps_its_rows_and_gets_no_others() {
    let bench = Bench::new("CREATE TABLE whole (a int) PARTITION BY LIST (a)");
    bench.snapback(&["snapshot", "without"]).exits(0);
    let part =
        "CREATE TABLE part PARTITION OF whole FOR VALUES IN (1); INSERT INTO part VALUES (1), (1)";
    bench.database.psql(part);
    bench.snapback(&["snapshot", "with"]).exits(0);
    let arguments = ["rollback", "without", "--yes", "--allow", "data-loss"];
    bench.snapback(&arguments).exits(0);
    // Another table of the same name, whose rows are not those that the store has.
    bench
        .database
        .psql("CREATE TABLE part (a int); INSERT INTO part VALUES (1)");
    bench.snapback(&["rollback", "with", "--yes"]).exits(0);
    assert_eq!(bench.database.psql("SELECT count(*) FROM whole"), "1");
}

#[test]
fn sequences_that_are_made_again_go_on() {
    for printed in [false, true] {
        let bench = Bench::new(
            "CREATE SEQUENCE s; CREATE SEQUENCE public.pg_sequence; CREATE TABLE odd (id int DEFAULT nextval('s'), b int DEFAULT nextval('public.pg_sequence')); INSERT INTO odd VALUES (2, 8);
             CREATE TABLE serial (id serial PRIMARY KEY); INSERT INTO serial SELECT FROM generate_series(1, 7); DELETE FROM serial WHERE id = 7;
             CREATE TABLE identity (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY); INSERT INTO identity SELECT FROM generate_series(1, 5);
             CREATE TABLE down (id int GENERATED ALWAYS AS IDENTITY (INCREMENT BY -1) PRIMARY KEY); INSERT INTO down SELECT FROM generate_series(1, 3);
             CREATE TABLE lost (id serial PRIMARY KEY); INSERT INTO lost SELECT FROM generate_series(1, 4);
             CREATE SEQUENCE \"o'n\"; CREATE TABLE texts (id text DEFAULT 'n' || nextval('\"o''n\"')); INSERT INTO texts VALUES ('n7');
             CREATE SEQUENCE numbers INCREMENT BY 3; CREATE TABLE named (id text DEFAULT 'o' || nextval('numbers'))",
        );
        bench.snapback(&["snapshot", "good"]).exits(0);
        bench.database.psql(
            "DROP SEQUENCE s, public.pg_sequence CASCADE; ALTER TABLE serial ALTER id DROP DEFAULT; DROP SEQUENCE serial_id_seq; ALTER TABLE serial ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (RESTART WITH 8);
             ALTER TABLE identity ALTER id DROP IDENTITY; CREATE SEQUENCE identity_id_seq START WITH 40 OWNED BY identity.id; ALTER TABLE identity ALTER id SET DEFAULT nextval('identity_id_seq');
             INSERT INTO identity DEFAULT VALUES; ALTER TABLE down ALTER id DROP IDENTITY;
             ALTER TABLE lost ALTER id DROP DEFAULT; DROP SEQUENCE lost_id_seq; DROP SEQUENCE \"o'n\" CASCADE;
             ALTER SEQUENCE numbers RENAME TO others; INSERT INTO named DEFAULT VALUES; INSERT INTO named DEFAULT VALUES",
        );
        if printed {
            let plan = bench.snapback(&["plan", "good", "--sql"]).exits(0);
            bench.database.psql(&plan.stdout);
            bench.snapback(&["diff", "good", "--exit-code"]).exits(0);
        } else {
            bench.snapback(&["rollback", "good", "--yes"]).exits(0);
        }
        let next = |table: &str| {
            let sql = format!("INSERT INTO {table} DEFAULT VALUES RETURNING id");
            bench.database.psql(&sql)
        };
        assert_eq!(next("serial"), "8");
        assert_eq!(next("identity"), "41");
        assert_eq!(next("down"), "-4");
        assert_eq!(next("lost"), "5");
        assert_eq!(next("texts"), "n1");
        assert_eq!(next("odd"), "3");
        assert_eq!(next("named"), "o7");
        assert_eq!(bench.database.psql("SELECT max(b) FROM odd"), "9");
    }
}

#[test]
fn values_that_lose_an_attribute_are_saved_before() {
    let bench = Bench::new(
        "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (id int PRIMARY KEY, p pair, ps pair[])",
    );
    bench.snapback(&["snapshot", "good"]).exits(0);
    bench.database.psql(
        "ALTER TYPE pair ADD ATTRIBUTE c int; INSERT INTO t VALUES (1, (1, 'x', 3), ARRAY[(2, 'y', 4)::pair])",
    );
    let refused = bench.snapback(&["rollback", "good", "--yes"]).exits(3);
    assert!(
        refused.stderr.contains("data-loss:type public.pair"),
        "{refused}"
    );
    let arguments = [
        "rollback",
        "good",
        "--yes",
        "--allow",
        "data-loss",
        "--format",
        "json",
    ];
    let done = bench.snapback(&arguments).exits(0).json();
    let saved: Vec<_> = done["saved"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rows| rows["object"].as_str())
        .collect();
    let expected = ["table column public.t.p", "table column public.t.ps"];
    assert_eq!(saved, expected.map(Some), "{done}");
    let left = bench.database.psql("SELECT p, ps FROM t");
    assert_eq!(left, "(1,x)|{\"(2,y)\"}");
}
