//! From the startup packet to the first `ReadyForQuery`, and what is there instead.

use bytes::BytesMut;
use snapback_proto::{Authentication, ChannelBinding, ProtocolError};

use super::{check, play, session, start};
use crate::support::fakeserver::{
    authentication, backend_key_data, error, message, notice, parameter_status, ready,
};

#[test]
fn startup_takes_what_servers_and_poolers_say() {
    let bytes = [
        // `_pq_.x` was not known, the newest version is 3.2; then the same with the minor version alone.
        message(b'v', b"\0\x03\0\x02\0\0\0\x01_pq_.x\0"),
        message(b'v', b"\0\0\0\0\0\0\0\0"),
        authentication(0, b""),
        notice("hello"),
        parameter_status("server_version", "16.3"),
        backend_key_data(7, &[9; 256]),
        parameter_status("server_version", "17.1 (a build)"),
        ready(b'I'),
    ]
    .concat();
    let prepare = || start(None, ChannelBinding::Never);
    check(
        prepare,
        &bytes,
        &["None NOTICE: hello (00000)", "ready Idle"],
    );

    let mut session = prepare();
    play(&mut session, &bytes).unwrap();
    assert_eq!(session.server().version_num(), 170_001);
    assert_eq!(session.server().process(), Some(7));
    assert_eq!(session.authentication(), Some(Authentication::None));
    let key = session.server().cancel_key().unwrap();
    let mut request = BytesMut::new();
    key.write(&mut request);
    assert_eq!(request[..4], 268_u32.to_be_bytes());
    assert_eq!((request.len(), request[267]), (268, 9));
    assert!(!format!("{key:?} {session:?}").contains('9'), "{key:?}");
}

#[test]
fn startup_without_key_or_parameters() {
    let session = session();
    assert_eq!(session.server().version_num(), 0);
    assert!(session.server().cancel_key().is_none());
}

#[test]
fn an_older_protocol_is_refused() {
    let mut session = start(None, ChannelBinding::Never);
    let bytes = message(b'v', b"\0\x02\0\0\0\0\0\0");
    assert_eq!(
        play(&mut session, &bytes),
        Err(ProtocolError::Version { major: 2, minor: 0 })
    );
}

#[test]
fn errors_at_startup_end_the_session() {
    let refused = error("FATAL", "53300", "sorry, too many clients already");
    let prepare = || start(None, ChannelBinding::Never);
    let expected = ["None FATAL: sorry, too many clients already (53300)"];
    check(prepare, &refused, &expected);
    let after = [authentication(0, b""), refused.clone()].concat();
    check(prepare, &after, &expected);
    // A server that cannot start a process.
    let text = b"Ecould not fork new process for connection: Out of memory\n\0";
    let expected = ["None FATAL: could not fork new process for connection: Out of memory"];
    check(prepare, text, &expected);

    let mut session = prepare();
    play(&mut session, &refused).unwrap();
    assert!(session.has_ended());
    assert_eq!(session.query("SELECT 1"), Err(ProtocolError::Ended));
    assert_eq!(play(&mut session, b"anything").unwrap(), [""; 0]);
}

#[test]
fn what_is_no_postgres_server_is_said_at_its_first_byte() {
    for greeting in [
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "220 mail\r\n",
    ] {
        let mut session = start(None, ChannelBinding::Never);
        let error = play(&mut session, greeting.as_bytes()).unwrap_err();
        assert!(
            matches!(
                error,
                ProtocolError::UnknownMessage { .. } | ProtocolError::Length { .. }
            ),
            "{greeting}: {error}"
        );
    }
    let mut session = start(None, ChannelBinding::Never);
    assert_eq!(
        play(&mut session, b"\x15"),
        Err(ProtocolError::UnknownMessage { tag: 0x15 })
    );
}
