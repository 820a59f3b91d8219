//! Where sequences go on that a plan makes: where they stood, when it makes them again in another form (`serial` to
//! identity and back) or under another name, else behind the rows of the columns that take their values from them. In
//! SQL, so that a plan that is printed does it, too.
//!
//! `setval` survives a ROLLBACK, but not of the transaction that makes the sequence: only such are set here.

use std::collections::{BTreeMap, BTreeSet};

use super::fills::Fills;
use super::transaction::Failed;
use crate::catalog::quote::{ident, literal};
use crate::catalog::table::column::Column;
use crate::catalog::{Body, Catalog, Id, Tag};
use crate::connect::{Connection, Error, RowRef};
use crate::plan::Plan;

/// Statements that keep the positions of the sequences that a plan makes.
#[derive(Debug, Default)]
pub(super) struct Positions {
    /// What notes, before the plan runs, where sequences stand that it makes again.
    pub(super) note: Vec<String>,
    /// What lets sequences go on, after the plan has run and rows are back.
    pub(super) go_on: Vec<String>,
}

impl Positions {
    /// For a plan that runs where `present` is, and rows that come back meanwhile.
    pub(super) fn of(present: &Catalog, plan: &Plan, fills: &Fills) -> Self {
        let mut positions = Self::default();
        let made = plan.steps.iter().flat_map(|step| &step.makes);
        let made = made.filter(|id| id.kind == Tag::Sequence && plan.target.has(id));
        let (again, new): (BTreeSet<&Id>, BTreeSet<&Id>) = made.partition(|id| present.has(id));
        let again = again.into_iter().map(|id| (id, id));
        // What may be a guess costs nothing when it is wrong: a sequence that goes on later.
        let renamed = plan.diff.renames.iter();
        let renamed = renamed.map(|rename| (&rename.from, &rename.to));
        let renamed = renamed.filter(|(_, to)| new.contains(to));
        for (number, (stood, id)) in again.chain(renamed).enumerate() {
            // A setting ends with the transaction, as what is noted in it should.
            let noted = literal(&format!("snapback.next_{number}"));
            positions.note.push(note(stood, &noted));
            let next = format!("current_setting({noted})::numeric");
            positions.go_on.push(go_on(id, &next));
        }
        let fed = fed_by(&new, present, &plan.target, fills);
        let fed = fed
            .iter()
            .flat_map(|(id, columns)| columns.iter().map(move |column| (*id, column)));
        positions
            .go_on
            .extend(fed.map(|(id, column)| go_on(id, &behind_rows(column))));
        positions
    }
}

/// Runs statements in one round trip; what they return is not looked at.
pub(super) async fn run(connection: &mut Connection, statements: &[String]) -> Result<(), Failed> {
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let ignored = |_, _: RowRef<'_>| Ok::<(), Error>(());
    Ok(connection.batch(&statements, ignored).await?)
}

/// The columns with numbers that own one of these sequences, or have it in their default, of tables that have rows.
fn fed_by<'a>(
    sequences: &BTreeSet<&'a Id>,
    present: &Catalog,
    target: &Catalog,
    fills: &Fills,
) -> BTreeMap<&'a Id, BTreeSet<Id>> {
    let mut fed: BTreeMap<&Id, BTreeSet<Id>> = BTreeMap::new();
    if sequences.is_empty() {
        return fed;
    }
    for (user, edge) in target.all_edges() {
        let (sequence, part) = match (user.is_part(), edge.to.is_part()) {
            (true, false) => (edge.to, user),
            (false, true) => (user, edge.to),
            (true, true) | (false, false) => continue,
        };
        // Few are: the kind says it sooner than a look-up.
        let sequence = Some(sequence).filter(|id| id.kind == Tag::Sequence);
        let Some(sequence) = sequence.and_then(|id| sequences.get(id)) else {
            continue;
        };
        let column = Id {
            kind: Tag::Column,
            ..part.clone()
        };
        let table = target.root_of(&column).map(|table| &table.id);
        let has_rows = table.is_some_and(|table| present.has(table) || fills.has(table));
        let body = target.get(&column).map(|object| &object.body);
        if has_rows && matches!(body, Some(Body::Column(body)) if has_numbers(body)) {
            fed.entry(sequence).or_default().insert(column);
        }
    }
    fed
}

/// Whether a column has numbers that can be counted on, and here.
fn has_numbers(column: &Column) -> bool {
    let integer = ["smallint", "integer", "bigint"].contains(&&*column.data_type);
    !column.foreign && (integer || column.data_type.starts_with("numeric"))
}

/// Notes the value that comes next.
fn note(sequence: &Id, setting: &str) -> String {
    let (name, oid) = (sequence.sql(), literal(&sequence.sql()));
    format!(
        "SELECT set_config({setting}, (last_value::numeric + CASE WHEN is_called THEN seqincrement ELSE 0 END)::text, true) \
         FROM {name} AS stands, pg_sequence AS form WHERE seqrelid = {oid}::regclass"
    )
}

/// The value that follows those of the rows; NULL when there are none.
fn behind_rows(column: &Id) -> String {
    let (table, name) = (column.on_sql(), ident(&column.name));
    format!(
        "trunc(CASE WHEN seqincrement > 0 THEN (SELECT max({name}) FROM {table}) \
         ELSE (SELECT min({name}) FROM {table}) END::numeric + seqincrement)"
    )
}

/// Lets a sequence go on with a value, unless it is outside of its limits or before where the sequence stands.
fn go_on(sequence: &Id, next: &str) -> String {
    let (name, oid) = (sequence.sql(), literal(&sequence.sql()));
    // Behind OFFSET the value is computed once.
    format!(
        "SELECT setval({oid}::regclass, next::bigint, false) FROM {name} AS stands, \
         (SELECT {next} AS next, * FROM pg_sequence WHERE seqrelid = {oid}::regclass OFFSET 0) AS form \
         WHERE next BETWEEN seqmin AND seqmax AND sign(seqincrement) * (next - last_value) > 0"
    )
}
