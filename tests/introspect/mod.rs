//! Reading a live catalog.

use crate::support::live::{block_on, connect, read};
use crate::support::postgres::Database;
use snapback::catalog::names::Scope;
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
    database.psql("CREATE CONVERSION public.myconv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1");
    assert!(
        read(&database)
            .unmodeled
            .iter()
            .any(|unmodeled| unmodeled.object == "conversion public.myconv")
    );
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
