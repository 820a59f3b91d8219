//! `connect::Connection` against a server that plays a script: a bad server, a bad network.

use snapback::connect::{
    ChannelBinding, Connection, Credentials, Error, Password, ProtocolError, Startup,
};
use tokio::net::TcpStream;

use super::run;
use crate::support::fakeserver::{
    FakeServer, Script, authentication, command_complete, data_row, error, message, notice, ready,
    row_description,
};

async fn connect(server: &FakeServer) -> Result<Connection, Error> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let credentials = Credentials {
        password: Some(Password::new("s3cret")),
        channel_binding: ChannelBinding::Never,
    };
    Connection::start(stream, &Startup::new("alice"), credentials, None).await
}

fn rows() -> [Vec<u8>; 6] {
    [
        message(b'1', b""),
        message(b'2', b""),
        row_description(&["name"]),
        data_row(&[Some("é")]),
        command_complete("SELECT 1"),
        ready(b'I'),
    ]
}

#[test]
fn bytes_may_come_one_at_a_time() {
    run(async {
        let server = Script::welcome()
            .byte_by_byte()
            .expect_until(b'S')
            .send(&rows())
            .play();
        let mut connection = connect(&server).await.unwrap();
        assert_eq!(connection.server().version_num(), 150_018);
        let rows = connection.query("SELECT name FROM t", &[]).await.unwrap();
        assert_eq!(rows[0].get(0), Some("é"));
        connection.close().await.unwrap();
        let tags: Vec<_> = server.heard().iter().map(|m| char::from(m.tag)).collect();
        assert_eq!(tags, ['\0', 'P', 'B', 'D', 'E', 'S', 'X']);
    });
}

#[test]
fn a_connection_cut_at_any_byte_is_lost() {
    let bytes = rows().concat();
    for end in 0..bytes.len() {
        let part = bytes[..end].to_vec();
        run(async move {
            let server = Script::welcome()
                .expect_until(b'S')
                .send(&[part])
                .cut()
                .play();
            let mut connection = connect(&server).await.unwrap();
            let error = connection.query("SELECT 1", &[]).await.unwrap_err();
            assert!(matches!(error, Error::Lost(_)), "{end}: {error:?}");
            assert!(error.to_string().contains("connection"), "{error}");
            assert!(connection.is_closed());
            let error = connection.query("SELECT 1", &[]).await.unwrap_err();
            assert!(
                matches!(error, Error::Protocol(ProtocolError::Ended)),
                "{error:?}"
            );
        });
    }
}

#[test]
fn a_connection_cut_during_startup_is_lost() {
    for steps in [
        Script::new().cut(),
        Script::new().startup().cut(),
        Script::new()
            .startup()
            .send(&[authentication(3, b"")])
            .cut(),
        Script::new()
            .startup()
            .send(&[authentication(0, b"")[..5].to_vec()])
            .cut(),
    ] {
        run(async {
            let error = connect(&steps.play()).await.unwrap_err();
            assert!(matches!(error, Error::Lost(_)), "{error:?}");
        });
    }
}

#[test]
fn the_reason_of_a_server_that_closes_is_told() {
    run(async {
        let server = Script::welcome()
            .expect(b'P')
            .send(&[error(
                "FATAL",
                "57P01",
                "terminating connection due to administrator command",
            )])
            .cut()
            .play();
        let mut connection = connect(&server).await.unwrap();
        let error = connection.query("SELECT 1", &[]).await.unwrap_err();
        assert_eq!(error.server().unwrap().code, "57P01");
        assert!(connection.is_closed());
    });
}

#[test]
fn garbage_is_an_error() {
    run(async {
        let server = Script::welcome()
            .expect_until(b'Q')
            .send(&[b"\0garbage".to_vec()])
            .play();
        let mut connection = connect(&server).await.unwrap();
        let error = connection.execute("SELECT 1").await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Protocol(ProtocolError::UnknownMessage { tag: 0 })
            ),
            "{error:?}"
        );
        assert!(connection.is_closed());
    });
}

#[test]
fn a_scram_server_without_proof_is_refused() {
    for (last, expected) in [
        (
            authentication(12, b"v=d3Jvbmc="),
            "SCRAM verification error",
        ),
        (authentication(0, b""), "without proving who it is"),
    ] {
        run(async move {
            let server = Script::new()
                .startup()
                .send(&[authentication(10, b"SCRAM-SHA-256\0\0")])
                .expect(b'p')
                .scram_challenge()
                .expect(b'p')
                .send(&[last, authentication(0, b""), ready(b'I')])
                .play();
            let error = connect(&server).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            let heard = format!("{:?}", server.heard());
            assert!(!heard.contains(&format!("{:?}", b"s3cret")), "{heard}");
        });
    }
}

#[test]
fn notices_are_kept_up_to_a_bound() {
    run(async {
        let notices: Vec<_> = (0..1_200).map(|i| notice(&i.to_string())).collect();
        let server = Script::welcome()
            .expect(b'Q')
            .send(&notices)
            .send(&[command_complete("DO"), ready(b'I')])
            .play();
        let mut connection = connect(&server).await.unwrap();
        connection.execute("DO ..").await.unwrap();
        let notices = connection.take_notices();
        assert_eq!(notices.len(), 1_000);
        assert_eq!(notices[999].message, "999");
        assert!(connection.take_notices().is_empty());
    });
}

#[test]
fn the_send_buffer_is_bounded() {
    run(async {
        let server = Script::welcome().play();
        let mut connection = connect(&server).await.unwrap();
        let mut pipeline = connection.pipeline();
        let sql = "x".repeat(1_000);
        let mut queued = 0;
        while pipeline.has_room() {
            pipeline.parse(&sql).unwrap();
            queued += sql.len();
        }
        assert!((200_000..300_000).contains(&queued), "{queued}");
    });
}
