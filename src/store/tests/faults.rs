//! Damage, crashes, full disks: nothing may be lost in silence, and no state may be in between.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use super::memory::{Failing, Failure, Memory};
use super::support::*;
use crate::store::backend::{Backend, BackendError};
use crate::store::*;

/// A store with a file of every kind.
fn full_store() -> (Arc<Memory>, Store) {
    let (memory, store) = Memory::store();
    store
        .write_snapshot(&schema(4, 1), labelled(0, "v1"))
        .unwrap();
    let mut prepared = store.prepare(&schema(4, 2), before(10)).unwrap();
    save(&store, &mut prepared, b"1\tone\n2\ttwo\n");
    let after = SnapshotMeta {
        origin: Origin::After(operation_id(10)),
        ..meta(11)
    };
    let after = store.write_snapshot(&schema(4, 3), after).unwrap();
    store
        .append_operation(&operation(10, Some(&prepared.written), Some(&after)))
        .unwrap();
    store.append_operation(&operation(20, None, None)).unwrap();
    (memory, store)
}

fn save(store: &Store, prepared: &mut Prepared, rows: &[u8]) {
    let source = RowsSource {
        object: "table public.t00001".to_owned(),
        table: "table public.t00001".to_owned(),
        columns: vec!["id".to_owned(), "name".to_owned()],
        key: Vec::new(),
    };
    let mut writer = store.save_rows(prepared, source).unwrap();
    writer.write(rows).unwrap();
    writer.finish(2).unwrap();
}

#[test]
fn every_flipped_bit_is_found_in_its_file() {
    let (memory, store) = full_store();
    assert_whole(&store);
    let files = memory.everything();
    let folders: Vec<&str> = files
        .keys()
        .map(|key| key.split('/').next().unwrap())
        .collect();
    for folder in [
        "store.json",
        "snapshots",
        "packs",
        "labels",
        "operations",
        "rows",
    ] {
        assert!(folders.contains(&folder), "{folder}");
    }
    for (key, bytes) in &files {
        // Both ends, where every byte has a meaning of its own, and a sample between.
        for at in (0..bytes.len()).filter(|at| at % 7 == 0 || *at < 48 || at + 48 > bytes.len()) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            memory.set(key, flipped);
            let found = match store.verify() {
                Ok(report) => report
                    .faults
                    .iter()
                    .any(|fault| fault.file.contains(key.as_str())),
                Err(error) => error.to_string().contains(key.as_str()),
            };
            assert!(found, "{key}, byte {at}: {:?}", store.verify());
        }
        memory.set(key, bytes.clone());
    }
}

#[test]
fn a_damaged_blob_is_refused_and_named() {
    let (memory, store) = Memory::store();
    let written = store
        .write_snapshot(&schema(40, 1), labelled(0, "v1"))
        .unwrap();
    let pack = memory
        .keys()
        .into_iter()
        .find(|key| key.starts_with("packs/"))
        .unwrap();
    let mut bytes = memory.bytes(&pack);
    bytes[100] ^= 0x10;
    memory.set(&pack, bytes);

    let fresh = Store::open_on(memory.clone()).unwrap();
    let error = fresh.read_snapshot(written.id).unwrap_err();
    let StoreError::Corrupt(corruption) = &error else {
        panic!("{error}")
    };
    assert_eq!(corruption.file, format!("mem/{pack}"));
    assert!(
        corruption.expected.is_some() && corruption.actual != corruption.expected,
        "{error}"
    );

    let report = fresh.verify().unwrap();
    let [fault] = &report.faults[..] else {
        panic!("{report:#?}")
    };
    assert_eq!(fault.file, format!("mem/{pack}"));
    assert!(fault.expected.is_some() && fault.actual.is_some());
    let of_snapshot = format!("in snapshot {} (v1)", written.id.short());
    assert!(
        !fault.breaks.is_empty() && fault.breaks.iter().all(|text| text.ends_with(&of_snapshot)),
        "{fault:?}"
    );
}

#[test]
fn a_missing_pack_is_named_with_what_it_breaks() {
    let (memory, store) = Memory::store();
    let written = store
        .write_snapshot(&schema(2, 1), labelled(0, "v1"))
        .unwrap();
    let pack = memory
        .keys()
        .into_iter()
        .find(|key| key.starts_with("packs/"))
        .unwrap();
    memory.delete(&pack).unwrap();
    assert!(matches!(
        store.read_snapshot(written.id),
        Err(StoreError::MissingBlob { .. })
    ));
    let report = store.verify().unwrap();
    let breaks: Vec<&String> = report
        .faults
        .iter()
        .flat_map(|fault| &fault.breaks)
        .collect();
    let short = written.id.short();
    assert!(
        breaks.contains(&&format!("the top of the tree in snapshot {short} (v1)")),
        "{breaks:?}"
    );
    // Other snapshots can still be taken, and bring the blobs back.
    store.write_snapshot(&schema(2, 2), meta(5)).unwrap();
    store.write_snapshot(&schema(2, 1), meta(6)).unwrap();
    assert_eq!(store.read_snapshot(written.id).unwrap().objects.len(), 3);
    assert_whole(&store);
}

#[test]
fn a_torn_pack_does_not_keep_others_from_being_read() {
    let (memory, store) = Memory::store();
    // No node of a tree in common.
    let other = |version| SnapshotData {
        objects: schema(200, version).objects.split_off(1),
        ..SnapshotData::default()
    };
    let first = store.write_snapshot(&schema(2, 1), meta(0)).unwrap();
    let pack = memory
        .keys()
        .into_iter()
        .find(|key| key.starts_with("packs/"))
        .unwrap();
    let second = store
        .write_snapshot(
            &other(7),
            SnapshotMeta {
                database: database(2),
                ..meta(1)
            },
        )
        .unwrap();
    let whole = memory.bytes(&pack);
    for length in [0, 1, 15, 16, 40, whole.len() - 1] {
        memory.set(&pack, whole[..length].to_vec());
        let fresh = Store::open_on(memory.clone()).unwrap();
        let error = fresh.read_snapshot(first.id).unwrap_err();
        assert!(error.to_string().contains(&pack), "{error}");
        let own = fresh.object(second.id, "table public.t00150").unwrap();
        assert!(own.is_some());
    }
}

#[test]
fn a_changed_log_is_found() {
    let (memory, store) = full_store();
    let folder = format!("operations/{}", database(1).id());
    // The first entry, rewritten with a hash that fits: only the chain tells.
    let key = format!("{folder}/00000001.json");
    let text = String::from_utf8(memory.bytes(&key)).unwrap();
    let line = text
        .lines()
        .next()
        .unwrap()
        .replace("DROP TABLE", "DROP VIEW ");
    memory.set(
        &key,
        format!("{line}\n{}\n", Class::Operation.hash(line.as_bytes())).into_bytes(),
    );
    let report = store.verify().unwrap();
    let problems: Vec<_> = report
        .faults
        .iter()
        .map(|fault| (&fault.file[..], &fault.problem[..]))
        .collect();
    assert_eq!(
        problems,
        [(
            &format!("mem/{folder}/00000002.json")[..],
            "it does not follow the entry before it"
        )]
    );
    memory.delete(&key).unwrap();
    assert_eq!(store.verify().unwrap().faults[0].file, format!("mem/{key}"));
}

/// What a run does, one step after another; each is all or nothing.
type Scenario = fn(&Store) -> Result<(), StoreError>;

const SCENARIOS: [(&str, Scenario); 6] = [
    ("snapshot", |store| {
        store
            .write_snapshot(&schema(5, 2), labelled(100, "v2"))
            .map(drop)
    }),
    ("move a label", |store| {
        let id = store
            .snapshots(None)?
            .last()
            .map(|snapshot| snapshot.id)
            .unwrap();
        store.set_label(&database(1).id(), "v1", id, true)
    }),
    ("rollback", |store| {
        let mut prepared = store.prepare(&schema(5, 3), before(110))?;
        let mut rows = store.save_rows(&mut prepared, RowsSource::default())?;
        rows.write(b"1\n")?;
        rows.finish(1)?;
        let meta = SnapshotMeta {
            origin: Origin::After(operation_id(110)),
            ..meta(111)
        };
        let after = store.write_snapshot(&schema(5, 1), meta)?;
        store
            .append_operation(&operation(110, Some(&prepared.written), Some(&after)))
            .map(drop)
    }),
    ("a run that fails", |store| {
        let mut prepared = store.prepare(&schema(5, 4), before(120))?;
        let mut rows = store.save_rows(&mut prepared, RowsSource::default())?;
        rows.write(b"1\n")?;
        rows.finish(1)?;
        store.discard(prepared)
    }),
    ("gc", |store| {
        let options = GcOptions {
            now: at(1_000_000_000),
            expire: Some(std::time::Duration::ZERO),
            ..graceless()
        };
        store.gc(&options).map(drop)
    }),
    ("remove a label", |store| {
        store.remove_label(&database(1).id(), "v1").map(drop)
    }),
];

/// A store with garbage for gc: an unlabelled old snapshot whose pack is half used.
fn prior() -> (Arc<Memory>, BTreeMap<SnapshotId, SnapshotData>) {
    let (memory, store) = Memory::store();
    let mut kept = BTreeMap::new();
    store.write_snapshot(&schema(40, 9), meta(0)).unwrap();
    for (second, version, label) in [(1, 1, "v1"), (2, 5, "v5")] {
        let written = store
            .write_snapshot(&schema(5, version), labelled(second, label))
            .unwrap();
        kept.insert(written.id, store.read_snapshot(written.id).unwrap());
    }
    (memory, kept)
}

fn crash_everywhere(failure: Failure) {
    for (name, scenario) in SCENARIOS {
        let (memory, kept) = prior();
        let mut calls = 1;
        loop {
            let memory = memory.copy();
            let failing = Failing::on(memory.clone(), failure, calls);
            let outcome = Store::open_on(failing.clone()).and_then(|store| scenario(&store));
            let after = Store::open_on(memory.clone()).unwrap();
            let report = after.verify().unwrap();
            assert_eq!(
                report.faults,
                [],
                "{name}, {failure:?} at call {calls}: {report:#?}"
            );
            for (id, data) in &kept {
                assert_eq!(
                    after.read_snapshot(*id).unwrap(),
                    *data,
                    "{name}, {failure:?} at call {calls}"
                );
            }
            // And it can be done again.
            if outcome.is_err() && name != "remove a label" && name != "snapshot" {
                scenario(&after).unwrap_or_else(|error| {
                    panic!("{name}, {failure:?} at call {calls}, again: {error}")
                });
            }
            if !failing.around.failed() {
                assert!(outcome.is_ok());
                break;
            }
            calls += 1;
        }
        assert!(
            failure == Failure::Full || calls > 3,
            "{name}: {calls} calls"
        );
    }
}

#[test]
fn a_crash_before_any_call_leaves_the_old_state_or_the_new() {
    crash_everywhere(Failure::Before);
}

#[test]
fn a_crash_after_any_call_leaves_the_old_state_or_the_new() {
    crash_everywhere(Failure::After);
}

#[test]
fn a_full_disk_at_any_write_is_said_and_harms_nothing() {
    crash_everywhere(Failure::Full);
    let (memory, _) = prior();
    let failing = Failing::on(memory, Failure::Full, 1);
    let error = Store::open_on(failing)
        .unwrap()
        .write_snapshot(&schema(5, 2), meta(9))
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Backend(BackendError::Full { .. })),
        "{error}"
    );
    assert!(error.to_string().starts_with("the disk is full"), "{error}");
}

/// Runs itself again under a file size limit, so that real writes of a real file system fail in the middle.
#[test]
fn a_write_that_the_system_cuts_short_leaves_no_file() {
    const CHILD: &str = "SNAPBACK_TEST_SMALL_FILES";
    if let Some(path) = std::env::var_os(CHILD) {
        let store = Store::open(std::path::Path::new(&path)).unwrap();
        let mut data = SnapshotData::default();
        let noise: String = (0..4000_u32)
            .map(|n| Class::Object.hash(&n.to_le_bytes()).to_hex())
            .collect();
        data.objects.push(object(
            "public",
            "table public.noise",
            &format!("\"{noise}\""),
        ));
        let error = store.write_snapshot(&data, meta(50)).unwrap_err();
        assert!(
            matches!(error, StoreError::Backend(BackendError::Full { .. })),
            "{error}"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(folder.path()).unwrap();
    store.write_snapshot(&schema(5, 1), meta(0)).unwrap();
    let files = || -> Vec<String> {
        let mut files: Vec<String> = walk(folder.path())
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        files.sort();
        files
    };
    let before = files();
    // 32 blocks of 512 bytes; SIGXFSZ ignored, so that write() says EFBIG instead of killing.
    let script = "trap '' XFSZ; ulimit -f 32; exec \"$0\" --exact store::tests::faults::a_write_that_the_system_cuts_short_leaves_no_file";
    let program = std::env::current_exe().unwrap();
    let run = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(program)
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(String::from_utf8_lossy(&run.stdout).contains("1 passed"));
    assert_eq!(files(), before);
    assert_whole(&store);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/store");
    let store = Store::create_or_open(&path).unwrap();
    store
        .write_snapshot(&schema(5, 1), labelled(0, "v1"))
        .unwrap();
    for path in walk(folder.path()) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            mode,
            if path.is_dir() { 0o700 } else { 0o600 },
            "{}",
            path.display()
        );
    }
}

#[test]
fn what_is_no_store_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let message = |path: &std::path::Path| Store::open(path).unwrap_err().to_string();
    let absent = folder.path().join("absent");
    assert_eq!(
        message(&absent),
        format!("there is no store at {place}/absent")
    );
    assert!(!absent.exists());
    assert_eq!(
        message(folder.path()),
        format!("{place} is not a Snapback store: it is an empty folder")
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [&file, folder.path()] {
        let wanted = message(path);
        assert_eq!(Store::create_or_open(path).unwrap_err().to_string(), wanted);
    }
    assert_eq!(
        message(&file),
        format!("{place}/file is not a Snapback store: it is a file")
    );
    assert_eq!(
        message(folder.path()),
        format!("{place} is not a Snapback store: it is a folder with `file` in it")
    );

    let store = folder.path().join("store");
    Store::create_or_open(&store).unwrap();
    let json = store.join("store.json");
    std::fs::write(&json, "{\"snapback\":\"store\",\"version\":2}").unwrap();
    let newer = format!(
        "{place}/store/store.json has format version 2; this program reads up to version 1"
    );
    assert_eq!(message(&store), newer);
    assert_eq!(
        Store::create_or_open(&store).unwrap_err().to_string(),
        newer
    );
    std::fs::write(&json, "{\"snapback\":\"stork\",\"version\":1}").unwrap();
    assert!(
        message(&store).ends_with("is corrupt: it says `stork` where `store` must be"),
        "{}",
        message(&store)
    );
}

#[test]
fn a_newer_manifest_is_refused_by_name() {
    let (memory, store) = Memory::store();
    let written = store.write_snapshot(&schema(1, 1), meta(0)).unwrap();
    let key = written.manifest.key(written.id);
    let text = String::from_utf8(memory.bytes(&key))
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    let id = SnapshotId(Class::Manifest.hash(text.as_bytes()));
    let newer = key.replace(&written.id.to_string(), &id.to_string());
    memory.set(&newer, text.into_bytes());
    let error = store.read_snapshot(id).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("mem/{newer} has format version 2; this program reads up to version 1")
    );
}
