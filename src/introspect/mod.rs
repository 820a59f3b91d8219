//! Reads a live catalog into the model.
//!
//! All queries of all kinds go out in one pipelined round trip, on one connection or split between two, OIDs are resolved to names on this side, and the
//! reading is believed only when nothing moved meanwhile. Takes no table lock of its own. Knows no kind: it runs
//! what `catalog` lists. Must not change anything in the database.

mod collect;
mod depend;
mod fingerprint;
mod reader;
mod tasks;
mod unchanged;
mod unmodeled;

use std::time::{Duration, Instant};

use crate::catalog::database::Beside;
use crate::catalog::meta::acl::Grant;
use crate::catalog::row::RowError;
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id};
use crate::connect::{Connection, Error};
use collect::Collector;
pub use unchanged::{Fingerprint, is_unchanged};

/// The first server with `transaction_timeout`, which a role may have for transactions of its own.
pub(crate) const TRANSACTION_TIMEOUT: u32 = 170_000;

/// The settings that the text of a catalog depends on, for the current transaction only (a session setting would
/// leak through a pooler).
pub const PIN: &str = "SELECT set_config('search_path', 'pg_catalog', true), set_config('DateStyle', 'ISO', true), \
     set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true), \
     set_config('extra_float_digits', '1', true), set_config('quote_all_identifiers', 'off', true), \
     set_config('standard_conforming_strings', 'on', true), \
     set_config('bytea_output', 'hex', true), set_config('xmloption', 'content', true), \
     set_config('row_security', 'off', true), set_config('max_parallel_workers_per_gather', '0', true), \
     set_config('jit', 'off', true), set_config('work_mem', '64MB', true)";

/// Which database this is: the cluster's identifier and the database's OID say it, the name is for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// `system_identifier` of `pg_control_system()`.
    pub system: String,
    /// `pg_database.oid`.
    pub oid: u32,
    /// Its name.
    pub name: String,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The schema.
    pub catalog: Catalog,
    /// Where from.
    pub database: Database,
    /// What this database has besides its schema.
    pub beside: Beside,
    /// What it covers.
    pub scope: Scope,
    /// `server_version` as the server prints it.
    pub server_version: String,
    /// Objects in scope that no kind models, sorted by name.
    pub unmodeled: Vec<Unmodeled>,
    /// Indexes that are invalid and therefore not part of the schema, by name, sorted.
    pub invalid_indexes: Vec<String>,
    /// By what it can be told later that nothing has changed.
    pub fingerprint: Fingerprint,
    /// Default privileges: what the server adds to the ACL of what is created.
    pub default_privileges: Vec<DefaultPrivileges>,
}

/// A row of `pg_default_acl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultPrivileges {
    /// The role whose new objects it is about.
    pub role: String,
    /// The schema that it is limited to; `None` for all.
    pub schema: Option<String>,
    /// `defaclobjtype`.
    pub kind: char,
    /// `defaclacl`.
    pub grants: Vec<Grant>,
}

/// An object in scope that no kind models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodeled {
    /// Its name, as `pg_identify_object()` prints it.
    pub object: String,
    /// What it depends on: dropping that may take it along in silence.
    pub on: Vec<Id>,
}

/// Why a catalog could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectError {
    /// The connection, or a query.
    #[error(transparent)]
    Connection(#[from] Error),
    /// A row that makes no sense.
    #[error("a catalog row of {what} could not be read: {error}")]
    Row {
        /// Which query.
        what: &'static str,
        /// Why.
        error: RowError,
    },
    /// A name or text that is not UTF-8 in a database whose encoding is `SQL_ASCII`.
    #[error(
        "{object} is not UTF-8; a database in SQL_ASCII can be read only when all names and texts are UTF-8"
    )]
    NotUtf8 {
        /// What, as far as it can be printed.
        object: String,
    },
    /// The schema never held still.
    #[error("the schema changed during each of {attempts} attempts to read it; {}", who(.writers))]
    Restless {
        /// How often it was tried.
        attempts: u32,
        /// Who had a transaction open that writes.
        writers: Vec<String>,
    },
}

fn who(writers: &[String]) -> String {
    if writers.is_empty() {
        return "nobody is changing it now: try again".to_owned();
    }
    format!("writing right now: {}", writers.join("; "))
}

/// Whether the caller has a transaction open that the reading is to be part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// None: a read-only one is opened and ended along the way.
    Nothing,
    /// Yes. The settings of [`PIN`] hold for the rest of it.
    Transaction,
}

/// How often a reading is tried before it is given up.
const ATTEMPTS: u32 = 5;

/// For how long tables that somebody else has locked do not count as attempts.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the schema of the connected database.
///
/// The first attempt trusts only a server on which nothing at all was written meanwhile; later ones compare
/// fingerprints of the catalogs, so that traffic on tables does not matter.
pub async fn read(
    connection: &mut Connection,
    scope: &Scope,
    within: Within,
) -> Result<Reading, IntrospectError> {
    read_beside(connection, None, scope, within).await
}

/// Like [`read`], and has the server work for two connections at once, when there is a second one to the same database
/// (that it is the same is checked).
///
/// Only the first attempt uses it: what it sees is proven only where nothing was written.
pub async fn read_beside(
    connection: &mut Connection,
    mut beside: Option<&mut Connection>,
    scope: &Scope,
    within: Within,
) -> Result<Reading, IntrospectError> {
    let began = Instant::now();
    let mut attempt = 0;
    while attempt < ATTEMPTS {
        attempt += 1;
        let deep = attempt > 1;
        let mut collector = Collector::new(connection.server().version_num(), scope.clone());
        let second = beside.take();
        let both = second.is_some();
        let read = collector.run(connection, second, within, deep);
        match read.await {
            Ok(()) if collector.held_still() => return finish(connection, collector).await,
            Ok(()) => {}
            Err(error) if within == Within::Nothing && is_locked(&error) => {
                // Not an attempt: nothing is known yet of what changed.
                if began.elapsed() < PATIENCE {
                    attempt = attempt.min(1);
                }
            }
            Err(_) if both && !connection.is_closed() => {}
            Err(error) if is_torn(&error) && within == Within::Nothing => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
    }
    let mut writers = Vec::new();
    for row in connection.query(fingerprint::WRITERS, &[]).await? {
        writers.extend(row.get(0).map(str::to_owned));
    }
    Err(IntrospectError::Restless {
        attempts: ATTEMPTS,
        writers,
    })
}

/// Somebody has locked a table that has to be looked at (`lock_not_available`).
fn is_locked(error: &IntrospectError) -> bool {
    matches!(error, IntrospectError::Connection(error) if error.server().is_some_and(|error| error.code == "55P03"))
}

/// Something that was there a moment ago is gone: `XX000` ("cache lookup failed"), undefined object and the like.
fn is_torn(error: &IntrospectError) -> bool {
    match error {
        IntrospectError::Connection(error) => error.server().is_some_and(|error| {
            matches!(
                error.code.as_str(),
                "XX000" | "42P01" | "42704" | "42883" | "42703"
            )
        }),
        IntrospectError::Row { .. } => true,
        IntrospectError::NotUtf8 { .. } | IntrospectError::Restless { .. } => false,
    }
}

async fn finish(
    connection: &mut Connection,
    collector: Collector,
) -> Result<Reading, IntrospectError> {
    let mut unmodeled = Vec::new();
    let unclaimed = collector.unclaimed();
    if !unclaimed.is_empty() {
        let rows = connection
            .query(&unmodeled::describe(&unclaimed), &[])
            .await?;
        // The rows come in the order of the keys.
        for (key, row) in unclaimed.iter().zip(rows) {
            let object = row
                .get(0)
                .unwrap_or("an object that has just been dropped")
                .to_owned();
            unmodeled.push(Unmodeled {
                object,
                on: collector.needed_by(*key),
            });
        }
        unmodeled.sort_by(|a, b| a.object.cmp(&b.object));
    }
    Ok(collector.finish(unmodeled))
}
