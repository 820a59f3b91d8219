//! `snapback check` without a database: what it says of good and bad scripts.

use std::fs;
use std::io::Read;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::{Ran, Snapback, filters};
use crate::support::postgres::Database;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> Ran {
    Snapback::new()
        .folder(folder)
        .args(["check"])
        .args(arguments)
        .run()
}

const BAD: &[u8] = b"CREATE TABLE t (id integer);
DROP TABLE old CASCADE;
CREAT INDEX x ON t (id);
VACUUM t;
SELECT 'open
";

#[test]
fn faults_are_shown_with_their_places() {
    let here = folder(&[("bad.sql", BAD)]);
    let ran = check(here.path(), &["bad.sql"]);
    insta::with_settings!({ filters => filters() }, { insta::assert_snapshot!("faults", ran) });
}

#[test]
fn json_says_the_same() {
    let here = folder(&[("bad.sql", BAD), ("good.sql", b"SELECT 1;")]);
    let json = check(here.path(), &["--format", "json", "good.sql", "bad.sql"])
        .exits(1)
        .json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["passes"], false);
    assert_eq!(json["scripts"][0]["passes"], true);
    let codes: Vec<_> = json["scripts"][1]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert_eq!(
        codes,
        ["drop-without-if-exists", "syntax", "transaction", "split"]
    );
    assert_eq!(json["scripts"][1]["findings"][1]["line"], 3);
    assert_eq!(json["scripts"][1]["destroys"][0]["name"], "old");
}

#[test]
fn the_shop_of_the_demo_is_right() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    check(&shop, &["schema.sql", "rows.sql", "migration.sql"]).exits(0);
}

#[test]
fn bad_input_is_named() {
    let here = folder(&[
        ("empty.sql", b""),
        ("comments.sql", b"-- nothing\n/* at all */\n"),
        ("binary.sql", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("loop.sql", b"\\i loop.sql\n"),
        ("middle.sql", b"BEGIN; SELECT 1; COMMIT; SELECT 2;"),
    ]);
    let says = |file: &str, code: i32, words: &str| {
        let ran = check(here.path(), &[file]).exits(code);
        assert!(ran.stdout.contains(words), "{file}: {ran}");
    };
    says("empty.sql", 0, "there is no statement in this script");
    says("comments.sql", 0, "there is no statement in this script");
    says("binary.sql", 1, "error:");
    says("loop.sql", 1, "include each other");
    says("middle.sql", 1, "in the middle of the script");
    let ran = check(here.path(), &["missing.sql"]).exits(2);
    assert!(ran.stderr.contains("missing.sql: No such file"), "{ran}");
}

#[test]
fn standard_input_is_a_script_too() {
    let ran = Snapback::new()
        .args(["check", "-"])
        .input("SELECT 1; SELEC 2;")
        .run()
        .exits(1);
    assert!(ran.stdout.contains("-:1:11"), "{ran}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let script = "DROP TABLE t;\n".repeat(1_500);
    let here = folder(&[("long.sql", script.as_bytes())]);
    let mut running = Snapback::new()
        .folder(here.path())
        .args(["check", "long.sql"])
        .spawn();
    let mut first = [0];
    running
        .child
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    let ran = running.wait();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn with_a_database_its_server_is_the_judge() {
    let database = Database::new();
    let script = "CREATE TABLE t (id integer);\nINSERT INTO t VALUES (1, 2);\nSELECT * FRM t;\n";
    let here = folder(&[("bad.sql", script.as_bytes())]);
    let ran = check(here.path(), &["bad.sql", "-d", &database.url()]);
    insta::with_settings!({ filters => filters() }, { insta::assert_snapshot!("faults_online", ran) });
    assert_eq!(
        database.psql("SELECT to_regclass('t') IS NULL"),
        "t",
        "nothing was run"
    );

    let offline = check(
        here.path(),
        &[
            "bad.sql",
            "--offline",
            "-d",
            "postgresql://127.0.0.1:1/none",
        ],
    );
    assert!(offline.exits(1).stdout.contains("bad.sql:3"));
}

#[test]
fn a_server_that_is_not_there_is_exit_code_6() {
    let here = folder(&[("good.sql", b"SELECT 1")]);
    let url = "postgresql://ada:s3cret@127.0.0.1:1/none?connect_timeout=2";
    for ran in [
        check(here.path(), &["good.sql", "-d", url]),
        Snapback::new()
            .folder(here.path())
            .env("DATABASE_URL", url)
            .args(["check", "good.sql"])
            .run(),
    ] {
        let ran = ran.exits(6);
        assert!(
            ran.stderr.contains("127.0.0.1:1") && !ran.stderr.contains("s3cret"),
            "{ran}"
        );
    }
}
