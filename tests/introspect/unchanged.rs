//! The proof that nothing has changed: it has to hold where nothing did, and to fail at every change.

use crate::support::live::{block_on, connect, read};
use crate::support::postgres::{Database, Options};
use snapback::introspect::{self, Fingerprint};

/// Changes of the schema, each possible after the ones before.
const CHANGES: &[&str] = &[
    "CREATE TABLE t (a int, b text)",
    "ALTER TABLE t ALTER b SET STORAGE EXTERNAL",
    "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t",
    // As many rows as before, in each catalog.
    "BEGIN; DROP TABLE t; CREATE TABLE t (a int, b text); COMMIT",
    "COMMENT ON COLUMN t.a IS 'first'",
    "COMMENT ON COLUMN t.a IS 'other'",
    "GRANT SELECT ON t TO PUBLIC",
    "REVOKE SELECT ON t FROM PUBLIC",
    "CREATE INDEX i ON t (a)",
    "ALTER INDEX i SET (fillfactor = 70)",
    "CLUSTER t USING i",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "CREATE VIEW v AS SELECT a FROM t",
    "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t",
    "CREATE TYPE e AS ENUM ('x')",
    "ALTER TYPE e RENAME VALUE 'x' TO 'y'",
    "CREATE SEQUENCE s",
    "ALTER SEQUENCE s INCREMENT 2",
    "CREATE PUBLICATION p FOR TABLE t",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY only_one ON t USING (a = 1)",
    "CREATE ROLE somebody",
    "ALTER ROLE somebody RENAME TO else_body",
    "ALTER TABLE t OWNER TO else_body",
    "DROP VIEW v",
    "SET synchronous_commit = off; DROP INDEX i",
    // Beside the root, and recorded all the same.
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$",
    "DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'x'); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I IS_TEMPLATE true', current_database()); END $$",
    // Rows of a subtransaction have a number of their own.
    "BEGIN; SAVEPOINT one; CREATE TABLE late (); RELEASE one; COMMIT",
];

/// What leaves the schema as it is.
const OTHERS: &[&str] = &[
    "INSERT INTO t SELECT n, n::text FROM generate_series(1, 1000) n",
    "SELECT nextval('s')",
    "ANALYZE t",
    "BEGIN; CREATE TABLE never (a int); ROLLBACK",
    "SELECT setval('s', 10)",
];

fn unchanged(database: &Database<'_>, fingerprint: &Fingerprint) -> bool {
    block_on(async {
        let mut connection = connect(database).await;
        let unchanged = introspect::is_unchanged(&mut connection, fingerprint);
        unchanged.await.unwrap()
    })
}

/// The fingerprint of what is there now. One may be missing as long as the server has not written its log.
fn fingerprint(database: &Database<'_>) -> Fingerprint {
    loop {
        let fingerprint = read(database).fingerprint;
        if !fingerprint.is_empty() {
            return fingerprint;
        }
        database.psql("CHECKPOINT");
    }
}

#[test]
fn every_change_is_noticed_and_nothing_else() {
    let server = Options::new().set("autovacuum", "off").start();
    let database = server.database();
    for change in CHANGES {
        let before = fingerprint(&database);
        assert!(unchanged(&database, &before), "before {change}");
        database.psql(change);
        assert!(!unchanged(&database, &before), "after {change}");
    }
    let before = fingerprint(&database);
    for other in OTHERS {
        database.psql(other);
        assert!(unchanged(&database, &before), "after {other}");
    }
    database.psql("VACUUM");
    assert!(unchanged(&database, &before), "after VACUUM");
}

#[test]
fn a_server_that_was_started_anew_proves_nothing() {
    let server = Options::new().set("autovacuum", "off").start();
    let database = server.database();
    let before = fingerprint(&database);
    assert!(unchanged(&database, &before));
    server.restart("fast");
    assert!(!unchanged(&database, &before));
}

#[test]
fn what_cannot_be_seen_proves_nothing() {
    let server = Options::new().set("autovacuum", "off").start();
    let database = server.database();
    database.psql(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; \
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (\"user\" 'x')",
    );
    assert_eq!(read(&database).fingerprint, Fingerprint::new());
}
