//! A connection, a reading and the oracle's judgement of a test database, in a few words.

use snapback::catalog::names::Scope;
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

/// `pg_dump` says the same of both; or of what is reached and a copy that it made itself, since the server does not
/// print every expression as it reads it.
pub(crate) fn same_dump(a: &Database<'_>, b: &Database<'_>) -> Result<(), String> {
    let [reached, wanted] = [a, b].map(|database| database.pg_dump(&["-s"]));
    if reached == wanted {
        return Ok(());
    }
    let copy = Database::new();
    copy.try_psql(&wanted)?;
    if reached == copy.pg_dump(&["-s"]) {
        return Ok(());
    }
    let differences = diff::unified(&reached, &wanted, "reached", "wanted");
    Err(format!("pg_dump differs:\n{differences}"))
}
