//! A connection and a reading of a test database, in a few words.

use snapback::catalog::names::Scope;
use snapback::connect::{ChannelBinding, Connection, Credentials, Startup};
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
