//! Authentication: what is answered, what is refused, and that the server must prove itself.

use snapback_proto::{Authentication, ChannelBinding, ProtocolError, Session};

use super::{play, start, unexpected};
use crate::support::fakeserver::{authentication, message};

#[test]
fn cleartext_and_md5() {
    for (request, answer, kind) in [
        (authentication(3, b""), "s3cret", Authentication::Cleartext),
        (
            authentication(5, &[1, 2, 3, 4]),
            // md5(md5("s3cret" || "alice") || 01020304), from the formula in the manual.
            "md5b79948bbeb35dee03ab8fe15a839030b",
            Authentication::Md5,
        ),
    ] {
        let mut session = start(Some("s3cret"), ChannelBinding::Never);
        session.outgoing().clear();
        assert_eq!(play(&mut session, &request).unwrap(), [""; 0]);
        assert_eq!(
            session.outgoing()[..],
            message(b'p', format!("{answer}\0").as_bytes())
        );
        assert_eq!(session.authentication(), None);
        play(&mut session, &authentication(0, b"")).unwrap();
        assert_eq!(session.authentication(), Some(kind));

        let mut session = start(None, ChannelBinding::Never);
        let error = play(&mut session, &request).unwrap_err();
        let method = kind.as_str();
        assert_eq!(error, ProtocolError::PasswordRequired { method });
        assert!(session.has_ended());
    }
}

#[test]
fn what_cannot_be_answered_is_named() {
    for (code, rest, name) in [
        (2, &b""[..], "Kerberos V5"),
        (6, b"", "SCM credential"),
        (7, b"", "GSSAPI"),
        (9, b"", "SSPI"),
        (
            10,
            b"OAUTHBEARER\0X\x1b[1m\0\0",
            "SASL (OAUTHBEARER, X\\u{1b}[1m)",
        ),
        (10, b"SCRAM-SHA-256-PLUS\0\0", "SASL (SCRAM-SHA-256-PLUS)"),
        (99, b"", "unknown (code 99)"),
    ] {
        let mut session = start(Some("s3cret"), ChannelBinding::Never);
        let error = play(&mut session, &authentication(code, rest)).unwrap_err();
        let method = name.to_owned();
        assert_eq!(error, ProtocolError::UnsupportedAuthentication { method });
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// What a client says first to these SASL mechanisms: the mechanism and the header of its message.
fn scram_choice(
    binding: ChannelBinding,
    mechanisms: &[u8],
) -> Result<(String, String), ProtocolError> {
    let mut session = start(Some("s3cret"), binding);
    session.outgoing().clear();
    play(&mut session, &authentication(10, mechanisms))?;
    let out = session.outgoing().split_off(5);
    let text = String::from_utf8_lossy(&out).into_owned();
    let (mechanism, rest) = text.split_once('\0').unwrap();
    let (header, _) = rest[4..].split_once("n=").unwrap();
    Ok((mechanism.to_owned(), header.to_owned()))
}

#[test]
fn scram_binds_to_the_channel_when_both_can() {
    const BOTH: &[u8] = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    const PLAIN: &[u8] = b"SCRAM-SHA-256\0\0";
    let choice = |binding, mechanisms| {
        let (mechanism, header) = scram_choice(binding, mechanisms).unwrap();
        format!("{mechanism} {header}")
    };
    let hash = || vec![7; 32];
    assert_eq!(choice(ChannelBinding::Never, BOTH), "SCRAM-SHA-256 n,,");
    assert_eq!(choice(ChannelBinding::Never, PLAIN), "SCRAM-SHA-256 n,,");
    assert_eq!(
        choice(ChannelBinding::Prefer(hash()), PLAIN),
        "SCRAM-SHA-256 y,,"
    );
    for binding in [
        ChannelBinding::Prefer(hash()),
        ChannelBinding::Require(hash()),
    ] {
        assert_eq!(
            choice(binding, BOTH),
            "SCRAM-SHA-256-PLUS p=tls-server-end-point,,"
        );
    }
}

#[test]
fn required_channel_binding_refuses_everything_else_before_anything_is_sent() {
    for (request, method) in [
        (authentication(0, b""), "no"),
        (authentication(3, b""), "cleartext password"),
        (authentication(5, b"salt"), "MD5 password"),
        (authentication(10, b"SCRAM-SHA-256\0\0"), "SCRAM-SHA-256"),
    ] {
        let mut session = start(Some("s3cret"), ChannelBinding::Require(vec![7; 32]));
        session.outgoing().clear();
        let error = play(&mut session, &request).unwrap_err();
        assert_eq!(error, ProtocolError::ChannelBindingRequired { method });
        assert_eq!(session.unsent(), 0);
    }
}

/// A session that has sent its first SCRAM message, and the nonce in it.
fn scram() -> (Session, String) {
    let mut session = start(Some("s3cret"), ChannelBinding::Never);
    session.outgoing().clear();
    play(&mut session, &authentication(10, b"SCRAM-SHA-256\0\0")).unwrap();
    let out = session.outgoing().split();
    let text = String::from_utf8_lossy(&out).into_owned();
    let nonce = text.rsplit_once("r=").unwrap().1.to_owned();
    (session, nonce)
}

#[test]
fn a_scram_server_must_prove_itself() {
    let challenge = |nonce: &str, count: &str| {
        authentication(11, format!("r={nonce},s=c2FsdA==,i={count}").as_bytes())
    };
    // Out of turn, at each point.
    let (mut session, _) = scram();
    assert_eq!(
        play(&mut session, &authentication(0, b"")),
        Err(ProtocolError::ServerNotProven)
    );
    let (mut session, nonce) = scram();
    play(&mut session, &challenge(&format!("{nonce}x"), "4096")).unwrap();
    let proof = String::from_utf8_lossy(&session.outgoing().split()).into_owned();
    assert!(
        proof.contains("c=biws,") && proof.contains(",p="),
        "{proof}"
    );
    assert_eq!(
        play(&mut session, &authentication(0, b"")),
        Err(ProtocolError::ServerNotProven)
    );
    // A wrong proof, and a refusal.
    for (last, reason) in [
        ("v=d3Jvbmc=", "SCRAM verification error"),
        ("e=invalid-proof", "SCRAM error: invalid-proof"),
    ] {
        let (mut session, nonce) = scram();
        play(&mut session, &challenge(&format!("{nonce}x"), "4096")).unwrap();
        let error = play(&mut session, &authentication(12, last.as_bytes())).unwrap_err();
        let reason = reason.to_owned();
        assert_eq!(error, ProtocolError::Scram { reason });
    }
    // A nonce that is not ours, a count that would keep us busy, and garbage.
    let (mut session, _) = scram();
    let error = play(&mut session, &challenge("other", "4096")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SCRAM authentication failed: invalid nonce"
    );
    let (mut session, nonce) = scram();
    let error = play(&mut session, &challenge(&nonce, "4000000000")).unwrap_err();
    assert!(error.to_string().contains("iteration count"), "{error}");
    let (mut session, _) = scram();
    let error = play(&mut session, &authentication(11, b"\xff")).unwrap_err();
    assert!(matches!(error, ProtocolError::Scram { .. }), "{error}");
    // Another question in the middle of it.
    let (mut session, _) = scram();
    assert_eq!(
        play(&mut session, &authentication(3, b"")),
        Err(unexpected(
            "Authentication",
            "in the middle of authentication"
        ))
    );
}
