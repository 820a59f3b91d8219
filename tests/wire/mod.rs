//! The wire protocol and the connection: against a real server, and against one that plays a script.

mod connection;
mod server;
mod session;

use std::time::Duration;

/// Runs a test on a runtime of its own. One that hangs fails.
fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_mins(1), test).await })
        .expect("the test hangs")
}
