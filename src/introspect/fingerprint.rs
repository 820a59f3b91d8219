//! Did the schema hold still while it was read?
//!
//! The server's deparse functions look at the newest catalog, not at a transaction's snapshot, so no isolation
//! level answers this. Cheap proof first: if `pg_current_snapshot()` is the same before and after and names
//! nothing in progress, no transaction committed in between. Otherwise the catalogs themselves are compared: row
//! count and an order-free hash of row versions, which any committed DDL changes. Takes no lock beyond the
//! ACCESS SHARE on system catalogs that every query takes.

use super::unchanged;

/// One row: the visibility horizon (of which database of which server), and whether it names a transaction in progress
/// (other than our own).
pub(super) const HORIZON: &str = "SELECT concat_ws(' ', pg_current_snapshot(), pg_postmaster_start_time(), current_database()) AS horizon, \
     pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot()) AS quiet";

/// Catalogs whose row versions also change for other reasons than DDL.
const OTHERWISE: &[&str] = &["pg_class", "pg_index"];

/// One row per catalog: its name, the number of its rows, and a hash of their versions.
///
/// `pg_class` and `pg_index` are hashed by the columns that DDL sets, since TRUNCATE, REINDEX, CLUSTER and REFRESH
/// write new row versions that mean nothing here.
pub(super) fn query(version: u32) -> String {
    let catalogs = unchanged::CATALOGS.iter();
    let catalogs = catalogs.filter(|(since, name)| *since <= version && !OTHERWISE.contains(name));
    let mut parts: Vec<String> = catalogs
        .map(|(_, catalog)| {
            format!("SELECT '{catalog}' AS catalog, count(*) AS rows, sum(hashtext(ctid::text || xmin::text)::int8) AS hash FROM {catalog}")
        })
        .collect();
    parts.push(
        "SELECT 'pg_class', count(*), sum(hashtext((oid, relname, relnamespace, relowner, relam, reltablespace, \
         relpersistence, relkind, relnatts, relchecks, relrowsecurity, relforcerowsecurity, relreplident, \
         relispartition, relispopulated, relacl, reloptions)::text)::int8) FROM pg_class WHERE relpersistence <> 't'"
            .to_owned(),
    );
    parts.push(
        "SELECT 'pg_index', count(*), sum(hashtext((indexrelid, indrelid, indisclustered, indisvalid, indisreplident, \
         indkey::text, indoption::text)::text)::int8) FROM pg_index"
            .to_owned(),
    );
    parts.push(
        "SELECT 'pg_roles', count(*), sum(hashtext((oid, rolname)::text)::int8) FROM pg_roles"
            .to_owned(),
    );
    // Of these two only a superuser sees all columns.
    parts.push(
        "SELECT 'pg_user_mappings', count(*), sum(hashtext(m::text)::int8) FROM pg_user_mappings m"
            .to_owned(),
    );
    parts.push(
        "SELECT 'pg_subscription', count(*), sum(hashtext((subdbid, subname, subowner, subslotname, \
         subpublications)::text)::int8) FROM pg_subscription"
            .to_owned(),
    );
    parts.join(" UNION ALL ")
}

/// Who is changing something right now, in words for the user: for the error after the last retry.
pub(super) const WRITERS: &str = "\
SELECT format('pid %s (%s, user %s) since %s: %s', pid, coalesce(nullif(application_name, ''), 'no application name'), \
coalesce(usename::text, '?'), to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS'), left(query, 80)) AS writer \
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 5";
