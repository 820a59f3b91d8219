//! Looking blocks nobody: what the server locks to spell a query is let go of soon, also where it has to wait.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::live::{block_on, connect};
use crate::support::postgres::{Database, Options};
use snapback::catalog::scope::Scope;
use snapback::connect::Connection;
use snapback::introspect::{self, Within};

/// More than are spelled in two batches of 50.
const COUNT: usize = 120;

/// What holds a query: each keeps a lock on its table while the transaction lasts in which it is spelled.
const HOLDING: [&str; 4] = [
    "CREATE VIEW v{n} AS SELECT a FROM t{n};",
    "CREATE RULE v{n} AS ON DELETE TO t DO ALSO UPDATE t{n} SET a = 1;",
    "CREATE POLICY v{n} ON t USING (EXISTS (SELECT FROM t{n}));",
    "CREATE FUNCTION v{n}() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a FROM t{n}; END;",
];

/// The locks on tables that others than these two sessions hold while they wait for one.
async fn held_while_waiting(observer: &mut Connection, writer: &str) -> Option<usize> {
    let sql = "SELECT count(*) FILTER (WHERE granted AND relation::regclass::text ~ '^t[0-9]+$') FROM pg_locks \
               WHERE pid NOT IN ($1::int, pg_backend_pid()) HAVING bool_or(NOT granted)";
    let rows = observer.query(sql, &[Some(writer)]).await.unwrap();
    Some(rows.first()?.get(0)?.parse().unwrap())
}

/// A transaction changes the table that is named last, and a reading comes by.
async fn read_behind(database: &Database<'_>, beside: bool) {
    let mut writer = connect(database).await;
    let rows = writer.query("SELECT pg_backend_pid()", &[]).await.unwrap();
    let pid = rows[0].get(0).unwrap().to_owned();
    writer
        .execute("BEGIN; ALTER TABLE t119 ADD added int")
        .await
        .unwrap();

    let ended = AtomicBool::new(false);
    let reading = async {
        let mut session = connect(database).await;
        let mut second = if beside {
            Some(connect(database).await)
        } else {
            None
        };
        let (scope, within) = (Scope::default(), Within::Nothing);
        let reading = introspect::read_beside(&mut session, second.as_mut(), &scope, within).await;
        ended.store(true, Ordering::Relaxed);
        reading.unwrap()
    };
    let watching = async {
        let mut observer = connect(database).await;
        let mut seen = 0;
        while seen < 5 {
            assert!(
                !ended.load(Ordering::Relaxed),
                "it did not wait for the table"
            );
            if let Some(held) = held_while_waiting(&mut observer, &pid).await {
                assert!(held <= 50, "{held} tables are locked by who waits");
                seen += 1;
            }
        }
        writer.execute("COMMIT").await.unwrap();
    };
    let (reading, ()) = tokio::join!(reading, watching);
    let names = reading
        .catalog
        .objects()
        .iter()
        .map(|object| &*object.id.name);
    assert_eq!(
        names.clone().filter(|name| name.starts_with('v')).count(),
        COUNT
    );
    assert_eq!(names.filter(|&name| name == "added").count(), 1);
    database.psql("ALTER TABLE t119 DROP COLUMN added");
}

#[test]
fn who_waits_holds_few_locks() {
    let server = Options::new().start();
    for holding in HOLDING {
        if server.major() < 14 && holding.contains("BEGIN ATOMIC") {
            continue;
        }
        let database = server.database();
        database.psql("CREATE TABLE t (a int)");
        let create = format!("CREATE TABLE t{{n}} (a int); {holding}");
        let all = (0..COUNT).map(|n| create.replace("{n}", &n.to_string()));
        database.psql(&all.collect::<String>());
        block_on(async {
            read_behind(&database, false).await;
            read_behind(&database, true).await;
        });
    }
}

#[test]
fn tables_are_not_opened() {
    let database = Database::new();
    database.psql(
        "CREATE TABLE held (a int, b text, CONSTRAINT positive CHECK (a > 0));
         CREATE INDEX part ON held (b) WHERE a IS NOT NULL;
         ALTER TABLE held ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON held USING (b = CURRENT_USER)",
    );
    block_on(async {
        let mut holder = connect(&database).await;
        holder.execute("BEGIN; LOCK TABLE held").await.unwrap();
        let mut session = connect(&database).await;
        let reading = introspect::read(&mut session, &Scope::default(), Within::Nothing).await;
        let objects = format!("{:?}", reading.unwrap().catalog.objects());
        for text in ["CHECK ((a > 0))", "(a IS NOT NULL)", "(b = CURRENT_USER)"] {
            assert!(objects.contains(text), "{text}");
        }
        holder.execute("ROLLBACK").await.unwrap();
    });
}
