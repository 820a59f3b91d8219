//! `log --object`, `tag`, `verify` and `gc` as a user sees them, on the golden store and on copies of it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::cli::{Ran, Snapback};
use crate::support::postgres::Database;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/store/v1")
}

fn snapback(store: &Path, arguments: &[&str]) -> Ran {
    Snapback::new()
        .env("SNAPBACK_STORE", store)
        .args(arguments)
        .run()
}

/// A copy that may be changed.
fn copy() -> TempDir {
    fn copy_folder(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy_folder(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&golden(), folder.path());
    folder
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn log_shows_what_a_killed_run_left() {
    let store = copy();
    fs::remove_dir_all(store.path().join("operations")).unwrap();
    let log = snapback(store.path(), &["log"]).exits(0).stdout;
    assert!(
        log.contains("before/op-20260921T141420Z-003c") && !log.contains("after/"),
        "{log}"
    );
}

#[test]
fn log_tells_the_history_of_an_object() {
    let history = |id| {
        snapback(&golden(), &["log", "--object", id])
            .exits(0)
            .stdout
    };
    insta::assert_snapshot!(history("table public.t00000"), @r"
    2026-09-21 14:14:22 UTC  changed in e99c656c7e17 after/op-20260921T141420Z-003c
    2026-09-21 14:14:20 UTC  changed in 54b44b0945c0 before/op-20260921T141420Z-003c
    2026-09-21 14:13:25 UTC  new     in 79a7cfc88cd0 v1
    2026-09-21 14:13:20 UTC  new     in 2337fa8b34a4 v1
    ");
    insta::assert_snapshot!(history("extension pgcrypto"), @r"
    2026-09-21 14:14:20 UTC  gone    in 54b44b0945c0 before/op-20260921T141420Z-003c
    2026-09-21 14:13:20 UTC  new     in 2337fa8b34a4 v1
    ");
}

#[test]
fn a_tag_is_given_moved_and_removed() {
    let store = copy();
    let tag = |arguments: &[&str]| snapback(store.path(), &[&["tag"], arguments].concat());
    assert_eq!(
        tag(&["release", "2337"]).exits(0).stdout,
        "snapshot 2337fa8b34a4 is release\n"
    );
    let taken = tag(&["release", "54b4"]).exits(3);
    assert!(
        taken
            .stderr
            .contains("label `release` is taken by snapshot 2337fa8b34a4"),
        "{taken}"
    );
    tag(&["release", "54b4", "--move"]).exits(0);
    let report = json(&snapback(store.path(), &["log", "--format", "json"]).exits(0));
    let tagged = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["labels"] == serde_json::json!(["release"]));
    assert!(
        tagged.unwrap()["id"]
            .as_str()
            .unwrap()
            .starts_with("54b44b0945c0"),
        "{report}"
    );
    let removed = json(&tag(&["release", "--delete", "--format", "json"]).exits(0));
    assert_eq!(removed["deleted"], true);
    for (arguments, wanted) in [
        (
            &["release", "--delete"][..],
            "no snapshot has the label `release`",
        ),
        (
            &["v1", "--delete"],
            "several databases have a label `v1`: shop1, shop2",
        ),
        (
            &["face", "2337"],
            "`face` cannot be a label: it could be the beginning of a snapshot's id",
        ),
        (&["x", "v7"], "no snapshot is called `v7`"),
        (&["x", "v1"], "`v1` is ambiguous; it could be "),
        (&["x", "@"], "`@` is ambiguous; it could be "),
    ] {
        let refused = tag(arguments).exits(2);
        assert!(refused.stderr.contains(wanted), "{refused}");
    }
}

#[test]
fn verify_names_what_is_damaged() {
    let whole = snapback(&golden(), &["verify"]).exits(0);
    assert!(whole.stdout.starts_with("whole 15 files, "), "{whole}");

    let store = copy();
    let packs = fs::read_dir(store.path().join("packs"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pack = packs
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[1000] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let damaged = snapback(store.path(), &["verify"]).exits(6);
    for wanted in [
        &*pack.display().to_string(),
        "  expected ",
        "  found    ",
        "  breaks   ",
        "in snapshot 2337fa8b34a4 (v1)",
    ] {
        assert!(damaged.stdout.contains(wanted), "{wanted}: {damaged}");
    }
    let report = json(&snapback(store.path(), &["verify", "--format", "json"]).exits(6));
    assert_eq!(report["faults"].as_array().unwrap().len(), 1);
    assert_ne!(
        report["faults"][0]["expected"],
        report["faults"][0]["actual"]
    );
}

#[test]
fn gc_shows_before_it_deletes() {
    let store = copy();
    let clean = snapback(store.path(), &["gc"]).exits(0);
    assert_eq!(clean.stdout, "nothing to delete; 4 snapshots kept\n");
    let shown = snapback(store.path(), &["gc", "--expire", "0s", "--grace", "0s"]).exits(0);
    // Both user snapshots have a label, the others belong to an operation: expiring takes none.
    assert_eq!(shown.stdout, "nothing to delete; 4 snapshots kept\n");
    snapback(store.path(), &["tag", "v1", "79a7", "--move"]).exits(0);
    for entry in fs::read_dir(store.path().join("labels")).unwrap() {
        fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    let shown = snapback(store.path(), &["gc", "--expire", "0s", "--grace", "0s"]).exits(0);
    assert!(
        shown.stdout.contains("would delete snapshot 2337fa8b34a4"),
        "{shown}"
    );
    assert!(
        shown
            .stdout
            .contains("`snapback gc --yes` with the same flags does it"),
        "{shown}"
    );
    snapback(store.path(), &["verify"]).exits(0);
    let done = json(
        &snapback(
            store.path(),
            &[
                "gc", "--expire", "0s", "--grace", "0s", "--yes", "--format", "json",
            ],
        )
        .exits(0),
    );
    assert_eq!(done["dry_run"], false);
    assert_eq!(done["snapshots"].as_array().unwrap().len(), 2);
    let left = snapback(store.path(), &["verify"]).exits(0);
    assert!(left.stdout.contains("2 snapshots, 2 operations"), "{left}");
}

#[test]
fn without_a_store_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    for verb in ["log", "verify", "gc"] {
        let ran = snapback(&store, &[verb]).exits(6);
        assert!(ran.stderr.contains("there is no store at "), "{ran}");
    }
    snapback(folder.path(), &["verify"]).exits(6);
    assert!(!store.exists());
}

#[test]
fn a_real_database_has_its_own_log() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let snapback = Snapback::new()
            .folder(folder.path())
            .env("DATABASE_URL", database.url());
        snapback.args(arguments).run().exits(0)
    };
    database.psql("CREATE TABLE t (a integer, b text)");
    run(&["snapshot", "v1"]);
    database.psql("CREATE TABLE u (a integer)");
    run(&["snapshot"]);
    database.psql("ALTER TABLE t ALTER b SET NOT NULL; ALTER TABLE t ADD c integer; DROP TABLE u");
    run(&["snapshot", "v1", "--move"]);
    run(&["tag", "newest"]);

    let report = json(&run(&["log", "--format", "json"]));
    let entries = report["entries"].as_array().unwrap();
    let labels: Vec<_> = entries.iter().map(|entry| &entry["labels"]).collect();
    assert_eq!(
        labels,
        [
            &serde_json::json!(["newest", "v1"]),
            &serde_json::json!([]),
            &serde_json::json!([])
        ]
    );
    for (object, wanted) in [
        ("table public.t", &["changed", "new"][..]),
        ("table column public.t.b", &["changed", "new"]),
        ("table column public.t.c", &["new"]),
        ("table public.u", &["gone", "new"]),
        ("table column public.u.a", &["gone", "new"]),
    ] {
        let report = json(&run(&["log", "--object", object, "--format", "json"]));
        let changes = report["changes"].as_array().unwrap();
        let changes: Vec<_> = changes
            .iter()
            .map(|change| change["change"].as_str().unwrap())
            .collect();
        assert_eq!(changes, wanted, "{object}");
    }
    let nothing = Snapback::new()
        .folder(folder.path())
        .args(["log", "--object", "table public.tt"])
        .run()
        .exits(2);
    assert!(
        nothing
            .stderr
            .contains("no snapshot has an object called \"table public.tt\""),
        "{nothing}"
    );
}
