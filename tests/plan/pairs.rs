//! Pairs of schemas that other tools test themselves with, where the folder `../shared/pairs` is there: the
//! same journeys as the corpus, over many more schemas than one would write, with `pg_dump` as the judge of the first.
//!
//! One pair in eight by default; `SNAPBACK_PAIRS=all` runs every one, another value those whose name has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::proof::{Way, there_and_back};
use crate::support::live::block_on;
use crate::support::others;
use crate::support::postgres::Database;

/// What became of a pair.
#[derive(Debug)]
enum End {
    Proven,
    /// One of the files does not load on this server.
    DoesNotLoad,
    /// One side has objects that no kind models yet.
    Unmodeled,
    Failed(String),
}

/// Pairs that cannot be, each with the reason; one that passes must be taken off the list.
const EXPECTED: &[(&str, &str)] = &[
    (
        "pgevolve/failure__partitions__reject-partition-to-nonpartitioned",
        "a partitioned table cannot become a plain one",
    ),
    (
        "pgevolve/failure__partitions__reject-rekey",
        "the key of a partitioned table cannot be changed",
    ),
];

#[test]
fn pairs_of_other_tools() {
    let Some(folder) = others::pairs() else {
        return;
    };
    let wanted = std::env::var("SNAPBACK_PAIRS").unwrap_or_default();
    let every = if wanted.is_empty() { 8 } else { 1 };
    let cases: Vec<String> = fs::read_to_string(folder.join("manifest.tsv"))
        .unwrap()
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some(format!("{}/{}", cells.next()?, cells.next()?))
        })
        .filter(|case| wanted == "all" || case.contains(&wanted))
        .step_by(every)
        .collect();
    others::make_roles();
    let ends = run_all(&folder, &cases);
    report(&ends, wanted.is_empty() || wanted == "all");
}

fn run_all(folder: &Path, cases: &[String]) -> BTreeMap<String, End> {
    let next = AtomicUsize::new(0);
    let ends = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let end = run(&folder.join(case));
                    ends.lock().unwrap().insert(case.clone(), end);
                }
            });
        }
    });
    ends.into_inner().unwrap()
}

fn run(case: &Path) -> End {
    let (a, b) = (Database::new(), Database::new());
    let load = |database: &Database<'_>, name: &str| {
        let file: PathBuf = case.join(name);
        database
            .try_psql(&format!("\\i '{}'", file.display()))
            .is_ok()
    };
    if !load(&a, "from.sql") || !load(&b, "to.sql") {
        return End::DoesNotLoad;
    }
    match block_on(there_and_back(&a, &b)) {
        Ok(true) => End::Proven,
        Ok(false) => End::Unmodeled,
        Err((Way::There, error)) => End::Failed(error),
        Err((Way::Back, error)) => End::Failed(format!("on the way back: {error}")),
    }
}

fn report(ends: &BTreeMap<String, End>, whole: bool) {
    let count = |wanted: fn(&End) -> bool| ends.values().filter(|end| wanted(end)).count();
    let proven = count(|end| matches!(end, End::Proven));
    eprintln!(
        "pairs: {proven} proven, {} with kinds that are not modelled, {} that do not load, {} failed",
        count(|end| matches!(end, End::Unmodeled)),
        count(|end| matches!(end, End::DoesNotLoad)),
        count(|end| matches!(end, End::Failed(_))),
    );
    let expected: BTreeMap<_, _> = EXPECTED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (case, end) in ends {
        match (end, expected.get(case.as_str())) {
            (End::Failed(error), None) => wrong.push(format!("{case}: {error}")),
            (End::Proven, Some(reason)) => {
                wrong.push(format!(
                    "{case}: passes, though {reason}: take it off the list"
                ));
            }
            _ => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "\n{}\n{} failed",
        wrong.join("\n\n"),
        wrong.len()
    );
    assert!(!whole || proven >= 30, "only {proven} pairs were proven");
}
