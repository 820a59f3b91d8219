//! The wire protocol and the connection: against a real server, and against one that plays a script.

mod connection;
mod server;
mod session;

use std::time::Duration;

use snapback::connect::{Connection, Event, Next};

/// Runs a test on a runtime of its own. One that hangs fails.
fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_mins(1), test).await })
        .expect("the test hangs")
}

/// Runs 2,000 statements of 20 kB that each return 20 kB: far more than all buffers on the way hold.
pub(crate) async fn flood(connection: &mut Connection) {
    let mut pipeline = connection.pipeline();
    let sql = format!("SELECT repeat('x', 20000) /* {} */", "y".repeat(20_000));
    let (mut queued, mut rows, mut ended) = (0, 0, false);
    loop {
        while queued < 2_000 && pipeline.has_room() {
            pipeline.execute(&sql).unwrap();
            queued += 1;
        }
        if queued == 2_000 && !ended {
            pipeline.sync().unwrap();
            ended = true;
        }
        match pipeline.next().await.unwrap() {
            Next::Event(Event::DataRow { statement, row }) => {
                assert_eq!(statement, rows);
                assert_eq!(row.values().next().unwrap().unwrap().len(), 20_000);
                rows += 1;
            }
            Next::Event(_) | Next::Room => {}
            Next::Done => break,
        }
    }
    assert_eq!(rows, 2_000);
}
