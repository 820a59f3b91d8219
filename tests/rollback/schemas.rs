//! Schemas of real applications, where the folder `../shared/schemas` is there: snapshot, restore into an empty database,
//! and the oracle sees no difference but for the order of grants; every object is modelled, the roots are equal.

use super::{Bench, on};
use crate::support::live::same_dump;
use crate::support::others;
use crate::support::postgres::{Database, Server};

/// At least this many load on a server since 15 and on an older one: some need extensions that not every build brings,
/// or are written for a newer version.
const FLOORS: (usize, usize) = (18, 15);

#[test]
fn real_schemas_survive_a_restore() {
    let files = others::schemas();
    if files.is_empty() {
        return;
    }
    others::make_roles();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in &files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let bench = Bench::new("");
        if let Err(error) = bench.database.psql_file(file) {
            eprintln!("left out: {name}: {error}");
            continue;
        }
        let taken = bench.snapback(&["snapshot", "x", "--strict", "--format", "json"]);
        if taken.code != Some(0) {
            failed.push(format!("{name}: {taken}"));
            continue;
        }
        let taken = taken.json();
        let copy = Database::new();
        let restored = on(&copy, bench.folder.path())
            .args(["restore", "x", "--format", "json"])
            .run();
        if restored.code != Some(0) {
            failed.push(format!("{name}: {restored}"));
        } else if restored.json()["root"] != taken["root"] {
            failed.push(format!("{name}: the roots differ"));
        } else if let Err(difference) = same_dump(&copy, &bench.database) {
            failed.push(format!("{name}: {difference}"));
        } else {
            passed += 1;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let (new, old) = FLOORS;
    let floor = if Server::shared().major() >= 15 {
        new
    } else {
        old
    };
    assert!(
        passed >= floor,
        "only {passed} of {} schemas passed",
        files.len()
    );
}
