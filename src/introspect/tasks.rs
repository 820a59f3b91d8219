//! The queries of a reading: what each is for, in which order, on which connection.
//!
//! Pure. Must not: know what the rows mean.

use super::{PIN, Within, depend, fingerprint, unchanged, unmodeled};
use crate::catalog::Tag;
use crate::catalog::database;
use crate::catalog::meta::label;
use crate::catalog::names::Names;

const COMMENTS: &str = "SELECT classoid, objoid, objsubid, description FROM pg_description \
     WHERE objoid >= 16384 OR (classoid = 2615 AND objoid = 2200) OR classoid = 3079";

const DEFAULT_PRIVILEGES: &str = "SELECT defaclrole AS role, defaclnamespace AS schema, defaclobjtype AS kind, \
     defaclacl AS grants FROM pg_default_acl ORDER BY 1, 2, 3";

const INVALID_INDEXES: &str = "SELECT i.indexrelid AS oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
     WHERE NOT i.indisvalid AND c.relkind = 'i' AND i.indexrelid >= 16384";

/// In a database in `SQL_ASCII` the server would refuse to send what is not UTF-8, without a word on what it is.
const RAW: &str = "SET LOCAL client_encoding = 'SQL_ASCII'";

/// What a query of the pipeline is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Its rows mean nothing (BEGIN, settings, COMMIT).
    Silent,
    Horizon,
    Fingerprint,
    Mark,
    Content,
    Names(usize),
    Comments,
    Labels,
    Kind(Tag),
    Depend,
    Unmodeled,
    InvalidIndexes,
    Database,
    DatabaseSettings,
    DefaultPrivileges,
}

impl Task {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Silent => "the settings",
            Self::Horizon | Self::Fingerprint | Self::Mark | Self::Content => "the fingerprint",
            Self::Names(_) => "the names",
            Self::Comments => "pg_description",
            Self::Labels => "pg_seclabel",
            Self::Kind(tag) => tag.label(),
            Self::Depend => "pg_depend",
            Self::Unmodeled => "the list of all objects",
            Self::InvalidIndexes => "pg_index",
            Self::Database => "pg_database",
            Self::DatabaseSettings => "pg_db_role_setting",
            Self::DefaultPrivileges => "pg_default_acl",
        }
    }

    /// Whether other rows can be understood only when its own are known: names come before what is named, members of
    /// extensions before what they are, comments before what they are about.
    pub(super) fn comes_first(self) -> bool {
        match self {
            Self::Names(_) | Self::Comments | Self::Depend => true,
            Self::Kind(tag) => tag.names_others(),
            Self::Silent
            | Self::Horizon
            | Self::Fingerprint
            | Self::Mark
            | Self::Content
            | Self::Labels
            | Self::Unmodeled
            | Self::InvalidIndexes
            | Self::Database
            | Self::DatabaseSettings
            | Self::DefaultPrivileges => false,
        }
    }
}

/// Queries with what they are for.
pub(super) type Tasks = Vec<(Task, String)>;

/// How a connection is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Whether the database does not know what its bytes mean.
    pub(super) raw: bool,
    /// `server_version_num`.
    pub(super) version: u32,
    /// Whether a transaction is open.
    pub(super) within: Within,
    /// Whether the catalogs are compared, because somebody writes meanwhile.
    pub(super) deep: bool,
}

impl Frame {
    /// The queries with what has to be said before and after them.
    pub(super) fn around(self, queries: Tasks) -> Tasks {
        let own = self.within == Within::Nothing;
        let silent = |sql: &str| Some((Task::Silent, sql.to_owned()));
        let horizon = || Some((Task::Horizon, fingerprint::HORIZON.to_owned()));
        let fingerprint = || {
            self.deep
                .then(|| (Task::Fingerprint, fingerprint::query(self.version)))
        };
        let before = [
            silent("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY").filter(|_| own),
            // Deparse functions wait behind an ALTER; whoever holds one must not be able to hang us.
            silent("SET LOCAL lock_timeout = '5s'").filter(|_| own),
            silent(RAW).filter(|_| self.raw),
            silent(PIN),
            horizon(),
            fingerprint(),
        ];
        let after = [fingerprint(), horizon(), silent("COMMIT").filter(|_| own)];
        let before = before.into_iter().flatten();
        before
            .chain(queries)
            .chain(after.into_iter().flatten())
            .collect()
    }
}

/// What a fingerprint is made of, for a reading that is not within a transaction: what it sees may be rolled back.
pub(super) fn fingerprint(version: u32) -> Tasks {
    vec![
        (Task::Mark, unchanged::MARK.to_owned()),
        (Task::Content, unchanged::query(version, None)),
    ]
}

/// Whether the server has to open relations to spell what is asked for, which is what takes it long: an expression
/// without columns (`pg_get_expr(.., 0)`) needs none.
fn opens_relations(sql: &str) -> bool {
    sql.matches("pg_get_").count() > sql.matches(", 0)").count()
}

/// All that is asked of a server of this version: first what comes as it is stored, then what takes long to spell. The
/// names are among the first.
pub(super) fn queries(version: u32) -> (Tasks, Tasks) {
    let names = Names::QUERIES.iter().enumerate();
    let mut stored: Tasks = vec![
        (Task::Database, database::QUERY.to_owned()),
        (Task::DatabaseSettings, database::SETTINGS_QUERY.to_owned()),
    ];
    stored.extend(names.map(|(number, sql)| (Task::Names(number), (*sql).to_owned())));
    stored.extend([
        (Task::Depend, depend::QUERY.to_owned()),
        (Task::DefaultPrivileges, DEFAULT_PRIVILEGES.to_owned()),
        (Task::Comments, COMMENTS.to_owned()),
        (Task::Labels, label::QUERY.to_owned()),
    ]);
    let kinds = Tag::ALL.iter().filter_map(|&tag| {
        let sql = tag.query(version)?;
        Some((Task::Kind(tag), sql.to_owned()))
    });
    let (first, others): (Tasks, Tasks) = kinds.partition(|(task, _)| task.comes_first());
    let (spelled, as_stored): (Tasks, Tasks) = others
        .into_iter()
        .partition(|(_, sql)| opens_relations(sql));
    stored.extend(first);
    stored.extend(as_stored);
    stored.extend([
        (Task::Unmodeled, unmodeled::QUERY.to_owned()),
        (Task::InvalidIndexes, INVALID_INDEXES.to_owned()),
    ]);
    (stored, spelled)
}
