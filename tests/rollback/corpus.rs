//! Both sides of every case of `corpus/migrate`: snapshot, restore into an empty database, and the oracle sees no
//! difference; the roots are equal.

use super::{Bench, on};
use crate::support::corpus::{Case, cases};
use crate::support::live::same_dump;
use crate::support::postgres::Database;

#[test]
fn every_case_survives_a_restore() {
    let cases = cases();
    let sides = cases
        .iter()
        .flat_map(|case| [(case, "a.sql"), (case, "b.sql")]);
    let failures: Vec<String> = sides
        .filter_map(|(case, side)| {
            let error = survives(case, side).err()?;
            Some(format!("{} {side}: {error}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

fn survives(case: &Case, side: &str) -> Result<(), String> {
    let bench = Bench::new("");
    bench.database.try_psql(&case.sql(side))?;
    let taken = bench.snapback(&["snapshot", "x", "--strict", "--format", "json"]);
    if taken.code != Some(0) {
        return Err(taken.to_string());
    }
    let copy = Database::new();
    let restored = on(&copy, bench.folder.path())
        .args(["restore", "x", "--format", "json"])
        .run();
    if restored.code != Some(0) {
        return Err(restored.to_string());
    }
    if restored.json()["root"] != taken.json()["root"] {
        return Err("the roots differ".into());
    }
    same_dump(&copy, &bench.database)
}
