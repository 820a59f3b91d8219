//! One reading: all queries in one pipeline, rows decoded while the server still sends.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::depend::Addresses;
use super::{
    Database, DefaultPrivileges, IntrospectError, PIN, Reading, Unmodeled, Within, depend,
    fingerprint, unmodeled,
};
use crate::catalog::meta::{acl, label};
use crate::catalog::names::{Class, Key, Names};
use crate::catalog::row::{Row, RowError};
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id, Meta, Object, Str, Tag};
use crate::connect::{Connection, Error, Event, Next};

const COMMENTS: &str = "SELECT classoid, objoid, objsubid, description FROM pg_description \
     WHERE objoid >= 16384 OR (classoid = 2615 AND objoid = 2200) OR classoid = 3079";

const DATABASE: &str = "SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system, d.oid, d.datname AS name FROM pg_database d WHERE d.datname = current_database()";

const DEFAULT_PRIVILEGES: &str = "SELECT defaclrole AS role, defaclnamespace AS schema, defaclobjtype AS kind, \
     defaclacl AS grants FROM pg_default_acl ORDER BY 1, 2, 3";

const INVALID_INDEXES: &str = "SELECT i.indexrelid AS oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
     WHERE NOT i.indisvalid AND c.relkind = 'i' AND i.indexrelid >= 16384";

/// In a database in `SQL_ASCII` the server would refuse to send what is not UTF-8, without a word on what it is.
const RAW: &str = "SET LOCAL client_encoding = 'SQL_ASCII'";

/// What a query of the pipeline is for.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// Its rows mean nothing (BEGIN, settings, COMMIT).
    Silent,
    Horizon,
    Fingerprint,
    Names(usize),
    Comments,
    Labels,
    Kind(Tag),
    Depend,
    Unmodeled,
    InvalidIndexes,
    Database,
    DefaultPrivileges,
}

impl Task {
    fn what(self) -> &'static str {
        match self {
            Self::Silent => "the settings",
            Self::Horizon | Self::Fingerprint => "the fingerprint",
            Self::Names(_) => "the names",
            Self::Comments => "pg_description",
            Self::Labels => "pg_seclabel",
            Self::Kind(tag) => tag.label(),
            Self::Depend => "pg_depend",
            Self::Unmodeled => "the list of all objects",
            Self::InvalidIndexes => "pg_index",
            Self::Database => "pg_database",
            Self::DefaultPrivileges => "pg_default_acl",
        }
    }
}

/// Takes rows in and makes a [`Reading`] of them.
pub(super) struct Collector {
    /// Whether the database does not know what its bytes mean.
    raw: bool,
    names: Names,
    addresses: Addresses,
    objects: Vec<Object>,
    positions: Vec<(Key, i32, Str)>,
    comments: FxHashMap<Key, String>,
    labels: Vec<(Key, label::Label)>,
    all: Vec<Key>,
    invalid: FxHashSet<u32>,
    invalid_indexes: Vec<String>,
    horizons: Vec<(String, bool)>,
    fingerprints: Vec<Vec<String>>,
    database: Database,
    default_privileges: Vec<DefaultPrivileges>,
    server_version: String,
}

impl Collector {
    pub(super) fn new(version: u32, scope: Scope) -> Self {
        Self {
            raw: false,
            names: Names::new(version, scope),
            addresses: Addresses::default(),
            objects: Vec::new(),
            positions: Vec::new(),
            comments: FxHashMap::default(),
            labels: Vec::new(),
            all: Vec::new(),
            invalid: FxHashSet::default(),
            invalid_indexes: Vec::new(),
            horizons: Vec::new(),
            fingerprints: Vec::new(),
            database: Database::default(),
            default_privileges: Vec::new(),
            server_version: String::new(),
        }
    }

    /// Names come before what is named, members of extensions before what they are, comments before what they are
    /// about.
    fn tasks(&self, within: Within, deep: bool) -> Vec<(Task, String)> {
        let mut tasks: Vec<(Task, String)> = Vec::new();
        if within == Within::Nothing {
            tasks.push((
                Task::Silent,
                "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY".to_owned(),
            ));
            // Deparse functions wait behind an ALTER; whoever holds one must not be able to hang us.
            tasks.push((Task::Silent, "SET LOCAL lock_timeout = '5s'".to_owned()));
        }
        if self.raw {
            tasks.push((Task::Silent, RAW.to_owned()));
        }
        tasks.push((Task::Silent, PIN.to_owned()));
        tasks.push((Task::Horizon, fingerprint::HORIZON.to_owned()));
        if deep {
            tasks.push((Task::Fingerprint, fingerprint::query()));
        }
        tasks.push((Task::Database, DATABASE.to_owned()));
        tasks.extend(
            Names::QUERIES
                .iter()
                .enumerate()
                .map(|(index, sql)| (Task::Names(index), (*sql).to_owned())),
        );
        tasks.push((Task::Depend, depend::QUERY.to_owned()));
        tasks.push((Task::DefaultPrivileges, DEFAULT_PRIVILEGES.to_owned()));
        tasks.push((Task::Comments, COMMENTS.to_owned()));
        tasks.push((Task::Labels, label::QUERY.to_owned()));
        for first in [true, false] {
            let tags = Tag::ALL.iter().filter(|tag| tag.names_others() == first);
            tasks.extend(tags.filter_map(|&tag| {
                let sql = tag.query(self.names.version())?;
                Some((Task::Kind(tag), sql.to_owned()))
            }));
        }
        tasks.push((Task::Unmodeled, unmodeled::QUERY.to_owned()));
        tasks.push((Task::InvalidIndexes, INVALID_INDEXES.to_owned()));
        if deep {
            tasks.push((Task::Fingerprint, fingerprint::query()));
        }
        tasks.push((Task::Horizon, fingerprint::HORIZON.to_owned()));
        if within == Within::Nothing {
            tasks.push((Task::Silent, "COMMIT".to_owned()));
        }
        tasks
    }

    /// Sends everything and takes in what comes back.
    pub(super) async fn run(
        &mut self,
        connection: &mut Connection,
        within: Within,
        deep: bool,
    ) -> Result<(), IntrospectError> {
        connection
            .server()
            .parameter("server_version")
            .unwrap_or_default()
            .clone_into(&mut self.server_version);
        self.raw = connection.server().parameter("server_encoding") == Some("SQL_ASCII");
        let tasks = self.tasks(within, deep);
        let mut pipeline = connection.pipeline();
        for (_, sql) in &tasks {
            pipeline.execute(sql)?;
        }
        pipeline.sync()?;
        let mut columns: Vec<Str> = Vec::new();
        let mut failed: Option<IntrospectError> = None;
        loop {
            match pipeline.next().await? {
                Next::Event(Event::RowDescription {
                    columns: described, ..
                }) => {
                    columns = described
                        .iter()
                        .map(|column| column.name.as_str().into())
                        .collect();
                }
                Next::Event(Event::DataRow { statement, row }) if failed.is_none() => {
                    let Some((task, _)) = tasks.get(statement) else {
                        continue;
                    };
                    if let Err(error) = self.take(*task, &columns, row.values()) {
                        failed = Some(error);
                    }
                }
                Next::Event(Event::Error { statement, error }) => {
                    failed.get_or_insert(Error::Server { statement, error }.into());
                }
                Next::Event(_) | Next::Room => {}
                Next::Done => break,
            }
        }
        drop(pipeline);
        if failed.is_some() && within == Within::Nothing {
            // The COMMIT was skipped with everything else after the error.
            connection.execute("ROLLBACK").await?;
        }
        failed.map_or(Ok(()), Err)
    }

    fn take<'a>(
        &mut self,
        task: Task,
        columns: &[Str],
        values: impl Iterator<Item = Option<&'a [u8]>>,
    ) -> Result<(), IntrospectError> {
        let mut texts: Vec<Option<&str>> = Vec::with_capacity(columns.len());
        for value in values {
            let text = value
                .map(std::str::from_utf8)
                .transpose()
                .map_err(|_| not_utf8(task, &texts, value))?;
            texts.push(text);
        }
        let row = Row::new(columns, &texts);
        self.read(task, &row).map_err(|error| IntrospectError::Row {
            what: task.what(),
            error,
        })
    }

    fn read(&mut self, task: Task, row: &Row<'_>) -> Result<(), RowError> {
        match task {
            Task::Silent => {}
            Task::Horizon => self
                .horizons
                .push((row.text("horizon")?.to_owned(), row.flag("quiet")?)),
            Task::Fingerprint => {
                let line = format!(
                    "{} {} {}",
                    row.text("catalog")?,
                    row.text("rows")?,
                    row.text_or_empty("hash")?
                );
                match (row.text("catalog")?, self.fingerprints.last_mut()) {
                    ("pg_namespace", _) | (_, None) => self.fingerprints.push(vec![line]),
                    (_, Some(last)) => last.push(line),
                }
            }
            Task::Names(index) => self.names.add(index, row)?,
            Task::Comments => {
                let key = Key::read(row, "classoid", "objoid", "objsubid")?;
                self.comments
                    .insert(key, row.text("description")?.to_owned());
            }
            Task::Labels => {
                let key = Key::read(row, "classoid", "objoid", "objsubid")?;
                let label = label::Label {
                    column: String::new(),
                    provider: row.text("provider")?.to_owned(),
                    label: row.text("label")?.to_owned(),
                };
                self.labels.push((key, label));
            }
            Task::Kind(tag) => self.object(tag, row)?,
            Task::Depend => {
                let (from, to, deptype) = self.addresses.add(row)?;
                self.names.depends(from, to, deptype);
            }
            Task::Unmodeled => self.listed(row)?,
            Task::InvalidIndexes => {
                let oid = row.number("oid")?;
                self.invalid.insert(oid);
                if let Some(index) = self.names.relation(oid) {
                    self.invalid_indexes
                        .push(crate::catalog::quote::qualified(&index.schema, &index.name));
                }
            }
            Task::Database => {
                self.database = Database {
                    system: row.text_or_empty("system")?.to_owned(),
                    oid: row.number("oid")?,
                    name: row.text("name")?.to_owned(),
                };
            }
            Task::DefaultPrivileges => {
                let schema = self.names.any_schema(row.number("schema")?);
                self.default_privileges.push(DefaultPrivileges {
                    role: self.names.role(row.number("role")?)?.to_string(),
                    schema: schema.map(|name| name.to_string()),
                    kind: row.letter("kind")?,
                    grants: acl::parse_list(&row.list("grants")?)?,
                });
            }
        }
        Ok(())
    }

    /// Takes in a row of the list of all objects, when it is in scope.
    fn listed(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let key = Key::new(Class(row.number("class")?), row.number("oid")?);
        let (schema, relation) = (row.number("schema")?, row.number("relation")?);
        let in_scope = if relation != 0 {
            self.names.relation(relation).is_some()
        } else {
            match schema {
                0 => self.names.scope().covers_database(),
                _ => self.names.schema(schema).is_some(),
            }
        };
        if in_scope {
            self.all.push(key);
        }
        Ok(())
    }

    fn object(&mut self, tag: Tag, row: &Row<'_>) -> Result<(), RowError> {
        if tag.names_others() {
            tag.note(row, &mut self.names)?;
        }
        let Some(found) = tag.read(row, &self.names)? else {
            return Ok(());
        };
        let Some(&own) = found.keys.first() else {
            return Ok(());
        };
        if self.names.is_member(own.class, own.oid) {
            return Ok(());
        }
        let comment = self.comments.get(&own).map(String::as_str);
        let meta = Meta::read(row, &found.id, comment, &self.names)?;
        if self.names.scope().leaves_out(&meta.owner) {
            return Ok(());
        }
        for key in found.keys {
            self.addresses.claim(key, self.objects.len());
        }
        if let Some(position) = found.position {
            self.positions
                .push((Key { sub: 0, ..own }, position, found.id.name.clone()));
        }
        self.objects.push(Object {
            id: found.id,
            body: found.body,
            meta,
        });
        Ok(())
    }

    /// Whether it is proven that no DDL was committed while this was read.
    pub(super) fn held_still(&self) -> bool {
        let quiet = match self.horizons.as_slice() {
            [(before, quiet), (after, _)] => *quiet && before == after,
            _ => false,
        };
        let same = match self.fingerprints.as_slice() {
            [before, after] => before == after,
            _ => false,
        };
        quiet || same
    }

    /// Objects in scope that no kind claims.
    pub(super) fn unclaimed(&self) -> Vec<Key> {
        let scope = self.names.scope();
        let made = self.names.made();
        let made = made.filter(|(key, schema)| {
            scope.covers(schema) && !(key.class == Class::CLASS && self.invalid.contains(&key.oid))
        });
        let all = self.all.iter().copied().chain(made.map(|(key, _)| key));
        let mut unclaimed: Vec<Key> = all
            .filter(|&key| self.addresses.object(key).is_none())
            .filter(|&key| !self.names.is_member(key.class, key.oid))
            .collect();
        unclaimed.sort_unstable();
        unclaimed
    }

    /// The objects that an unclaimed one depends on.
    pub(super) fn needed_by(&self, key: Key) -> Vec<Id> {
        let mut ids: Vec<Id> = self
            .addresses
            .references(key)
            .filter_map(|place| self.objects.get(place))
            .map(|object| object.id.clone())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    pub(super) fn finish(mut self, unmodeled: Vec<Unmodeled>) -> Reading {
        self.put_labels();
        let links = self.addresses.links(&self.objects);
        self.addresses.tell_extensions(&mut self.objects);
        let layout = self.layout();
        self.invalid_indexes.sort();
        Reading {
            catalog: Catalog::assemble(self.names.version(), self.objects, links, layout),
            database: self.database,
            scope: self.names.scope().clone(),
            server_version: self.server_version,
            unmodeled,
            invalid_indexes: self.invalid_indexes,
            default_privileges: self.default_privileges,
        }
    }

    /// Labels of columns that are no objects go to their relation.
    fn put_labels(&mut self) {
        for (key, mut label) in std::mem::take(&mut self.labels) {
            let place = match self.addresses.exactly(key) {
                None if key.sub != 0 => {
                    let Ok(column) = self.names.column(key.oid, key.sub) else {
                        continue;
                    };
                    label.column = column.name.to_string();
                    self.addresses.exactly(Key { sub: 0, ..key })
                }
                place => place,
            };
            if let Some(object) = place.and_then(|place| self.objects.get_mut(place)) {
                object.meta.labels.push(label);
                object.meta.labels.sort();
            }
        }
    }

    fn layout(&mut self) -> BTreeMap<Id, Vec<Str>> {
        let mut positions = std::mem::take(&mut self.positions);
        positions.sort_unstable_by_key(|&(relation, position, _)| (relation, position));
        let tables = positions.chunk_by(|a, b| a.0 == b.0).filter_map(|columns| {
            let (relation, ..) = columns.first()?;
            let table = self.objects.get(self.addresses.object(*relation)?)?;
            let names = columns.iter().map(|(_, _, name)| name.clone());
            Some((table.id.clone(), names.collect()))
        });
        tables.collect()
    }
}

fn not_utf8(task: Task, before: &[Option<&str>], value: Option<&[u8]>) -> IntrospectError {
    let near = before
        .iter()
        .flatten()
        .find(|text| text.parse::<u64>().is_err())
        .copied()
        .unwrap_or_default();
    let bytes = String::from_utf8_lossy(value.unwrap_or_default());
    IntrospectError::NotUtf8 {
        object: format!("{} {near} {:?}", task.what(), bytes),
    }
}
