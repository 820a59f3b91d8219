//! Several servers, and which of them will do.

use snapback::connect::{Cause, Config, ConnectError};

use super::faults::{closed_port, silent};
use super::{SECRET, ask, config, open, refused, refused_saying, secured};

/// Ports on 127.0.0.1 in order, the role ann.
fn ports(ports: &[u16], more: &str) -> Config {
    let hosts = vec!["127.0.0.1"; ports.len()].join(",");
    let ports = ports
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(",");
    config(&format!(
        "host={hosts} port={ports} user=ann password={SECRET}-ann dbname=postgres {more}"
    ))
}

fn good() -> u16 {
    secured().server.port()
}

#[test]
fn the_first_that_answers() {
    let mut connection = open(&ports(&[closed_port(), good(), closed_port()], ""));
    assert_eq!(
        ask(&mut connection, "SELECT inet_server_port()"),
        good().to_string()
    );
    open(&ports(&[silent(), good()], "connect_timeout=2"));
    open(&ports(
        &[closed_port(), good()],
        "load_balance_hosts=random",
    ));
}

#[test]
fn each_failure_is_told() {
    let (one, other) = (closed_port(), closed_port());
    let error = refused(&ports(&[one, other], ""));
    let ConnectError::Servers(tried) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(tried.len(), 2);
    let text = error.to_string();
    for port in [one, other] {
        assert!(
            text.contains(&format!("\n  127.0.0.1:{port}: connection refused")),
            "{text}"
        );
    }
}

/// As in libpq: who answers and refuses decides; the password does not go round.
#[test]
fn a_refusal_is_final() {
    let error = refused_saying(
        &ports(&[good(), good()], &format!("password={SECRET}-wrong")),
        "password authentication failed",
    );
    assert!(
        matches!(&error, ConnectError::Servers(tried) if tried.len() == 1),
        "{error:?}"
    );
}

#[test]
fn the_kind_of_server_that_is_wanted() {
    let wanted = |attribute: &str, more: &str| {
        ports(
            &[good()],
            &format!("target_session_attrs={attribute} {more}"),
        )
    };
    let read_only = "options='-c default_transaction_read_only=on'";
    for (attribute, more) in [
        ("any", ""),
        ("read-write", ""),
        ("primary", ""),
        ("primary", read_only),
        ("read-only", read_only),
        ("prefer-standby", ""),
    ] {
        open(&wanted(attribute, more));
    }
    for (attribute, more, expected) in [
        ("read-write", read_only, "the server is read-only"),
        ("read-only", "", "the server is not read-only"),
        ("standby", "", "the server is not a standby"),
    ] {
        let error = refused_saying(&wanted(attribute, more), expected);
        assert!(
            matches!(error.cause(), Some(Cause::WrongRole(_))),
            "{error:?}"
        );
    }
}

#[test]
fn names_that_do_not_resolve() {
    let error = refused_saying(
        &config("host=no-such-host.invalid user=ann"),
        "the host name cannot be resolved",
    );
    assert!(matches!(error.cause(), Some(Cause::Resolve(_))));
    assert!(
        error
            .to_string()
            .starts_with("cannot connect to no-such-host.invalid:5432: "),
        "{error}"
    );
}
