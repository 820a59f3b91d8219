//! Rows that a plan would destroy, on their way into the store; the way back is in `fills`.
//!
//! Raw COPY text, in bounded memory. What a table's own rows are is decided by `ONLY`: children are tables of their
//! own, and so is a column that goes with that of a parent.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::host::Host;
use super::transaction::{Failed, Stage};
use crate::apply::{self, ApplyError};
use crate::catalog::quote::{ident_list, literal};
use crate::catalog::step::Loss;
use crate::catalog::type_::composite::columns_with;
use crate::catalog::{Catalog, Id};
use crate::connect::{Connection, Error};
use crate::introspect::Reading;
use crate::plan::Plan;
use crate::store::{Hash, RowsSource, StoreError};

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

/// The tables and columns that a plan destroys or takes values out of; of a column also those of children that go with
/// it, of a type the columns that have it.
pub(super) fn doomed<'a>(plan: &'a Plan, present: &'a Catalog) -> BTreeSet<&'a Id> {
    let mut doomed = BTreeSet::new();
    for step in plan.steps.iter().filter(|step| step.loss != Loss::None) {
        let subject = &step.subject;
        match step.loss {
            Loss::Attributes if !subject.is_part() => doomed.extend(columns_with(subject, present)),
            Loss::None | Loss::Table | Loss::Column | Loss::Attributes => {
                doomed.insert(subject);
            }
        }
        if step.loss != Loss::Table {
            let along = step.frees.iter();
            doomed.extend(along.filter(|id| id.is_part() && id.kind.holds_data()));
        }
    }
    doomed
}

/// Saves the rows of tables and columns that will be destroyed, behind the lock that destroying takes anyway.
pub(super) async fn save(
    stage: &mut Stage<'_>,
    doomed: &BTreeSet<&Id>,
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
pub(super) async fn stored_columns(
    connection: &mut Connection,
    table: &str,
) -> Result<Vec<String>, Error> {
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
pub(super) enum Trouble {
    Connection(Error),
    Store(StoreError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Connection(error)
    }
}

impl Trouble {
    pub(super) fn failed(self, table: &str) -> Failed {
        match self {
            Self::Connection(error) => ApplyError::from(error).into(),
            Self::Store(error) => Failure::rolled_back(format!(
                "the rows of {table} could not be stored or read: {error}"
            ))
            .into(),
        }
    }
}
