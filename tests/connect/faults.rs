//! Servers that are not there, do not answer, go away, or are something else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use snapback::connect::{Cause, Config, ProtocolError};

use super::{SECRET, config, open, refused, refused_saying, role, secured};
use crate::support::proxy::Network;

/// A port where nobody listens.
pub(super) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A port where connections are taken and nothing is ever said.
pub(super) fn silent() -> u16 {
    listen(std::mem::forget)
}

/// A port where each connection is handed to `serve`, one after the other.
fn listen(mut serve: impl FnMut(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        listener
            .incoming()
            .map_while(Result::ok)
            .for_each(&mut serve);
    });
    port
}

fn at(port: u16, more: &str) -> Config {
    config(&format!(
        "host=127.0.0.1 port={port} user=ann password={SECRET} dbname=postgres {more}"
    ))
}

#[test]
fn nobody_listens() {
    let port = closed_port();
    let started = Instant::now();
    let error = refused_saying(&at(port, ""), "connection refused: no server listens there");
    assert_eq!(
        error.to_string(),
        format!("cannot connect to 127.0.0.1:{port}: connection refused: no server listens there")
    );
    assert!(matches!(error.cause(), Some(Cause::Unreachable(_))));
    // Three tries, the second after 0.2 s, the third after 0.4 s more.
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn no_socket() {
    let error = refused_saying(&config("host=/nowhere user=ann"), "there is no such socket");
    assert!(
        error.to_string().contains("/nowhere/.s.PGSQL.5432"),
        "{error}"
    );
}

#[test]
fn nobody_answers() {
    for mode in ["disable", "require"] {
        let started = Instant::now();
        let error = refused_saying(
            &at(silent(), &format!("connect_timeout=2 sslmode={mode}")),
            "no answer within 2 s",
        );
        assert!(matches!(error.cause(), Some(Cause::Timeout(_))));
        // Once: who has waited that long does not want to wait again.
        assert!(
            (2..4).contains(&started.elapsed().as_secs()),
            "{:?}",
            started.elapsed()
        );
    }
}

#[test]
fn the_server_closes_at_once() {
    for mode in ["disable", "prefer", "require"] {
        let error = refused_saying(
            &at(listen(drop), &format!("sslmode={mode}")),
            "the connection was lost before the session began",
        );
        assert!(matches!(error.cause(), Some(Cause::Lost(_))), "{error:?}");
    }
}

/// Cut after so many bytes of the server, or of ours, while a session begins: always the same kind of error.
#[test]
fn the_server_closes_in_the_middle() {
    let port = secured().server.port();
    let check = |network: Network, mode: &str| {
        let proxy = network.before_port(port);
        let error = refused(&role(
            "ann",
            &format!("port={} sslmode={mode}", proxy.port()),
        ));
        assert!(
            matches!(error.cause(), Some(Cause::Lost(_))),
            "{mode}: {error:?}"
        );
    };
    // Each waits for its three tries.
    std::thread::scope(|scope| {
        for mode in ["disable", "require"] {
            for bytes in [1, 5, 9, 20, 100, 140] {
                scope.spawn(move || check(Network::new().cut_after_server(bytes), mode));
            }
        }
        for bytes in [1, 8, 30, 60] {
            scope.spawn(move || check(Network::new().cut_after_client(bytes), "disable"));
        }
    });
}

#[test]
fn byte_by_byte_is_as_good() {
    let proxy = Network::new()
        .byte_by_byte()
        .before_port(secured().server.port());
    open(&role(
        "ann",
        &format!(
            "port={} sslmode=require channel_binding=require",
            proxy.port()
        ),
    ));
    open(&role(
        "ann",
        &format!("port={} sslmode=disable", proxy.port()),
    ));
}

#[test]
fn a_passing_failure_passes() {
    let tries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let port = secured().server.port();
    let flaky = listen(move |client| {
        if count.fetch_add(1, Ordering::SeqCst) < 2 {
            return;
        }
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        for (mut from, mut to) in [
            (client.try_clone().unwrap(), server.try_clone().unwrap()),
            (server, client),
        ] {
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
    });
    open(&role("ann", &format!("port={flaky} sslmode=require")));
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

/// A listener that reads the first packet and answers with these bytes.
fn answering(bytes: &'static [u8]) -> u16 {
    listen(move |mut socket| {
        let _ = socket.read(&mut [0; 1024]);
        let _ = socket.write_all(bytes);
        // Until the client goes: closing early would be another error.
        let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
        let _ = socket.read_to_end(&mut Vec::new());
    })
}

#[test]
fn something_else_listens() {
    for mode in ["disable", "require"] {
        let error = refused_saying(
            &at(
                answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                &format!("sslmode={mode}"),
            ),
            "is this a Postgres server?",
        );
        assert!(
            matches!(error.cause(), Some(Cause::Protocol(_))),
            "{error:?}"
        );
    }
    let error = refused_saying(
        &at(answering(b"Snot TLS at all"), "sslmode=require"),
        "unencrypted data",
    );
    assert!(
        matches!(
            error.cause(),
            Some(Cause::Protocol(ProtocolError::UnencryptedAfterTls))
        ),
        "{error:?}"
    );
}

/// What a server says that wants Kerberos: `AuthenticationGSS`, `AuthenticationSSPI`, and SASL with OAUTHBEARER.
#[test]
fn authentication_we_do_not_have() {
    for (answer, method) in [
        (&b"R\0\0\0\x08\0\0\0\x07"[..], "GSSAPI"),
        (&b"R\0\0\0\x08\0\0\0\x09"[..], "SSPI"),
        (&b"R\0\0\0\x15\0\0\0\x0aOAUTHBEARER\0\0"[..], "OAUTHBEARER"),
    ] {
        let error = refused_saying(&at(answering(answer), "sslmode=disable"), method);
        assert!(error.to_string().contains("not supported"), "{error}");
    }
}

/// A server that starts up says so; that passes, so it is asked three times.
#[test]
fn a_server_that_starts_up() {
    const STARTING: &[u8] =
        b"E\0\0\0\x3bSFATAL\0VFATAL\0C57P03\0Mthe database system is starting\0\0";
    let started = Instant::now();
    let error = refused_saying(
        &at(answering(STARTING), "sslmode=disable"),
        "the database system is starting",
    );
    assert!(matches!(error.cause(), Some(Cause::Server(_))));
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "{:?}",
        started.elapsed()
    );
}
