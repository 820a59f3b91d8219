//! What is outside the scope of a snapshot is left alone, and what a role cannot do is said before anything runs.

use super::{Bench, on};
use crate::support::postgres::Database;

/// A role of a service, which is there once for all tests.
fn role(bench: &Bench, name: &str) {
    bench.database.psql(&format!(
        "DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    ));
}

#[test]
fn a_rollback_touches_nothing_outside_the_scope() {
    let bench = Bench::new(
        "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE SCHEMA other; CREATE TABLE other.t (a int);
         CREATE FUNCTION other.f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    );
    bench.snapback(&["snapshot", "app", "-n", "app"]).exits(0);
    bench.snapback(&["snapshot", "rest", "-N", "app"]).exits(0);
    let change = "COMMENT ON TABLE app.t IS 'x'; COMMENT ON TABLE other.t IS 'x'; CREATE PUBLICATION p FOR TABLE app.t;
         ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION other.f()";
    bench.database.psql(change);
    bench.snapback(&["rollback", "app", "--yes"]).exits(0);
    let state = "SELECT obj_description('app.t'::regclass), obj_description('other.t'::regclass), \
         (SELECT count(*) FROM pg_publication_rel), (SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_default_acl)";
    assert_eq!(bench.database.psql(state), "|x|1|1|1");
    bench.database.psql("COMMENT ON TABLE app.t IS 'x'");
    bench.snapback(&["rollback", "rest", "--yes"]).exits(0);
    assert_eq!(bench.database.psql(state), "x||0|0|0");
}

#[test]
fn what_a_service_manages_is_left_alone() {
    let bench =
        Bench::new("CREATE SCHEMA auth; CREATE TABLE auth.users (id int); CREATE TABLE t (a int)");
    role(&bench, "supabase_admin");
    bench.database.psql(
        "CREATE TABLE its_own (a int); ALTER TABLE its_own OWNER TO supabase_admin;
         ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin GRANT SELECT ON TABLES TO PUBLIC",
    );
    let taken = bench.snapback(&[
        "snapshot",
        "mine",
        "--profile",
        "supabase",
        "--format",
        "json",
    ]);
    let objects = &taken.exits(0).json()["objects"];
    assert_eq!(objects["table"], 1, "{objects}");
    assert_eq!(objects["default acl"], serde_json::Value::Null, "{objects}");
    bench
        .database
        .psql("ALTER TABLE auth.users ADD b int; ALTER TABLE its_own ADD b int; COMMENT ON TABLE t IS 'x'");
    bench.snapback(&["rollback", "mine", "--yes"]).exits(0);
    let columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'b'";
    assert_eq!(bench.database.psql(columns), "2");
    let state = "SELECT obj_description('t'::regclass) IS NULL";
    assert_eq!(bench.database.psql(state), "t");
}

#[test]
fn owners_privileges_and_comments_can_be_left_out() {
    let bench = Bench::new("");
    let gone = format!("owner_of_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {gone}; CREATE TABLE t (a int); COMMENT ON TABLE t IS 'x'; ALTER TABLE t OWNER TO {gone};
         GRANT SELECT ON t TO {gone}; ALTER DEFAULT PRIVILEGES FOR ROLE {gone} GRANT SELECT ON TABLES TO PUBLIC"
    ));
    bench.snapback(&["snapshot", "x"]).exits(0);
    bench
        .database
        .psql(&format!("DROP OWNED BY {gone}; DROP ROLE {gone}"));
    let copy = Database::new();
    let restore = |flags: &[&str]| {
        let arguments = [&["restore", "x", "--format", "json"], flags].concat();
        on(&copy, bench.folder.path()).args(arguments).run()
    };
    let refused = restore(&[]).exits(3);
    assert!(refused.stderr.contains(&gone), "{refused}");
    let done = restore(&["--no-owner", "--no-privileges", "--no-comments"]).exits(0);
    let proof = "root without owners, privileges and comments";
    assert_eq!(done.json()["proof"], proof);
    let state = "SELECT relowner::regrole, relacl, obj_description(oid), (SELECT count(*) FROM pg_default_acl) \
         FROM pg_class WHERE oid = 't'::regclass";
    assert_eq!(copy.psql(state), "postgres|||0");
}

#[test]
fn what_needs_a_superuser_is_listed_before_anything_runs() {
    let bench = Bench::new(
        "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f(); CREATE PUBLICATION p FOR ALL TABLES; CREATE TABLE t (a int)",
    );
    bench.snapback(&["snapshot", "x", "-v"]).exits(0);
    let guest = format!("guest_of_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {guest} LOGIN; GRANT postgres TO {guest}; DROP EVENT TRIGGER e; DROP PUBLICATION p; COMMENT ON TABLE t IS 'x'"
    ));
    let url = format!("{}&user={guest}", bench.database.socket_url());
    let rollback = ["rollback", "x", "--yes"];
    let refused = bench.program(&rollback).env("DATABASE_URL", url).run();
    let refused = refused.exits(3);
    let expected = "only a superuser can make, alter or drop: publication p, event trigger e";
    assert!(refused.stderr.contains(expected), "{refused}");
}

#[test]
fn secrets_are_kept_out_and_this_is_said() {
    let bench = Bench::new(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (login 'a', password 'top-secret')",
    );
    let taken = bench.snapback(&["snapshot", "x"]).exits(0);
    assert!(
        taken
            .stderr
            .contains("user mapping public on server s has a secret"),
        "{taken}"
    );
    // Altered it keeps its password; made again it needs a new one.
    bench
        .database
        .psql("ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET login 'b')");
    bench.snapback(&["rollback", "x", "--yes"]).exits(0);
    let options = "SELECT umoptions FROM pg_user_mappings";
    assert_eq!(
        bench.database.psql(options),
        "{login=a,password=top-secret}"
    );
    bench.database.psql("DROP USER MAPPING FOR PUBLIC SERVER s");
    let done = bench.snapback(&["rollback", "x", "--yes"]).exits(0);
    assert!(done.stderr.contains("set it afterwards"), "{done}");
    assert_eq!(
        bench.database.psql(options),
        "{login=a,password=not-in-the-snapshot}"
    );
    let shown = bench.snapback(&["show", "x"]).exits(0);
    assert!(!format!("{taken}{done}{shown}").contains("top-secret"));
}
