//! What no server says, and what cannot be said to one.

use bytes::BytesMut;
use snapback_proto::{
    ChannelBinding, Credentials, Password, ProtocolError, Session, Startup, frame,
};

use super::{play, session, start};
use crate::support::fakeserver::{authentication, copy_response, message, row_description};

#[test]
fn a_length_is_checked_before_anything_is_reserved() {
    for (length, tag, message) in [
        (3_u32, b'R', "Authentication"),
        (0, b'E', "ErrorResponse"),
        (30_005, b'R', "Authentication"),
        (0x8000_0000, b'N', "NoticeResponse"),
        (u32::MAX, b'D', "DataRow"),
    ] {
        let mut input = BytesMut::with_capacity(64);
        input.extend_from_slice(&[tag]);
        input.extend_from_slice(&length.to_be_bytes());
        let mut session = start(None, ChannelBinding::Never);
        assert_eq!(
            session.receive(&mut input).unwrap_err(),
            ProtocolError::Length { message, length }
        );
        assert!(input.capacity() <= 64);
    }
    // After authentication the same bytes may begin a row of a gigabyte: it is waited for, not made room for.
    let mut working = session();
    working.query("SELECT").unwrap();
    play(&mut working, &row_description(&["a"])).unwrap();
    let mut input = BytesMut::with_capacity(64);
    input.extend_from_slice(&[b'D', 0x3f, 0xff, 0xff, 0xff]);
    assert!(working.receive(&mut input).unwrap().is_none());
    assert!(input.capacity() <= 64);
    let mut input = BytesMut::from(&[b'D', 0x40, 0, 0, 4][..]);
    assert!(matches!(
        working.receive(&mut input),
        Err(ProtocolError::Length {
            message: "DataRow",
            ..
        })
    ));
}

/// How to come to a point, and which messages have their place there.
type Case = (fn() -> Session, &'static [u8]);

#[test]
fn every_message_out_of_place_is_an_error() {
    let bodies = [
        (b'1', vec![]),
        (b'2', vec![]),
        (b'3', vec![]),
        (b'C', b"SELECT 1\0".to_vec()),
        (b'D', vec![0, 0]),
        (b'G', vec![0, 0, 0]),
        (b'H', vec![0, 0, 0]),
        (b'I', vec![]),
        (b'K', vec![0; 8]),
        (b'R', vec![0; 4]),
        (b'T', vec![0, 0]),
        (b'V', vec![0xff; 4]),
        (b'W', vec![0, 0, 0]),
        (b'Z', b"I".to_vec()),
        (b'c', vec![]),
        (b'd', vec![]),
        (b'n', vec![]),
        (b's', vec![]),
        (b't', vec![0, 0]),
        (b'v', vec![0; 8]),
    ];
    let cases: [Case; 8] = [
        (session, b""),
        (|| start(None, ChannelBinding::Never), b"Rv"),
        (
            || {
                let mut session = start(None, ChannelBinding::Never);
                play(&mut session, &authentication(0, b"")).unwrap();
                session
            },
            b"KZ",
        ),
        (
            || {
                let mut session = session();
                session.parse("SELECT 1").unwrap();
                session
            },
            b"1",
        ),
        (
            || {
                let mut session = session();
                session.execute("SELECT 1", &[]).unwrap();
                play(
                    &mut session,
                    &[message(b'1', b""), message(b'2', b"")].concat(),
                )
                .unwrap();
                session
            },
            b"Tn",
        ),
        (
            || {
                let mut session = session();
                session.query("SELECT 1").unwrap();
                session
            },
            b"CGHITZ",
        ),
        (
            || {
                let mut session = session();
                session.query("COPY t TO STDOUT").unwrap();
                play(&mut session, &copy_response(b'H', 0)).unwrap();
                session
            },
            b"cd",
        ),
        (
            || {
                let mut session = session();
                session.sync().unwrap();
                session
            },
            b"Z",
        ),
    ];
    for (number, (prepare, in_place)) in cases.iter().enumerate() {
        for (tag, body) in &bodies {
            let result = play(&mut prepare(), &message(*tag, body));
            if in_place.contains(tag) {
                result.unwrap_or_else(|error| panic!("{number}: {error}"));
                continue;
            }
            let name = frame::name(*tag).unwrap();
            let expected = matches!(
                result,
                Err(ProtocolError::Unexpected { message, .. }) if message == name
            );
            assert!(expected, "{number}: {name}: {result:?}");
        }
    }
}

type Prepare<'a> = &'a dyn Fn() -> Session;

#[test]
fn malformed_messages_are_errors() {
    let query = |before: Vec<u8>| {
        move || {
            let mut session = session();
            session.query("..").unwrap();
            play(&mut session, &before).unwrap();
            session
        }
    };
    let rows = query(row_description(&["a"]));
    let plain = query(Vec::new());
    let bad: [(Prepare, u8, &[u8]); 14] = [
        (&plain, b'C', b"no end"),
        (&plain, b'C', b"two\0ends\0"),
        (&plain, b'C', b"\xff\0"),
        (&plain, b'T', b"\0\x01a\0"),
        (&plain, b'T', b"\0\0\0"),
        (&plain, b'Z', b"?"),
        (&plain, b'Z', b"II"),
        (&plain, b'E', b"Mno end"),
        (&plain, b'E', b"Mtext\0"),
        (&plain, b'G', b"\x02\0\0"),
        (&plain, b'H', b"\0\0\x02\0\0"),
        (&plain, b'S', b"name\0"),
        (&rows, b'D', b"\0\x01\0\0\0\x02x"),
        (&rows, b'D', b"\0\x01\xff\xff\xff\xfe"),
    ];
    for (prepare, tag, body) in bad {
        let mut session = prepare();
        let result = play(&mut session, &message(tag, body));
        let message = frame::name(tag).unwrap();
        assert_eq!(
            result,
            Err(ProtocolError::Malformed { message }),
            "{body:?}"
        );
        assert!(session.has_ended());
    }
}

#[test]
fn what_cannot_be_sent_is_refused_and_leaves_nothing_behind() {
    let mut session = session();
    let zero = |what| ProtocolError::ZeroByte { what };
    assert_eq!(session.query("a\0b"), Err(zero("a statement")));
    assert_eq!(session.parse("a\0b"), Err(zero("a statement")));
    assert_eq!(session.execute("a\0b", &[]), Err(zero("a statement")));
    let parameters = vec![None; 65_536];
    assert_eq!(
        session.execute("a", &parameters),
        Err(ProtocolError::TooManyParameters)
    );
    assert_eq!((session.unsent(), session.is_busy()), (0, false));
    assert_eq!(session.query("a").unwrap(), 0);

    let credentials = || Credentials {
        password: Some(Password::new("s3\0cret")),
        channel_binding: ChannelBinding::Never,
    };
    let startup = Startup::new("alice").set("application_name", "a\0b");
    let result = Session::start(&startup, credentials(), None);
    assert_eq!(result.unwrap_err(), zero("a connection parameter"));
    let startup = Startup::new("alice").set("options", &"-c a=b ".repeat(2_000));
    let result = Session::start(&startup, credentials(), None);
    assert!(matches!(
        result,
        Err(ProtocolError::TooLong { limit: 10_000, .. })
    ));
    let mut session = Session::start(&Startup::new("alice"), credentials(), None).unwrap();
    let result = play(&mut session, &authentication(3, b""));
    assert_eq!(result, Err(zero("the password")));
}
