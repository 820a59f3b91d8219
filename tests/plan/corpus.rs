//! Every case of `corpus/migrate` there and back: a database at `a.sql` with the rows of `seed.sql` is brought
//! to the schema of `b.sql`, and from there to that of `a.sql` again. `SNAPBACK_CASE` picks those whose name has it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::proof::{bring, read};
use crate::support::live::{block_on, connect};
use crate::support::postgres::Database;
use crate::support::source::root;
use snapback::introspect::Within;
use snapback::plan::Plan;

/// What `shape.toml` says of the plans of a case; see corpus/migrate/README.md.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    /// Texts that no statement of either plan contains.
    #[serde(default)]
    forbid: Vec<String>,
    /// Texts of which each is in some statement of the plan from a to b.
    #[serde(default)]
    require: Vec<String>,
    /// A text of the reason for which there is no plan from a to b.
    refused: Option<String>,
}

#[test]
fn every_case_goes_there_and_back() {
    let wanted = std::env::var("SNAPBACK_CASE").unwrap_or_default();
    let mut cases: Vec<PathBuf> = fs::read_dir(root().join("corpus/migrate"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && path.to_string_lossy().contains(&wanted))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let name = case.file_name().unwrap().to_string_lossy();
            run(case).err().map(|error| format!("{name}: {error}"))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

fn run(case: &Path) -> Result<(), String> {
    let sql = |name: &str| fs::read_to_string(case.join(name));
    let shape: Shape = match sql("shape.toml") {
        Ok(text) => toml::from_str(&text).map_err(|error| error.to_string())?,
        Err(_) => Shape::default(),
    };
    let (a, b) = (Database::new(), Database::new());
    a.try_psql(&sql("a.sql").map_err(|error| error.to_string())?)?;
    a.try_psql(&sql("seed.sql").unwrap_or_default())?;
    b.try_psql(&sql("b.sql").map_err(|error| error.to_string())?)?;
    block_on(async {
        let old = read(&mut connect(&a).await, Within::Nothing).await?;
        let new = read(&mut connect(&b).await, Within::Nothing).await?;
        for reading in [&old, &new] {
            if !reading.unmodeled.is_empty() {
                return Err(format!("not modelled: {:?}", reading.unmodeled));
            }
        }
        let there = bring(&a, &old.catalog, &new.catalog).await;
        if let Some(reason) = &shape.refused {
            return match there {
                Err(error) if error.contains(reason) => Ok(()),
                Err(error) => Err(format!("refused for another reason: {error}")),
                Ok(_) => Err("was to be refused".into()),
            };
        }
        let there = there?;
        // Not the catalog that was aimed at, but what the server now has.
        let present = read(&mut connect(&a).await, Within::Nothing).await?;
        let back = bring(&a, &present.catalog, &old.catalog)
            .await
            .map_err(|error| format!("on the way back: {error}"))?;
        check(&shape, &there, &back)
    })
}

fn check(shape: &Shape, there: &Plan, back: &Plan) -> Result<(), String> {
    let has = |plan: &Plan, text: &str| plan.steps.iter().any(|step| step.sql.contains(text));
    for text in &shape.forbid {
        if has(there, text) || has(back, text) {
            return Err(format!("forbidden: {text}"));
        }
    }
    match shape.require.iter().find(|text| !has(there, text)) {
        Some(text) => Err(format!("required and not there: {text}")),
        None => Ok(()),
    }
}
