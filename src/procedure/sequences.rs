//! Where sequences go on that a plan makes: where they stood, when it makes them again in another form (`serial` to
//! identity and back), else behind the rows of the columns that take their values from them.
//!
//! `ALTER SEQUENCE .. RESTART` ends with the transaction; `setval` would survive a ROLLBACK.

use std::collections::{BTreeMap, BTreeSet};

use super::fills::Fills;
use super::transaction::Failed;
use crate::catalog::quote::{ident, literal};
use crate::catalog::{Catalog, Id, Tag};
use crate::connect::Connection;
use crate::plan::Plan;

/// The sequences that a plan makes.
pub(super) struct Sequences {
    /// Those that it makes again, with the value that comes next.
    again: BTreeMap<Id, String>,
    /// Those that come back or are new, with the columns that existing rows may have values of them in.
    new: BTreeMap<Id, BTreeSet<Id>>,
}

impl Sequences {
    /// Looks where they stand, before the plan runs.
    pub(super) async fn look(
        connection: &mut Connection,
        present: &Catalog,
        plan: &Plan,
        fills: &Fills,
    ) -> Result<Self, Failed> {
        let mut sequences = Self {
            again: BTreeMap::new(),
            new: BTreeMap::new(),
        };
        let made = plan.steps.iter().flat_map(|step| &step.makes);
        let made = made.filter(|id| id.kind == Tag::Sequence && plan.target.has(id));
        for id in made {
            if present.has(id) {
                let sql = format!(
                    "SELECT (last_value::numeric + CASE WHEN is_called THEN seqincrement ELSE 0 END)::text \
                     FROM {0}, pg_sequence WHERE seqrelid = {1}::regclass",
                    id.sql(),
                    literal(&id.sql())
                );
                let next = first(connection, &sql).await?;
                sequences.again.extend(next.map(|next| (id.clone(), next)));
            } else {
                sequences.new.insert(id.clone(), BTreeSet::new());
            }
        }
        sequences.find_columns(present, &plan.target, fills);
        Ok(sequences)
    }

    /// The columns that own a sequence, or have it in their default, of tables that have rows.
    fn find_columns(&mut self, present: &Catalog, target: &Catalog, fills: &Fills) {
        for (user, edge) in target.all_edges() {
            let (sequence, part) = match (user.is_part(), edge.to.is_part()) {
                (true, false) => (edge.to, user),
                (false, true) => (user, edge.to),
                (true, true) | (false, false) => continue,
            };
            // Few are: the kind says it sooner than a look-up.
            let sequence = Some(sequence).filter(|id| id.kind == Tag::Sequence);
            let Some(columns) = sequence.and_then(|id| self.new.get_mut(id)) else {
                continue;
            };
            let column = Id {
                kind: Tag::Column,
                ..part.clone()
            };
            let table = target.root_of(&column).map(|table| &table.id);
            let has_rows = table.is_some_and(|table| present.has(table) || fills.has(table));
            if has_rows && target.has(&column) {
                columns.insert(column);
            }
        }
    }

    /// Lets them go on, after the plan has run and rows are back.
    pub(super) async fn go_on(&self, connection: &mut Connection) -> Result<(), Failed> {
        for (id, next) in &self.again {
            restart(connection, id, Some(next.clone())).await?;
        }
        for (id, columns) in &self.new {
            for column in columns {
                let next = behind_rows(connection, id, column).await?;
                restart(connection, id, next).await?;
            }
        }
        Ok(())
    }
}

async fn first(connection: &mut Connection, sql: &str) -> Result<Option<String>, Failed> {
    let rows = connection.query(sql, &[]).await?;
    let value = rows.first().and_then(|row| row.get(0));
    Ok(value.map(str::to_owned))
}

/// The value that follows those of the rows; none when there are none, or when the column has no numbers.
async fn behind_rows(
    connection: &mut Connection,
    sequence: &Id,
    column: &Id,
) -> Result<Option<String>, Failed> {
    let (table, name) = (column.on_sql(), ident(&column.name));
    let numbers = format!(
        "SELECT a.atttypid IN (20, 21, 23, 1700) FROM pg_attribute a WHERE a.attrelid = {}::regclass AND a.attname = {}",
        literal(&table),
        literal(&column.name)
    );
    if first(connection, &numbers).await?.as_deref() != Some("t") {
        return Ok(None);
    }
    let sql = format!(
        "SELECT trunc(CASE WHEN seqincrement > 0 THEN (SELECT max({name}) FROM {table}) \
         ELSE (SELECT min({name}) FROM {table}) END + seqincrement)::text \
         FROM pg_sequence WHERE seqrelid = {}::regclass",
        literal(&sequence.sql())
    );
    first(connection, &sql).await
}

/// Lets a sequence go on with a value, unless it is outside of its limits or before where the sequence stands.
async fn restart(
    connection: &mut Connection,
    sequence: &Id,
    next: Option<String>,
) -> Result<(), Failed> {
    let Some(next) = next else {
        return Ok(());
    };
    let name = sequence.sql();
    let sql = format!(
        "SELECT {next} BETWEEN seqmin AND seqmax AND sign(seqincrement) * ({next} - last_value) > 0 \
         FROM {name}, pg_sequence WHERE seqrelid = {}::regclass",
        literal(&name)
    );
    if first(connection, &sql).await?.as_deref() == Some("t") {
        let sql = format!("ALTER SEQUENCE {name} RESTART WITH {next}");
        connection.execute(&sql).await?;
    }
    Ok(())
}
