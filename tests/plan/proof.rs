//! Runs the plan from one database to the schema of another and proves what it says. Everything that it
//! asserts comes back as an error, so that a run over many cases can tell all that is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cost::Announced;
use crate::support::live::{connect, same_dump};
use crate::support::postgres::Database;
use snapback::apply;
use snapback::catalog::quote::ident;
use snapback::catalog::scope::Scope;
use snapback::catalog::secret::Secrets;
use snapback::catalog::{Catalog, Id};
use snapback::connect::Connection;
use snapback::diff;
use snapback::introspect::{self, Reading, Within};
use snapback::plan::{self, DefaultPrivileges, Options, Plan};

/// Reads a schema.
pub(super) async fn read(connection: &mut Connection, within: Within) -> Result<Reading, String> {
    introspect::read(connection, &Scope::default(), within)
        .await
        .map_err(|error| format!("cannot be read: {error}"))
}

/// Which way of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    There,
    Back,
}

/// From the schema of `a` to that of `b`, where `pg_dump` sees the same, and back, with a row in each table that takes one. False
/// where there are objects that no kind models.
pub(super) async fn there_and_back(
    a: &Database<'_>,
    b: &Database<'_>,
) -> Result<bool, (Way, String)> {
    let there = |error| (Way::There, error);
    let of = async |database| read(&mut connect(database).await, Within::Nothing).await;
    let (old, new) = (of(a).await.map_err(there)?, of(b).await.map_err(there)?);
    if !old.unmodeled.is_empty() || !new.unmodeled.is_empty() {
        return Ok(false);
    }
    fill(a, &old.catalog).await;
    if let Err(error) = bring(a, &old, &new.catalog).await {
        // A row of defaults need not fit the other schema; then the journey is one without rows.
        if !rows_do_not_fit(&error) {
            return Err(there(error));
        }
        empty(a, &old.catalog).await;
        bring(a, &old, &new.catalog).await.map_err(there)?;
    }
    let present = of(a).await.map_err(there)?;
    if present.catalog.layout() == new.catalog.layout() {
        same_dump(a, b).map_err(there)?;
    }
    let back = bring(a, &present, &old.catalog).await;
    back.map(|_| true).map_err(|error| (Way::Back, error))
}

/// Whether the server said so (classes 22 and 23 of its error codes).
pub(super) fn rows_do_not_fit(error: &str) -> bool {
    error.contains("ERROR") && (error.contains("(23") || error.contains("(22"))
}

/// A row of defaults in each table that takes one.
async fn fill(database: &Database<'_>, catalog: &Catalog) {
    let mut connection = connect(database).await;
    for id in catalog.layout().keys() {
        let sql = format!("INSERT INTO {} DEFAULT VALUES", id.sql());
        // A table that does not take it stays empty: a NOT NULL without default, a trigger.
        drop(connection.execute(&sql).await);
    }
}

async fn empty(database: &Database<'_>, catalog: &Catalog) {
    let tables = catalog.layout().keys();
    let tables = tables.filter(|id| id.kind.name() != "foreign table");
    let tables: Vec<String> = tables.map(Id::sql).collect();
    let sql = format!("TRUNCATE {} CASCADE", tables.join(", "));
    connect(database).await.execute(&sql).await.unwrap();
}

/// Brings the database to the target in one transaction, with the proof before COMMIT. Rows of tables and
/// columns that are on both sides have to be there after it, and what it cost has to be announced.
pub(super) async fn bring(
    database: &Database<'_>,
    from: &Reading,
    target: &Catalog,
) -> Result<Plan, String> {
    let defaults = from.default_privileges.iter();
    let options = Options {
        role: "postgres".into(),
        defaults: defaults
            .map(|found| DefaultPrivileges {
                role: found.role.clone(),
                schema: found.schema.clone(),
                kind: found.kind,
                grants: found.grants.clone(),
            })
            .collect(),
        ..Options::default()
    };
    let from = &from.catalog;
    let plan = plan::plan(from, &Arc::new(target.clone()), &options)
        .map_err(|error| format!("no plan: {error}"))?;
    let mut connection = connect(database).await;
    let questions = count_questions(from, target);
    let before = counts(&mut connection, &questions).await?;
    let announced = Announced::of(&plan, from, &mut connection).await?;
    apply::enter(&mut connection, &apply::Settings::default())
        .await
        .map_err(|error| error.to_string())?;
    apply::pin_for_plan(&mut connection)
        .await
        .map_err(|error| error.to_string())?;
    apply::run_steps(&mut connection, &plan.steps, &Secrets::default(), |_| {})
        .await
        .map_err(|error| told(&plan, &error.to_string()))?;
    let unsaid = announced.locks_not_said(&mut connection).await?;
    if !unsaid.is_empty() {
        return Err(told(&plan, &unsaid.join("\n")));
    }
    let reached = read(&mut connection, Within::Transaction).await?;
    let left = diff::compare(&reached.catalog, target);
    if !left.is_empty() {
        return Err(told(
            &plan,
            &format!(
                "what is left:\n{left}{}",
                texts(&reached.catalog, target, &left)
            ),
        ));
    }
    connection
        .execute("COMMIT")
        .await
        .map_err(|error| error.to_string())?;
    let after = counts(&mut connection, &questions).await?;
    if before != after {
        return Err(told(
            &plan,
            &format!("rows before: {before:?}, after: {after:?}"),
        ));
    }
    let unsaid = announced.rewrites_not_said(&mut connection).await?;
    if !unsaid.is_empty() {
        return Err(told(&plan, &unsaid.join("\n")));
    }
    Ok(plan)
}

fn told(plan: &Plan, what: &str) -> String {
    let steps: Vec<String> = plan
        .steps
        .iter()
        .map(|step| format!("    {}", step.sql))
        .collect();
    format!("{what}\n  steps:\n{}", steps.join("\n"))
}

/// The canonical forms of what differs.
fn texts(reached: &Catalog, target: &Catalog, left: &diff::Diff) -> String {
    let json = |catalog: &Catalog, id: &Id| {
        catalog.get(id).map_or_else(String::new, |object| {
            format!(
                "{} {:?}",
                serde_json::to_string(&object.body).unwrap(),
                object.meta
            )
        })
    };
    let lines = left.deltas.iter().map(|delta| {
        format!(
            "    has {}\n   want {}\n",
            json(reached, &delta.id),
            json(target, &delta.id)
        )
    });
    lines.collect()
}

/// For each relation on both sides, a query that counts its own rows and the values of its common columns.
fn count_questions(from: &Catalog, to: &Catalog) -> BTreeMap<String, String> {
    let both = from.layout().keys().filter(|id| to.has(id));
    // Foreign rows are elsewhere; ONLY, since partitions may be foreign too.
    let both = both.filter(|id| id.kind.name() != "foreign table");
    both.map(|id| {
        let common = from
            .columns(id)
            .iter()
            .filter(|column| to.columns(id).contains(column));
        let values = common.map(|column| format!("count({})", ident(column)));
        let values: Vec<String> = std::iter::once("count(*)".to_owned())
            .chain(values)
            .collect();
        // A function takes no more than a hundred arguments.
        let sql = format!(
            "SELECT {} FROM ONLY {}",
            values.join(" || ' ' || "),
            id.sql()
        );
        (id.to_string(), sql)
    })
    .collect()
}

async fn counts(
    connection: &mut Connection,
    questions: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut counts = BTreeMap::new();
    for (id, sql) in questions {
        let rows = connection
            .query(sql, &[])
            .await
            .map_err(|error| format!("{sql}: {error}"))?;
        let count = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
        counts.insert(id.clone(), count.to_owned());
    }
    Ok(counts)
}
