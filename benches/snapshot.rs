//! `snapback snapshot` against `pg_dump -s`, as whole processes on a Unix socket, interleaved; medians and their ratio.
//!
//! The schema is the standard large one (`../shared/bench/gen_large.py`), of as many tables as `SNAPBACK_BENCH_TABLES`
//! says (1,000). Run it with `cargo bench --bench snapshot`.

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

use common::{median, timed};
use support::postgres::Database;

const ROUNDS: usize = 7;

fn main() {
    let folder = tempfile::tempdir_in(support::postgres::parent()).unwrap();
    let Some((tables, script)) = common::large(folder.path()) else {
        return;
    };
    let database = Database::new();
    database.psql_file(&script).unwrap();
    database.psql("VACUUM ANALYZE");
    measure(&database, &tables, folder.path());
}

fn measure(database: &Database<'_>, tables: &str, folder: &Path) {
    let (mut dump, mut first, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let kept = folder.join("kept");
    snapshot(database, &kept);
    for round in 0..ROUNDS {
        dump.push(timed(|| drop(database.pg_dump(&["-s"]))));
        let fresh = folder.join(format!("store{round}"));
        first.push(timed(|| snapshot(database, &fresh)));
        again.push(timed(|| snapshot(database, &kept)));
    }
    let (dump, first, again) = (median(dump), median(first), median(again));
    println!("{tables} tables, medians of {ROUNDS}:");
    println!("  pg_dump -s                 {:.3} s", dump.as_secs_f64());
    for (what, time) in [
        ("snapshot into a new store", first),
        ("snapshot again, unchanged", again),
    ] {
        let ratio = dump.as_secs_f64() / time.as_secs_f64();
        println!(
            "  {what}  {:.3} s: {ratio:.1} times faster",
            time.as_secs_f64()
        );
    }
}

fn snapshot(database: &Database<'_>, store: &Path) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_snapback"));
    program.args(["snapshot", "-q", "--store"]).arg(store);
    program
        .env("DATABASE_URL", database.socket_url())
        .stdout(Stdio::null());
    assert!(program.status().unwrap().success());
}
