//! Readings while the schema changes all the time: what is returned really existed, and else it is said who writes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::live::{block_on, connect};
use crate::support::postgres::{Database, Options};
use snapback::catalog::Catalog;
use snapback::catalog::scope::Scope;
use snapback::introspect::{self, IntrospectError, Within};

/// Sessions that change the schema, each one of its own, from one version of it to the next.
const WRITERS: usize = 8;
const VERSIONS: usize = 12;
const READINGS: usize = 12;

/// The versions that the schemas were in, each time that a transaction was committed.
type States = Arc<Mutex<Vec<[usize; WRITERS]>>>;

/// All that names the version: objects that are created, altered, renamed, replaced, and dropped.
fn change(writer: usize, to: usize) -> String {
    let from = to - 1;
    format!(
        "SET search_path = s{writer}; COMMENT ON SCHEMA s{writer} IS '{to}'; \
         ALTER TABLE t RENAME COLUMN c{from} TO c{to}; ALTER TABLE t ADD CONSTRAINT k{to} CHECK (c{to} > {to}); \
         ALTER TABLE t DROP CONSTRAINT k{from}; DROP VIEW v{from}; CREATE VIEW v{to} AS SELECT c{to} AS x FROM t; \
         CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {to}'; \
         CREATE TABLE n{to} (a int DEFAULT {to}); CREATE INDEX i{to} ON n{to} ((a + {to})); DROP TABLE n{from}"
    )
}

/// The version of each schema, when all that names it agrees.
fn versions(catalog: &Catalog) -> [usize; WRITERS] {
    let mut found: BTreeMap<usize, Vec<(String, usize)>> = BTreeMap::new();
    for object in catalog.objects() {
        let id = &object.id;
        let text = serde_json::to_string(&object.body).unwrap();
        let schema = if id.kind.label() == "schema" {
            &id.name
        } else {
            &id.schema
        };
        let Some(writer) = schema
            .strip_prefix('s')
            .and_then(|number| number.parse().ok())
        else {
            continue;
        };
        let number = |text: &str| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<usize>().unwrap()
        };
        let version = match (id.kind.label(), &*id.name) {
            ("schema", _) => number(object.meta.comment.as_deref().unwrap()),
            ("function", _) => text.split("SELECT ").nth(1).map(number).unwrap(),
            ("table", "t") | ("column", "a") => continue,
            ("default", _) => number(&id.on),
            (_, name) => number(name),
        };
        found
            .entry(writer)
            .or_default()
            .push((id.to_string(), version));
    }
    std::array::from_fn(|writer| {
        let named = &found[&writer];
        let (_, version) = named[0];
        assert!(named.len() >= 8, "something is missing: {named:?}");
        assert!(
            named.iter().all(|(_, other)| *other == version),
            "torn: {named:?}"
        );
        version
    })
}

async fn write(database: &Database<'_>, writer: usize, states: States) {
    let mut session = connect(database).await;
    for version in 1..=VERSIONS {
        session.execute("BEGIN").await.unwrap();
        session.execute(&change(writer, version)).await.unwrap();
        // One commit at a time, or nobody could say which states there were; they take turns while others change.
        let turn = session.query("SELECT pg_advisory_xact_lock(1)", &[]);
        turn.await.unwrap();
        let state = {
            let mut states = states.lock().unwrap();
            let mut state = *states.last().unwrap();
            state[writer] = version;
            states.push(state);
            states.len()
        };
        session.execute("COMMIT").await.unwrap();
        // Now and then there is a quiet moment.
        let pause = if state % 20 == 0 { 400 } else { 5 };
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
    }
}

#[test]
fn what_is_read_among_eight_sessions_of_ddl_existed() {
    let server = Options::new().start();
    let database = server.database();
    for writer in 0..WRITERS {
        database.psql(&format!(
            "CREATE SCHEMA s{writer}; SET search_path = s{writer}; COMMENT ON SCHEMA s{writer} IS '0'; \
             CREATE TABLE t (c0 int CONSTRAINT k0 CHECK (c0 > 0)); CREATE VIEW v0 AS SELECT c0 AS x FROM t; \
             CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 0'; \
             CREATE TABLE n0 (a int DEFAULT 0); CREATE INDEX i0 ON n0 ((a + 0))"
        ));
    }
    let states: States = Arc::new(Mutex::new(vec![[0; WRITERS]]));
    block_on(async {
        let writers = (0..WRITERS).map(|writer| write(&database, writer, states.clone()));
        let writers = futures_util::future::join_all(writers);
        tokio::join!(writers, read(&database, &states));
        let mut session = connect(&database).await;
        let scope = Scope::default();
        let last = introspect::read(&mut session, &scope, Within::Nothing);
        let last = versions(&last.await.unwrap().catalog);
        assert_eq!(last, [VERSIONS; WRITERS]);
    });
}

async fn read(database: &Database<'_>, states: &States) {
    let mut session = connect(database).await;
    for _ in 0..READINGS {
        let mut beside = Some(connect(database).await);
        let (scope, within) = (Scope::default(), Within::Nothing);
        match introspect::read_beside(&mut session, beside.as_mut(), &scope, within).await {
            Ok(reading) => {
                let found = versions(&reading.catalog);
                let states = states.lock().unwrap();
                assert!(
                    states.contains(&found),
                    "{found:?} never existed: {states:?}"
                );
            }
            Err(IntrospectError::Restless {
                attempts,
                writers: _,
            }) => assert_eq!(attempts, 5),
            Err(other) => panic!("{other}"),
        }
    }
}
