//! What the tests of the store share: small databases, and metas with fixed times.

use std::time::Duration;

use crate::store::*;
use jiff::Timestamp;

/// A moment, `seconds` after a fixed start.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// Database number `oid` of a fixed cluster.
pub(super) fn database(oid: u32) -> Database {
    Database {
        system: 7_571_940_162_459_099_172,
        oid,
        name: format!("shop{oid}"),
    }
}

/// A snapshot that a user takes of database 1.
pub(super) fn meta(seconds: i64) -> SnapshotMeta {
    SnapshotMeta::new(at(seconds), Origin::User, database(1), 150_018)
}

/// The same with a label.
pub(super) fn labelled(seconds: i64, label: &str) -> SnapshotMeta {
    SnapshotMeta {
        label: Some(label.to_owned()),
        ..meta(seconds)
    }
}

/// An operation's id.
pub(super) fn operation_id(seconds: i64) -> OperationId {
    format!(
        "op-{}-{:04x}",
        at(seconds).strftime("%Y%m%dT%H%M%SZ"),
        seconds & 0xffff
    )
    .parse()
    .unwrap()
}

/// The emergency snapshot of an operation.
pub(super) fn before(seconds: i64) -> SnapshotMeta {
    SnapshotMeta {
        origin: Origin::Before(operation_id(seconds)),
        ..meta(seconds)
    }
}

/// `gc` with no period of grace.
pub(super) fn graceless() -> GcOptions {
    GcOptions {
        grace: Duration::ZERO,
        dry_run: false,
        ..GcOptions::new(Timestamp::now())
    }
}

/// A schema of `tables` tables with columns; `version` changes the first one.
pub(super) fn schema(tables: usize, version: u32) -> SnapshotData {
    let mut data = SnapshotData::default();
    data.objects
        .push(object("", "schema public", "{\"owner\":\"postgres\"}"));
    for n in 0..tables {
        let version = if n == 0 { version } else { 0 };
        let id = format!("table public.t{n:05}");
        data.objects.push(object(
            "public",
            &id,
            &format!("{{\"columns\":[\"id\",\"name\"],\"n\":{n},\"version\":{version}}}"),
        ));
        data.layout.push(TableLayout {
            schema: "public".to_owned(),
            table: id.clone(),
            columns: vec!["id".into(), "name".into()],
        });
        let uses = vec!["schema public".to_owned()];
        data.edges.push(Edges::new("public".to_owned(), id, uses));
    }
    data
}

pub(super) fn object(schema: &str, id: &str, bytes: &str) -> StoredObject {
    StoredObject::new(schema.to_owned(), id.to_owned(), bytes.as_bytes().to_vec()).unwrap()
}

/// A finished operation.
pub(super) fn operation(
    seconds: i64,
    before: Option<&Written>,
    after: Option<&Written>,
) -> Operation {
    let state = |written: &Written| State {
        snapshot: Some(written.id),
        root: written.manifest.root,
        layout: Some(written.manifest.layout),
        counts: written.manifest.meta.counts.clone(),
    };
    Operation {
        id: operation_id(seconds),
        command: "rollback".to_owned(),
        database: database(1),
        server: 150_018,
        tool: "0.1.0".to_owned(),
        started: at(seconds),
        finished: at(seconds + 2),
        target: Some(Target {
            given: "@".to_owned(),
            snapshot: None,
            script: None,
        }),
        before: before.map(state),
        after: after.map(state),
        proof: None,
        outcome: Outcome::Committed,
        note: None,
        transaction: Some("771".to_owned()),
        statements: 1,
        steps: vec![Step {
            sql: "DROP TABLE public.t00001".to_owned(),
            microseconds: 1200,
        }],
        milliseconds: 2000,
        lock_milliseconds: Some(15),
        allowed: Vec::new(),
        rows: Vec::new(),
        who: Who::default(),
    }
}

/// Asserts that the store is whole.
#[track_caller]
pub(super) fn assert_whole(store: &Store) {
    let report = store.verify().unwrap();
    assert_eq!(report.faults, [], "{report:#?}");
}
