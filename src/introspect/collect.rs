//! One reading: rows are decoded while the server still sends.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;

use rustc_hash::FxHashSet;

use super::depend::{self, Addresses};
use super::reader::{Numbered, Reader};
use super::tasks::{self, Frame, Rest, Task};
use super::unchanged::{self, Fingerprint};
use super::{Database, DefaultPrivileges, IntrospectError, Reading, Unmodeled, Within};
use crate::catalog::address::{Class, Key};
use crate::catalog::database::{Beside, Properties};
use crate::catalog::kind::{Body, Found, Source};
use crate::catalog::meta::{acl, label};
use crate::catalog::names::Names;
use crate::catalog::row::{Columns, Row, RowError};
use crate::catalog::scope::Scope;
use crate::catalog::{Catalog, Id, Meta, Object, Str, Tag};
use crate::connect::Connection;
use crate::parallel;

/// How many rows that were kept are taken in at a time: a millisecond of work.
const SOME: usize = 500;

/// How many of them are taken in at a time when nobody waits for us.
const MANY: usize = 16 * 1024;

/// The relation of a column, where it stands there, and its name.
type Position = (Key, i32, Str);

/// Takes rows in and makes a [`Reading`] of them.
pub(super) struct Collector {
    names: Names,
    addresses: Addresses,
    objects: Vec<Object>,
    positions: Vec<Position>,
    labels: Vec<(Key, label::Label)>,
    all: Vec<Key>,
    invalid: FxHashSet<u32>,
    invalid_indexes: Vec<String>,
    horizons: Vec<(String, bool)>,
    /// What was found before, and what was found after.
    fingerprints: Vec<String>,
    fingerprint: Fingerprint,
    database: Database,
    beside: Beside,
    default_privileges: Vec<DefaultPrivileges>,
    server_version: String,
}

impl Collector {
    pub(super) fn new(version: u32, scope: Scope) -> Self {
        Self {
            names: Names::new(version, scope),
            addresses: Addresses::default(),
            objects: Vec::new(),
            positions: Vec::new(),
            labels: Vec::new(),
            all: Vec::new(),
            invalid: FxHashSet::default(),
            invalid_indexes: Vec::new(),
            horizons: Vec::new(),
            fingerprints: Vec::new(),
            fingerprint: Fingerprint::new(),
            database: Database::default(),
            beside: Beside::default(),
            default_privileges: Vec::new(),
            server_version: String::new(),
        }
    }

    /// Sends everything and takes in what comes back. With a second connection, `beside`, that one is asked for all that
    /// nothing else waits for, which takes as long as the rest.
    pub(super) async fn run(
        &mut self,
        connection: &mut Connection,
        beside: Option<&mut Connection>,
        within: Within,
        deep: bool,
    ) -> Result<(), IntrospectError> {
        connection
            .server()
            .parameter("server_version")
            .unwrap_or_default()
            .clone_into(&mut self.server_version);
        let frame = Frame {
            raw: connection.server().parameter("server_encoding") == Some("SQL_ASCII"),
            version: self.names.version(),
            within,
            deep,
        };
        let read = self.read_all(connection, beside, frame).await;
        if read.is_err() && within == Within::Nothing {
            // The COMMIT was skipped with everything else after the error.
            connection.execute("ROLLBACK").await?;
        }
        self.addresses.sort();
        read
    }

    async fn read_all(
        &mut self,
        connection: &mut Connection,
        beside: Option<&mut Connection>,
        frame: Frame,
    ) -> Result<(), IntrospectError> {
        let mut queries = tasks::queries(self.names.version());
        if frame.within == Within::Nothing && !frame.deep {
            let fingerprint = tasks::fingerprint(self.names.version());
            queries.others.extend(fingerprint);
        }
        let Some(beside) = beside else {
            queries.first.extend(queries.others);
            let (first, rest) = tasks::split(queries.first, queries.under_locks);
            let reader = Reader::start(connection, frame.first(first))?;
            return self.read_alone(reader, frame, &rest).await;
        };
        let (others, rest) = tasks::split(queries.others, queries.under_locks);
        let mut second = Reader::start(beside, frame.first(others))?;
        let mut reader = Reader::start(connection, frame.first(queries.first))?;
        // Names have to be known before what has them.
        let (mut early, mut told, mut named) = (VecDeque::new(), false, false);
        while !(reader.is_done() && second.is_done()) {
            tokio::select! {
                next = reader.next(), if reader.is_busy() => {
                    for numbered in next? {
                        self.take(&mut reader, &numbered);
                    }
                }
                next = second.next(), if second.is_busy() => early.extend(next?),
                // Little by little, so that the servers never wait for us to ask or to listen.
                () = tokio::task::yield_now(), if named && !early.is_empty() => {
                    for numbered in early.drain(..early.len().min(SOME)) {
                        self.take(&mut second, &numbered);
                    }
                }
            }
            if !told && reader.has_answered(Task::tells) {
                told = true;
                reader.end(frame.last(&Rest::default(), &self.names))?;
                second.end(frame.last(&rest, &self.names))?;
            }
            named |= told && reader.has_answered(Task::comes_first);
        }
        self.take_all(&mut second, early);
        reader.finish()?;
        second.finish()
    }

    async fn read_alone(
        &mut self,
        mut reader: Reader<'_>,
        frame: Frame,
        rest: &Rest,
    ) -> Result<(), IntrospectError> {
        let mut told = false;
        while !reader.is_done() {
            for numbered in reader.next().await? {
                self.take(&mut reader, &numbered);
            }
            if !told && reader.has_answered(Task::tells) {
                told = true;
                reader.end(frame.last(rest, &self.names))?;
            }
        }
        reader.finish()
    }

    /// Takes in a row.
    fn take(&mut self, reader: &mut Reader<'_>, (query, row): &Numbered) {
        let Some((task, columns)) = reader.asked().about(*query) else {
            return;
        };
        if let Err(error) = decode(task, columns, row.values(), |row| self.read(task, row)) {
            reader.fail(error);
        }
    }

    /// Takes in rows that are left when the servers have no more to do: on all threads, where that is possible.
    fn take_all(&mut self, reader: &mut Reader<'_>, mut rows: VecDeque<Numbered>) {
        while !rows.is_empty() {
            let some = rows.drain(..rows.len().min(MANY)).collect();
            self.take_many(reader, some);
        }
    }

    fn take_many(&mut self, reader: &mut Reader<'_>, rows: Vec<Numbered>) {
        let (names, asked) = (&self.names, reader.asked());
        let find = |numbered: Numbered| {
            let (query, row) = &numbered;
            let Some((Task::Kind(tag), columns)) = asked.about(*query) else {
                return Err(numbered);
            };
            let task = Task::Kind(tag);
            Ok(decode(task, columns, row.values(), |row| {
                find(names, tag, row)
            }))
        };
        let found = parallel::map(rows, SOME, find);
        for found in found {
            match found {
                Ok(Ok(found)) => self.add(found),
                Ok(Err(error)) => reader.fail(error),
                Err(numbered) => self.take(reader, &numbered),
            }
        }
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
                self.fingerprints.push(line);
            }
            Task::Mark => self.fingerprint = unchanged::mark(row)?,
            Task::Content => unchanged::add(&mut self.fingerprint, row)?,
            Task::Names(index) => {
                if let Some((row_type, relation)) = self.names.add(index, row)? {
                    self.addresses.stand_in_for(row_type, relation);
                }
            }
            Task::Comments => {
                let key = Key::read(row, "classoid", "objoid", "objsubid")?;
                self.names.add_comment(key, row.text("description")?);
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
            Task::Kind(tag) => {
                if tag.names_others() {
                    tag.note(row, &mut self.names)?;
                }
                let found = find(&self.names, tag, row)?;
                self.add(found);
            }
            Task::Depend => {
                for (from, to, deptype) in depend::read(row)? {
                    self.addresses.add((from, to, deptype));
                    self.names.depends(from, to, deptype);
                }
            }
            Task::Unmodeled => self.listed(row)?,
            Task::InvalidIndexes => {
                let oid = row.number("oid")?;
                let index = self.names.any_relation(oid);
                // An index of a partitioned table is valid when those of all partitions are, and is schema without them.
                if let Some(index) = index.filter(|index| index.kind == 'i') {
                    self.invalid.insert(oid);
                    if index.in_scope {
                        let name = crate::catalog::quote::qualified(&index.schema, &index.name);
                        self.invalid_indexes.push(name);
                    }
                }
            }
            Task::DatabaseSettings => {
                let scope = self.names.scope();
                let role = row.text_or_empty("role")?;
                if scope.covers_database() && !scope.leaves_out(role) {
                    self.beside.add_settings(row)?;
                }
            }
            Task::Database => {
                if self.names.scope().covers_database() {
                    self.beside.properties = Some(Properties::read(row)?);
                }
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

    /// Takes in a row of the list of all objects: those in scope.
    fn listed(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let class = Class(row.number("class")?);
        let catalog = Source::Catalog(class);
        self.names.add_source(catalog);
        let (schema, holds_query) = (row.number("schema")?, row.flag("holds_query")?);
        let oids: Vec<u32> = row.numbers("oids")?;
        let relations = row.numbers("relations")?;
        if holds_query {
            self.names.add_holding_queries(catalog, &oids);
        }
        for (oid, relation) in oids.into_iter().zip(relations) {
            let in_scope = match (relation, schema) {
                (0, 0) => self.names.scope().covers_database(),
                (0, schema) => self.names.schema(schema).is_some(),
                (relation, _) => self.names.relation(relation).is_some(),
            };
            if in_scope {
                self.all.push(Key::new(class, oid));
            }
        }
        Ok(())
    }

    fn add(&mut self, found: Option<(Found<Body>, Meta)>) {
        let Some((found, meta)) = found else { return };
        self.addresses.claim(found.key, self.objects.len());
        for part in found.parts {
            self.addresses.claim(part, self.objects.len());
            self.addresses.stand_in_for(part, found.key);
        }
        for whole in found.part_of {
            self.addresses.add((found.key, whole, 'a'));
        }
        if let Some(position) = found.position {
            let relation = Key {
                sub: 0,
                ..found.key
            };
            self.positions
                .push((relation, position, found.id.name.clone()));
        }
        self.objects.push(Object {
            id: found.id,
            body: found.body,
            meta,
        });
    }

    /// Whether it is proven that no DDL was committed while this was read.
    pub(super) fn held_still(&self) -> bool {
        let mut horizons = self.horizons.iter();
        let quiet = horizons
            .next()
            .is_some_and(|first| first.1 && horizons.all(|other| other.0 == first.0));
        let middle = self.fingerprints.len() / 2;
        let (before, after) = self.fingerprints.split_at(middle);
        let same = !before.is_empty() && before == after;
        quiet || same
    }

    /// Objects in scope that no kind claims.
    pub(super) fn unclaimed(&self) -> Vec<Key> {
        let is_invalid = |key: &Key| key.class == Class::CLASS && self.invalid.contains(&key.oid);
        let all = self.all.iter().chain(self.names.made()).copied();
        let unclaimed = all.filter(|&key| {
            self.addresses.object(key).is_none()
                && !self.names.is_member(key.class, key.oid)
                && !is_invalid(&key)
        });
        let mut unclaimed: Vec<Key> = unclaimed.collect();
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
        self.addresses.tell_extensions(&mut self.objects);
        self.invalid_indexes.sort();
        if !self.invalid_indexes.is_empty() {
            // One becomes valid without a new row on servers that write `pg_index` in place.
            self.fingerprint.clear();
        }
        let version = self.names.version();
        let (addresses, positions) = (&self.addresses, self.positions);
        let Ok(catalog) = Catalog::assemble(version, self.objects, |objects| {
            Ok::<_, Infallible>((addresses.links(), layout(positions, objects, addresses)))
        });
        let reading = Reading {
            fingerprint: unchanged::complete(self.fingerprint, version),
            catalog,
            database: self.database,
            beside: self.beside,
            scope: self.names.scope().clone(),
            server_version: self.server_version,
            unmodeled,
            invalid_indexes: self.invalid_indexes,
            default_privileges: self.default_privileges,
        };
        parallel::let_go((self.names, self.addresses));
        reading
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
}

/// Column order, by table.
fn layout(
    mut positions: Vec<Position>,
    objects: &[Object],
    addresses: &Addresses,
) -> BTreeMap<Id, Vec<Str>> {
    positions.sort_unstable_by_key(|&(relation, position, _)| (relation, position));
    let tables = positions.chunk_by(|a, b| a.0 == b.0).filter_map(|columns| {
        let (relation, ..) = columns.first()?;
        let table = objects.get(addresses.object(*relation)?)?;
        let names = columns.iter().map(|(_, _, name)| name.clone());
        Some((table.id.clone(), names.collect()))
    });
    tables.collect()
}

/// The object of a row; `None` when it is out of scope.
fn find(names: &Names, tag: Tag, row: &Row<'_>) -> Result<Option<(Found<Body>, Meta)>, RowError> {
    let Some(found) = tag.read(row, names)? else {
        return Ok(None);
    };
    if names.is_member(found.key.class, found.key.oid) {
        return Ok(None);
    }
    let meta = Meta::read(row, &found.id, names.comment(found.key), names)?;
    let is_left_out = names.scope().leaves_out(&meta.owner);
    Ok((!is_left_out).then_some((found, meta)))
}

/// Rows that have no more columns than this need no memory of their own to be read.
const FEW: usize = 32;

/// Reads a row, of which all values have to be UTF-8.
fn decode<'a, T>(
    task: Task,
    columns: &Columns,
    values: impl Iterator<Item = Option<&'a [u8]>>,
    read: impl FnOnce(&Row<'_>) -> Result<T, RowError>,
) -> Result<T, IntrospectError> {
    let mut few = [None; FEW];
    let mut many = Vec::new();
    let texts = if let Some(few) = few.get_mut(..columns.len()) {
        few
    } else {
        many.resize(columns.len(), None);
        &mut many[..]
    };
    for (place, value) in values.take(columns.len()).enumerate() {
        let text = value.map(std::str::from_utf8).transpose();
        let text = text.map_err(|_| not_utf8(task, texts, value))?;
        if let Some(free) = texts.get_mut(place) {
            *free = text;
        }
    }
    read(&Row::new(columns, texts)).map_err(|error| IntrospectError::Row {
        what: task.what(),
        error,
    })
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
