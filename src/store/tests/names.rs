//! Labels and refs.

use super::support::*;
use crate::store::*;

/// The id that a ref means for database 1, an hour after the start.
fn resolve(store: &Store, text: &str) -> Result<SnapshotId, StoreError> {
    store
        .resolve(text, Some(&database(1).id()), at(3600))
        .map(|found| found.id)
}

fn message(store: &Store, text: &str) -> String {
    resolve(store, text).unwrap_err().to_string()
}

/// Three user snapshots (one labelled), one operation with snapshots before and after.
fn filled() -> (Store, Vec<Written>) {
    let store = Store::in_memory().unwrap();
    let mut written = vec![
        store.write_snapshot(&schema(3, 1), meta(0)).unwrap(),
        store
            .write_snapshot(&schema(3, 2), labelled(600, "before-v2"))
            .unwrap(),
        store.write_snapshot(&schema(3, 3), meta(1200)).unwrap(),
        store.write_snapshot(&schema(3, 3), before(1800)).unwrap(),
    ];
    let after = SnapshotMeta {
        origin: Origin::After(operation_id(1800)),
        ..meta(1801)
    };
    written.push(store.write_snapshot(&schema(3, 1), after).unwrap());
    store
        .append_operation(&operation(1800, Some(&written[3]), Some(&written[4])))
        .unwrap();
    (store, written)
}

#[test]
fn every_form_of_ref() {
    let (store, written) = filled();
    let id = |n: usize| written[n].id;
    let full = id(1).to_string();
    let cases = [
        ("@", id(2)),
        ("@~1", id(1)),
        ("@~2", id(0)),
        ("@{1s}", id(2)),
        ("@{45m}", id(1)),
        ("@{1h}", id(0)),
        ("@before", id(3)),
        ("@after", id(4)),
        ("before-v2", id(1)),
        (&full[..12], id(1)),
        (&full, id(1)),
        (&format!("before/{}", operation_id(1800)), id(3)),
        (&format!("after/{}", operation_id(1800)), id(4)),
    ];
    for (text, wanted) in cases {
        assert_eq!(resolve(&store, text).unwrap(), wanted, "{text}");
    }
    assert_whole(&store);
}

#[test]
fn refs_that_name_nothing_say_what_there_is() {
    let (store, _) = filled();
    let cases = [
        (
            "before-v3",
            "no snapshot is called `before-v3`; did you mean `before-v2`?",
        ),
        (
            "@befor",
            "`@befor` is not a ref: after `@` comes nothing, `~N`, `{2h}`, `before` or `after`",
        ),
        ("qqq", "no snapshot is called `qqq`"),
        (
            "abc",
            "`abc` is not a ref: a snapshot's id is named by at least 4 digits",
        ),
        (
            "@~3",
            "`@~3` names nothing: users took 3 snapshots of this database",
        ),
        (
            "@{2h}",
            "`@{2h}` names nothing: the oldest snapshot of this database is of 2026-09-21T14:13:20Z",
        ),
        (
            "@before~1",
            "`@before~1` names nothing: this database has 1 operations on record",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(message(&store, text), wanted);
    }
    let other = store
        .resolve("@", Some(&database(2).id()), at(3600))
        .unwrap_err();
    assert_eq!(
        other.to_string(),
        "`@` names nothing: no snapshot of this database was taken by a user"
    );
}

#[test]
fn an_operation_without_snapshots_is_not_passed_over() {
    let (store, _) = filled();
    let bare = Operation {
        command: "run".to_owned(),
        ..operation(2000, None, None)
    };
    store.append_operation(&bare).unwrap();
    let wanted = format!(
        "`@before` names nothing: operation {} (run) has no snapshot before it",
        operation_id(2000)
    );
    assert_eq!(message(&store, "@before"), wanted);
    assert!(resolve(&store, "@before~1").is_ok());
}

#[test]
fn an_ambiguous_prefix_lists_the_candidates() {
    let store = Store::in_memory().unwrap();
    let mut seen = std::collections::BTreeMap::new();
    // Ids depend on the time alone here: about 300 of them share four digits with another.
    for second in 0.. {
        let written = store
            .write_snapshot(&SnapshotData::default(), meta(second))
            .unwrap();
        let prefix = written.id.to_string()[..4].to_owned();
        if let Some(other) = seen.insert(prefix.clone(), written.id) {
            let text = message(&store, &prefix);
            assert!(
                text.starts_with(&format!("`{prefix}` is ambiguous; it could be ")),
                "{text}"
            );
            assert!(
                text.contains(&other.short()) && text.contains(&written.id.short()),
                "{text}"
            );
            assert!(text.contains("database shop1, 2026-09-21T"), "{text}");
            return;
        }
    }
}

#[test]
fn another_database_is_found_and_said() {
    let (store, written) = filled();
    let found = store
        .resolve("before-v2", Some(&database(2).id()), at(3600))
        .unwrap();
    assert!(found.elsewhere);
    assert_eq!(found.id, written[1].id);
    assert!(
        !store
            .resolve("before-v2", Some(&database(1).id()), at(3600))
            .unwrap()
            .elsewhere
    );
}

#[test]
fn without_a_database_the_whole_store_is_searched() {
    let (store, written) = filled();
    assert_eq!(
        store.resolve("@", None, at(3600)).unwrap().id,
        written[2].id
    );
    let there = SnapshotMeta {
        database: database(2),
        ..labelled(900, "before-v2")
    };
    store.write_snapshot(&schema(1, 1), there).unwrap();
    for text in ["@", "before-v2"] {
        let error = store.resolve(text, None, at(3600)).unwrap_err().to_string();
        assert!(
            error.contains("ambiguous") && error.contains("shop1") && error.contains("shop2"),
            "{error}"
        );
    }
}

#[test]
fn a_label_is_given_once() {
    let (store, written) = filled();
    let database = database(1).id();
    let taken = store
        .set_label(&database, "before-v2", written[0].id, false)
        .unwrap_err();
    let wanted = format!(
        "label `before-v2` is taken by snapshot {}; use `--move` to move it",
        written[1].id.short()
    );
    assert_eq!(taken.to_string(), wanted);
    let count = store.snapshots(None).unwrap().len();
    let taken = store
        .write_snapshot(&schema(3, 9), labelled(900, "before-v2"))
        .unwrap_err();
    assert_eq!(taken.to_string(), wanted);
    assert_eq!(
        store.snapshots(None).unwrap().len(),
        count,
        "and no snapshot was left"
    );

    store
        .set_label(&database, "before-v2", written[0].id, true)
        .unwrap();
    assert_eq!(resolve(&store, "before-v2").unwrap(), written[0].id);
    assert_eq!(
        store.remove_label(&database, "before-v2").unwrap(),
        written[0].id
    );
    assert!(matches!(
        store.remove_label(&database, "before-v2"),
        Err(StoreError::Label(LabelError::Unknown(_)))
    ));
    store
        .set_label(&database, "before-v2", written[2].id, false)
        .unwrap();
    assert_whole(&store);
}

#[test]
fn many_labels_at_once_have_one_winner() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(folder.path()).unwrap();
    let written: Vec<Written> = (0..8)
        .map(|n| store.write_snapshot(&schema(1, n), meta(n.into())).unwrap())
        .collect();
    let winners = std::thread::scope(|scope| {
        let claim = |id| {
            let store = Store::open(folder.path()).unwrap();
            store
                .set_label(&database(1).id(), "release", id, false)
                .is_ok()
        };
        let running: Vec<_> = written
            .iter()
            .map(|w| scope.spawn(move || claim(w.id)))
            .collect();
        running
            .into_iter()
            .map(|thread| usize::from(thread.join().unwrap()))
            .sum::<usize>()
    });
    assert_eq!(winners, 1);
    assert_whole(&store);
}

#[test]
fn the_log_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = folder.path();
            scope.spawn(move || {
                let store = Store::open(path).unwrap();
                for n in 0..5 {
                    store
                        .append_operation(&operation(thread * 100 + n, None, None))
                        .unwrap();
                }
            });
        }
    });
    let entries = store.operations(&database(1).id()).unwrap();
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(numbers, (1..=20).rev().collect::<Vec<u64>>());
    assert!(
        entries
            .iter()
            .all(|entry| entry.previous.is_some() == (entry.sequence > 1))
    );
    assert_whole(&store);
}
