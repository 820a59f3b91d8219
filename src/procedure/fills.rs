//! Saved rows on their way back into what a plan makes again; what is saved, and how, is in `rows`.
//!
//! The values of a column find their rows by the key that was saved with them.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::failure::Failure;
use super::rows::{Trouble, stored_columns};
use super::snapshot;
use super::transaction::Failed;
use crate::catalog::quote::{ident, ident_list};
use crate::catalog::{Catalog, Edge, Id, Step, Strength};
use crate::connect::{CommandTag, Connection};
use crate::introspect::Reading;
use crate::plan::{Code, Plan};
use crate::store::{Database, RowsRecord, Store};

/// Saved rows that belong into what a plan makes: by the step after which they can go in.
#[derive(Debug, Default)]
pub(super) struct Fills {
    by_object: BTreeMap<Id, RowsRecord>,
    /// Columns of children that come with one that a step makes.
    along: BTreeMap<Id, Vec<Id>>,
}

impl Fills {
    /// The newest rows that the store holds of this database for each table or column that the plan brings back.
    pub(super) fn find(store: &Store, database: &Database, plan: &Plan) -> Result<Self, Failure> {
        let mut fills = Self::default();
        let mut operations = store.operations(&database.id())?;
        operations.retain(|entry| !entry.operation.rows.is_empty());
        if operations.is_empty() {
            return Ok(fills);
        }
        let mut wanted: BTreeMap<String, Id> = BTreeMap::new();
        let children = children(&plan.target);
        for step in &plan.steps {
            // Not what stands for a state of something that was there before, with rows of its own.
            let holds = |id: &&Id| id.kind.holds_data() && plan.target.has(id);
            let makes = || step.makes.iter().filter(holds);
            let whole = makes().any(|id| !id.is_part());
            for id in makes().filter(|id| !whole || !id.is_part()) {
                let along = columns_along(&children, id);
                let all = along.iter().chain([id]);
                wanted.extend(all.map(|id| (id.to_string(), id.clone())));
                fills.along.insert(id.clone(), along);
            }
        }
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
        Ok(fills)
    }

    /// Whether no rows come back.
    pub(super) fn is_empty(&self) -> bool {
        self.by_object.is_empty()
    }

    /// Whether rows come back into this.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.by_object.contains_key(id)
    }

    /// Whether each row that was there when the column was destroyed finds its value again.
    fn gives(&self, column: &Id) -> bool {
        let record = self.by_object.get(column);
        record.is_some_and(|record| !record.key.is_empty())
    }

    /// Where the plan has to stop for rows to go in: the numbers of steps done by then. The last is the plan's length.
    pub(super) fn stops(&self, plan: &Plan) -> Vec<usize> {
        let mut stops: Vec<usize> = plan
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| self.of(step).next().is_some())
            .map(|(place, _)| place + 1)
            .collect();
        if stops.last() != Some(&plan.steps.len()) {
            stops.push(plan.steps.len());
        }
        stops
    }

    /// What belongs into what a step makes.
    fn of<'a>(&'a self, step: &'a Step) -> impl Iterator<Item = (&'a Id, &'a RowsRecord)> {
        let along = |id| self.along.get(id).into_iter().flatten();
        let all = step.makes.iter().flat_map(move |id| along(id).chain([id]));
        all.filter_map(|id| Some((id, self.by_object.get(id)?)))
    }

    /// Puts rows into what the last of these steps made.
    pub(super) async fn put_back(
        &self,
        connection: &mut Connection,
        store: &Store,
        segment: &[Step],
    ) -> Result<Vec<(Id, u64)>, Failed> {
        let mut filled = Vec::new();
        let made = segment.last().into_iter().flat_map(|step| self.of(step));
        for (id, record) in made {
            let count = if id.is_part() {
                put_back_column(connection, store, id, record).await?
            } else {
                put_back_table(connection, store, id, record).await?
            };
            filled.push((id.clone(), count));
        }
        Ok(filled)
    }
}

/// The columns of children that the server makes with those of their parents, by these.
fn children(target: &Catalog) -> BTreeMap<&Id, Vec<&Id>> {
    let mut children: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for (child, Edge { to, strength }) in target.all_edges() {
        let along = child.kind == to.kind && strength == Strength::Auto;
        if along && to.is_part() && to.kind.holds_data() {
            children.entry(to).or_default().push(child);
        }
    }
    children
}

/// The columns of children that the server makes with a column.
fn columns_along(children: &BTreeMap<&Id, Vec<&Id>>, column: &Id) -> Vec<Id> {
    let of = |parent: &Id| children.get(parent).cloned().unwrap_or_default();
    let mut along: Vec<Id> = Vec::new();
    let mut open = of(column);
    while let Some(child) = open.pop() {
        open.extend(of(child));
        along.push(child.clone());
    }
    along
}

/// Refuses a plan that would want values for rows which nobody has, before it starts: a column comes back NOT NULL
/// without a default into a table with rows, and the store does not hold its values.
pub(super) async fn refuse_unfilled(
    connection: &mut Connection,
    store: &Store,
    present: &Reading,
    plan: &Plan,
) -> Result<(), Failure> {
    let unfilled = plan.hazards.iter();
    let unfilled: Vec<&Id> = unfilled
        .filter(|hazard| hazard.code == Code::Unfilled)
        .map(|hazard| &hazard.id)
        .collect();
    if unfilled.is_empty() {
        return Ok(());
    }
    let fills = Fills::find(store, &snapshot::database(present), plan)?;
    for column in unfilled {
        if fills.gives(column) || !has_rows(connection, &column.on_sql()).await? {
            continue;
        }
        let (table, name) = (column.on_sql(), ident(&column.name));
        return Err(Failure::refused(format!(
            "{column} is NOT NULL without a default in the target, {table} has rows, and the store holds no values for them"
        ))
        .state("Nothing was changed.")
        .next(format!(
            "Give the rows values, then run the command again: ALTER TABLE {table} ADD COLUMN {name} ..; UPDATE {table} SET {name} = .."
        )));
    }
    Ok(())
}

/// Whether a table or a child of it has rows. The look waits for nobody who locks the table for long.
async fn has_rows(connection: &mut Connection, table: &str) -> Result<bool, Failure> {
    connection
        .execute("BEGIN READ ONLY; SET LOCAL lock_timeout = '1s'")
        .await?;
    let rows = connection
        .query(&format!("SELECT EXISTS (SELECT FROM {table})"), &[])
        .await;
    connection.execute("ROLLBACK").await?;
    // One that could not look learns it from the server, inside the transaction.
    Ok(rows.is_ok_and(|rows| rows.first().is_some_and(|row| row.get(0) == Some("t"))))
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
    move_in(connection, &sql, &staging).await
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
        "UPDATE ONLY {table} AS t SET {column} = s.{column} FROM {staging} AS s WHERE {}",
        matches.join(" AND ")
    );
    let aside = set_aside(connection, &table, &id.name).await?;
    if let Some(aside) = &aside {
        connection.execute(&aside.before).await?;
    }
    let count = move_in(connection, &sql, &staging).await?;
    if let Some(aside) = &aside {
        connection.execute(&aside.after).await?;
    }
    Ok(count)
}

/// Statements before and after an UPDATE that is no change of rows but their return.
struct Aside {
    before: String,
    after: String,
}

/// What would act on such an UPDATE: the triggers and rules that users made, which would change other columns or write about it
/// elsewhere, and an identity that is generated always (of a partition, since 17, where that is said of the whole). Each is as
/// before when it is done. Triggers of foreign keys stay. Those that a partition has of its parent's are called internal by servers
/// before 15.
const ACTS: &str = "\
    WITH act (off, back) AS (\
    SELECT 'DISABLE TRIGGER ' || quote_ident(tgname), \
      CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS TRIGGER ' ELSE 'ENABLE TRIGGER ' END || quote_ident(tgname) \
    FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgenabled IN ('O', 'A') \
      AND (NOT tgisinternal OR (tgparentid <> 0 AND tgconstrrelid = 0)) \
    UNION ALL SELECT 'DISABLE RULE ' || quote_ident(rulename), \
      CASE ev_enabled WHEN 'A' THEN 'ENABLE ALWAYS RULE ' ELSE 'ENABLE RULE ' END || quote_ident(rulename) \
    FROM pg_rewrite WHERE ev_class = $1::text::regclass AND ev_type = '2' AND ev_enabled IN ('O', 'A')) \
    SELECT format('ALTER TABLE ONLY %s %s', $1::text, off), format('ALTER TABLE ONLY %s %s', $1::text, back) FROM act \
    UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED BY DEFAULT', holder, attname), \
      format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED ALWAYS', holder, attname) \
    FROM (SELECT attname, coalesce(pg_partition_root(attrelid), attrelid)::regclass AS holder FROM pg_attribute \
      WHERE attrelid = $1::text::regclass AND attname = $2::text AND attidentity = 'a') a";

async fn set_aside(
    connection: &mut Connection,
    table: &str,
    column: &str,
) -> Result<Option<Aside>, Failed> {
    let rows = connection.query(ACTS, &[Some(table), Some(column)]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let statement = |column: usize| {
        let all: Vec<&str> = rows.iter().filter_map(|row| row.get(column)).collect();
        all.join("; ")
    };
    Ok(Some(Aside {
        before: statement(0),
        after: statement(1),
    }))
}

/// Moves what is staged to where it belongs, and says how many rows that were.
async fn move_in(connection: &mut Connection, sql: &str, staging: &str) -> Result<u64, Failed> {
    let tags = connection.execute(sql).await?;
    connection.execute(&format!("DROP TABLE {staging}")).await?;
    Ok(tags.first().and_then(CommandTag::rows).unwrap_or_default())
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
