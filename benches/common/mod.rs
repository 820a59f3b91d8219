//! What the benches share: the standard large schema, and medians.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The standard large schema (`../shared/bench/gen_large.py`) as a file, and of how many tables it is: `SNAPBACK_BENCH_TABLES`
/// (1,000). Nothing where what makes it is not at hand.
pub(crate) fn large(folder: &Path) -> Option<(String, PathBuf)> {
    let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/gen_large.py");
    if !generator.exists() {
        println!("no {}: nothing to measure", generator.display());
        return None;
    }
    let tables = std::env::var("SNAPBACK_BENCH_TABLES").unwrap_or_else(|_| "1000".to_owned());
    let script = folder.join("large.sql");
    let mut generate = Command::new("python3");
    generate.arg(&generator).arg(&tables);
    generate.stdout(File::create(&script).unwrap());
    assert!(generate.status().unwrap().success());
    Some((tables, script))
}

pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
