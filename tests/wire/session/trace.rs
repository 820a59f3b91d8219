//! The trace shows the conversation, and nothing that may be secret.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use snapback_proto::trace::Trace;
use snapback_proto::{ChannelBinding, Credentials, Password, Session, Startup};

use super::play;
use crate::support::fakeserver::{
    authentication, backend_key_data, command_complete, copy_response, data_row, error, message,
    parameter_status, ready, row_description,
};

/// A session whose trace can be read.
fn traced() -> (Session, Arc<Mutex<String>>) {
    let lines = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&lines);
    let trace = Trace::new(move |line| {
        let mut lines = sink.lock().unwrap();
        lines.push_str(line);
        lines.push('\n');
    });
    let credentials = Credentials {
        password: Some(Password::new("s3cret")),
        channel_binding: ChannelBinding::Never,
    };
    let startup = Startup::new("alice").set("database", "shop");
    let session = Session::start(&startup, credentials, Some(trace)).unwrap();
    (session, lines)
}

#[test]
fn a_conversation() {
    let (mut session, lines) = traced();
    let startup = [
        authentication(3, b""),
        authentication(0, b""),
        parameter_status("TimeZone", "UTC"),
        backend_key_data(7, b"key!"),
        ready(b'I'),
    ];
    play(&mut session, &startup.concat()).unwrap();
    session.execute("SELECT $1", &[Some("private")]).unwrap();
    session.parse("SELECT\t'two\nlines'").unwrap();
    session.flush().unwrap();
    session.sync().unwrap();
    session.query("COPY t FROM STDIN").unwrap();
    session.copy_data(b"private").unwrap();
    session.copy_fail("no more").unwrap();
    session.terminate().unwrap();
    let answers = [
        message(b'1', b""),
        message(b'2', b""),
        row_description(&["a"]),
        data_row(&[Some("private"), None]),
        command_complete("SELECT 1"),
        error("ERROR", "42601", "syntax error"),
        ready(b'I'),
        copy_response(b'G', 1),
        error("ERROR", "57014", "COPY failed"),
        ready(b'E'),
    ];
    play(&mut session, &answers.concat()).unwrap();
    insta::assert_snapshot!(lines.lock().unwrap().replace('\t', " | "));
}

#[test]
fn nothing_secret() {
    let (mut session, lines) = traced();
    let startup = [
        authentication(10, b"SCRAM-SHA-256\0\0"),
        authentication(11, b"r=n0nce,s=c2FsdA==,i=4096"),
    ];
    // The nonce is not ours, so that it ends there.
    play(&mut session, &startup.concat()).unwrap_err();
    let (mut session, more) = traced();
    let ready = [
        authentication(5, b"salt"),
        authentication(0, b""),
        backend_key_data(7, b"key!"),
        ready(b'I'),
    ];
    play(&mut session, &ready.concat()).unwrap();
    for sql in [
        "ALTER ROLE bob PASSWORD 'hunter2'",
        "CREATE SUBSCRIPTION s CONNECTION 'host=a password=hunter2' PUBLICATION p",
        "CREATE USER MAPPING FOR bob SERVER s OPTIONS (Password 'hunter2')",
    ] {
        session.query(sql).unwrap();
        let bytes = [
            error("ERROR", "42601", &format!("in {sql}")),
            message(b'Z', b"I"),
        ];
        play(&mut session, &bytes.concat()).unwrap();
        session.execute(sql, &[Some("hunter2")]).unwrap();
        session.abandon().unwrap();
    }
    let lines = lines.lock().unwrap().clone() + &more.lock().unwrap();
    for secret in [
        "s3cret", "hunter2", "n0nce", "c2Fs", "md5", "salt", "key!", "n=,r=",
    ] {
        assert!(!lines.contains(secret), "{secret} in\n{lines}");
    }
    assert!(lines.contains("(33 bytes, hidden)"), "{lines}");
}

#[test]
fn garbage_is_shown_too() {
    let (mut session, lines) = traced();
    let mut input = BytesMut::from(&error("FATAL", "1\x1b[1m", "\u{7}")[..]);
    session.receive(&mut input).unwrap();
    let (mut session, _) = traced();
    for tag in 1..=255 {
        let bytes = message(tag, b"\xff\0\0\0\0\0\x01");
        let _ = play(&mut session, &bytes);
        (session, _) = traced();
    }
    let lines = lines.lock().unwrap();
    assert!(
        lines
            .chars()
            .all(|c| c == '\n' || c == '\t' || !c.is_control()),
        "{lines:?}"
    );
}
