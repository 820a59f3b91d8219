//! The queries of a reading: what each is for, in which order, on which connection.
//!
//! Pure. Must not: know what the rows mean.

use super::{PIN, TRANSACTION_TIMEOUT, Within, depend, fingerprint, unchanged, unmodeled};
use crate::catalog::database;
use crate::catalog::kind::Source;
use crate::catalog::meta::label;
use crate::catalog::names::{FIRST_NORMAL_OID, Names};
use crate::catalog::{Tag, kind};

const COMMENTS: &str = "SELECT classoid, objoid, objsubid, description FROM pg_description \
     WHERE objoid >= 16384 OR (classoid = 2615 AND objoid = 2200) OR classoid = 3079";

const DEFAULT_PRIVILEGES: &str = "SELECT defaclrole AS role, defaclnamespace AS schema, defaclobjtype AS kind, \
     defaclacl AS grants FROM pg_default_acl ORDER BY 1, 2, 3";

const INVALID_INDEXES: &str =
    "SELECT indexrelid AS oid FROM pg_index WHERE NOT indisvalid AND indexrelid >= 16384";

/// In a database in `SQL_ASCII` the server would refuse to send what is not UTF-8, without a word on what it is.
const RAW: &str = "SET LOCAL client_encoding = 'SQL_ASCII'";

/// Nobody has counted the rows of a database that has just been filled, let alone in the same transaction, and by the
/// counts of a new one there is nothing above OID 16384: a plan for nothing, a join in nested loops, would take hours.
const WHOLE_CATALOGS: &str =
    "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true)";

/// Views are looked up one by one. What runs behind a reading is planned as ever, too.
const AS_EVER: [&str; 2] = [
    "SET LOCAL enable_nestloop TO DEFAULT",
    "SET LOCAL enable_sort TO DEFAULT",
];

/// How many views and the like are spelled in one transaction: some tens of milliseconds.
const BATCH: usize = 50;

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

    /// What has to be in a database so that its query finds anything; nothing: it always does.
    fn sources(self) -> &'static [Source] {
        match self {
            Self::Kind(tag) => tag.sources(),
            _ => &[],
        }
    }

    /// Whether its rows tell what else there is to be asked for.
    pub(super) fn tells(self) -> bool {
        matches!(self, Self::Names(_) | Self::Unmodeled)
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
            | Self::Unmodeled
            | Self::Labels
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
    /// What is asked at once: what says that nothing moves, and queries that keep no lock.
    pub(super) fn first(self, queries: Tasks) -> Tasks {
        let mut tasks = self.begin();
        tasks.push(silent(WHOLE_CATALOGS));
        tasks.push((Task::Horizon, fingerprint::HORIZON.to_owned()));
        tasks.extend(self.fingerprint());
        tasks.extend(queries);
        tasks
    }

    /// What is asked behind that, when it is known what there is: of kinds that are not in every database, those that are in
    /// this one; what is spelled under locks; and once more what says that nothing moves.
    ///
    /// The locks are kept to the end of the transaction, so what takes some comes in batches: who wants to change a table waits
    /// for us no longer than one of them takes.
    pub(super) fn last(self, rest: &Rest, names: &Names) -> Tasks {
        let is_there = |(task, _): &&(Task, String)| names.has_any(task.sources());
        let mut tasks: Tasks = rest.plain.iter().filter(is_there).cloned().collect();
        tasks.extend(AS_EVER.map(silent));
        let mut spelled = 0;
        for (task, sql) in rest.under_locks.iter().filter(is_there) {
            for batch in self.batches(&names.holding_queries(task.sources())) {
                if spelled > 0 && spelled + batch.size > BATCH {
                    tasks.extend(self.commit());
                    tasks.extend(self.begin());
                    spelled = 0;
                }
                spelled += batch.size;
                tasks.push((*task, sql.replace(kind::OIDS, &batch.oids)));
            }
        }
        if self.deep {
            tasks.extend(self.commit());
            tasks.extend(self.begin());
        }
        tasks.extend(self.fingerprint());
        tasks.push((Task::Horizon, fingerprint::HORIZON.to_owned()));
        tasks.extend(self.commit());
        tasks
    }

    /// All OIDs, cut behind every 50th of those that hold a query. Within a transaction of somebody else locks stay in
    /// any case.
    fn batches(self, holding: &[u32]) -> Vec<Batch> {
        if self.within == Within::Transaction {
            return vec![Batch::new(FIRST_NORMAL_OID, u32::MAX, 0)];
        }
        let mut batches = Vec::new();
        let mut first = FIRST_NORMAL_OID;
        let mut left = holding;
        while let Some((batch, after)) = left.split_at_checked(BATCH).filter(|s| !s.1.is_empty()) {
            let last = batch.last().copied().unwrap_or(first);
            batches.push(Batch::new(first, last, batch.len()));
            first = last.saturating_add(1);
            left = after;
        }
        batches.push(Batch::new(first, u32::MAX, left.len()));
        batches
    }

    fn begin(self) -> Tasks {
        let mut tasks = Tasks::new();
        if self.within == Within::Nothing {
            tasks.push(silent("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"));
            // What is spelled waits behind an ALTER, and whoever comes later waits behind what we have locked: so we
            // give way, and come back. What a role may take for its statements is not meant for us.
            tasks.push(silent("SET LOCAL lock_timeout = '50ms'"));
            tasks.push(silent("SET LOCAL statement_timeout = 0"));
            if self.version >= TRANSACTION_TIMEOUT {
                tasks.push(silent("SET LOCAL transaction_timeout = 0"));
            }
        }
        tasks.extend(self.raw.then(|| silent(RAW)));
        tasks.push(silent(PIN));
        tasks
    }

    fn commit(self) -> Option<(Task, String)> {
        (self.within == Within::Nothing).then(|| silent("COMMIT"))
    }

    fn fingerprint(self) -> Option<(Task, String)> {
        let query = || (Task::Fingerprint, fingerprint::query(self.version));
        self.deep.then(query)
    }
}

/// A part of what a query is for.
struct Batch {
    /// The first and the last OID, for [`kind::OIDS`].
    oids: String,
    /// How many in it hold a query.
    size: usize,
}

impl Batch {
    fn new(first: u32, last: u32, size: usize) -> Batch {
        let oids = format!("'{first}' AND '{last}'");
        Batch { oids, size }
    }
}

fn silent(sql: &str) -> (Task, String) {
    (Task::Silent, sql.to_owned())
}

/// What a fingerprint is made of, for a reading that is not within a transaction: what it sees may be rolled back.
pub(super) fn fingerprint(version: u32) -> Tasks {
    vec![
        (Task::Mark, unchanged::MARK.to_owned()),
        (Task::Content, unchanged::query(version, None)),
    ]
}

/// All that is asked.
#[derive(Debug)]
pub(super) struct Queries {
    /// What tells what there is, and what others are understood by.
    pub(super) first: Tasks,
    /// The rest.
    pub(super) others: Tasks,
    /// What is spelled under locks that are kept, with `{oids}` for a batch.
    pub(super) under_locks: Tasks,
}

impl Queries {
    /// One after the other.
    pub(super) fn all(self) -> impl Iterator<Item = (Task, String)> {
        let all = [self.first, self.others, self.under_locks];
        all.into_iter().flatten()
    }
}

/// What is asked of a connection when it is known what there is.
#[derive(Debug, Default)]
pub(super) struct Rest {
    plain: Tasks,
    under_locks: Tasks,
}

/// What of a connection's queries is asked at once, and what when it is known whether there is any of it.
pub(super) fn split(queries: Tasks, under_locks: Tasks) -> (Tasks, Rest) {
    let (first, plain) = queries
        .into_iter()
        .partition(|(task, _)| task.sources().is_empty());
    (first, Rest { plain, under_locks })
}

/// All that is asked of a server of this version.
pub(super) fn queries(version: u32) -> Queries {
    let names = Names::QUERIES.iter().enumerate();
    let names = names.map(|(number, sql)| (Task::Names(number), (*sql).to_owned()));
    let kinds = Tag::ALL.iter().filter_map(|&tag| {
        let sql = tag.query(version)?;
        Some((Task::Kind(tag), sql.to_owned()))
    });
    let (naming, kinds): (Tasks, Tasks) = kinds.partition(|(task, _)| task.comes_first());
    let (under_locks, mut others): (Tasks, Tasks) = kinds
        .into_iter()
        .partition(|(_, sql)| sql.contains(kind::OIDS));
    let mut first: Tasks = names.collect();
    first.extend([
        (Task::Unmodeled, unmodeled::QUERY.to_owned()),
        (Task::Depend, depend::QUERY.to_owned()),
        (Task::Comments, COMMENTS.to_owned()),
    ]);
    first.extend(naming);
    others.extend([
        (Task::InvalidIndexes, INVALID_INDEXES.to_owned()),
        (Task::Labels, label::QUERY.to_owned()),
        (Task::DefaultPrivileges, DEFAULT_PRIVILEGES.to_owned()),
        (Task::Database, database::QUERY.to_owned()),
        (Task::DatabaseSettings, database::SETTINGS_QUERY.to_owned()),
    ]);
    Queries {
        first,
        others,
        under_locks,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::row::Row;

    const FRAME: Frame = Frame {
        raw: false,
        version: 150_000,
        within: Within::Nothing,
        deep: false,
    };

    fn add(names: &mut Names, query: usize, row: &[(&str, Option<&str>)]) {
        let columns = row.iter().map(|(column, _)| *column).collect();
        let values: Vec<_> = row.iter().map(|(_, value)| *value).collect();
        names.add(query, &Row::new(&columns, &values)).unwrap();
    }

    fn names_of_views(count: usize) -> Names {
        let mut names = Names::new(FRAME.version, crate::catalog::scope::Scope::default());
        let public = [("oid", Some("2200")), ("name", Some("public"))];
        add(&mut names, 1, &public);
        for oid in 0..count {
            let oid = (20_000 + oid).to_string();
            let view = [
                ("oid", Some(oid.as_str())),
                ("relnamespace", Some("2200")),
                ("name", Some(oid.as_str())),
                ("relkind", Some("v")),
                ("relispartition", None),
                ("relam", None),
                ("reltablespace", None),
                ("reloptions", None),
            ];
            add(&mut names, 2, &view);
        }
        names
    }

    fn transactions(rest: &Rest, names: &Names) -> usize {
        let tasks = FRAME.last(rest, names);
        tasks.iter().filter(|(_, sql)| sql == "COMMIT").count()
    }

    #[test]
    fn what_keeps_locks_comes_in_batches() {
        let under_locks = queries(FRAME.version).under_locks;
        let (_, rest) = split(Tasks::new(), under_locks);
        assert_eq!(transactions(&rest, &names_of_views(BATCH)), 1);
        assert_eq!(transactions(&rest, &names_of_views(2 * BATCH + 1)), 3);
        let (_, rest) = split(queries(FRAME.version).others, Tasks::new());
        assert_eq!(transactions(&rest, &names_of_views(2 * BATCH + 1)), 1);
    }

    #[test]
    fn no_object_is_in_two_batches_or_in_none() {
        for count in 0..=2 * BATCH + 1 {
            let oids: Vec<u32> = (20_000..).step_by(3).take(count).collect();
            let batches = FRAME.batches(&oids);
            assert_eq!(batches.iter().map(|batch| batch.size).sum::<usize>(), count);
            assert!(batches.iter().all(|batch| batch.size <= BATCH));
            let ends: Vec<Vec<u32>> = batches
                .iter()
                .map(|batch| batch.oids.split(" AND "))
                .map(|ends| {
                    ends.map(|end| end.trim_matches('\'').parse().unwrap())
                        .collect()
                })
                .collect();
            assert_eq!(
                (ends[0][0], ends.last().unwrap()[1]),
                (FIRST_NORMAL_OID, u32::MAX)
            );
            assert!(ends.windows(2).all(|two| two[0][1] + 1 == two[1][0]));
        }
    }

    /// `AcquireRewriteLocks` in ruleutils.c: it locks what a whole query names, and keeps that to the end of the transaction.
    #[test]
    fn whole_queries_are_asked_for_in_batches() {
        const WHOLE: [&str; 4] = [
            "pg_get_viewdef",
            "pg_get_ruledef",
            "pg_get_function_sqlbody",
            "polqual",
        ];
        let all: Vec<String> = queries(FRAME.version).all().map(|(_, sql)| sql).collect();
        for whole in WHOLE {
            let mut asking = all.iter().filter(|sql| {
                sql.contains(&format!("{whole}(")) || sql.contains(&format!("pg_get_expr({whole}"))
            });
            assert!(asking.clone().count() > 0, "{whole}");
            assert!(asking.all(|sql| sql.contains(kind::OIDS)), "{whole}");
        }
    }
}
