//! The roles that a target names: whether they exist, by which other names they are to go, and making those that a
//! restore was told to make. A rollback makes none.

use std::sync::Arc;

use super::failure::Failure;
use super::host::Host;
use super::preflight::names;
use super::rollback::{Preview, Target};
use super::snapshot;
use crate::catalog::quote::ident;
use crate::catalog::roles::RoleNames;
use crate::connect::Connection;

/// What is done about roles that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// It is refused, and no command makes them.
    #[default]
    Refused,
    /// It is refused, though `restore` can be told to make them.
    RefusedUnlessTold,
    /// They are made, without the right to log in.
    Made,
}

impl Target {
    /// Gives its roles other names, everywhere.
    pub fn rename_roles(&mut self, names: &RoleNames) -> Result<(), Failure> {
        if names.is_empty() {
            return Ok(());
        }
        let known = snapshot::roles(&self.catalog);
        if let Some(role) = names.keys().find(|role| !known.contains(role.as_str())) {
            let known: Vec<&str> = known.into_iter().collect();
            let words = format!("--map-role: {} names no role {role}", self.given);
            return Err(Failure::usage(words).next(format!("It names: {}", known.join(", "))));
        }
        let catalog = self.catalog.with_roles(names).map_err(|id| {
            Failure::refused(format!("--map-role: there would be two of {id}"))
                .state("Nothing was changed.")
        })?;
        let kept = snapshot::roles(&catalog);
        let is_gone = |role: &&String| names.values().all(|new| new != *role);
        if let Some(role) = names
            .keys()
            .filter(is_gone)
            .find(|role| kept.contains(role.as_str()))
        {
            return Err(Failure::bug(format!(
                "role {role} was not renamed everywhere"
            )));
        }
        let secret = self.catalog.objects().iter();
        let ids = secret
            .filter(|object| object.body.keeps_secret())
            .filter_map(|object| {
                let renamed = object.with_roles(names, catalog.version())?;
                Some((object.id.to_string(), renamed.id.to_string()))
            });
        self.manifest.meta.secrets.rename(&ids.collect());
        self.catalog = Arc::new(catalog);
        self.manifest.meta.beside = self.manifest.meta.beside.with_roles(names);
        self.renamed = !names.is_empty();
        Ok(())
    }
}

/// The roles that are to be made, when that is what is done about them.
pub(super) async fn look(
    connection: &mut Connection,
    preview: &Preview,
    missing: Missing,
) -> Result<Vec<String>, Failure> {
    let present = snapshot::roles(&preview.present.catalog);
    let known = names(connection, "SELECT rolname FROM pg_roles").await?;
    let wanted = snapshot::roles(&preview.plan.target).into_iter();
    let absent: Vec<String> = wanted
        .filter(|role| !known.contains(*role) && !present.contains(role))
        .map(str::to_owned)
        .collect();
    let Some(first) = absent.first() else {
        return Ok(absent);
    };
    // Nobody can make a role of the server's own (`IsReservedName()`): another version has it.
    let reserved = absent.iter().any(|role| role.starts_with("pg_"));
    if missing == Missing::Made && !reserved {
        may_make_roles(connection).await?;
        return Ok(absent);
    }
    let failure = Failure::refused(format!(
        "roles that the target names do not exist here: {}",
        absent.join(", ")
    ))
    .state("Nothing was changed.");
    let name = ident(first);
    Err(match missing {
        Missing::Refused => failure.next(format!("Create them: CREATE ROLE {name}")),
        Missing::RefusedUnlessTold | Missing::Made => failure
            .next(format!(
                "Put others in their place: --map-role {first}=ROLE"
            ))
            .next("Have them made, without the right to log in: --create-roles")
            .next("Leave out who owns what and who may do what: --no-owner --no-privileges"),
    })
}

async fn may_make_roles(connection: &mut Connection) -> Result<(), Failure> {
    let sql =
        "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)";
    if names(connection, sql).await?.is_empty() {
        return Err(
            Failure::refused("--create-roles: this role may not make others")
                .state("Nothing was changed.")
                .next("Connect as a role with CREATEROLE, or as a superuser."),
        );
    }
    Ok(())
}

/// Makes roles. Who is no superuser becomes a member of each: only a member can give things to a role.
pub(super) async fn make(
    connection: &mut Connection,
    roles: &[String],
    host: &impl Host,
) -> Result<(), crate::connect::Error> {
    if roles.is_empty() {
        return Ok(());
    }
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let rows = connection.query(sql, &[]).await?;
    let superuser = rows.first().and_then(|row| row.get(0)) == Some("t");
    for role in roles {
        let role = ident(role);
        connection
            .execute(&format!("CREATE ROLE {role} NOLOGIN"))
            .await?;
        if !superuser {
            connection
                .execute(&format!("GRANT {role} TO CURRENT_USER"))
                .await?;
        }
    }
    host.warn(&format!(
        "made without the right to log in, for all databases of the server: role {}",
        roles.join(", ")
    ));
    Ok(())
}
