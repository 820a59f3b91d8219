//! What is outside the scope of a snapshot is left alone, and what a role cannot do is said before anything runs.

use super::{Bench, on};
use crate::support::live::{block_on, connect};
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
fn an_extension_is_in_the_scope_by_its_schema() {
    let bench = Bench::new("CREATE SCHEMA b; CREATE EXTENSION citext SCHEMA b");
    let objects = |arguments: &[&str]| {
        let arguments = [&["snapshot", "--strict", "--format", "json"], arguments].concat();
        bench.snapback(&arguments).exits(0).json()["objects"]["extension"].clone()
    };
    let all = objects(&[]).as_u64().unwrap();
    assert_eq!(objects(&["-N", "b"]), all - 1);
}

#[test]
fn what_is_outside_the_scope_and_uses_what_goes_is_named_before_anything_runs() {
    let bench = Bench::new(
        "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TYPE app.e AS ENUM ('x'); CREATE SCHEMA other",
    );
    bench.snapback(&["snapshot", "app", "-n", "app"]).exits(0);
    let rollback = ["rollback", "app", "--yes", "--allow", "data-loss"];
    for (change, user, back) in [
        (
            "CREATE TABLE app.n (i int); CREATE PUBLICATION p FOR TABLE app.n",
            "publication p uses table app.n",
            "DROP PUBLICATION p",
        ),
        (
            "ALTER TABLE app.t ADD x int; CREATE VIEW other.v AS SELECT x FROM app.t",
            "view other.v uses table column app.t.x",
            "DROP VIEW other.v",
        ),
        (
            "CREATE TABLE app.n (i int PRIMARY KEY); CREATE TABLE other.fk (i int REFERENCES app.n)",
            "table other.fk uses table column app.n.i",
            "DROP TABLE other.fk",
        ),
        (
            "CREATE TABLE app.n (i int); CREATE TABLE other.child () INHERITS (app.n); CREATE TABLE other.rows (n app.n[])",
            "table other.child uses table app.n; table other.rows uses table app.n",
            "DROP TABLE other.child, other.rows",
        ),
        (
            "ALTER TYPE app.e ADD VALUE 'y'; CREATE TABLE other.labels (e app.e)",
            "table other.labels uses type app.e",
            "DROP TABLE other.labels",
        ),
        (
            "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE other.d (i int DEFAULT app.f() CHECK (app.f() > i))",
            "table other.d uses function app.f()",
            "DROP TABLE other.d",
        ),
    ] {
        bench.database.psql(change);
        let refused = bench.snapback(&rollback).exits(3);
        assert!(refused.stderr.contains(user), "{refused}");
        assert!(refused.stderr.contains("Nothing was changed"), "{refused}");
        bench.database.psql(back);
        bench.snapback(&rollback).exits(0);
    }
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
         CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f(); CREATE PUBLICATION p FOR ALL TABLES; CREATE TABLE t (a int);
         CREATE TYPE shell; CREATE LANGUAGE own HANDLER plpgsql_call_handler",
    );
    bench.snapback(&["snapshot", "x", "-v"]).exits(0);
    let guest = format!("guest_of_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {guest} LOGIN; GRANT postgres TO {guest}; DROP EVENT TRIGGER e; DROP PUBLICATION p; COMMENT ON TABLE t IS 'x';
         DROP TYPE shell; DROP LANGUAGE own"
    ));
    let url = format!("{}&user={guest}", bench.database.socket_url());
    let rollback = ["rollback", "x", "--yes"];
    let refused = bench.program(&rollback).env("DATABASE_URL", url).run();
    let refused = refused.exits(3);
    assert!(
        refused
            .stderr
            .contains("only a superuser can make, alter or drop: "),
        "{refused}"
    );
    for object in [
        "type public.shell",
        "language own",
        "publication p",
        "event trigger e",
    ] {
        assert!(refused.stderr.contains(object), "{refused}");
    }
}

#[test]
fn what_a_role_may_not_do_is_listed_before_anything_runs() {
    let bench = Bench::new("");
    let database = bench.database.name();
    let (guest, other) = (
        format!("guest_of_{database}"),
        format!("other_of_{database}"),
    );
    bench.database.psql(&format!(
        "CREATE ROLE {guest} LOGIN; CREATE ROLE {other}; CREATE SCHEMA app AUTHORIZATION {guest}; GRANT {other} TO {guest};
         GRANT CREATE ON DATABASE {database} TO {guest};
         CREATE FUNCTION app.f() RETURNS int LANGUAGE plpgsql SET log_statement = 'all' AS 'BEGIN RETURN 1; END';
         CREATE FUNCTION app.g() RETURNS int LANGUAGE plpgsql SET work_mem = '1MB' AS 'BEGIN RETURN 1; END';
         CREATE FUNCTION app.xid(bytea) RETURNS xid LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
         CREATE CAST (bytea AS xid) WITH FUNCTION app.xid(bytea);
         ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO {other};
         GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_logdir() TO {other};
         CREATE TABLE app.t (a int); ALTER TABLE app.t OWNER TO {other};
         ALTER FUNCTION app.f() OWNER TO {guest}; ALTER FUNCTION app.g() OWNER TO {guest}; ALTER FUNCTION app.xid(bytea) OWNER TO {guest}"
    ));
    bench.snapback(&["snapshot", "x"]).exits(0);
    bench.database.psql(&format!(
        "DROP FUNCTION app.f; DROP FUNCTION app.g; DROP CAST (bytea AS xid); DROP TABLE app.t;
         ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE SELECT ON TABLES FROM {other};
         REVOKE EXECUTE ON FUNCTION pg_catalog.pg_ls_logdir() FROM {other}"
    ));
    let url = format!("{}&user={guest}", bench.database.socket_url());
    let rollback = ["rollback", "x", "--yes"];
    let refused = bench.program(&rollback).env("DATABASE_URL", url).run();
    let refused = refused.exits(3);
    for words in [
        "function app.f() (takes the right to set log_statement)".to_owned(),
        "cast (bytea AS xid) (takes ownership of one of its types)".to_owned(),
        "(takes membership in role postgres)".to_owned(),
        "pg_ls_logdir".to_owned(),
        format!("table app.t (takes CREATE on schema app for its owner to be, {other})"),
    ] {
        assert!(refused.stderr.contains(&words), "{words}: {refused}");
    }
    assert!(!refused.stderr.contains("app.g"), "{refused}");
}

#[test]
fn a_role_that_may_not_make_schemas_is_told_so_before_anything_runs() {
    let bench = Bench::new("CREATE SCHEMA app; CREATE TABLE app.t (a int)");
    bench.snapback(&["snapshot", "x"]).exits(0);
    let guest = format!("guest_of_{}", bench.database.name());
    let change = format!("CREATE ROLE {guest} LOGIN; DROP SCHEMA app CASCADE");
    bench.database.psql(&change);
    let url = format!("{}&user={guest}", bench.database.socket_url());
    let rollback = || {
        let arguments = ["rollback", "x", "--yes", "--no-owner", "--no-privileges"];
        bench.program(&arguments).env("DATABASE_URL", &url).run()
    };
    let refused = rollback().exits(3);
    let expected = "this role may not make schemas here: schema app";
    assert!(refused.stderr.contains(expected), "{refused}");
    let database = bench.database.name();
    let grant = format!("GRANT CREATE ON DATABASE {database} TO {guest}");
    bench.database.psql(&grant);
    rollback().exits(0);
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

#[test]
fn secrets_that_are_wanted_are_kept_and_put_back_and_never_shown() {
    let bench = Bench::new("");
    let role = format!("secret_{}", bench.database.name());
    bench.database.psql(&format!(
        "CREATE ROLE {role}; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (api_key 'top-1', host 'h');
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (login 'a', password 'top-2''s');
         CREATE USER MAPPING FOR {role} SERVER s OPTIONS (password 'top-3');
         CREATE FOREIGN TABLE f (a int OPTIONS (secret 'top-6')) SERVER s OPTIONS (token 'top-4');
         CREATE SUBSCRIPTION c CONNECTION 'host=h password=top-5' PUBLICATION p WITH (connect = false, slot_name = NONE)"
    ));
    let state = "SELECT (SELECT string_agg(usename || umoptions::text, ' ' ORDER BY usename <> 'public') FROM pg_user_mappings), \
         (SELECT srvoptions FROM pg_foreign_server), (SELECT ftoptions FROM pg_foreign_table), \
         (SELECT attfdwoptions FROM pg_attribute WHERE attfdwoptions IS NOT NULL), \
         (SELECT subconninfo FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    let before = bench.database.psql(state);
    let taken = bench
        .snapback(&["snapshot", "x", "--include-secrets"])
        .exits(0);
    assert!(taken.stderr.contains("whoever can read it"), "{taken}");
    let copy = Database::new();
    let restored = on(&copy, bench.folder.path())
        .args(["restore", "x"])
        .run()
        .exits(0);
    assert!(!restored.stderr.contains("set it afterwards"), "{restored}");
    assert_eq!(copy.psql(state), before);
    let mapped = Database::new();
    let map = format!("{role}=postgres");
    let arguments = ["restore", "x", "--map-role", &map, "--format", "json"];
    let report = on(&mapped, bench.folder.path())
        .args(arguments)
        .run()
        .exits(0);
    assert_eq!(mapped.psql(state), before.replace(&role, "postgres"));

    bench.database.psql("DROP USER MAPPING FOR PUBLIC SERVER s");
    let plan = bench.snapback(&["plan", "x", "--sql"]).exits(0);
    let done = bench.snapback(&["rollback", "x", "--yes"]).exits(0);
    assert_eq!(bench.database.psql(state), before);
    let shown = bench.snapback(&["show", "x"]).exits(0);
    let diff = bench.snapback(&["diff", "x"]).exits(0);
    let said = format!("{taken}{restored}{report}{plan}{done}{shown}{diff}");
    assert!(
        said.contains("not-in-the-snapshot") && !said.contains("top-"),
        "{said}"
    );
    // What is not wanted is not in the store, nor is what was done, with its secrets.
    let log = |folder: &std::path::Path| -> String {
        let files = bench.store_files();
        let files = files
            .iter()
            .filter(|file| file.starts_with(folder.to_str().unwrap()));
        files
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect()
    };
    let store = bench.folder.path().join(".snapback");
    assert!(!log(&store.join("operations")).contains("top-"));
    assert_eq!(log(&store.join("snapshots")).matches("top-1").count(), 1);
    for database in [&bench.database, &copy, &mapped] {
        database.psql("DROP SUBSCRIPTION c");
    }
}

#[test]
fn an_error_shows_no_secret() {
    let bench = Bench::new(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'top-secret')",
    );
    bench
        .snapback(&["snapshot", "x", "--include-secrets"])
        .exits(0);
    let copy = Database::new();
    block_on(async {
        let mut other = connect(&copy).await;
        other
            .execute("BEGIN; LOCK TABLE pg_user_mapping IN SHARE MODE")
            .await
            .unwrap();
        let arguments = ["restore", "x", "--statement-timeout", "1s", "--tries", "1"];
        let failed = on(&copy, bench.folder.path())
            .args(arguments)
            .run()
            .exits(4);
        assert!(failed.stderr.contains("CREATE USER MAPPING"), "{failed}");
        assert!(!failed.to_string().contains("top-secret"), "{failed}");
    });
}
