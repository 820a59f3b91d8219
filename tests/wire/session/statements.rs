//! Statements, their results, COPY, and what happens after an error.

use bytes::BytesMut;
use snapback_proto::{Event, ProtocolError, Severity, TransactionStatus};

use super::{check, play, session};
use crate::support::fakeserver::{
    command_complete, copy_response, data_row, error, message, notice, parameter_status, ready,
    report, row_description,
};

#[test]
fn a_simple_query_of_several_statements() {
    let prepare = || {
        let mut session = session();
        assert_eq!(session.query("..").unwrap(), 0);
        session
    };
    let bytes = [
        command_complete("BEGIN"),
        row_description(&["a", "b"]),
        data_row(&[Some("x"), None]),
        notice("in between"),
        data_row(&[Some(""), Some("y")]),
        command_complete("SELECT 2"),
        message(b'I', b""),
        copy_response(b'H', 2),
        message(b'd', b"1\t2\n"),
        message(b'c', b""),
        command_complete("COPY 1"),
        error("ERROR", "22012", "division by zero"),
        ready(b'E'),
    ]
    .concat();
    let expected = [
        "0 BEGIN",
        "0 columns a,b",
        "0 row x,NULL",
        "Some(0) NOTICE: in between (00000)",
        "0 row ,y",
        "0 SELECT 2",
        "0 empty",
        "0 copy out Text",
        "0 data 1\t2\n",
        "0 data ends",
        "0 COPY 1",
        "Some(0) ERROR: division by zero (22012)",
        "ready Failed",
    ];
    check(prepare, &bytes, &expected);
    let mut session = prepare();
    play(&mut session, &bytes).unwrap();
    assert_eq!(session.status(), TransactionStatus::Failed);
    assert!(!session.is_busy());
}

/// The answers to a statement that ran.
fn ran(tag: &str) -> Vec<u8> {
    [
        message(b'1', b""),
        message(b'2', b""),
        message(b'n', b""),
        command_complete(tag),
    ]
    .concat()
}

#[test]
fn an_error_in_a_pipeline_skips_to_the_sync() {
    let prepare = || {
        let mut session = session();
        session.execute("CREATE TABLE t ()", &[]).unwrap();
        session.execute("wrong", &[]).unwrap();
        session.execute("not run", &[Some("x"), None]).unwrap();
        session.sync().unwrap();
        session.parse("SELECT 1").unwrap();
        assert_eq!(session.execute("SELECT 2", &[]).unwrap(), 4);
        session.sync().unwrap();
        session
    };
    let bytes = [
        ran("CREATE TABLE"),
        error("ERROR", "42601", "syntax error"),
        parameter_status("TimeZone", "UTC"),
        ready(b'I'),
        message(b'1', b""),
        message(b'1', b""),
        message(b'2', b""),
        row_description(&["?column?"]),
        data_row(&[Some("2")]),
        command_complete("SELECT 1"),
        message(b'A', b"\0\0\0\x05jobs\0go\0"),
        // COMMIT at Sync can fail too: a deferred constraint.
        error("ERROR", "23503", "violates foreign key constraint"),
        ready(b'I'),
    ]
    .concat();
    let expected = [
        "0 CREATE TABLE",
        "Some(1) ERROR: syntax error (42601)",
        "ready Idle",
        "3 parsed",
        "4 columns ?column?",
        "4 row 2",
        "4 SELECT 1",
        "5 notifies jobs go",
        "None ERROR: violates foreign key constraint (23503)",
        "ready Idle",
    ];
    check(prepare, &bytes, &expected);
}

#[test]
fn after_an_error_nothing_is_sent_before_the_sync() {
    let mut session = session();
    session.execute("wrong", &[]).unwrap();
    session.flush().unwrap();
    session.outgoing().clear();
    play(&mut session, &error("ERROR", "42601", "syntax error")).unwrap();
    assert_eq!(session.execute("not run", &[]).unwrap(), 1);
    session.copy_data(b"row").unwrap();
    session.copy_done().unwrap();
    session.flush().unwrap();
    assert_eq!((session.unsent(), session.is_busy()), (0, false));
    session.sync().unwrap();
    assert_eq!(session.outgoing()[..], *b"S\0\0\0\x04");
    assert_eq!(session.parse("SELECT 1").unwrap(), 2);
    let bytes = [ready(b'I'), message(b'1', b"")].concat();
    assert_eq!(
        play(&mut session, &bytes).unwrap(),
        ["ready Idle", "2 parsed"]
    );
}

#[test]
fn copy_in_before_and_after_the_server_asks_for_it() {
    let answers = [
        message(b'1', b""),
        message(b'2', b""),
        message(b'n', b""),
        copy_response(b'G', 3),
        command_complete("COPY 2"),
        ready(b'I'),
    ];
    let expected = ["0 copy in Text", "0 COPY 2", "ready Idle"];
    let eager = || {
        let mut session = session();
        session.execute("COPY t FROM STDIN", &[]).unwrap();
        session.copy_data(b"1\n2\n").unwrap();
        session.copy_done().unwrap();
        session.copy_data(b"too late").unwrap();
        session.sync().unwrap();
        let sent = session.outgoing();
        assert!(
            sent.ends_with(b"d\0\0\0\x081\n2\nc\0\0\0\x04S\0\0\0\x04"),
            "{sent:?}"
        );
        session
    };
    check(eager, &answers.concat(), &expected);

    let mut session = session();
    session.execute("COPY t FROM STDIN", &[]).unwrap();
    session.flush().unwrap();
    assert!(!session.wants_copy_data());
    play(&mut session, &answers[..4].concat()).unwrap();
    assert!(session.wants_copy_data());
    session.copy_data(b"1\n2\n").unwrap();
    session.copy_done().unwrap();
    assert!(!session.wants_copy_data());
    session.sync().unwrap();
    assert_eq!(
        play(&mut session, &answers[4..].concat()).unwrap(),
        expected[1..]
    );
}

#[test]
fn a_copy_without_data_is_an_error_not_a_hang() {
    let mut session = session();
    session.execute("COPY t FROM STDIN", &[]).unwrap();
    session.sync().unwrap();
    let bytes = [
        message(b'1', b""),
        message(b'2', b""),
        message(b'n', b""),
        copy_response(b'G', 3),
    ];
    assert_eq!(
        play(&mut session, &bytes.concat()),
        Err(ProtocolError::CopyWithoutData { statement: 0 })
    );
}

#[test]
fn abandoned_answers_are_dropped() {
    let mut session = session();
    session.execute("SELECT 1", &[]).unwrap();
    session.flush().unwrap();
    session.abandon().unwrap();
    session.query("SELECT 2").unwrap();
    session.abandon().unwrap();
    assert_eq!(session.query("SELECT 3").unwrap(), 0);
    let rows = |value| {
        [
            row_description(&["a"]),
            data_row(&[Some(value)]),
            command_complete("SELECT 1"),
        ]
        .concat()
    };
    let bytes = [
        message(b'1', b""),
        message(b'2', b""),
        rows("1"),
        ready(b'I'),
        notice("of nobody"),
        error("ERROR", "57014", "canceled"),
        ready(b'I'),
        rows("3"),
        ready(b'T'),
    ];
    let expected = [
        "0 columns a",
        "0 row 3",
        "0 SELECT 1",
        "ready InTransaction",
    ];
    assert_eq!(play(&mut session, &bytes.concat()).unwrap(), expected);
}

#[test]
fn an_abandoned_copy_is_ended() {
    // Before the server asks for data.
    let mut session = session();
    session.query("COPY t FROM STDIN").unwrap();
    session.abandon().unwrap();
    session.outgoing().clear();
    assert_eq!(
        play(&mut session, &copy_response(b'G', 1)).unwrap(),
        [""; 0]
    );
    assert_eq!(
        session.outgoing()[..],
        message(b'f', b"the client gave up\0")
    );
    let bytes = [error("ERROR", "57014", "COPY failed"), ready(b'I')].concat();
    assert_eq!(play(&mut session, &bytes).unwrap(), [""; 0]);
    assert!(!session.is_busy());
    // In the middle of the data.
    session.execute("COPY t FROM STDIN", &[]).unwrap();
    session.copy_data(b"1\n").unwrap();
    session.outgoing().clear();
    session.abandon().unwrap();
    let sent = [message(b'f', b"the client gave up\0"), message(b'S', b"")].concat();
    assert_eq!(session.outgoing()[..], sent);
}

#[test]
fn a_fatal_error_ends_the_session_at_any_time() {
    let fatal = error("FATAL", "57P01", "terminating connection");
    let idle = session;
    check(
        idle,
        &fatal,
        &["None FATAL: terminating connection (57P01)"],
    );
    let busy = || {
        let mut session = session();
        session.execute("SELECT 1", &[]).unwrap();
        session.abandon().unwrap();
        session
    };
    check(
        busy,
        &fatal,
        &["Some(0) FATAL: terminating connection (57P01)"],
    );
}

#[test]
fn all_fields_of_an_error() {
    let fields = [
        (b'S', "FEHLER"),
        (b'V', "ERROR"),
        (b'C', "23505"),
        (b'M', "message"),
        (b'D', "detail"),
        (b'H', "hint"),
        (b'P', "12"),
        (b'p', "3"),
        (b'q', "internal"),
        (b'W', "context"),
        (b's', "schema"),
        (b't', "table"),
        (b'c', "column"),
        (b'd', "type"),
        (b'n', "constraint"),
        (b'F', "nbtinsert.c"),
        (b'L', "664"),
        (b'R', "_bt_check_unique"),
        (b'?', "of a later version"),
    ];
    let mut session = session();
    session.query("..").unwrap();
    let mut input = BytesMut::from(&report(b'E', &fields)[..]);
    let Some(Event::Error { error, .. }) = session.receive(&mut input).unwrap() else {
        panic!("no error");
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        (error.severity, error.code.as_str()),
        (Severity::Error, "23505")
    );
    assert_eq!(error.message, "message");
    assert_eq!((error.detail, error.hint), (text("detail"), text("hint")));
    assert_eq!(
        (error.position, error.internal_position),
        (Some(12), Some(3))
    );
    assert_eq!(
        (error.internal_query, error.context),
        (text("internal"), text("context"))
    );
    assert_eq!((error.schema, error.table), (text("schema"), text("table")));
    assert_eq!(
        (error.column, error.data_type),
        (text("column"), text("type"))
    );
    assert_eq!(
        (error.constraint, error.file),
        (text("constraint"), text("nbtinsert.c"))
    );
    assert_eq!(
        (error.line, error.routine),
        (Some(664), text("_bt_check_unique"))
    );
}
