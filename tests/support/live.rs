//! A connection, a reading and the oracle's judgement of a test database, in a few words.

use snapback::catalog::scope::Scope;
use snapback::connect::{ChannelBinding, Connection, Credentials, Startup};
use snapback::diff;
use snapback::introspect::{self, Reading, Within};
use tokio::net::UnixStream;

use super::postgres::Database;

/// Runs a future to its end.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A superuser's connection over the Unix socket.
pub(crate) async fn connect(database: &Database<'_>) -> Connection {
    let stream = UnixStream::connect(database.server().socket())
        .await
        .unwrap();
    let startup = Startup::new("postgres").set("database", database.name());
    let credentials = Credentials {
        password: None,
        channel_binding: ChannelBinding::Never,
    };
    Connection::start(stream, &startup, credentials, None)
        .await
        .unwrap()
}

/// The schema of a database.
pub(crate) fn read(database: &Database<'_>) -> Reading {
    block_on(async {
        let mut connection = connect(database).await;
        introspect::read(&mut connection, &Scope::default(), Within::Nothing)
            .await
            .unwrap()
    })
}

/// `pg_dump` says the same of both, or of copies that it made itself, since the server does not print every expression
/// as it reads it; grants in any order, since it prints them in the order in which they were made.
pub(crate) fn same_dump(a: &Database<'_>, b: &Database<'_>) -> Result<(), String> {
    let dump = |database: &Database<'_>| grants_sorted(&database.pg_dump(&["-s"]));
    let [reached, wanted] = [a, b].map(dump);
    if reached == wanted {
        return Ok(());
    }
    let copies = [Database::new(), Database::new()];
    copies[0].try_psql(&reached)?;
    copies[1].try_psql(&wanted)?;
    if dump(&copies[0]) == dump(&copies[1]) {
        return Ok(());
    }
    let differences = diff::unified(&reached, &wanted, "reached", "wanted");
    Err(format!("pg_dump differs:\n{differences}"))
}

/// The dump with each run of GRANT lines sorted.
fn grants_sorted(dump: &str) -> String {
    let mut lines: Vec<&str> = dump.lines().collect();
    for run in lines.chunk_by_mut(|a, b| a.starts_with("GRANT ") && b.starts_with("GRANT ")) {
        if run.len() > 1 {
            run.sort_unstable();
        }
    }
    lines.join("\n")
}
