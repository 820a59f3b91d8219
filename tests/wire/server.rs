//! `connect::Connection` against a real server.

use snapback::connect::{
    ChannelBinding, Connection, Credentials, Error, Event, Next, Startup, TransactionStatus,
};
use tokio::net::UnixStream;

use super::run;
use crate::support::postgres::Database;

async fn connect(database: &Database<'_>) -> Connection {
    let stream = UnixStream::connect(database.server().socket())
        .await
        .unwrap();
    let startup = Startup::new("postgres").set("database", database.name());
    let credentials = Credentials {
        password: None,
        channel_binding: ChannelBinding::Never,
    };
    Connection::start(stream, &startup, credentials, None)
        .await
        .unwrap()
}

#[test]
fn a_session_tells_about_its_server() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        assert_eq!(
            connection.server().version_num() / 10_000,
            database.server().major()
        );
        let rows = connection
            .query(
                "SELECT current_setting('server_version_num'), pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
        let server = connection.server();
        assert_eq!(
            rows[0].get(0),
            Some(server.version_num().to_string().as_str())
        );
        assert_eq!(
            rows[0].get(1),
            Some(server.process().unwrap().to_string().as_str())
        );
        connection.close().await.unwrap();
    });
}

#[test]
fn a_text_of_several_statements() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let tags = connection
            .execute("CREATE TABLE t (id integer); INSERT INTO t VALUES (1), (2); ; BEGIN; TABLE t")
            .await
            .unwrap();
        let tags: Vec<_> = tags.iter().map(|tag| (tag.as_str(), tag.rows())).collect();
        assert_eq!(
            tags,
            [
                ("CREATE TABLE", None),
                ("INSERT 0 2", Some(2)),
                ("BEGIN", None),
                ("SELECT 2", Some(2))
            ]
        );
        assert_eq!(
            connection.transaction_status(),
            TransactionStatus::InTransaction
        );
        let error = connection
            .execute("SELECT 1; SELECT 1/0")
            .await
            .unwrap_err();
        assert_eq!(error.server().unwrap().code, "22012");
        assert_eq!(connection.transaction_status(), TransactionStatus::Failed);
        let tags = connection.execute("COMMIT").await.unwrap();
        assert_eq!(tags[0].as_str(), "ROLLBACK");
        assert_eq!(connection.transaction_status(), TransactionStatus::Idle);
    });
}

#[test]
fn a_batch_is_one_round_trip_and_names_the_query_that_failed() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut seen = Vec::new();
        connection
            .batch(
                &[
                    "SELECT i, NULL FROM generate_series(1, 3) i",
                    "",
                    "SELECT 'x'",
                ],
                |query, row| {
                    seen.push((query, row.get(0).map(str::to_owned), row.get(1).is_none()));
                    Ok::<(), Error>(())
                },
            )
            .await
            .unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            seen,
            [
                (0, text("1"), true),
                (0, text("2"), true),
                (0, text("3"), true),
                (2, text("x"), true)
            ]
        );
        let error = connection
            .batch(&["SELECT 1", "SELECT nothing", "SELECT 2"], |_, _| {
                Ok::<(), Error>(())
            })
            .await
            .unwrap_err();
        let Error::Server {
            statement: Some(1),
            error,
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((error.code.as_str(), error.position), ("42703", Some(8)));
        assert_eq!(
            connection.query("SELECT $1", &[Some("ok")]).await.unwrap()[0].get(0),
            Some("ok")
        );
    });
}

#[test]
fn a_hundred_thousand_statements_in_one_pipeline() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut pipeline = connection.pipeline();
        let (mut queued, mut answered) = (0, 0);
        loop {
            while queued < 100_000 && pipeline.has_room() {
                assert_eq!(
                    pipeline
                        .parse("SELECT 1 FROM nowhere")
                        .unwrap_or(usize::MAX),
                    queued
                );
                pipeline.sync().unwrap();
                queued += 1;
            }
            match pipeline.next().await.unwrap() {
                Next::Event(Event::Error { statement, error }) => {
                    assert_eq!((statement, error.code.as_str()), (Some(answered), "42P01"));
                    answered += 1;
                }
                Next::Event(_) | Next::Room => {}
                Next::Done => break,
            }
        }
        assert_eq!(answered, 100_000);
    });
}
