//! Is the schema still what an earlier reading found? Answered without reading it.
//!
//! A reading on a server at rest leaves a [`Fingerprint`]: the first transaction that it did not see, and the number of
//! rows of the catalogs from which something can go without another trace. Where later no row of any catalog is of that
//! transaction or a newer one, and none is missing, the rows are the same ones. Catalogs without readable row versions
//! are hashed. Pure, but for [`is_unchanged`].
//!
//! Must not: take what is only likely for proven. What cannot be told is read again.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::tasks;
use crate::catalog::row::{Row, RowError};
use crate::connect::{Connection, Error};

/// What a reading leaves, by name: `reader`, `server`, `horizon`, and each catalog. Empty when nothing can be proven
/// by it. Kept in the manifest of the snapshot.
pub type Fingerprint = BTreeMap<String, String>;

/// The catalogs that a reading looks at, and the first server version that has them.
pub(super) const CATALOGS: &[(u32, &str)] = &[
    (0, "pg_aggregate"),
    (0, "pg_am"),
    (0, "pg_amop"),
    (0, "pg_amproc"),
    (0, "pg_attrdef"),
    (0, "pg_attribute"),
    (0, "pg_cast"),
    (0, "pg_class"),
    (0, "pg_collation"),
    (0, "pg_constraint"),
    (0, "pg_conversion"),
    (0, "pg_db_role_setting"),
    (0, "pg_default_acl"),
    (0, "pg_depend"),
    (0, "pg_description"),
    (0, "pg_enum"),
    (0, "pg_event_trigger"),
    (0, "pg_extension"),
    (0, "pg_foreign_data_wrapper"),
    (0, "pg_foreign_server"),
    (0, "pg_foreign_table"),
    (0, "pg_index"),
    (0, "pg_inherits"),
    (0, "pg_init_privs"),
    (0, "pg_language"),
    (0, "pg_namespace"),
    (0, "pg_opclass"),
    (0, "pg_operator"),
    (0, "pg_opfamily"),
    (0, "pg_partitioned_table"),
    (0, "pg_policy"),
    (0, "pg_proc"),
    (0, "pg_publication"),
    (150_000, "pg_publication_namespace"),
    (0, "pg_publication_rel"),
    (0, "pg_range"),
    (0, "pg_rewrite"),
    (0, "pg_seclabel"),
    (0, "pg_sequence"),
    (0, "pg_shdescription"),
    (0, "pg_shseclabel"),
    (0, "pg_statistic_ext"),
    (0, "pg_tablespace"),
    (0, "pg_transform"),
    (0, "pg_trigger"),
    (0, "pg_ts_config"),
    (0, "pg_ts_config_map"),
    (0, "pg_ts_dict"),
    (0, "pg_ts_parser"),
    (0, "pg_ts_template"),
    (0, "pg_type"),
];

/// The catalogs from which a row can go without another trace, so that their rows are counted. A row of any other goes along
/// with those of `pg_depend` in which it depends on its schema, relation or type, or with the row of what it is a part of, or
/// makes way for a new version.
const COUNTED: &[&str] = &[
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_cast",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_init_privs",
    "pg_language",
    "pg_namespace",
    "pg_publication",
    "pg_seclabel",
    "pg_shdescription",
    "pg_shseclabel",
    "pg_tablespace",
    "pg_transform",
];

/// Hashed, since rows of others or for other reasons come and go, or since everybody sees a view only.
const HASHED: &[(&str, &str)] = &[
    (
        "pg_database",
        "(oid, datname, datdba, datistemplate, datallowconn, datconnlimit, dattablespace, datacl)",
    ),
    ("pg_roles", "(oid, rolname)"),
];

/// Of these not everybody sees all columns. Where they have rows, nothing is proven.
const HIDDEN: &[&str] = &["pg_subscription", "pg_user_mappings"];

/// One row: the server and its version, the first transaction that is not over, whether one before it may still be
/// lost, as one of `synchronous_commit = off` can be when the server crashes: its number would be given out again.
pub(super) const MARK: &str = "SELECT concat_ws(' ', current_setting('server_version_num'), (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint) AS server, \
     pg_snapshot_xmax(pg_current_snapshot())::text AS horizon, \
     CASE WHEN pg_is_in_recovery() THEN false ELSE pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn() END AS flushed";

/// A row for each catalog: its name, a text that tells its content apart (the number of its rows, or a hash), and how
/// many rows are of the transaction `horizon` or a newer one.
pub(super) fn query(version: u32, horizon: Option<u64>) -> String {
    let newer = horizon.map_or_else(
        || "0".to_owned(),
        // Transactions of `initdb`, and frozen ones of old servers, are infinitely old.
        |horizon| {
            let xid = horizon % (1 << 32);
            format!("count(*) FILTER (WHERE age(xmin) <= (SELECT age('{xid}'::xid)))")
        },
    );
    let catalogs = CATALOGS.iter().filter(|(since, _)| *since <= version);
    let counted = catalogs.map(|(_, name)| {
        // What nothing is asked of is not read.
        let (content, of) = match (COUNTED.contains(name), horizon) {
            (true, _) => ("count(*)", format!(" FROM {name}")),
            (false, Some(_)) => ("0", format!(" FROM {name}")),
            (false, None) => ("0", String::new()),
        };
        format!("SELECT '{name}' AS catalog, {content}::text AS content, {newer} AS newer{of}")
    });
    let hidden = HIDDEN
        .iter()
        .map(|name| format!("SELECT '{name}', count(*)::text, 0 FROM {name}"));
    let hashed = HASHED.iter().map(|(name, columns)| {
        let own = if *name == "pg_database" {
            " WHERE datname = current_database()"
        } else {
            ""
        };
        format!("SELECT '{name}', sum(hashtext({columns}::text)::int8)::text, 0 FROM {name}{own}")
    });
    let all: Vec<String> = counted.chain(hidden).chain(hashed).collect();
    all.join(" UNION ALL ")
}

/// The first half of a fingerprint, from the row of [`MARK`].
pub(super) fn mark(row: &Row<'_>) -> Result<Fingerprint, RowError> {
    if !row.flag("flushed")? {
        return Ok(Fingerprint::new());
    }
    let marks = [
        ("server", row.text("server")?),
        ("horizon", row.text("horizon")?),
    ];
    let marks = marks.map(|(name, text)| (name.to_owned(), text.to_owned()));
    Ok(marks.into())
}

/// Adds what a row of [`query`] says; where nothing can be proven by it, nothing is left.
pub(super) fn add(fingerprint: &mut Fingerprint, row: &Row<'_>) -> Result<(), RowError> {
    let (catalog, content) = (row.text("catalog")?, row.text_or_empty("content")?);
    if fingerprint.is_empty() || (HIDDEN.contains(&catalog) && content != "0") {
        fingerprint.clear();
    } else {
        fingerprint.insert(catalog.to_owned(), content.to_owned());
    }
    Ok(())
}

/// The fingerprint of a reading that is proven to be of one moment.
pub(super) fn complete(mut fingerprint: Fingerprint, version: u32) -> Fingerprint {
    if !fingerprint.is_empty() {
        fingerprint.insert("reader".to_owned(), reader(version));
    }
    fingerprint
}

/// What reads: another version of the program may see the same rows in another way.
fn reader(version: u32) -> String {
    let mut hasher = FxHasher::default();
    for (_, sql) in tasks::queries(version).all() {
        sql.hash(&mut hasher);
    }
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

/// Whether the schema of the connected database is proven to be what was found when this fingerprint was taken.
pub async fn is_unchanged(
    connection: &mut Connection,
    fingerprint: &Fingerprint,
) -> Result<bool, Error> {
    let version = connection.server().version_num();
    let horizon = fingerprint
        .get("horizon")
        .and_then(|text| text.parse().ok());
    let (Some(horizon), Some(before)) = (horizon, fingerprint.get("reader")) else {
        return Ok(false);
    };
    if *before != reader(version) {
        return Ok(false);
    }
    let now = query(version, Some(horizon));
    let (mut same, mut rows) = (true, 0);
    // In one transaction, so that ages are counted from one point; the marks come first and again.
    let statements = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL search_path = pg_catalog",
        MARK,
        &now,
        "COMMIT",
    ];
    connection
        .batch(&statements, |statement, row| {
            let text = |column| row.get(column).unwrap_or_default();
            if statement == 2 {
                let near = text(1)
                    .parse::<u64>()
                    .is_ok_and(|next| next.wrapping_sub(horizon) < 1 << 31);
                same &= near
                    && fingerprint
                        .get("server")
                        .is_some_and(|server| server == text(0));
            } else {
                rows += 1;
                let content = fingerprint.get(text(0));
                same &= content.is_some_and(|content| content == text(1)) && text(2) == "0";
            }
            Ok::<(), Error>(())
        })
        .await?;
    // Besides the catalogs: `reader`, `server`, `horizon`.
    Ok(same && rows + 3 == fingerprint.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a query that look like catalogs and are what it reads.
    fn read_by(sql: &str) -> Vec<&str> {
        let words: Vec<&str> = sql
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || "_.".contains(letter)))
            .filter(|word| !word.is_empty())
            .collect();
        let after = words
            .array_windows()
            .filter(|[before, _]| ["FROM", "JOIN"].contains(before));
        after
            .map(|[_, name]| name.strip_prefix("pg_catalog.").unwrap_or(name))
            .filter(|name| name.starts_with("pg_"))
            .collect()
    }

    #[test]
    fn every_catalog_that_is_read_counts() {
        for version in [130_000, 150_000, 180_000] {
            for (task, sql) in tasks::queries(version).all() {
                for name in read_by(&sql) {
                    let known = name == "pg_control_system"
                        || HASHED.iter().any(|(hashed, _)| *hashed == name)
                        || HIDDEN.contains(&name)
                        || CATALOGS
                            .iter()
                            .any(|(since, catalog)| *catalog == name && *since <= version);
                    assert!(known, "{name}, which {task:?} reads, is not watched");
                }
            }
        }
    }

    #[test]
    fn another_reader_is_told_apart() {
        assert_ne!(reader(130_000), reader(180_000));
        assert_eq!(reader(150_000), reader(150_000));
    }
}
