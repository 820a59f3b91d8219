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
    // What goes leaves a trace, whatever catalog it was in.
    "DROP POLICY only_one ON t",
    "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)",
    "ALTER TABLE t DROP CONSTRAINT k",
    "ALTER TABLE t ALTER a SET DEFAULT 1",
    "ALTER TABLE t ALTER a DROP DEFAULT",
    "CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr()",
    "DROP TRIGGER tr ON t",
    "CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING",
    "DROP RULE r ON t",
    "CREATE STATISTICS st ON a, b FROM t",
    "DROP STATISTICS st",
    "CREATE TABLE parent (a int)",
    "CREATE TABLE child () INHERITS (parent)",
    "ALTER TABLE child NO INHERIT parent",
    "ALTER SEQUENCE s OWNED BY t.a",
    "ALTER SEQUENCE s OWNED BY NONE",
    "CREATE TEXT SEARCH CONFIGURATION tc (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION tc DROP MAPPING FOR word",
    "DROP TEXT SEARCH CONFIGURATION tc",
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "DROP OPERATOR === (int, int)",
    "CREATE OPERATOR FAMILY fam USING btree",
    "ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int, int)",
    "ALTER OPERATOR FAMILY fam USING btree DROP OPERATOR 1 (int, int)",
    "DROP OPERATOR FAMILY fam USING btree",
    "CREATE COLLATION co FROM \"C\"",
    "DROP COLLATION co",
    "CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "DROP CONVERSION cv",
    "CREATE CAST (text AS point) WITH INOUT",
    "DROP CAST (text AS point)",
    "CREATE TYPE ra AS RANGE (subtype = int)",
    "DROP TYPE ra",
    "CREATE DOMAIN d AS int CONSTRAINT dc CHECK (value > 0)",
    "ALTER DOMAIN d DROP CONSTRAINT dc",
    "DROP DOMAIN d",
    "CREATE AGGREGATE ag (int) (sfunc = int4pl, stype = int)",
    "DROP AGGREGATE ag (int)",
    "COMMENT ON COLUMN t.a IS NULL",
    "ALTER PUBLICATION p DROP TABLE t",
    "DROP PUBLICATION p",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE SERVER se FOREIGN DATA WRAPPER w",
    "CREATE FOREIGN TABLE ft (a int) SERVER se",
    "DROP FOREIGN TABLE ft",
    "DROP SERVER se",
    "DROP FOREIGN DATA WRAPPER w",
    "CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION et()",
    "DROP EVENT TRIGGER et",
    "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC",
    "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler",
    "DROP ACCESS METHOD other_heap",
    "CREATE SCHEMA empty",
    "DROP SCHEMA empty",
    "ALTER FUNCTION f() DEPENDS ON EXTENSION plpgsql",
    "ALTER FUNCTION f() NO DEPENDS ON EXTENSION plpgsql",
    "ALTER EXTENSION plpgsql ADD FUNCTION f()",
    "ALTER EXTENSION plpgsql DROP FUNCTION f()",
    "DROP FUNCTION f()",
    "DROP TYPE e",
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
