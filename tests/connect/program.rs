//! What the program says when it cannot connect, how it exits, and that it asks for a password once.

use std::net::TcpListener;

use super::faults::closed_port;
use super::{SECRET, secured};
use crate::support::cli::{Ran, Snapback};

fn snapshot(url: &str) -> Snapback {
    Snapback::new().args(["snapshot", "-d", url])
}

/// The URL of the role ann on the shared server, with its password or another.
fn url(password: &str, more: &str) -> String {
    let port = secured().server.port();
    format!(
        "postgres://ann:{SECRET}-{password}@localhost:{port}/postgres?hostaddr=127.0.0.1&{more}"
    )
}

/// The whole of what was said, once it is sure that no password is in it.
fn said(ran: &Ran) -> String {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains(SECRET), "{all}");
    all
}

#[test]
fn what_cannot_be_reached_exits_with_6() {
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let closing_port = closing.local_addr().unwrap().port();
    std::thread::spawn(move || closing.incoming().for_each(drop));
    let at = |port: u16| format!("postgres://ann:{SECRET}@127.0.0.1:{port}/postgres");
    let ca = secured().pki.path("ca.crt").display().to_string();
    let wrong_name = url(
        "ann",
        &format!("host=db.example&sslmode=verify-full&sslrootcert={ca}"),
    );
    for (url, expected) in [
        (
            url("wrong", ""),
            "password authentication failed for user \"ann\"",
        ),
        (at(closed_port()), "connection refused"),
        (
            at(closing_port),
            "the connection was lost before the session began",
        ),
        (wrong_name, "not for \"db.example\""),
        (
            url("ann", "dbname=nowhere"),
            "database \"nowhere\" does not exist",
        ),
    ] {
        for format in ["human", "json"] {
            let ran = snapshot(&url).args(["--format", format]).run().exits(6);
            let said = said(&ran).replace("\\\"", "\"");
            assert!(said.contains(expected), "{said}");
        }
    }
}

#[test]
fn settings_that_cannot_be_used_exit_with_2() {
    for (url, expected) in [
        (format!("postgres://ann:{SECRET}/x@h/db"), "percent-encoded"),
        (url("ann", "sslmod=require"), "did you mean sslmode?"),
        (
            url("ann", "sslmode=verify-full&sslrootcert=/nowhere.crt"),
            "/nowhere.crt",
        ),
        (format!("host=h password={SECRET} {SECRET}"), "needs quotes"),
    ] {
        let said = said(&snapshot(&url).run().exits(2));
        assert!(
            said.contains(expected) && said.contains("--database-url"),
            "{said}"
        );
    }
    let ran = Snapback::new()
        .args(["snapshot"])
        .env("PGPORT", "abc")
        .run()
        .exits(2);
    assert!(
        said(&ran).contains("environment variable PGPORT: invalid port number"),
        "{}",
        ran.stderr
    );
}

/// Without a terminal nobody can be asked, and nothing waits for an answer.
#[test]
fn a_password_is_asked_for_at_a_terminal_only() {
    let port = secured().server.port();
    let url = format!("postgres://ann@127.0.0.1:{port}/postgres");
    let said = said(&snapshot(&url).run().exits(6));
    assert!(
        said.contains("the server asks for a password, and none was given"),
        "{said}"
    );
}

#[test]
fn the_environment_is_enough() {
    let port = secured().server.port().to_string();
    let ran = Snapback::new()
        .args(["snapshot", "by-environment"])
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", port)
        .env("PGUSER", "ann")
        .env("PGDATABASE", "postgres")
        .env("PGPASSWORD", format!("{SECRET}-ann"))
        .run()
        .exits(0);
    assert!(said(&ran).contains("by-environment"), "{}", ran.stdout);
}

/// A rollback connects more than once; the user types the password once.
#[test]
fn a_password_is_typed_once() {
    let folder = tempfile::tempdir().unwrap();
    let with = |url: &str, arguments: &[&str]| {
        Snapback::new()
            .folder(folder.path())
            .args(arguments)
            .args(["-d", url])
    };
    with(&url("ann", ""), &["snapshot", "one"]).run().exits(0);
    let port = secured().server.port();
    let asking = format!("postgres://ann@127.0.0.1:{port}/postgres");
    let ran = with(&asking, &["rollback", "one"])
        .run_at_terminal(&format!("{SECRET}-ann\n"))
        .exits(0);
    assert_eq!(
        ran.stdout.matches("Password for user ann").count(),
        1,
        "{ran}"
    );
}
