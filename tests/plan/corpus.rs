//! Every case of `corpus/migrate` there and back: a database at `a.sql` with the rows of `seed.sql` is brought
//! to the schema of `b.sql`, and from there to that of `a.sql` again. `SNAPBACK_CASE` picks those whose name has it.

use super::proof::{bring, read};
use crate::support::corpus::{Case, Shape, cases};
use crate::support::live::{block_on, connect};
use snapback::introspect::Within;
use snapback::plan::Plan;

#[test]
fn every_case_goes_there_and_back() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let error = run(case).err()?;
            Some(format!("{}: {error}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

fn run(case: &Case) -> Result<(), String> {
    let (a, b) = (case.load("a.sql")?, case.load("b.sql")?);
    a.try_psql(&case.sql("seed.sql"))?;
    block_on(async {
        let old = read(&mut connect(&a).await, Within::Nothing).await?;
        let new = read(&mut connect(&b).await, Within::Nothing).await?;
        for reading in [&old, &new] {
            if !reading.unmodeled.is_empty() {
                return Err(format!("not modelled: {:?}", reading.unmodeled));
            }
        }
        let there = bring(&a, &old, &new.catalog).await;
        if let Some(reason) = &case.shape.refused {
            return match there {
                Err(error) if error.contains(reason) => Ok(()),
                Err(error) => Err(format!("refused for another reason: {error}")),
                Ok(_) => Err("was to be refused".into()),
            };
        }
        let there = there?;
        // Not the catalog that was aimed at, but what the server now has.
        let present = read(&mut connect(&a).await, Within::Nothing).await?;
        let back = bring(&a, &present, &old.catalog)
            .await
            .map_err(|error| format!("on the way back: {error}"))?;
        check(&case.shape, &there, &back)
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
