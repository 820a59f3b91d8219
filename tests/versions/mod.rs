//! A snapshot that was taken on one version of Postgres, restored into another: the oldest and the newest server that
//! `make matrix` has. With servers of one version only there is nothing to see, and this is said.

use crate::rollback::on;
use crate::support::binaries;
use crate::support::cli::Ran;
use crate::support::postgres::{Database, Options, Server};
use tempfile::TempDir;

/// The oldest and the newest; `None` where all servers are of one version.
fn servers() -> Option<(Server, Server)> {
    let folders = binaries::by_version();
    let (oldest, newest) = (folders.first_key_value()?, folders.last_key_value()?);
    if oldest.0 == newest.0 {
        assert!(
            std::env::var_os("SNAPBACK_MATRIX").is_none(),
            "scripts/servers has unpacked no two versions"
        );
        eprintln!(
            "left out: all servers here are {}: make matrix gets others",
            oldest.0
        );
        return None;
    }
    let start = |folder| Options::new().bin(folder).start();
    Some((start(oldest.1), start(newest.1)))
}

/// Takes a snapshot of one database and restores it into another.
fn carry(from: &Database<'_>, to: &Database<'_>, folder: &TempDir) -> Ran {
    on(from, folder.path())
        .args(["snapshot", "x", "--strict"])
        .run()
        .exits(0);
    on(to, folder.path())
        .args(["restore", "x", "--format", "json"])
        .run()
}

/// What all versions have, and print in different words or keep in different places.
const COMMON: &str = "
CREATE TABLE parent (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x', CHECK (id > 0));
CREATE TABLE child (name text, more integer NOT NULL) INHERITS (parent);
CREATE TABLE parted (k integer NOT NULL, at timestamptz DEFAULT now()) PARTITION BY LIST (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE UNLOGGED TABLE quick (id integer GENERATED ALWAYS AS IDENTITY, s serial, v varchar(8) CHECK (v IN ('a', 'b')));
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TYPE arrange AS RANGE (subtype = text);
CREATE VIEW joined AS SELECT p.id, c.name, EXTRACT(year FROM now()) AS year FROM parent p JOIN child c ON c.id = p.id;
CREATE VIEW alone AS SELECT t.id, t.name FROM parent t WHERE t.name LIKE 'x%' ORDER BY t.id;
CREATE MATERIALIZED VIEW counted AS SELECT k, count(*) AS n FROM parted GROUP BY k;
CREATE FUNCTION twice(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql AS 'SELECT a * b';
CREATE POLICY mine ON parent USING (name = CURRENT_USER);
CREATE RULE quiet AS ON DELETE TO quick DO INSTEAD NOTHING;
GRANT SELECT ON parent TO PUBLIC;
GRANT ALL ON child TO pg_monitor;
CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE);
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pg_monitor;
CREATE TYPE spot;
CREATE FUNCTION spot_in(cstring) RETURNS spot LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION spot_out(spot) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
CREATE TYPE spot (INPUT = spot_in, OUTPUT = spot_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = double precision);
CREATE EXTENSION citext;
";

#[test]
fn an_old_snapshot_is_restored_into_a_newer_server() {
    let Some((old, new)) = servers() else {
        return;
    };
    let (from, to, folder) = (old.database(), new.database(), tempfile::tempdir().unwrap());
    from.psql(COMMON);
    let restored = carry(&from, &to, &folder).exits(0).json();
    assert_eq!(to.psql("SELECT count(*) FROM joined"), "0");
    // What pg_dump makes of it there is the judge.
    let copy = new.database();
    copy.psql(&from.pg_dump_for(&new));
    let (ours, theirs) = (to.pg_dump(&["-s"]), copy.pg_dump(&["-s"]));
    let differences = snapback::diff::unified(&ours, &theirs, "ours", "pg_dump's");
    assert!(differences.is_empty(), "{differences}");
    assert_eq!(restored["changed"], true);
    // What the two print in other words cannot be proven, and needs leave where something may be lost.
    to.psql("DROP VIEW alone");
    let rollback = |flags: &[&str]| {
        let arguments = [&["rollback", "x", "--yes"], flags].concat();
        on(&to, folder.path()).args(arguments).run()
    };
    let refused = rollback(&[]).exits(3);
    let reason = "view public.alone cannot be compared with the target's form";
    assert!(refused.stderr.contains(reason), "{refused}");
    assert!(refused.stderr.contains("--allow unproven"), "{refused}");
    assert_eq!(to.psql("SELECT to_regclass('alone')"), "");
    rollback(&["--allow", "unproven"]).exits(0);
    assert_eq!(to.psql("SELECT count(*) FROM alone"), "0");
}

#[test]
fn a_new_snapshot_is_restored_into_an_older_server() {
    let Some((old, new)) = servers() else {
        return;
    };
    let (from, to, folder) = (new.database(), old.database(), tempfile::tempdir().unwrap());
    let year = "date_part('year', now())";
    let common = COMMON.replace("EXTRACT(year FROM now())", year);
    // The default since 18 is parallel.
    from.psql(&common.replace("slot_name = NONE", "slot_name = NONE, streaming = off"));
    from.psql("DROP EXTENSION citext; ALTER POLICY mine ON parent USING (name = 'me')");
    carry(&from, &to, &folder).exits(0);
    assert_eq!(to.psql("SELECT count(*) FROM joined"), "0");
}

#[test]
fn what_the_older_server_does_not_have_is_listed_before_anything_runs() {
    let Some((old, new)) = servers() else {
        return;
    };
    if (old.major(), new.major()) != (13, 18) {
        eprintln!("left out: needs 13 and 18: make matrix has them");
        return;
    }
    let (from, to, folder) = (new.database(), old.database(), tempfile::tempdir().unwrap());
    from.psql(
        "CREATE TABLE t (a integer CONSTRAINT must NOT NULL, b integer GENERATED ALWAYS AS (a * 2), c text COMPRESSION pglz,
           d int4multirange, UNIQUE NULLS NOT DISTINCT (a), CONSTRAINT loose CHECK (a > 0) NOT ENFORCED);
         CREATE UNLOGGED SEQUENCE quick; CREATE VIEW v WITH (security_invoker = true) AS SELECT 1 AS one;
         CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 1; CREATE STATISTICS s ON (a + 1) FROM t;
         GRANT MAINTAIN ON t TO pg_monitor; CREATE TYPE span AS RANGE (subtype = text, multirange_type_name = spans);
         CREATE PROCEDURE p(OUT a integer) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
         CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = 'x', binary = true,
           streaming = parallel, two_phase = true, disable_on_error = true, origin = none, password_required = false, failover = true);
         ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO pg_monitor;
         ALTER DEFAULT PRIVILEGES GRANT MAINTAIN ON TABLES TO pg_monitor;
         CREATE FUNCTION subscripts(internal) RETURNS internal LANGUAGE internal AS 'array_subscript_handler';
         CREATE TYPE spot; CREATE FUNCTION spot_in(cstring) RETURNS spot LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
         CREATE FUNCTION spot_out(spot) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
         CREATE TYPE spot (INPUT = spot_in, OUTPUT = spot_out, INTERNALLENGTH = 16, SUBSCRIPT = subscripts)",
    );
    let refused = carry(&from, &to, &folder).exits(3);
    let message = refused.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    for wanted in [
        "table column public.t.a: NOT NULL as a constraint (18)",
        "table column public.t.b: a generated column that is not stored (18)",
        "table column public.t.c: a compression method (14)",
        "table column public.t.d: a multirange type (14)",
        ": NULLS NOT DISTINCT (15)",
        ": NOT ENFORCED (18)",
        "sequence public.quick: UNLOGGED (15)",
        "view public.v: security_invoker (15)",
        "function public.f(): a body in SQL (14)",
        "statistics object public.s: expressions (14)",
        "table public.t: the privilege MAINTAIN (17)",
        "type public.span: the name of its multirange type (14)",
        ": an OUT argument of a procedure (14)",
        "subscription sub: binary (14)",
        "subscription sub: streaming = parallel (16)",
        "subscription sub: two_phase (15)",
        "subscription sub: disable_on_error (15)",
        "subscription sub: origin (16)",
        "subscription sub: password_required (16)",
        "subscription sub: failover (17)",
        "on large objects: default privileges on large objects (18)",
        "on tables: the privilege MAINTAIN (17)",
        "type public.spot: a function that knows its subscripts (14)",
    ] {
        assert!(message.contains(wanted), "{wanted} is not in {message}");
    }
    assert_eq!(
        to.psql("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "0"
    );
}
