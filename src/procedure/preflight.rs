//! What can be known to go wrong, or to hurt, before anything runs.
//!
//! Reads only. What is certain to fail is refused; what may hurt is said.

use std::collections::BTreeSet;

use super::authority;
use super::failure::Failure;
use super::host::Host;
use super::outside;
use super::roles::{self, Missing};
use super::rollback::{Preview, Target};
use super::snapshot;
use crate::catalog::id::Family;
use crate::catalog::quote::{ident, literal};
use crate::catalog::secret::Secrets;
use crate::catalog::step::Lock;
use crate::catalog::{Body, Catalog, Id, secret};
use crate::connect::Connection;
use crate::plan::locks;

/// Everything. Gives the roles that have to be made first.
pub async fn check(
    connection: &mut Connection,
    to: &Target,
    preview: &Preview,
    missing: Missing,
    host: &impl Host,
) -> Result<Vec<String>, Failure> {
    let target = &preview.plan.target;
    let new_roles = roles::look(connection, preview, missing).await?;
    extensions_exist(connection, target, preview).await?;
    tablespaces_exist(connection, preview).await?;
    authority::is_enough(connection, preview, &new_roles, host).await?;
    name_what_is_not_kept(&to.manifest.meta.secrets, preview, host);
    nothing_vanishes(preview)?;
    let present = &preview.present.catalog;
    outside::is_left_alone(connection, &to.scope(), present, &preview.plan).await?;
    name_event_triggers(connection, preview, host).await?;
    name_blockers(connection, preview, host).await?;
    Ok(new_roles)
}

/// One column of a query as a set.
pub(super) async fn names(
    connection: &mut Connection,
    sql: &str,
) -> Result<BTreeSet<String>, Failure> {
    let rows = connection.query(sql, &[]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

async fn extensions_exist(
    connection: &mut Connection,
    target: &Catalog,
    preview: &Preview,
) -> Result<(), Failure> {
    let wanted = target.objects().iter().map(|object| &object.id);
    let wanted: Vec<&Id> = wanted
        .filter(|id| id.kind.label() == "extension" && !preview.present.catalog.has(id))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = "SELECT name FROM pg_available_extensions \
         UNION ALL SELECT name || ' ' || version FROM pg_available_extension_versions";
    let known = names(connection, sql).await?;
    let mut missing: Vec<String> = Vec::new();
    for id in wanted {
        let version = match target.get(id).map(|object| &object.body) {
            Some(Body::Extension(extension)) => format!("{} {}", id.name, extension.version),
            _ => continue,
        };
        if !known.contains(&*id.name) {
            missing.push(id.name.to_string());
        } else if !known.contains(&version) {
            missing.push(version);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "extensions that the target needs are not installed on the server: {}",
        missing.join(", ")
    ))
    .state("Nothing was changed.")
    .next("Install their packages on the server's machine."))
}

async fn tablespaces_exist(connection: &mut Connection, preview: &Preview) -> Result<(), Failure> {
    let wanted = snapshot::tablespaces(&preview.plan.target);
    if wanted.is_empty() {
        return Ok(());
    }
    let known = names(connection, "SELECT spcname FROM pg_tablespace").await?;
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|name| !known.contains(*name))
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    Err(Failure::refused(format!(
        "tablespaces that the target names do not exist here: {}",
        missing.join(", ")
    ))
    .state("Nothing was changed.")
    .next(format!(
        "Create them: CREATE TABLESPACE {} LOCATION '/a/folder/of/the/server'",
        ident(first)
    )))
}

/// Secrets are in no snapshot unless they were wanted, and nothing is done at the other end of a subscription.
fn name_what_is_not_kept(secrets: &Secrets, preview: &Preview, host: &impl Host) {
    let (present, target) = (&preview.present.catalog, &preview.plan.target);
    for step in &preview.plan.steps {
        for id in &step.frees {
            let old = present.get(id);
            if old.is_some_and(|object| object.body.keeps_secret()) && !target.has(id) {
                host.warn(&format!("{id} has a secret, which cannot be brought back"));
            }
            if old.is_some() && id.kind.label() == "subscription" {
                host.warn(&format!(
                    "{id}: its replication slot stays at the publisher; drop it there, or it keeps WAL for ever"
                ));
            }
        }
        if secret::is_hidden(&secrets.put_back(step)) {
            host.warn(&format!(
                "{}: its secret is not in the snapshot; set it afterwards",
                step.subject
            ));
        }
    }
}

/// Something that no kind models and that goes with a dropped object would vanish in silence.
fn nothing_vanishes(preview: &Preview) -> Result<(), Failure> {
    let freed: BTreeSet<&Id> = preview
        .plan
        .steps
        .iter()
        .flat_map(|step| &step.frees)
        .collect();
    let lost: Vec<String> = preview
        .present
        .unmodeled
        .iter()
        .filter_map(|object| {
            let with = object.on.iter().find(|id| freed.contains(id))?;
            Some(format!("{} (with {with})", object.object))
        })
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "would vanish and could not be brought back, since this version does not model it: {}",
        lost.join(", ")
    ))
    .state("Nothing was changed.")
    .next("Drop it yourself first, if it is not needed."))
}

/// The slots of the server's lock table that the transaction needs, with those of reading what is there now.
pub(super) fn lock_slots(preview: &Preview) -> usize {
    preview.plan.lock_slots + locks::slots_to_read(&preview.present.catalog)
}

/// Refuses what the server's lock table cannot hold (manual: `max_locks_per_transaction`): it would fail after a long time.
/// `otherwise` is what can be done besides.
pub(super) async fn lock_budget(
    connection: &mut Connection,
    needed: usize,
    otherwise: Option<&str>,
) -> Result<(), Failure> {
    let rows = connection
        .query(
            "SELECT current_setting('max_locks_per_transaction')::int8, \
             current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8",
            &[],
        )
        .await?;
    let number = |column| {
        rows.first()
            .and_then(|row| row.get(column))
            .and_then(|text| text.parse::<usize>().ok())
    };
    let (Some(per_transaction), Some(sessions)) = (number(0), number(1)) else {
        return Ok(());
    };
    let room = per_transaction * sessions;
    if needed <= room {
        return Ok(());
    }
    let failure = Failure::refused(format!(
        "one transaction needs up to {needed} locks, and the server has room for {room} \
         (max_locks_per_transaction is {per_transaction})"
    ))
    .state("Nothing was changed.")
    .next(format!(
        "Set max_locks_per_transaction = {} and restart the server.",
        needed.div_ceil(sessions)
    ));
    Err(match otherwise {
        Some(words) => failure.next(words),
        None => failure,
    })
}

async fn name_event_triggers(
    connection: &mut Connection,
    preview: &Preview,
    host: &impl Host,
) -> Result<(), Failure> {
    if preview.plan.steps.is_empty() {
        return Ok(());
    }
    for name in names(
        connection,
        "SELECT evtname FROM pg_event_trigger WHERE evtenabled IN ('O', 'A')",
    )
    .await?
    {
        host.warn(&format!("event trigger {name} will fire on what this runs"));
    }
    Ok(())
}

/// Sessions whose locks would make us wait.
async fn name_blockers(
    connection: &mut Connection,
    preview: &Preview,
    host: &impl Host,
) -> Result<(), Failure> {
    let tables: BTreeSet<String> = preview
        .plan
        .steps
        .iter()
        .filter(|step| step.lock >= Lock::ShareRowExclusive)
        .filter_map(|step| preview.present.catalog.root_of(&step.subject))
        .filter(|root| root.id.kind.family() == Family::Relation)
        .map(|root| literal(&root.id.sql()))
        .collect();
    if tables.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = tables.into_iter().collect();
    let sql = format!(
        "SELECT DISTINCT format('pid %s (%s), in a transaction since %s, holds %s on %s', a.pid, \
         coalesce(nullif(a.application_name, ''), 'no application name'), to_char(a.xact_start, 'HH24:MI:SS'), l.mode, l.relation::regclass) \
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid() \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND l.relation = ANY (ARRAY(SELECT to_regclass(name)::oid FROM unnest(ARRAY[{}]) AS name)) ORDER BY 1 LIMIT 5",
        list.join(", ")
    );
    for blocker in names(connection, &sql).await? {
        host.warn(&format!(
            "{blocker}: the change waits for it, up to the lock timeout"
        ));
    }
    Ok(())
}
