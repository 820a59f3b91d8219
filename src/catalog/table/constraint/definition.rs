//! The definition of a constraint, as `pg_get_constraintdef()` prints it: built from columns for keys and CHECK, which takes the
//! server less time than to spell it.

use super::{Constraint, ConstraintKind};
use crate::catalog::names::Names;
use crate::catalog::options;
use crate::catalog::quote::{ident_list, qualified};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::settle;
use crate::catalog::table::spelled::expression;

/// Of a constraint that the server was not asked to spell.
pub(super) fn of(
    row: &Row<'_>,
    names: &Names,
    table: u32,
    kind: ConstraintKind,
) -> Result<String, RowError> {
    match kind {
        ConstraintKind::Check => check(row, names, table),
        ConstraintKind::Foreign => foreign_key(row, names, table),
        ConstraintKind::Unique | ConstraintKind::Primary | ConstraintKind::Exclusion => {
            unique_key(row, names, table, kind)
        }
    }
}

/// The server's text without what is a field of its own; these words come last, in this order.
pub(super) fn without_last_words<'a>(definition: &'a str, constraint: &Constraint) -> &'a str {
    let mut text = definition;
    let words = [
        (constraint.not_enforced, " NOT ENFORCED".to_owned()),
        (constraint.not_valid, " NOT VALID".to_owned()),
        (constraint.deferred, " INITIALLY DEFERRED".to_owned()),
        (constraint.deferrable, " DEFERRABLE".to_owned()),
        (
            !constraint.predicate.is_empty(),
            format!(" WHERE ({})", constraint.predicate),
        ),
        (
            !constraint.options.is_empty(),
            format!(" WITH ({})", options::flat(&constraint.options)),
        ),
    ];
    for (said, words) in words {
        if said {
            text = text.strip_suffix(words.as_str()).unwrap_or(text);
        }
    }
    text
}

fn columns(
    row: &Row<'_>,
    names: &Names,
    table: u32,
    column: &'static str,
) -> Result<String, RowError> {
    let mut list = Vec::new();
    for attnum in row.numbers::<i32>(column)? {
        list.push(names.column(table, attnum)?.name.clone());
    }
    Ok(ident_list(list))
}

/// `pg_get_constraintdef_worker()` of `ruleutils.c`, CHECK.
fn check(row: &Row<'_>, names: &Names, table: u32) -> Result<String, RowError> {
    let expression = expression(row, "expression", names, table)?;
    let expression = settle(&expression.unwrap_or_default());
    let no_inherit = if row.flag("connoinherit")? {
        " NO INHERIT"
    } else {
        ""
    };
    Ok(format!("CHECK ({expression}){no_inherit}"))
}

/// `pg_get_constraintdef_worker()` of `ruleutils.c`, unique and primary keys.
fn unique_key(
    row: &Row<'_>,
    names: &Names,
    table: u32,
    kind: ConstraintKind,
) -> Result<String, RowError> {
    let name = if kind == ConstraintKind::Primary {
        "PRIMARY KEY"
    } else {
        "UNIQUE"
    };
    let distinct = row.has("indnullsnotdistinct") && row.opt("indnullsnotdistinct")? == Some("t");
    let distinct = if distinct { " NULLS NOT DISTINCT" } else { "" };
    // Without a row of `pg_index` there is nothing but the keys.
    let keys: usize = row.opt_number("indnkeyatts")?.unwrap_or_default();
    let all: Vec<i32> = row.numbers("indkey")?;
    let mut include = Vec::new();
    for &attnum in all.get(keys..).unwrap_or_default() {
        include.push(names.column(table, attnum)?.name.clone());
    }
    let text = format!(
        "{name}{distinct} ({})",
        columns(row, names, table, "conkey")?
    );
    if include.is_empty() {
        return Ok(text);
    }
    Ok(format!("{text} INCLUDE ({})", ident_list(include)))
}

/// `pg_get_constraintdef_worker()` of `ruleutils.c`, foreign keys.
fn foreign_key(row: &Row<'_>, names: &Names, table: u32) -> Result<String, RowError> {
    let other: u32 = row.number("confrelid")?;
    let relation = names.any_relation(other).ok_or_else(|| {
        RowError::new("confrelid", format!("relation {other} is not in pg_class"))
    })?;
    let mut clauses = vec![format!(
        "FOREIGN KEY ({}) REFERENCES {}({})",
        columns(row, names, table, "conkey")?,
        qualified(&relation.schema, &relation.name),
        columns(row, names, other, "confkey")?
    )];
    match row.letter("confmatchtype")? {
        'f' => clauses.push("MATCH FULL".to_owned()),
        'p' => clauses.push("MATCH PARTIAL".to_owned()),
        _ => {}
    }
    for (column, event) in [("confupdtype", "UPDATE"), ("confdeltype", "DELETE")] {
        let action = action(row.letter(column)?);
        clauses.extend(action.map(|action| format!("ON {event} {action}")));
    }
    if row.has("confdelsetcols") && row.opt("confdelsetcols")?.is_some() {
        clauses.push(format!(
            "({})",
            columns(row, names, table, "confdelsetcols")?
        ));
    }
    Ok(clauses.join(" "))
}

fn action(letter: char) -> Option<&'static str> {
    match letter {
        'r' => Some("RESTRICT"),
        'c' => Some("CASCADE"),
        'n' => Some("SET NULL"),
        'd' => Some("SET DEFAULT"),
        _ => None,
    }
}
