//! What the role of the session may do, of what a plan needs: found before anything runs, and listed whole, since the server
//! would stop halfway at the first of it. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use super::failure::Failure;
use super::host::Host;
use super::preflight::names;
use super::rollback::Preview;
use crate::catalog::demand::Demand;
use crate::catalog::id::Family;
use crate::catalog::quote::ident;
use crate::catalog::{Id, Object, Tag};
use crate::connect::Connection;

/// Refuses what this role may not do. `new_roles` will be made first, and it will be a member of each.
pub(super) async fn is_enough(
    connection: &mut Connection,
    preview: &Preview,
    new_roles: &[String],
    host: &impl Host,
) -> Result<(), Failure> {
    let sql = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND rolsuper";
    if !names(connection, sql).await?.is_empty() {
        return Ok(());
    }
    may_change(connection, preview, new_roles).await?;
    may_make_schemas(connection, preview).await?;
    superuser_where_needed(preview, host)?;
    fulfils_demands(connection, preview, host).await
}

/// Only an owner may alter or drop, and only a member of a role may give things to it.
async fn may_change(
    connection: &mut Connection,
    preview: &Preview,
    new_roles: &[String],
) -> Result<(), Failure> {
    let sql = "SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'USAGE')";
    let mine = names(connection, sql).await?;
    let mut foreign: Vec<String> = Vec::new();
    for step in &preview.plan.steps {
        let subject = &step.subject;
        let root = preview.present.catalog.root_of(subject);
        let owner = root
            .map(|root| root.meta.owner.as_str())
            .unwrap_or_default();
        if !owner.is_empty() && !mine.contains(owner) {
            foreign.push(format!("{subject} (owner {owner})"));
        }
    }
    // What it makes it has to give to its owner.
    let sql = "SELECT rolname FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')";
    let mut givable = names(connection, sql).await?;
    givable.extend(new_roles.iter().cloned());
    let target = &preview.plan.target;
    let to_be = target.objects().iter().filter(|object| {
        let owner = object.meta.owner.as_str();
        !owner.is_empty() && !givable.contains(owner)
    });
    let differs = |object: &&Object| preview.plan.diff.get(&object.id).is_some();
    foreign.extend(
        to_be
            .filter(differs)
            .map(|object| format!("{} (owner to be {})", object.id, object.meta.owner)),
    );
    foreign.dedup();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "this role may not change what others own: {}",
        foreign.join(", ")
    ))
    .state("Nothing was changed.")
    .next("Connect as a role that is a member of those owners, or as a superuser."))
}

/// A schema takes CREATE on the database.
async fn may_make_schemas(connection: &mut Connection, preview: &Preview) -> Result<(), Failure> {
    let made = preview.plan.steps.iter().flat_map(|step| &step.makes);
    let schemas = made.filter(|id| id.kind.family() == Family::Schema);
    let schemas: Vec<String> = schemas.map(Id::to_string).collect();
    if schemas.is_empty() {
        return Ok(());
    }
    let sql = "SELECT datname FROM pg_database \
         WHERE datname = current_database() AND NOT has_database_privilege(oid, 'CREATE')";
    let Some(database) = names(connection, sql).await?.pop_first() else {
        return Ok(());
    };
    Err(Failure::refused(format!(
        "this role may not make schemas here: {}",
        schemas.join(", ")
    ))
    .state("Nothing was changed.")
    .next(format!(
        "Let it: GRANT CREATE ON DATABASE {} TO its name; or connect as the database's owner.",
        ident(&database)
    )))
}

/// Some things only a superuser can make, alter or drop. A managed service may let others: its profile says that there
/// are roles of its own, and then it is only said.
fn superuser_where_needed(preview: &Preview, host: &impl Host) -> Result<(), Failure> {
    let (present, target) = (&preview.present.catalog, &preview.plan.target);
    let objects = present.objects().iter().chain(target.objects());
    let objects = objects.filter(|object| object.body.needs_superuser());
    let such: BTreeSet<&Id> = objects.map(|object| &object.id).collect();
    let subjects = preview.plan.steps.iter().map(|step| &step.subject);
    let needing: BTreeSet<&Id> = subjects.filter(|id| such.contains(id)).collect();
    let needing: Vec<String> = needing.into_iter().map(Id::to_string).collect();
    if needing.is_empty() {
        return Ok(());
    }
    let list = needing.join(", ");
    if !preview.present.scope.exclude_roles.is_empty() {
        host.warn(&format!(
            "needs a superuser, unless the service lets this role: {list}"
        ));
        return Ok(());
    }
    Err(
        Failure::refused(format!("only a superuser can make, alter or drop: {list}"))
            .state("Nothing was changed.")
            .next("Connect as a superuser."),
    )
}

/// What kinds and the plan's own statements ask for, in one query.
async fn fulfils_demands(
    connection: &mut Connection,
    preview: &Preview,
    host: &impl Host,
) -> Result<(), Failure> {
    let demands: Vec<(Demand, BTreeSet<&Id>)> = demands(preview).into_iter().collect();
    if demands.is_empty() {
        return Ok(());
    }
    let rows = demands.iter().enumerate();
    let rows = rows.map(|(number, (demand, _))| format!("({number}, {})", demand.condition));
    let rows: Vec<String> = rows.collect();
    let sql = format!(
        "SELECT number FROM (VALUES {}) AS demand (number, fulfilled) WHERE fulfilled IS NOT TRUE",
        rows.join(", ")
    );
    let unfulfilled = names(connection, &sql).await?;
    let unfulfilled = demands
        .iter()
        .enumerate()
        .filter(|(number, _)| unfulfilled.contains(&number.to_string()));
    let list: Vec<String> = unfulfilled
        .flat_map(|(_, (demand, ids))| {
            let words = &demand.words;
            ids.iter().map(move |id| format!("{id} (takes {words})"))
        })
        .collect();
    if list.is_empty() {
        return Ok(());
    }
    let list = list.join(", ");
    if !preview.present.scope.exclude_roles.is_empty() {
        host.warn(&format!(
            "may fail, unless the service lets this role: {list}"
        ));
        return Ok(());
    }
    Err(
        Failure::refused(format!("this role may not make, alter or drop: {list}"))
            .state("Nothing was changed.")
            .next("Give it what it takes, or connect as a superuser."),
    )
}

fn demands(preview: &Preview) -> BTreeMap<Demand, BTreeSet<&Id>> {
    let (present, target) = (&preview.present.catalog, &preview.plan.target);
    let mut demands: BTreeMap<Demand, BTreeSet<&Id>> = BTreeMap::new();
    for step in &preview.plan.steps {
        let subject = &step.subject;
        let mut wanted: Vec<Demand> = Vec::new();
        let object = target.get(subject).or_else(|| present.get(subject));
        // A part of what this role makes is its own.
        let is_mine = subject.is_part() && present.root_of(subject).is_none();
        if let Some(object) = object.filter(|_| !is_mine) {
            wanted.extend(object.body.demands(&object.id, target.version()));
        }
        let role = step.role.iter();
        wanted.extend(role.map(|role| Demand::becoming(role, target.version())));
        wanted.extend(to_new_owner(subject, preview));
        for demand in wanted {
            demands.entry(demand).or_default().insert(subject);
        }
    }
    demands
}

/// Not for a schema that the plan changes, too: who may make things in it is not known before.
fn to_new_owner(id: &Id, preview: &Preview) -> Option<Demand> {
    let (present, target) = (&preview.present.catalog, &preview.plan.target);
    let owner = target.get(id)?.meta.owner.as_str();
    let had = present.get(id).map(|object| object.meta.owner.as_str());
    let schema = Id::global(Tag::Schema, &*id.schema);
    let is_given = !owner.is_empty() && had != Some(owner);
    let is_settled = present.has(&schema) && preview.plan.diff.get(&schema).is_none();
    (is_given && is_settled).then(|| Demand::new_owner(owner, &id.schema))
}
