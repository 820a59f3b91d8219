//! Reading a live catalog.

mod locks;
mod stable;
mod stress;
mod unchanged;

use crate::support::live::{block_on, connect, read};
use crate::support::postgres::Database;
use snapback::catalog::scope::Scope;
use snapback::introspect::{self, Within};

#[test]
fn schemas_with_owner_acl_and_comment() {
    let database = Database::new();
    database.psql(
        "CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'it''s'; GRANT USAGE ON SCHEMA app TO PUBLIC; CREATE SCHEMA \"we ird\"",
    );
    let reading = read(&database);
    let schemas: Vec<_> = reading
        .catalog
        .objects()
        .iter()
        .map(|object| (object.id.to_string(), object.meta.comment.clone()))
        .collect();
    assert!(schemas.contains(&("schema app".to_owned(), Some("it's".to_owned()))));
    assert!(schemas.contains(&("schema \"we ird\"".to_owned(), None)));
    assert!(schemas.contains(&(
        "schema public".to_owned(),
        Some("standard public schema".to_owned())
    )));
    assert_eq!(reading.database.name, database.name());
    assert!(!reading.database.system.is_empty());
}

#[test]
fn what_no_kind_models_is_named() {
    let database = Database::new();
    // A kind of relation that no server of today has.
    database.psql(
        "CREATE TABLE odd (); SET allow_system_table_mods = on; UPDATE pg_class SET relkind = 'Z' WHERE relname = 'odd'",
    );
    assert!(
        read(&database)
            .unmodeled
            .iter()
            .any(|unmodeled| unmodeled.object == "relation public.odd")
    );
}

#[test]
fn disabled_triggers_of_foreign_keys_are_named() {
    let database = Database::new();
    database.psql(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a) PARTITION BY LIST (a); \
         CREATE TABLE b_1 PARTITION OF b FOR VALUES IN (1); \
         CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE b_1 DISABLE TRIGGER t",
    );
    assert!(read(&database).unmodeled.is_empty());
    database.psql("ALTER TABLE b_1 DISABLE TRIGGER ALL; ALTER TABLE a DISABLE TRIGGER ALL");
    let unmodeled = read(&database).unmodeled;
    let tables = unmodeled.iter().map(|unmodeled| {
        let (trigger, table) = unmodeled.object.rsplit_once(" on ").unwrap();
        assert!(
            trigger.starts_with("trigger \"RI_ConstraintTrigger_"),
            "{trigger}"
        );
        table
    });
    let mut tables: Vec<&str> = tables.collect();
    tables.dedup();
    assert_eq!(tables, ["public.a", "public.b_1"]);
    database.psql("ALTER TABLE b_1 ENABLE TRIGGER ALL; ALTER TABLE a ENABLE TRIGGER ALL");
    assert!(read(&database).unmodeled.is_empty());
}

#[test]
fn labels_are_read() {
    let database = Database::new();
    // No provider of labels is installed with a server; the rows can be there without.
    database.psql(
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t; SET allow_system_table_mods = on; \
         INSERT INTO pg_seclabel VALUES ('t'::regclass, 1259, 0, 'p', 'of t'), ('t'::regclass, 1259, 2, 'p', 'of b'), \
         ('v'::regclass, 1259, 1, 'q', 'of a'), ('v'::regclass, 1259, 1, 'p', 'of a too')",
    );
    let reading = read(&database);
    let labels = |wanted: &str| {
        let mut objects = reading.catalog.objects().iter();
        let object = objects
            .find(|object| object.id.to_string() == wanted)
            .unwrap();
        let labels = object.meta.labels.iter();
        labels
            .map(|label| format!("{} {} {}", label.column, label.provider, label.label))
            .collect::<Vec<_>>()
    };
    assert_eq!(labels("table public.t"), [" p of t"]);
    assert_eq!(labels("table column public.t.b"), [" p of b"]);
    assert_eq!(labels("view public.v"), ["a p of a too", "a q of a"]);
}

#[test]
fn no_secret_is_read() {
    let database = Database::new();
    database.psql(
        "CREATE FOREIGN DATA WRAPPER w OPTIONS (api_key 'top-1'); \
         CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (token 'top-2', host 'plain'); \
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (\"user\" 'plain', password 'top-3'); \
         CREATE FOREIGN TABLE f (a int OPTIONS (secret_name 'top-4')) SERVER s OPTIONS (credentials 'top-5'); \
         CREATE SUBSCRIPTION c CONNECTION 'host=plain password=top-6' PUBLICATION p WITH (connect = false)",
    );
    let reading = read(&database);
    let objects = reading.catalog.objects().iter();
    let texts: Vec<String> = objects
        .map(|object| serde_json::to_string(&object.body).unwrap())
        .collect();
    let all = texts.join("\n");
    assert!(!all.contains("top-"), "{all}");
    assert_eq!(all.matches("plain").count(), 3);
    assert_eq!(all.matches("not-in-the-snapshot").count(), 6);
    // What keeps a subscription would keep the database.
    database.psql("ALTER SUBSCRIPTION c SET (slot_name = NONE); DROP SUBSCRIPTION c");
}

#[test]
fn busy_tables_do_not_disturb_but_open_ddl_is_invisible() {
    let database = Database::new();
    database.psql("CREATE TABLE busy (a int)");
    block_on(async {
        let mut writer = connect(&database).await;
        writer
            .execute("BEGIN; INSERT INTO busy VALUES (1); CREATE SCHEMA unborn")
            .await
            .unwrap();
        let mut reader = connect(&database).await;
        let reading = introspect::read(&mut reader, &Scope::default(), Within::Nothing)
            .await
            .unwrap();
        assert!(
            !reading
                .catalog
                .objects()
                .iter()
                .any(|object| &*object.id.name == "unborn")
        );
        writer.execute("COMMIT").await.unwrap();
        let reading = introspect::read(&mut reader, &Scope::default(), Within::Nothing)
            .await
            .unwrap();
        assert!(
            reading
                .catalog
                .objects()
                .iter()
                .any(|object| &*object.id.name == "unborn")
        );
    });
}
