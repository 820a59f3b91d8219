//! `snapback restore` against the same statements as one simple Query message, the server's own limit, interleaved;
//! medians and their ratio. What the program does besides (reading, planning, the proof) is in its time.
//! `snapback diff` of two stored snapshots that differ in one column, as a whole process.
//!
//! The schema is the standard large one (`../shared/bench/gen_large.py`), of as many tables as `SNAPBACK_BENCH_TABLES`
//! says (1,000). Run it with `cargo bench --bench restore`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

mod common;

#[path = "../tests/support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{median, timed};
use support::live::{block_on, connect};
use support::postgres::{Database, Options};

const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir_in(support::postgres::parent()).unwrap();
    let Some((tables, script)) = common::large(folder.path()) else {
        return;
    };
    let server = Options::new()
        .set("max_locks_per_transaction", "8192")
        .start();
    let database = server.database();
    database.psql_file(&script).unwrap();
    snapback(&database, folder.path(), &["snapshot", "large"]);
    println!("{tables} tables, medians of {ROUNDS}:");

    let empty = server.database();
    let plan = snapback(&empty, folder.path(), &["plan", "large", "--sql"]);
    let (mut restore, mut message) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let copy = server.database();
        restore.push(timed(|| {
            snapback(&copy, folder.path(), &["restore", "large"]);
        }));
        message.push(one_message(&server.database(), &plan));
    }
    let (restore, message) = (median(restore), median(message));
    println!("  one simple Query  {:.3} s", message.as_secs_f64());
    let ratio = restore.as_secs_f64() / message.as_secs_f64();
    println!(
        "  restore           {:.3} s: {ratio:.2} times as long",
        restore.as_secs_f64()
    );

    database.psql("ALTER TABLE app0.t0 ADD COLUMN extra text");
    snapback(&database, folder.path(), &["snapshot", "wider"]);
    let diff = || {
        timed(|| {
            snapback(&database, folder.path(), &["diff", "large", "wider"]);
        })
    };
    let diff = median((0..ROUNDS).map(|_| diff()).collect());
    println!("  diff              {:.3} s", diff.as_secs_f64());
}

/// The time of the script as one message, without connecting.
fn one_message(database: &Database<'_>, script: &str) -> Duration {
    block_on(async {
        let mut connection = connect(database).await;
        let start = Instant::now();
        connection.execute(script).await.unwrap();
        start.elapsed()
    })
}

fn snapback(database: &Database<'_>, store: &Path, arguments: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_snapback"));
    program
        .args(arguments)
        .arg("-q")
        .arg("--store")
        .arg(store.join("store"));
    program
        .env("DATABASE_URL", database.socket_url())
        .stderr(Stdio::inherit());
    let ran = program.output().unwrap();
    assert!(ran.status.success());
    String::from_utf8(ran.stdout).unwrap()
}
