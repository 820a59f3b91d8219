//! Rows, gc, and many writers at once.

use std::time::Duration;

use proptest::prelude::*;

use super::memory::Memory;
use super::support::*;
use crate::store::backend::Backend;
use crate::store::*;

fn source(table: &str) -> RowsSource {
    let table = format!("table public.{table}");
    RowsSource {
        object: table.clone(),
        table,
        columns: vec!["id".to_owned()],
        key: Vec::new(),
    }
}

/// COPY text of `rows` rows that compresses badly.
fn copy_text(rows: u32) -> Vec<u8> {
    let row = |n: u32| format!("{n}\t{}\n", Class::Object.hash(&n.to_le_bytes()));
    (0..rows).flat_map(|n| row(n).into_bytes()).collect()
}

fn read_back(store: &Store, record: &RowsRecord) -> Vec<u8> {
    store.load_rows(record).flat_map(Result::unwrap).collect()
}

#[test]
fn rows_come_back() {
    let (memory, store) = Memory::store();
    let mut prepared = store.prepare(&schema(2, 1), before(0)).unwrap();
    let text = copy_text(280_000);
    let mut writer = store.save_rows(&mut prepared, source("t00000")).unwrap();
    for part in text.chunks(65_536) {
        writer.write(part).unwrap();
    }
    let (hash, record) = writer.finish(280_000).unwrap();
    assert_eq!((record.count, record.bytes), (280_000, text.len() as u64));
    assert!(record.chunks.len() > 20, "{}", record.chunks.len());
    let packs = memory.list("packs").unwrap();
    assert!(
        packs.len() > 2 && packs.iter().all(|pack| pack.size < 20_000_000),
        "{packs:?}"
    );

    let mut writer = store.save_rows(&mut prepared, source("t00001")).unwrap();
    writer.write(b"").unwrap();
    writer.finish(0).unwrap();
    let found = store.rows_of(prepared.written.id).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], (hash, record));
    assert_eq!(read_back(&store, &found[0].1), text);
    assert_eq!(read_back(&store, &found[1].1), b"");
    assert_whole(&store);

    // The same rows with one more in front: nearly all chunks are there.
    let before = memory.list("packs").unwrap().len();
    let mut writer = store.save_rows(&mut prepared, source("t00000")).unwrap();
    writer.write(b"0\tfirst\n").unwrap();
    writer.write(&text).unwrap();
    writer.finish(280_001).unwrap();
    let packs = memory.list("packs").unwrap();
    assert_eq!(packs.len(), before + 1);
    let added = store.rows_of(prepared.written.id).unwrap();
    let old: Vec<Hash> = found[0].1.chunks.clone();
    let new = added
        .iter()
        .find(|(_, record)| record.count == 280_001)
        .unwrap();
    let fresh = new
        .1
        .chunks
        .iter()
        .filter(|chunk| !old.contains(chunk))
        .count();
    assert!(
        fresh <= 3,
        "{fresh} of {} chunks are new",
        new.1.chunks.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn where_the_stream_is_split_is_nothing(parts in prop::collection::vec(1_usize..1_500_000, 1..12)) {
        let (_, store) = Memory::store();
        let mut prepared = store.prepare(&schema(1, 1), before(0)).unwrap();
        let text: Vec<u8> = copy_text(60_000);
        let mut whole = store.save_rows(&mut prepared, source("a")).unwrap();
        whole.write(&text).unwrap();
        let whole = whole.finish(1).unwrap().1;
        let mut cut = store.save_rows(&mut prepared, source("a")).unwrap();
        let mut rest = &text[..];
        for part in parts {
            let (now, later) = rest.split_at(part.min(rest.len()));
            cut.write(now).unwrap();
            rest = later;
        }
        cut.write(rest).unwrap();
        prop_assert_eq!(cut.finish(1).unwrap().1, whole);
    }
}

#[test]
fn rows_that_were_not_finished_are_not_there() {
    let (memory, store) = Memory::store();
    let mut prepared = store.prepare(&schema(2, 1), before(0)).unwrap();
    let mut writer = store.save_rows(&mut prepared, source("t00000")).unwrap();
    writer.write(&copy_text(360_000)).unwrap();
    drop(writer);
    assert_eq!(store.rows_of(prepared.written.id).unwrap(), []);
    assert!(memory.list("packs").unwrap().len() > 1);
    assert_whole(&store);
    store.discard(prepared).unwrap();
    assert_eq!(memory.keys(), ["store.json"]);
}

fn hours(n: u64) -> Duration {
    Duration::from_hours(n)
}

/// What gc is asked in these tests; files in them are as old as `Memory::age` made them.
fn options(dry_run: bool) -> GcOptions {
    GcOptions {
        dry_run,
        ..GcOptions::new(jiff::Timestamp::now())
    }
}

#[test]
fn gc_deletes_what_nothing_reaches_and_nothing_young() {
    let (memory, store) = Memory::store();
    store.write_snapshot(&schema(50, 1), meta(0)).unwrap();
    let kept = memory.keys();
    let lost = store.write_snapshot(&schema(90, 2), meta(1)).unwrap();
    memory.delete(&lost.manifest.key(lost.id)).unwrap();
    let all = memory.everything();

    assert_eq!(
        store.gc(&options(false)).unwrap().files,
        Vec::<String>::new(),
        "all is young"
    );
    memory.age(hours(25));
    let dry = store.gc(&options(true)).unwrap();
    assert_eq!(memory.everything(), all, "a dry run changes nothing");
    let done = store.gc(&options(false)).unwrap();
    assert_eq!(done, dry);
    assert_eq!((done.files.len(), done.rewritten, done.kept), (1, 0, 1));
    assert!(done.freed > 0);
    assert_eq!(memory.keys(), kept);
    assert_whole(&store);
}

#[test]
fn gc_keeps_what_has_a_name_and_emergency_snapshots_for_ever() {
    let (memory, store) = Memory::store();
    let old = store.write_snapshot(&schema(30, 1), meta(0)).unwrap();
    let labelled = store
        .write_snapshot(&schema(30, 2), labelled(1, "v2"))
        .unwrap();
    let mut emergency = store.prepare(&schema(30, 3), before(2)).unwrap();
    let mut rows = store.save_rows(&mut emergency, source("t00001")).unwrap();
    rows.write(b"1\n").unwrap();
    rows.finish(1).unwrap();
    let after = SnapshotMeta {
        origin: Origin::After(operation_id(2)),
        ..meta(3)
    };
    let after = store.write_snapshot(&schema(30, 4), after).unwrap();
    store
        .append_operation(&operation(2, None, Some(&after)))
        .unwrap();
    let target = store.write_snapshot(&schema(30, 5), meta(4)).unwrap();
    let mut rollback = operation(5, None, None);
    rollback.target = Some(Target {
        given: "@".to_owned(),
        snapshot: Some(target.id),
        script: None,
    });
    store.append_operation(&rollback).unwrap();
    memory.age(hours(24 * 365));

    let none = store.gc(&options(false)).unwrap();
    assert_eq!(none.snapshots, [], "without a limit every snapshot stays");
    let limited = GcOptions {
        expire: Some(hours(1)),
        ..options(false)
    };
    let done = store.gc(&limited).unwrap();
    assert_eq!(done.snapshots, [old.id]);
    for id in [labelled.id, emergency.written.id, after.id, target.id] {
        assert_eq!(store.read_snapshot(id).unwrap().objects.len(), 31);
    }
    assert_eq!(store.rows_of(emergency.written.id).unwrap().len(), 1);
    assert_whole(&store);
}

#[test]
fn gc_rewrites_packs_that_are_mostly_dead() {
    let (memory, store) = Memory::store();
    store.write_snapshot(&schema(2000, 1), meta(0)).unwrap();
    let small = store
        .write_snapshot(&schema(5, 1), labelled(1, "small"))
        .unwrap();
    memory.age(hours(48));
    let size = |memory: &Memory| -> u64 {
        memory
            .list("packs")
            .unwrap()
            .iter()
            .map(|pack| pack.size)
            .sum()
    };
    let before = size(&memory);
    let done = store
        .gc(&GcOptions {
            expire: Some(hours(1)),
            ..options(false)
        })
        .unwrap();
    assert_eq!(done.rewritten, 1);
    assert!(size(&memory) < before / 10, "{} of {before}", size(&memory));
    assert_eq!(store.read_snapshot(small.id).unwrap().objects.len(), 6);
    assert_eq!(
        Store::open_on(memory.clone())
            .unwrap()
            .read_snapshot(small.id)
            .unwrap()
            .objects
            .len(),
        6
    );
    assert_whole(&store);
}

#[test]
fn gc_puts_many_small_packs_together() {
    let (memory, store) = Memory::store();
    let written: Vec<Written> = (0..40)
        .map(|n| store.write_snapshot(&schema(3, n), meta(n.into())).unwrap())
        .collect();
    memory.age(hours(48));
    store.gc(&options(false)).unwrap();
    assert_eq!(memory.list("packs").unwrap().len(), 1);
    for one in &written {
        assert_eq!(store.read_snapshot(one.id).unwrap().objects.len(), 4);
    }
    assert_whole(&store);
    assert_eq!(
        store.gc(&options(false)).unwrap().files,
        Vec::<String>::new()
    );
}

#[test]
fn gc_touches_no_damaged_store() {
    let (memory, store) = Memory::store();
    let lost = store.write_snapshot(&schema(50, 1), meta(0)).unwrap();
    memory.delete(&lost.manifest.key(lost.id)).unwrap();
    let packs = memory.keys();
    store.write_snapshot(&schema(60, 3), meta(2)).unwrap();
    let other = memory
        .keys()
        .into_iter()
        .find(|key| key.starts_with("packs/") && !packs.contains(key))
        .unwrap();
    memory.delete(&other).unwrap();
    memory.age(hours(48));
    let files = memory.keys();
    let error = store.gc(&options(false)).unwrap_err().to_string();
    assert!(error.contains("nothing was deleted"), "{error}");
    assert_eq!(memory.keys(), files);
}

#[test]
fn gc_waits_for_writers() {
    let (memory, store) = Memory::store();
    let lost = store.write_snapshot(&schema(50, 1), meta(0)).unwrap();
    memory.delete(&lost.manifest.key(lost.id)).unwrap();
    memory.age(hours(48));
    let mut prepared = store.prepare(&schema(1, 1), before(1)).unwrap();
    let writer = store.save_rows(&mut prepared, source("a")).unwrap();
    let report = store.gc(&options(false)).unwrap();
    assert!(report.busy && report.files.is_empty(), "{report:?}");
    assert_eq!(memory.list("condemned").unwrap(), []);
    // A writer that is taken for dead does not publish.
    memory.age(hours(25));
    assert!(!store.gc(&options(false)).unwrap().busy);
    assert!(matches!(writer.finish(0), Err(StoreError::LeaseLost)));
    assert_whole(&store);
}

#[test]
fn writers_discards_and_gc_at_once() {
    let folder = tempfile::tempdir().unwrap();
    Store::create_or_open(folder.path()).unwrap();
    let kept = std::thread::scope(|scope| {
        let write = |writer: u32| {
            let store = Store::open(folder.path()).unwrap();
            let mut kept = Vec::new();
            for n in 0..12_u32 {
                // The same content comes again and again, from several writers.
                let data = schema(20 + (n % 4) as usize, n % 3);
                let meta = SnapshotMeta {
                    database: database(writer),
                    ..before(i64::from(n))
                };
                let prepared = store.prepare(&data, meta).unwrap();
                if n % 3 == 1 {
                    store.discard(prepared).unwrap();
                } else {
                    kept.push((prepared.written.id, data.objects.len()));
                }
            }
            kept
        };
        let collect = || {
            let store = Store::open(folder.path()).unwrap();
            for _ in 0..10 {
                store.gc(&graceless()).unwrap();
                assert_whole(&store);
            }
        };
        let writers: Vec<_> = (1..4)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        scope.spawn(collect);
        writers
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(kept.len(), 24);
    for (id, objects) in kept {
        assert_eq!(store.read_snapshot(id).unwrap().objects.len(), objects);
    }
    assert_whole(&store);
}
