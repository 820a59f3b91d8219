//! Both sides of every case of `corpus/migrate`: snapshot, restore into an empty database, and the oracle sees no
//! difference; the roots are equal. One side of each in
//! batches, too, over a connection that breaks in between.

use super::{Bench, on};
use crate::support::corpus::{Case, cases};
use crate::support::live::same_dump;
use crate::support::postgres::Database;
use crate::support::proxy::Network;

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
    let (restored, root) = (restored.json(), &taken.json()["root"]);
    if restored["root"] != *root {
        return Err("the roots differ".into());
    }
    same_dump(&copy, &bench.database)?;
    if side == "a.sql" {
        return Ok(());
    }
    let statements = restored["statements"].as_u64().unwrap_or_default();
    let in_batches = goes_on(&bench, statements, root)?;
    same_dump(&in_batches, &copy)
}

/// A restore in three batches, of which the first run gets to commit one only; then one that is not cut off.
fn goes_on(
    bench: &Bench,
    statements: u64,
    root: &serde_json::Value,
) -> Result<Database<'static>, String> {
    let copy = Database::new();
    let size = statements.div_ceil(3).max(1).to_string();
    // Asked for before each COMMIT.
    let proxy = Network::new()
        .cut_before("pg_current_xact_id", 2)
        .before_port(copy.server().port());
    let direct = format!(":{}/", copy.server().port());
    let cut = copy.url().replace(&direct, &format!(":{}/", proxy.port()));
    let command = ["restore", "x", "--batch", &size, "--format", "json"];
    let run = |url: &str| {
        on(&copy, bench.folder.path())
            .env("DATABASE_URL", url)
            .args(command)
            .run()
    };
    let left = run(&cut);
    if left.code != Some(5) && statements > 3 {
        return Err(format!("it was to be cut off: {left}"));
    }
    let done = run(&copy.url());
    if done.code != Some(0) {
        return Err(format!("after it was cut off: {done}"));
    }
    if done.json()["root"] != *root {
        return Err("the roots differ after it was cut off".into());
    }
    Ok(copy)
}
