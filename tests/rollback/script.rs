//! `rollback script.sql`.

use super::{Bench, SHOP};

fn with_script(sql: &str) -> Bench {
    let bench = Bench::new(SHOP);
    std::fs::write(bench.folder.path().join("back.sql"), sql).unwrap();
    bench
}

#[test]
fn it_is_rehearsed_run_and_recorded() {
    let bench =
        with_script("BEGIN;\nDROP VIEW shop.revenue;\nCREATE TABLE shop.note (a int);\nCOMMIT;\n");
    let done = bench
        .snapback(&["rollback", "back.sql", "--yes", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(done["proof"], "rehearsed effect");
    assert_eq!(done["statements"], 2);
    assert_eq!(
        bench
            .database
            .psql("SELECT to_regclass('shop.revenue') IS NULL, to_regclass('shop.note') IS NULL"),
        "t|f"
    );
    let undo = done["undo"]
        .as_str()
        .unwrap()
        .strip_prefix("snapback ")
        .unwrap()
        .to_owned();
    let mut words: Vec<&str> = undo.split(' ').collect();
    words.push("--yes");
    bench.snapback(&words).exits(0);
    assert_eq!(
        bench
            .database
            .psql("SELECT to_regclass('shop.revenue') IS NULL, to_regclass('shop.note') IS NULL"),
        "f|t"
    );
}

#[test]
fn what_it_destroys_needs_leave_even_when_the_text_hides_it() {
    let bench = with_script(
        "DO $$ BEGIN EXECUTE 'DROP TABLE shop.' || 'order CASCADE'; EXCEPTION WHEN syntax_error THEN EXECUTE 'DROP TABLE shop.\"order\" CASCADE'; END $$;",
    );
    let before = bench.dump();
    let files = bench.store_files();
    let refused = bench
        .snapback(&["rollback", "./back.sql", "--yes"])
        .exits(3);
    assert!(refused.stderr.contains("shop.\"order\""), "{refused}");
    assert_eq!(bench.dump(), before);
    assert_eq!(
        bench
            .store_files()
            .iter()
            .filter(|file| file.contains("snapshots"))
            .count(),
        0,
        "{files:?}"
    );
    let done = bench
        .snapback(&["rollback", "./back.sql", "--yes", "--allow", "data-loss"])
        .exits(0);
    assert!(done.stdout.contains("500 rows"), "{done}");
}

#[test]
fn an_error_is_shown_at_its_place_and_nothing_is_changed() {
    let bench =
        with_script("DROP VIEW shop.revenue;\nALTER TABLE shop.nowhere\n  ADD COLUMN a int;\n");
    let before = bench.dump();
    let failed = bench
        .snapback(&["rollback", "./back.sql", "--yes"])
        .exits(4);
    assert!(failed.stderr.contains("./back.sql:2:"), "{failed}");
    assert!(failed.stderr.contains("Nothing was changed"), "{failed}");
    assert_eq!(bench.dump(), before);
}

#[test]
fn what_is_no_rollback_script_is_refused_before_anything_runs() {
    for (sql, words) in [
        (&b""[..], "no statement"),
        (b"-- nothing\n/* at all */\n", "no statement"),
        (b"DROP VIEW shop.revenue;\nSELECT 'abc", "quot"),
        (
            b"BEGIN; SELECT 1; COMMIT; SELECT 2;",
            "ends its transaction in the middle",
        ),
        (b"DROP VIEW shop.revenue; VACUUM shop.customer;", "VACUUM"),
        (b"CREAT TABLE x (a int);", "CREAT"),
        (b"\x7fELF\x00\x01\x02\x00", "is a program"),
    ] {
        let bench = Bench::new(SHOP);
        std::fs::write(bench.folder.path().join("back.sql"), sql).unwrap();
        let before = bench.dump();
        let refused = bench
            .snapback(&["rollback", "./back.sql", "--yes"])
            .exits(3);
        assert!(
            refused.stderr.contains(words),
            "{}\n{refused}",
            String::from_utf8_lossy(sql)
        );
        assert_eq!(bench.dump(), before);
    }
}
