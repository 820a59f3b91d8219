//! The golden store, `corpus/store/v1`: written once by the first version, read by every later one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::support::*;
use crate::catalog::database::Beside;
use crate::store::*;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/store/v1")
}

/// What is in the golden store: every kind of file, every field, every class of blob, a tree with branches, several frames.
fn fill(store: &Store) {
    let golden = |meta: SnapshotMeta| SnapshotMeta {
        tool: "0.1.0".to_owned(),
        ..meta
    };
    let mut rich = schema(300, 1);
    rich.objects.push(object(
        "",
        "extension pgcrypto",
        "{\"version\":\"1.3\",\"text\":\"tab \\t quote \\\" ü\"}",
    ));
    rich.objects.push(object(
        "Odd \"schema\"",
        "table \"Odd \"\"schema\"\"\".\"t\"",
        "[]",
    ));
    let first = SnapshotMeta {
        scope: Scope {
            schemas: vec!["public".to_owned()],
            exclude: vec!["audit*".to_owned()],
            exclude_roles: Vec::new(),
        },
        counts: BTreeMap::from([("schema".to_owned(), 1), ("table".to_owned(), 301)]),
        unmodeled: vec!["cast (integer AS text)".to_owned()],
        invalid_indexes: vec!["public.broken_idx".to_owned()],
        roles: vec!["app".to_owned(), "postgres".to_owned()],
        extensions: vec!["pgcrypto".to_owned()],
        tablespaces: vec!["fast".to_owned()],
        beside: Beside {
            settings: BTreeMap::from([("search_path".to_owned(), "app, public".to_owned())]),
            ..Beside::default()
        },
        redacted: vec!["subscription s".to_owned()],
        fingerprint: BTreeMap::from([("pg_class".to_owned(), "412 -99123".to_owned())]),
        ..golden(labelled(0, "v1"))
    };
    store.write_snapshot(&rich, first).unwrap();
    store
        .write_snapshot(
            &schema(1, 1),
            SnapshotMeta {
                database: database(2),
                ..golden(labelled(5, "v1"))
            },
        )
        .unwrap();
    let mut emergency = store.prepare(&schema(300, 2), golden(before(60))).unwrap();
    let source = RowsSource {
        object: "table column public.t00003.name".to_owned(),
        table: "table public.t00003".to_owned(),
        columns: vec!["id".to_owned(), "name".to_owned()],
        key: vec!["id".to_owned()],
    };
    let mut rows = store.save_rows(&mut emergency, source).unwrap();
    rows.write(&copy_text(80_000)).unwrap();
    let (record, rows) = rows.finish(80_000).unwrap();
    let after = SnapshotMeta {
        origin: Origin::After(operation_id(60)),
        ..golden(meta(62))
    };
    let after = store.write_snapshot(&schema(300, 1), after).unwrap();
    let mut rollback = operation(60, Some(&emergency.written), Some(&after));
    rollback.allowed = vec!["data-loss".to_owned()];
    rollback.proof = Some(Proof {
        kind: "root".to_owned(),
        hash: after.manifest.root,
    });
    rollback.rows = vec![SavedRows {
        record,
        object: rows.object,
        count: rows.count,
    }];
    rollback.who = Who {
        user: "ann".to_owned(),
        host: "build1".to_owned(),
        pid: 4711,
        role: "app".to_owned(),
        application: "snapback".to_owned(),
    };
    store.append_operation(&rollback).unwrap();
    let mut run = operation(90, None, None);
    run.command = "run".to_owned();
    run.steps.clear();
    run.outcome = Outcome::FailedAfterCommit;
    run.note = Some("the report could not be written".to_owned());
    let script = Script {
        name: "v2.sql".to_owned(),
        bytes: 6,
        hash: Hash::plain(b"BEGIN;"),
    };
    run.target = Some(Target {
        given: "./v2.sql".to_owned(),
        snapshot: None,
        script: Some(script),
    });
    store.append_operation(&run).unwrap();
}

/// COPY text that is cut into two chunks and compresses well.
fn copy_text(rows: u32) -> Vec<u8> {
    let row = |n: u32| format!("{}\ta row like all the others\n", n / 1000).into_bytes();
    (0..rows).flat_map(row).collect()
}

/// Files of a store, by key; of packs the sorted hashes of their blobs, since zstd may change how it compresses.
fn files(store: &Store) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut blobs = Vec::new();
    for entry in store.backend.list("").unwrap() {
        if let Some(name) = index::pack_name(&entry.key) {
            let index = index::read_index(&*store.backend, name, entry.size).unwrap();
            blobs.extend(
                index
                    .blobs
                    .iter()
                    .map(|blob| format!("{} {}\n", blob.class, blob.hash)),
            );
        } else {
            files.insert(
                entry.key.clone(),
                store.backend.get(&entry.key, None).unwrap(),
            );
        }
    }
    blobs.sort();
    files.insert("blobs".to_owned(), blobs.concat().into_bytes());
    files
}

#[test]
fn the_golden_store_is_read() {
    let store = Store::open(&golden()).unwrap();
    assert_whole(&store);
    let database = database(1).id();
    let resolve = |text| store.resolve(text, Some(&database), at(3600)).unwrap();

    let v1 = resolve("v1");
    assert_eq!(
        v1.id.to_string(),
        "2337fa8b34a4dc68b1813b11580a4b1c7619cc6d702873ea609a35478ba172a5"
    );
    assert_eq!(
        v1.manifest.root.to_string(),
        "f591b9b4f50b7ff0180843bc7bd428402865e31c0f971aeff34108234e71fb10"
    );
    let data = store.read_snapshot(v1.id).unwrap();
    assert_eq!(
        (data.objects.len(), data.layout.len(), data.edges.len()),
        (303, 300, 300)
    );
    assert_eq!(
        data.objects[0].bytes,
        "{\"version\":\"1.3\",\"text\":\"tab \\t quote \\\" ü\"}".as_bytes()
    );

    let (before, after) = (resolve("@before~1"), resolve("@after~1"));
    let changed = store.compare(before.id, after.id).unwrap();
    assert_eq!(
        changed
            .iter()
            .map(|change| &change.id[..])
            .collect::<Vec<_>>(),
        ["table public.t00000"]
    );
    let rows = store.rows_of(before.id).unwrap();
    assert_eq!(rows[0].1.chunks.len(), 2);
    let text: Vec<u8> = store
        .load_rows(&rows[0].1)
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(text, copy_text(80_000));

    let operations = store.operations(&database).unwrap();
    assert_eq!(
        operations
            .iter()
            .map(|entry| &entry.operation.command[..])
            .collect::<Vec<_>>(),
        ["run", "rollback"]
    );
}

#[test]
fn the_same_input_is_written_as_the_same_bytes() {
    let store = Store::in_memory().unwrap();
    fill(&store);
    let golden = files(&Store::open(&golden()).unwrap());
    let written = files(&store);
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        golden.keys().collect::<Vec<_>>()
    );
    for (key, bytes) in &golden {
        assert_eq!(
            String::from_utf8_lossy(bytes),
            String::from_utf8_lossy(&written[key]),
            "{key}"
        );
    }
}
