//! Rows that a plan would destroy, on their way into the store; and back, when what held them returns.
//!
//! Raw COPY text in both directions, in bounded memory. What a table's own rows are is decided by `ONLY`: children
//! are tables of their own.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::failure::Failure;
use super::host::Host;
use super::transaction::{Failed, Stage};
use crate::apply::{self, ApplyError};
use crate::catalog::quote::{ident, ident_list, literal};
use crate::catalog::step::Loss;
use crate::catalog::{Catalog, Id, Step, Strength};
use crate::connect::{Connection, Error};
use crate::introspect::Reading;
use crate::plan::Plan;
use crate::store::{Database, Hash, RowsRecord, RowsSource, Store, StoreError};

/// Rows that were saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The hash of their record in the store.
    pub record: Hash,
    /// The table or column that was destroyed.
    pub object: String,
    /// How many.
    pub count: u64,
}

/// The tables and columns that a plan destroys.
pub(super) fn doomed(plan: &Plan) -> Vec<&Id> {
    plan.steps
        .iter()
        .filter(|step| step.loss != Loss::None)
        .map(|step| &step.subject)
        .collect()
}

/// Saves the rows of tables and columns that will be destroyed, behind the lock that destroying takes anyway.
pub(super) async fn save(
    stage: &mut Stage<'_>,
    doomed: &[&Id],
    present: &Reading,
    host: &impl Host,
) -> Result<Vec<Saved>, Failed> {
    if stage.options.no_save || doomed.is_empty() {
        return Ok(Vec::new());
    }
    let root = |id: &Id| present.catalog.root_of(id).map(|root| &root.id);
    let tables: BTreeSet<&Id> = doomed.iter().filter_map(|id| root(id)).collect();
    for table in &tables {
        apply::lock_table(stage.connection, &table.sql()).await?;
    }
    refuse_too_much(stage.connection, &tables, stage.options.max_save).await?;
    let total = doomed.len() as u64;
    let mut saved = Vec::new();
    for (done, id) in (0..).zip(doomed) {
        let Some(table) = root(id) else { continue };
        host.progress(done, total, &format!("saving the rows of {id}"));
        saved.extend(save_one(stage, id, table).await?);
    }
    host.progress(total, total, "");
    Ok(saved)
}

async fn refuse_too_much(
    connection: &mut Connection,
    tables: &BTreeSet<&Id>,
    limit: u64,
) -> Result<(), Failed> {
    let list: Vec<String> = tables.iter().map(|table| literal(&table.sql())).collect();
    let sql = format!(
        "SELECT coalesce(sum(pg_table_size(name::regclass)), 0)::int8 FROM unnest(ARRAY[{}]) AS name",
        list.join(", ")
    );
    let rows = connection.query(&sql, &[]).await?;
    let size: u64 = rows
        .first()
        .and_then(|row| row.get(0))
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    if size <= limit {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the rows to be saved take {size} bytes, more than --max-save {limit}"
    ))
    .state("Nothing was changed: the transaction was rolled back.")
    .next(format!("Save them all the same: --max-save {size}"))
    .next("Or give them up: --no-save")
    .into())
}

/// The columns that can be copied: a generated one cannot be written back.
async fn stored_columns(connection: &mut Connection, table: &str) -> Result<Vec<String>, Error> {
    let sql = "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 \
         AND NOT attisdropped AND attgenerated = '' ORDER BY attnum";
    let rows = connection.query(sql, &[Some(table)]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

/// The columns of the primary key, or of any valid unique index over columns that are never null.
async fn key_columns(connection: &mut Connection, table: &str) -> Result<Vec<String>, Error> {
    let sql = "SELECT a.attname FROM (SELECT indrelid, indkey FROM pg_index i WHERE indrelid = $1::text::regclass AND indisunique \
         AND indisvalid AND indpred IS NULL AND indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_attribute a \
         WHERE a.attrelid = indrelid AND a.attnum = ANY (indkey) AND NOT a.attnotnull) \
         ORDER BY indisprimary DESC, indexrelid LIMIT 1) AS k JOIN pg_attribute a ON a.attrelid = k.indrelid AND a.attnum = ANY (k.indkey) \
         ORDER BY a.attnum";
    let rows = connection.query(sql, &[Some(table)]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

async fn save_one(stage: &mut Stage<'_>, id: &Id, table: &Id) -> Result<Option<Saved>, Failed> {
    let Stage {
        connection,
        store,
        prepared,
        ..
    } = stage;
    let name = table.sql();
    let all = stored_columns(connection, &name).await?;
    let (columns, key) = if id.is_part() {
        if !all.iter().any(|column| **column == *id.name) {
            return Ok(None);
        }
        let key = key_columns(connection, &name).await?;
        // Without a key the whole row says which value belonged where.
        let mut columns = if key.is_empty() { all } else { key.clone() };
        columns.retain(|column| **column != *id.name);
        columns.push(id.name.to_string());
        (columns, key)
    } else {
        (all, Vec::new())
    };
    if columns.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "COPY (SELECT {} FROM ONLY {name}) TO STDOUT",
        ident_list(&columns)
    );
    let source = RowsSource {
        object: id.to_string(),
        table: table.to_string(),
        columns,
        key,
    };
    let mut writer = store.save_rows(prepared, source)?;
    let count = connection
        .copy_out(&sql, |data| writer.write(&data).map_err(Trouble::Store))
        .await
        .map_err(|trouble| trouble.failed(&name))?;
    let (record, _) = writer.finish(count)?;
    Ok(Some(Saved {
        record,
        object: id.to_string(),
        count,
    }))
}

/// What can go wrong while rows flow.
enum Trouble {
    Connection(Error),
    Store(StoreError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Connection(error)
    }
}

impl Trouble {
    fn failed(self, table: &str) -> Failed {
        match self {
            Self::Connection(error) => ApplyError::from(error).into(),
            Self::Store(error) => Failure::rolled_back(format!(
                "the rows of {table} could not be stored or read: {error}"
            ))
            .into(),
        }
    }
}

/// Saved rows that belong into what a plan makes: by the step after which they can go in.
#[derive(Debug, Default)]
pub(super) struct Fills {
    by_object: BTreeMap<Id, RowsRecord>,
    sequences: BTreeMap<Id, Vec<(Id, Id)>>,
}

impl Fills {
    /// The newest rows that the store holds of this database for each table or column that the plan brings back.
    pub(super) fn find(store: &Store, database: &Database, plan: &Plan) -> Result<Self, Failure> {
        let mut wanted: BTreeMap<String, Id> = BTreeMap::new();
        for step in &plan.steps {
            let whole = step
                .makes
                .iter()
                .any(|id| id.kind.holds_data() && !id.is_part());
            wanted.extend(
                step.makes
                    .iter()
                    .filter(|id| id.kind.holds_data() && (!whole || !id.is_part()))
                    .map(|id| (id.to_string(), id.clone())),
            );
        }
        let mut fills = Self::default();
        if wanted.is_empty() {
            return Ok(fills);
        }
        let operations = store.operations(&database.id())?;
        for entry in &operations {
            let Some(snapshot) = entry
                .operation
                .before
                .as_ref()
                .and_then(|state| state.snapshot)
            else {
                continue;
            };
            if !entry
                .operation
                .rows
                .iter()
                .any(|rows| wanted.contains_key(&rows.object))
            {
                continue;
            }
            for (_, record) in store.rows_of(snapshot)? {
                if let Some(id) = wanted.remove(&record.object) {
                    fills.by_object.insert(id, record);
                }
            }
        }
        fills.sequences = owned_sequences(&plan.target);
        Ok(fills)
    }

    /// Where the plan has to stop for rows to go in: the numbers of steps done by then. The last is the plan's length.
    pub(super) fn stops(&self, plan: &Plan) -> Vec<usize> {
        let mut stops: Vec<usize> = plan
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.makes.iter().any(|id| self.by_object.contains_key(id)))
            .map(|(place, _)| place + 1)
            .collect();
        if stops.last() != Some(&plan.steps.len()) {
            stops.push(plan.steps.len());
        }
        stops
    }

    /// Puts rows into what the last of these steps made.
    pub(super) async fn put_back(
        &self,
        connection: &mut Connection,
        store: &Store,
        segment: &[Step],
    ) -> Result<Vec<(Id, u64)>, Failed> {
        let mut filled = Vec::new();
        for id in segment.last().into_iter().flat_map(|step| &step.makes) {
            let Some(record) = self.by_object.get(id) else {
                continue;
            };
            let count = if id.is_part() {
                put_back_column(connection, store, id, record).await?
            } else {
                put_back_table(connection, store, id, record).await?
            };
            for (sequence, column) in self.sequences.get(id).into_iter().flatten() {
                restart(connection, sequence, column).await?;
            }
            filled.push((id.clone(), count));
        }
        Ok(filled)
    }
}

/// Sequences owned by columns, by table: a sequence depends automatically on the column that owns it.
fn owned_sequences(catalog: &Catalog) -> BTreeMap<Id, Vec<(Id, Id)>> {
    let mut owned: BTreeMap<Id, Vec<(Id, Id)>> = BTreeMap::new();
    for (sequence, edge) in catalog.all_edges() {
        let is_owned = edge.strength == Strength::Auto && !sequence.is_part() && edge.to.is_part();
        let Some(table) = catalog.root_of(&edge.to).filter(|_| is_owned) else {
            continue;
        };
        owned
            .entry(table.id.clone())
            .or_default()
            .push((sequence.clone(), edge.to.clone()));
    }
    owned
}

async fn put_back_table(
    connection: &mut Connection,
    store: &Store,
    id: &Id,
    record: &RowsRecord,
) -> Result<u64, Failed> {
    let table = id.sql();
    let here = stored_columns(connection, &table).await?;
    if record.columns.iter().all(|column| here.contains(column)) {
        return copy_in(connection, store, &table, record).await;
    }
    let staging = stage(connection, store, &table, record).await?;
    let common: Vec<&String> = record
        .columns
        .iter()
        .filter(|column| here.contains(column))
        .collect();
    let list = ident_list(&common);
    let sql = format!(
        "INSERT INTO {table} ({list}) OVERRIDING SYSTEM VALUE SELECT {list} FROM {staging}"
    );
    let tags = connection.execute(&sql).await?;
    connection.execute(&format!("DROP TABLE {staging}")).await?;
    Ok(tags
        .first()
        .and_then(crate::connect::CommandTag::rows)
        .unwrap_or_default())
}

/// Values of a column, by the key that was saved with them. Without a key nobody knows whose they were.
async fn put_back_column(
    connection: &mut Connection,
    store: &Store,
    id: &Id,
    record: &RowsRecord,
) -> Result<u64, Failed> {
    let table = id.on_sql();
    let here = stored_columns(connection, &table).await?;
    if record.key.is_empty()
        || !record.key.iter().all(|column| here.contains(column))
        || !here.contains(&id.name.to_string())
    {
        return Ok(0);
    }
    let staging = stage(connection, store, &table, record).await?;
    let column = ident(&id.name);
    let matches: Vec<String> = record
        .key
        .iter()
        .map(|key| format!("t.{0} = s.{0}", ident(key)))
        .collect();
    let sql = format!(
        "UPDATE {table} AS t SET {column} = s.{column} FROM {staging} AS s WHERE {}",
        matches.join(" AND ")
    );
    let tags = connection.execute(&sql).await?;
    connection.execute(&format!("DROP TABLE {staging}")).await?;
    Ok(tags
        .first()
        .and_then(crate::connect::CommandTag::rows)
        .unwrap_or_default())
}

/// The rows in a temporary table, with the types of `table` where it has the column, else as text.
async fn stage(
    connection: &mut Connection,
    store: &Store,
    table: &str,
    record: &RowsRecord,
) -> Result<String, Failed> {
    let staging = "pg_temp.snapback_rows".to_owned();
    let sql = "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute \
         WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let rows = connection.query(sql, &[Some(table)]).await?;
    let types: BTreeMap<&str, &str> = rows
        .iter()
        .filter_map(|row| Some((row.get(0)?, row.get(1)?)))
        .collect();
    let columns: Vec<String> = record
        .columns
        .iter()
        .map(|column| {
            format!(
                "{} {}",
                ident(column),
                types.get(column.as_str()).copied().unwrap_or("text")
            )
        })
        .collect();
    connection
        .execute(&format!(
            "CREATE TEMPORARY TABLE snapback_rows ({})",
            columns.join(", ")
        ))
        .await?;
    copy_in(connection, store, &staging, record).await?;
    Ok(staging)
}

async fn copy_in(
    connection: &mut Connection,
    store: &Store,
    table: &str,
    record: &RowsRecord,
) -> Result<u64, Failed> {
    let sql = format!("COPY {table} ({}) FROM STDIN", ident_list(&record.columns));
    let mut pieces = store.load_rows(record);
    connection
        .copy_in(&sql, || {
            pieces
                .next()
                .transpose()
                .map(|piece| piece.map(Bytes::from))
                .map_err(Trouble::Store)
        })
        .await
        .map_err(|trouble| trouble.failed(table))
}

/// Lets a sequence go on behind the rows that came back. `setval` would survive a ROLLBACK; this does not.
async fn restart(connection: &mut Connection, sequence: &Id, column: &Id) -> Result<(), Failed> {
    let sql = format!(
        "SELECT (max({}) + 1)::text FROM {}",
        ident(&column.name),
        column.on_sql()
    );
    let rows = connection.query(&sql, &[]).await?;
    if let Some(next) = rows.first().and_then(|row| row.get(0)) {
        connection
            .execute(&format!(
                "ALTER SEQUENCE {} RESTART WITH {next}",
                sequence.sql()
            ))
            .await?;
    }
    Ok(())
}
