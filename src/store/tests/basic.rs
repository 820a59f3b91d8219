//! Writing and reading snapshots.

use super::support::*;
use crate::store::*;

#[test]
fn what_was_written_comes_back() {
    let store = Store::in_memory().unwrap();
    let data = schema(300, 1);
    let written = store.write_snapshot(&data, meta(0)).unwrap();
    assert_eq!(written.added.objects, 301);
    let mut sorted = data.clone();
    sorted.objects.sort();
    assert_eq!(store.read_snapshot(written.id).unwrap(), sorted);
    assert_eq!(
        written.manifest.trees(),
        Contents::new(&data).unwrap().trees()
    );
    assert_eq!(
        store
            .object(written.id, "table public.t00007")
            .unwrap()
            .unwrap(),
        data.objects[8]
    );
    assert_eq!(
        store.object(written.id, "table public.absent").unwrap(),
        None
    );
    assert_whole(&store);
}

#[test]
fn order_of_input_is_nothing() {
    let data = schema(300, 1);
    let mut reversed = data.clone();
    reversed.objects.reverse();
    reversed.layout.reverse();
    reversed.edges.reverse();
    let trees = |data| Contents::new(data).unwrap().trees();
    assert_eq!(trees(&data), trees(&reversed));
}

#[test]
fn an_unchanged_schema_writes_a_manifest_and_no_pack() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(&folder.path().join("store")).unwrap();
    let first = store.write_snapshot(&schema(20, 1), meta(0)).unwrap();
    let again = Store::open(&folder.path().join("store")).unwrap();
    let second = again.write_snapshot(&schema(20, 1), meta(1)).unwrap();
    assert_eq!(second.added, Added::default());
    assert_ne!(first.id, second.id);
    assert_eq!(second.manifest.parent, Some(first.id));
    assert_eq!(again.backend.list("packs").unwrap().len(), 1);
    assert_eq!(again.backend.list("leases").unwrap(), []);
    assert_whole(&again);
}

#[test]
fn a_small_change_writes_little() {
    let store = Store::in_memory().unwrap();
    let first = store.write_snapshot(&schema(10_000, 1), meta(0)).unwrap();
    let second = store.write_snapshot(&schema(10_000, 2), meta(1)).unwrap();
    assert_eq!(second.added.objects, 1);
    assert!(second.added.bytes < 8_000, "{:?}", second.added);
    let changed = store.compare(first.id, second.id).unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].id, "table public.t00000");
    assert_eq!(
        store.compare_layout(first.id, second.id).unwrap(),
        Vec::<String>::new()
    );
    assert_whole(&store);
}

#[test]
fn an_empty_database_is_a_snapshot() {
    let store = Store::in_memory().unwrap();
    let written = store
        .write_snapshot(&SnapshotData::default(), meta(0))
        .unwrap();
    assert_eq!(
        store.read_snapshot(written.id).unwrap(),
        SnapshotData::default()
    );
    assert_whole(&store);
}

#[test]
fn dependencies_come_in_order_and_each_once() {
    let given = ["b", "a", "b"].map(str::to_owned).to_vec();
    let edges = Edges::new("public".to_owned(), "table public.t".to_owned(), given);
    assert_eq!(edges.to(), ["a", "b"]);
}

#[test]
fn what_is_not_canonical_is_refused() {
    let store = Store::in_memory().unwrap();
    let id = "table public.t00000".to_owned();
    let error = StoredObject::new("public".to_owned(), id, b"{\"a\": 1}".to_vec());
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot be stored: `table public.t00000` is not canonical JSON at byte 5: a value must begin here"
    );
    let mut data = schema(2, 1);
    data.objects.push(data.objects[1].clone());
    let error = store
        .write_snapshot(&data, meta(0))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "cannot be stored: `table public.t00000` occurs twice in the snapshot"
    );
    assert!(store.snapshots(None).unwrap().is_empty());
}

#[test]
fn a_large_object_has_a_frame_of_its_own() {
    let store = Store::in_memory().unwrap();
    let mut data = schema(3, 1);
    data.objects.push(object(
        "public",
        "function public.f()",
        &format!("\"{}\"", "select 1; ".repeat(200_000)),
    ));
    let written = store.write_snapshot(&data, meta(0)).unwrap();
    data.objects.sort();
    assert_eq!(
        store.read_snapshot(written.id).unwrap().objects,
        data.objects
    );
}

#[test]
fn a_discarded_snapshot_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(folder.path()).unwrap();
    let files = |store: &Store| -> Vec<String> {
        store
            .backend
            .list("")
            .unwrap()
            .into_iter()
            .map(|e| e.key)
            .collect()
    };
    store.write_snapshot(&schema(20, 1), meta(0)).unwrap();
    let before_run = files(&store);
    let mut prepared = store.prepare(&schema(20, 2), before(1)).unwrap();
    let source = RowsSource {
        object: "table public.t00001".to_owned(),
        table: "table public.t00001".to_owned(),
        ..RowsSource::default()
    };
    let mut rows = store.save_rows(&mut prepared, source).unwrap();
    rows.write(b"1\tone\n2\ttwo\n").unwrap();
    rows.finish(2).unwrap();
    assert_eq!(
        files(&store).len(),
        before_run.len() + 4,
        "manifest, pack, record, pack"
    );
    assert_whole(&store);
    store.discard(prepared).unwrap();
    assert_eq!(files(&store), before_run);
    assert_whole(&store);
}

#[test]
fn a_discard_spares_packs_that_others_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_or_open(folder.path()).unwrap();
    let prepared = store.prepare(&schema(20, 2), before(1)).unwrap();
    let other = Store::open(folder.path()).unwrap();
    let kept = other
        .write_snapshot(
            &schema(20, 2),
            SnapshotMeta {
                database: database(2),
                ..meta(2)
            },
        )
        .unwrap();
    assert_eq!(kept.added.blobs, 0, "all of it was there");
    store.discard(prepared).unwrap();
    assert_eq!(other.read_snapshot(kept.id).unwrap().objects.len(), 21);
    assert_whole(&store);
}

#[test]
fn what_differs_is_found_and_read_without_the_rest() {
    let reads = |tables: usize| {
        let store = Store::in_memory().unwrap();
        let before = store.write_snapshot(&schema(tables, 0), meta(0)).unwrap();
        let after = store.write_snapshot(&schema(tables, 1), meta(1)).unwrap();
        let [(before, _), (after, _)] = [before, after].map(|w| store.pieces(w.id).unwrap());
        let differing = before.differing(&after).unwrap();
        let table = ("public".to_owned(), "table public.t00000".to_owned());
        assert_eq!(differing, std::slice::from_ref(&table));
        let (schema, id) = table;
        for (side, version) in [(&before, "\"version\":0"), (&after, "\"version\":1")] {
            let bytes = side.object(&schema, &id).unwrap().unwrap();
            assert!(String::from_utf8(bytes).unwrap().contains(version));
            assert_eq!(side.edges(&schema, &id).unwrap(), ["schema public"]);
            assert_eq!(side.layout(&schema, &id).unwrap().unwrap(), ["id", "name"]);
            assert_eq!(side.object("other", &id).unwrap(), None);
        }
        before.reads() + after.reads()
    };
    let (small, large) = (reads(1_000), reads(10_000));
    // A tree of ten times as many objects is one node higher.
    assert!(large <= small + 12, "{large} blobs instead of {small}");
}
