//! Opening connections: authentication, TLS, several servers, and everything that can be in the way, against a real
//! server with TLS and against sockets that behave badly.

mod auth;
mod faults;
mod hosts;
pub(crate) mod pki;
mod program;
mod tls;

use std::sync::OnceLock;
use std::time::Duration;

use snapback::connect::{Cause, Config, ConnectError, Connection, Environment, Given, ServerError};

use tokio::runtime::{Builder, Runtime};

use crate::support::postgres::{Options, Server, Tls};
use pki::Pki;

/// Every password in these tests contains this word; no error may.
const SECRET: &str = "s3cr3t";

/// A test that waits longer hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// A server with TLS and a role for each way to authenticate.
struct Secured {
    server: Server,
    pki: Pki,
}

const HBA: &str = "\
local all postgres trust
local all trusting trust
local all all peer
hostssl all withcert all cert clientcert=verify-full
hostssl all certandscram all scram-sha-256 clientcert=verify-full
hostnossl all tlsonly all reject
hostssl all plainonly all reject
host all md5 all md5
host all clear all password
host all trusting all trust
host all kerberos all ident
host all postgres all trust
host all all all scram-sha-256
";

/// All tests here share one server.
fn secured() -> &'static Secured {
    static SECURED: OnceLock<Secured> = OnceLock::new();
    SECURED.get_or_init(|| {
        let pki = Pki::new();
        let server = Options::new()
            .set("password_encryption", "scram-sha-256")
            .hba(HBA)
            .tls(Tls {
                certificate: pki.server.certificate.clone(),
                key: pki.server.key.clone(),
                client_ca: Some(pki.ca.certificate.clone()),
            })
            .start();
        for role in ["ann", "clear", "tlsonly", "plainonly", "certandscram"] {
            server.psql(&format!(
                "CREATE ROLE {role} LOGIN PASSWORD '{SECRET}-{role}'"
            ));
        }
        server.psql(&format!(
            "SET password_encryption = md5; CREATE ROLE md5 LOGIN PASSWORD '{SECRET}-md5'"
        ));
        server.psql(
            "CREATE ROLE trusting LOGIN; CREATE ROLE withcert LOGIN; CREATE ROLE kerberos LOGIN",
        );
        Secured { server, pki }
    })
}

/// Settings from a connection string alone, as an operating system user that exists nowhere.
fn config(text: &str) -> Config {
    let environment = Environment::of::<&str, &str>([]).with_os_user("nobody-at-all");
    let given = Given {
        text,
        origin: "test",
    };
    Config::resolve(Some(given), &environment).unwrap()
}

/// Settings for a role of the shared server, with its password, over TCP by the name localhost.
fn role(role: &str, more: &str) -> Config {
    let port = secured().server.port();
    config(&format!(
        "host=localhost hostaddr=127.0.0.1 port={port} dbname=postgres user={role} password={SECRET}-{role} {more}"
    ))
}

thread_local! {
    /// One runtime for each test: a connection needs the one it was opened on.
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
}

fn run<T>(test: impl Future<Output = T>) -> T {
    RUNTIME
        .with(|runtime| runtime.block_on(async { tokio::time::timeout(LIMIT, test).await }))
        .expect("the test hangs")
}

/// Opens a connection that must work.
fn open(config: &Config) -> Connection {
    run(Connection::open(config)).unwrap_or_else(|error| panic!("{error}"))
}

/// The one value of a one-row query.
fn ask(connection: &mut Connection, sql: &str) -> String {
    let rows = run(connection.query(sql, &[])).unwrap();
    rows[0].get(0).unwrap_or_default().to_owned()
}

/// The error of a connection that must not come to be. It is of the kind that exits with 6, and neither its text nor
/// its `Debug` has a password in it.
fn refused(config: &Config) -> ConnectError {
    let error = run(Connection::open(config)).map(|_| ()).unwrap_err();
    assert!(
        matches!(&error, ConnectError::Servers(tried) if !tried.is_empty()),
        "{error:?}"
    );
    let shown = format!("{error}\n{error:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    error
}

/// [`refused`], and the text says so.
fn refused_saying(config: &Config, expected: &str) -> ConnectError {
    let error = refused(config);
    let text = error.to_string();
    assert!(text.contains(expected), "expected {expected:?} in: {text}");
    error
}

fn sqlstate(error: &ConnectError) -> &str {
    error
        .server_error()
        .map_or("", |error: &ServerError| error.code.as_str())
}

fn is_tls(error: &ConnectError) -> bool {
    matches!(error.cause(), Some(Cause::Tls(_)))
}
