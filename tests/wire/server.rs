//! `connect::Connection` against a real server.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use snapback::connect::{
    ChannelBinding, Connection, Credentials, Error, Event, Next, ProtocolError, Startup, Trace,
    TransactionStatus,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::{flood, run};
use crate::support::live::connect;
use crate::support::postgres::{Database, Server};

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

#[test]
fn much_in_both_directions_does_not_deadlock() {
    run(async {
        let database = Database::new();
        flood(&mut connect(&database).await).await;
    });
}

#[test]
fn answers_come_before_the_sync_without_a_flush() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut pipeline = connection.pipeline();
        pipeline.execute("SELECT 1").unwrap();
        loop {
            match pipeline.next().await.unwrap() {
                Next::Event(Event::CommandComplete { statement: 0, .. }) => break,
                Next::Event(_) | Next::Room => {}
                Next::Done => panic!("no answer"),
            }
        }
        assert!(matches!(pipeline.next().await.unwrap(), Next::Done));
    });
}

#[test]
fn waiting_may_be_cancelled_without_loss() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut pipeline = connection.pipeline();
        pipeline
            .execute("SELECT i, pg_sleep(0.00001) FROM generate_series(0, 4999) i")
            .unwrap();
        pipeline.flush().unwrap();
        pipeline.sync().unwrap();
        let (mut rows, mut cancelled) = (0, 0);
        loop {
            let wait = Duration::from_micros(50);
            let Ok(next) = tokio::time::timeout(wait, pipeline.next()).await else {
                cancelled += 1;
                continue;
            };
            match next.unwrap() {
                Next::Event(Event::DataRow { row, .. }) => {
                    assert_eq!(
                        row.values().next().unwrap().unwrap(),
                        rows.to_string().as_bytes()
                    );
                    rows += 1;
                }
                Next::Event(_) | Next::Room => {}
                Next::Done => break,
            }
        }
        assert_eq!(rows, 5_000);
        assert!(cancelled > 0);
    });
}

#[test]
fn a_dropped_pipeline_leaves_the_connection_usable() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        connection
            .execute("CREATE TABLE t (id integer)")
            .await
            .unwrap();
        for sql in [
            "SELECT generate_series(1, 10000)",
            "COPY t FROM STDIN",
            "wrong",
        ] {
            for events in 0..4 {
                let mut pipeline = connection.pipeline();
                pipeline.execute(sql).unwrap();
                pipeline.flush().unwrap();
                for _ in 0..events {
                    if !matches!(pipeline.next().await.unwrap(), Next::Event(_)) {
                        break;
                    }
                }
                drop(pipeline);
                let rows = connection.query("SELECT count(*) FROM t", &[]).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql} {events}: {error}"));
                assert_eq!(rows[0].get(0), Some("0"));
            }
        }
    });
}

#[test]
fn copy_out_and_in() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        connection
            .execute(
                "CREATE TABLE a AS SELECT i, repeat(chr(1000 + i % 100), 100) FROM generate_series(1, 20000) i;
                 CREATE TABLE b (LIKE a); CREATE TABLE c (i integer CHECK (i < 3))",
            )
            .await
            .unwrap();
        let mut pieces = Vec::new();
        let rows = connection
            .copy_out("COPY a TO STDOUT", |piece| {
                pieces.push(piece);
                Ok::<(), Error>(())
            })
            .await
            .unwrap();
        assert_eq!((rows, pieces.len()), (20_000, 20_000));
        let mut source = pieces.into_iter();
        let rows = connection
            .copy_in("COPY b FROM STDIN", || Ok::<_, Error>(source.next()))
            .await
            .unwrap();
        assert_eq!(rows, 20_000);
        let same = "SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) x";
        assert_eq!(
            connection.query(same, &[]).await.unwrap()[0].get(0),
            Some("0")
        );

        // The server refuses a row; the source has no end.
        let error = connection
            .copy_in("COPY c FROM STDIN", || Ok::<_, Error>(Some("3\n".into())))
            .await
            .unwrap_err();
        assert_eq!(error.server().unwrap().code, "23514");
        // The source fails.
        let error = connection
            .copy_in("COPY c FROM STDIN", || {
                Err(Error::Lost(std::io::Error::other("disk")))
            })
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{error:?}");
        // It is no COPY at all.
        let rows = connection
            .copy_in("SELECT 1", || Ok::<_, Error>(Some("1\n".into())))
            .await
            .unwrap();
        assert_eq!(rows, 1);
        assert_eq!(
            connection
                .query("SELECT count(*) FROM c", &[])
                .await
                .unwrap()[0]
                .get(0),
            Some("0")
        );
    });
}

#[test]
fn a_copy_that_nobody_feeds_fails() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        connection
            .execute("CREATE TABLE t (id integer)")
            .await
            .unwrap();
        let error = connection.execute("COPY t FROM STDIN").await.unwrap_err();
        assert_eq!(error.server().unwrap().code, "57014");
        let error = connection
            .query("COPY t FROM STDIN", &[])
            .await
            .unwrap_err();
        let expected = ProtocolError::CopyWithoutData { statement: 0 };
        assert!(
            matches!(&error, Error::Protocol(error) if *error == expected),
            "{error:?}"
        );
    });
}

#[test]
fn a_row_of_many_megabytes() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let sql = "SELECT repeat('x', 50000000) UNION ALL SELECT 'y'";
        let rows = connection.query(sql, &[]).await.unwrap();
        assert_eq!(rows[0].get(0).unwrap().len(), 50_000_000);
        assert_eq!(rows[1].get(0), Some("y"));
    });
}

#[test]
fn what_is_not_utf8_is_named() {
    run(async {
        let database = Server::shared().database_with("TEMPLATE template0 ENCODING 'SQL_ASCII'");
        let mut connection = connect(&database).await;
        // While the client encoding is UTF8 the server itself refuses to send such a value.
        connection
            .execute("SET client_encoding = SQL_ASCII")
            .await
            .unwrap();
        let sql = r"SELECT 'ok', E'\xff' AS bad";
        let error = connection.query(sql, &[]).await.unwrap_err();
        let expected = (0, 2);
        let Error::NotUtf8 { statement, column } = error else {
            panic!("{error:?}");
        };
        assert_eq!((statement, column), expected);
        assert_eq!(
            connection.query("SELECT 1", &[]).await.unwrap()[0].get(0),
            Some("1")
        );
    });
}

#[test]
fn a_terminated_session_says_why() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let sql = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)";
        let error = connection.query(sql, &[]).await.unwrap_err();
        assert_eq!(error.server().unwrap().code, "57P01");
        assert!(connection.is_closed());
    });
}

#[test]
fn a_statement_can_be_cancelled_from_outside() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut request = BytesMut::new();
        connection.cancel_key().unwrap().write(&mut request);
        let socket = database.server().socket();
        let cancel = async {
            let mut stream = UnixStream::connect(socket).await.unwrap();
            stream.write_all(&request).await.unwrap();
            assert_eq!(
                stream.read_u8().await.unwrap_err().kind(),
                ErrorKind::UnexpectedEof
            );
        };
        let mut notices = connection.pipeline();
        notices
            .execute("DO $$ BEGIN RAISE NOTICE 'running'; PERFORM pg_sleep(60); END $$")
            .unwrap();
        notices.sync().unwrap();
        let next = notices.next().await.unwrap();
        assert!(
            matches!(
                next,
                Next::Event(Event::Notice {
                    statement: Some(0),
                    ..
                })
            ),
            "{next:?}"
        );
        cancel.await;
        let next = notices.next().await.unwrap();
        let Next::Event(Event::Error {
            statement: Some(0),
            error,
        }) = next
        else {
            panic!("{next:?}");
        };
        assert_eq!(error.code, "57014");
    });
}

#[test]
fn nothing_queued_is_done_at_once() {
    run(async {
        let database = Database::new();
        let mut connection = connect(&database).await;
        let mut pipeline = connection.pipeline();
        assert!(matches!(pipeline.next().await.unwrap(), Next::Done));
        pipeline.flush().unwrap();
        assert!(matches!(pipeline.next().await.unwrap(), Next::Done));
        pipeline.copy_data(b"for nobody").unwrap();
        assert!(matches!(pipeline.next().await.unwrap(), Next::Done));
    });
}

#[test]
fn a_real_server_negotiates_the_protocol() {
    run(async {
        let database = Database::new();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let trace = Trace::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        let socket = database.server().socket();
        let stream = UnixStream::connect(socket).await.unwrap();
        // An option of the protocol that no server knows: it says so, and goes on.
        let startup = Startup::new("postgres")
            .set("database", database.name())
            .set("_pq_.snapback", "1");
        let credentials = Credentials {
            password: None,
            channel_binding: ChannelBinding::Never,
        };
        Connection::start(stream, &startup, credentials, Some(trace))
            .await
            .unwrap();
        let lines = lines.lock().unwrap().join("\n");
        assert!(lines.contains("NegotiateProtocolVersion"), "{lines}");
    });
}
