//! Every way in that Snapback knows, and how each ends when the password is wrong or missing.

use snapback::connect::{Authentication, Cause, Config, Connection, Environment, Given, Password};

use super::pki::write_private;
use super::{SECRET, config, open, refused, refused_saying, role, run, secured, sqlstate};

#[test]
fn each_kind_of_password() {
    for (name, more, expected) in [
        ("ann", "sslmode=disable", Authentication::ScramSha256),
        ("ann", "sslmode=require", Authentication::ScramSha256Plus),
        (
            "ann",
            "sslmode=require channel_binding=disable",
            Authentication::ScramSha256,
        ),
        ("md5", "sslmode=disable", Authentication::Md5),
        ("clear", "sslmode=require", Authentication::Cleartext),
        ("trusting", "", Authentication::None),
    ] {
        let mut connection = open(&role(name, more));
        assert_eq!(connection.authentication(), expected, "{name} {more}");
        assert_eq!(
            super::ask(&mut connection, "SELECT session_user::text"),
            name
        );
    }
}

#[test]
fn the_session_is_set_up_as_asked() {
    let mut connection = open(&role(
        "ann",
        "application_name='my app' options='-c work_mem=7MB'",
    ));
    let sql = "SELECT current_setting('application_name') || current_setting('work_mem') \
               || current_setting('client_encoding')";
    assert_eq!(super::ask(&mut connection, sql), "my app7MBUTF8");
    let named = super::ask(
        &mut open(&role("ann", "")),
        "SELECT current_setting('application_name')",
    );
    assert_eq!(named, "snapback");
}

#[test]
fn a_wrong_password_is_final_and_never_shown() {
    for name in ["ann", "md5", "clear"] {
        let before = failures(name);
        let error = refused_saying(
            &role(name, &format!("password={SECRET}-wrong")),
            &format!("password authentication failed for user \"{name}\""),
        );
        assert!(
            error
                .to_string()
                .contains("the password came from: connection string (test)"),
            "{error}"
        );
        assert_eq!(sqlstate(&error), "28P01");
        assert!(matches!(error.cause(), Some(Cause::Authentication { .. })));
        // Sent once: neither tried again, nor again without TLS under sslmode=prefer.
        assert_eq!(failures(name) - before, 1);
    }
}

/// How often the server logged a wrong password of this role.
fn failures(role: &str) -> usize {
    let log = secured().server.log();
    log.matches(&format!(
        "password authentication failed for user \"{role}\""
    ))
    .count()
}

#[test]
fn a_missing_password_can_be_asked_for() {
    let without = |name: &str| {
        let port = secured().server.port();
        config(&format!(
            "host=127.0.0.1 port={port} user={name} dbname=postgres"
        ))
    };
    for name in ["ann", "md5", "clear"] {
        let error = refused_saying(
            &without(name),
            "the server asks for a password, and none was given",
        );
        assert!(error.needs_password(), "{error:?}");
        // What is typed once is there for all later connections with the same settings.
        let config = without(name);
        config.remember_password(Password::new(format!("{SECRET}-{name}")));
        open(&config.clone());
        open(&config);
    }
    let wrong = without("ann");
    wrong.remember_password(Password::new(format!("{SECRET}-typo")));
    assert!(!refused_saying(&wrong, "the password came from: terminal").needs_password());
}

#[test]
fn no_such_role_no_such_database_no_entry() {
    let error = refused_saying(
        &role("ann", "dbname=nowhere"),
        "database \"nowhere\" does not exist",
    );
    assert_eq!(sqlstate(&error), "3D000");
    // The server does not tell a role that is missing from a wrong password.
    refused_saying(&role("stranger", ""), "password authentication failed");
    refused_saying(&role("trusting", "options='-c nonsense=1'"), "nonsense");
}

#[test]
fn the_socket_knows_who_comes() {
    let server = &secured().server;
    let socket = format!(
        "host={} port={} dbname=postgres",
        server.socket_folder().display(),
        server.port()
    );
    let mut connection = open(&config(&format!("{socket} user=trusting")));
    assert_eq!(connection.authentication(), Authentication::None);
    assert_eq!(
        super::ask(&mut connection, "SELECT inet_server_addr() IS NULL"),
        "t"
    );
    refused_saying(
        &config(&format!("{socket} user=ann")),
        "Peer authentication failed for user \"ann\"",
    );

    // By peer authentication as whoever runs the tests: the default user name, found without any variable.
    let me = Config::resolve(
        Some(Given {
            text: &socket,
            origin: "test",
        }),
        &Environment::of_process(),
    );
    let me = me.unwrap();
    server.psql(&format!(
        "DO $$ BEGIN CREATE ROLE \"{0}\" LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
        me.user()
    ));
    assert_eq!(
        super::ask(&mut open(&me), "SELECT session_user::text"),
        me.user()
    );
}

#[test]
fn the_process_behind_the_socket_is_checked_when_asked() {
    let server = &secured().server;
    let owner = file_owner(&server.socket());
    let with = |peer: &str| {
        let folder = server.socket_folder().display();
        config(&format!(
            "host={folder} port={} user=trusting dbname=postgres requirepeer={peer}",
            server.port()
        ))
    };
    open(&with(&owner));
    let error = refused_saying(&with("somebody"), &format!("the server runs as {owner:?}"));
    assert!(matches!(error.cause(), Some(Cause::Peer { .. })));
}

fn file_owner(path: &std::path::Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata(path).unwrap().uid().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let account = passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&uid))
        .unwrap();
    account.split(':').next().unwrap().to_owned()
}

#[test]
fn methods_we_do_not_have_are_named() {
    // ident over TCP asks a daemon that is not there: the server refuses, in its own words.
    refused_saying(&role("kerberos", ""), "Ident authentication failed");
}

#[test]
fn service_and_password_file() {
    let home = tempfile::tempdir().unwrap();
    let port = secured().server.port();
    let service = format!("[secured]\nhost=127.0.0.1\nport={port}\nuser=ann\ndbname=postgres\n");
    write_private(&home.path().join(".pg_service.conf"), &service);
    let environment = Environment::of([("HOME", home.path()), ("PGSERVICE", "secured".as_ref())]);
    let resolve = || Config::resolve(None, &environment).unwrap();

    assert!(refused(&resolve()).needs_password());
    let passfile = home.path().join(".pgpass");
    write_private(&passfile, &format!("127.0.0.1:{port}:*:ann:{SECRET}-ann\n"));
    assert_eq!(
        open(&resolve()).authentication(),
        Authentication::ScramSha256Plus
    );

    write_private(&passfile, &format!("*:*:*:*:{SECRET}-wrong\n"));
    let expected = format!(
        "the password came from: password file {}",
        passfile.display()
    );
    refused_saying(&resolve(), &expected);
}

#[test]
fn a_role_that_only_one_encryption_lets_in() {
    // prefer: refused with TLS, let in without; allow: the other way round.
    let mut plain = open(&role("plainonly", "sslmode=prefer"));
    assert_eq!(ssl(&mut plain), "f");
    let mut encrypted = open(&role("tlsonly", "sslmode=allow"));
    assert_eq!(ssl(&mut encrypted), "t");
    let error = refused_saying(
        &role("plainonly", "sslmode=require"),
        "pg_hba.conf rejects connection",
    );
    assert_eq!(sqlstate(&error), "28000");
    let error = refused_saying(
        &role("tlsonly", "sslmode=disable"),
        "pg_hba.conf rejects connection",
    );
    // The second before version 14.
    let words = ["no encryption", "SSL off"];
    assert!(
        words.iter().any(|word| error.to_string().contains(word)),
        "{error}"
    );
}

fn ssl(connection: &mut Connection) -> String {
    super::ask(
        connection,
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
}

#[test]
fn a_session_over_any_route_can_be_cancelled() {
    let socket = format!("host={}", secured().server.socket_folder().display());
    let port = secured().server.port();
    for config in [
        role("ann", "sslmode=disable"),
        role("ann", "sslmode=require"),
        config(&format!(
            "{socket} port={port} user=trusting dbname=postgres"
        )),
    ] {
        let mut connection = open(&config);
        let canceller = connection.canceller();
        let (slept, asked) = run(async {
            let asking = async {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                canceller.cancel().await
            };
            tokio::join!(connection.execute("SELECT pg_sleep(30)"), asking)
        });
        assert!(asked.unwrap());
        assert_eq!(slept.unwrap_err().server().unwrap().code, "57014");
        assert_eq!(super::ask(&mut connection, "SELECT 1"), "1");
    }
}
