//! The text of a trigger, from the columns of `pg_trigger`, as `pg_get_triggerdef_worker()` of `ruleutils.c` makes it. The server
//! spells those that have a condition, arguments with other than plain characters, or a second table.

use crate::catalog::names::{Names, Relation};
use crate::catalog::quote::{ident, ident_list, literal, qualified};
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle;

/// What stands behind the name of the trigger, and what behind the name of its table, whose OID is `table`.
pub(super) fn of(
    row: &Row<'_>,
    names: &Names,
    (table, relation): (u32, &Relation),
    (name, constraint): (&str, bool),
) -> Result<(String, String), RowError> {
    if let Some(definition) = row.opt("definition")? {
        let on = qualified(&relation.schema, &relation.name);
        let parts = parts(definition, name, &on, constraint);
        let (events, action) = parts.ok_or_else(|| {
            let problem = format!("{definition:?} is no trigger on {on}");
            RowError::new("definition", problem)
        })?;
        return Ok((events.to_owned(), settle::settle(action)));
    }
    let when: u8 = row.number("tgtype")?;
    let events = events(row, names, table, when)?;
    Ok((events, action(row, when, constraint)?))
}

/// Bits of `pg_trigger.tgtype` (`pg_trigger.h`).
const ROW: u8 = 1;
const BEFORE: u8 = 2;
const INSERT: u8 = 4;
const DELETE: u8 = 8;
const UPDATE: u8 = 16;
const TRUNCATE: u8 = 32;
const INSTEAD: u8 = 64;

/// `BEFORE INSERT OR UPDATE OF a`.
fn events(row: &Row<'_>, names: &Names, table: u32, when: u8) -> Result<String, RowError> {
    let time = match when & (BEFORE | INSTEAD) {
        BEFORE => "BEFORE ",
        INSTEAD => "INSTEAD OF ",
        _ => "AFTER ",
    };
    let mut update = "UPDATE".to_owned();
    let columns = row.numbers("tgattr")?.into_iter();
    let columns = columns.map(|attnum| Ok(names.column(table, attnum)?.name.clone()));
    let columns = columns.collect::<Result<Vec<_>, RowError>>()?;
    if !columns.is_empty() {
        update.push_str(" OF ");
        update.push_str(&ident_list(columns));
    }
    let events = [
        (INSERT, "INSERT"),
        (DELETE, "DELETE"),
        (UPDATE, update.as_str()),
        (TRUNCATE, "TRUNCATE"),
    ];
    let events = events.into_iter().filter(|(bit, _)| when & bit != 0);
    let events: Vec<&str> = events.map(|(_, event)| event).collect();
    Ok(format!("{time}{}", events.join(" OR ")))
}

/// `FOR EACH ROW EXECUTE FUNCTION app.f('a')`, and what stands before it.
fn action(row: &Row<'_>, when: u8, constraint: bool) -> Result<String, RowError> {
    let mut clauses = Vec::new();
    if constraint {
        let deferrable = if row.flag("tgdeferrable")? {
            ""
        } else {
            "NOT "
        };
        let deferred = row.flag("tginitdeferred")?;
        let initially = if deferred { "DEFERRED" } else { "IMMEDIATE" };
        clauses.push(format!("{deferrable}DEFERRABLE INITIALLY {initially}"));
    }
    let tables = [
        ("OLD", row.opt("tgoldtable")?),
        ("NEW", row.opt("tgnewtable")?),
    ];
    if tables.iter().any(|(_, name)| name.is_some()) {
        clauses.push("REFERENCING".to_owned());
    }
    let tables = tables.into_iter();
    let tables = tables.filter_map(|(which, name)| Some((which, ident(name?))));
    clauses.extend(tables.map(|(which, name)| format!("{which} TABLE AS {name}")));
    let each = if when & ROW != 0 { "ROW" } else { "STATEMENT" };
    // `regproc` has the schema also where other functions have the name, which take arguments.
    let function = row.text("function")?;
    let function = function.strip_prefix("pg_catalog.").unwrap_or(function);
    let arguments = row.text_or_empty("arguments")?;
    let arguments = arguments.split_terminator(END).map(literal);
    let arguments: Vec<String> = arguments.collect();
    let arguments = arguments.join(", ");
    clauses.push(format!(
        "FOR EACH {each} EXECUTE FUNCTION {function}({arguments})"
    ));
    Ok(clauses.join(" "))
}

/// What each argument ends with in `encode(tgargs, 'escape')`: a zero byte.
const END: &str = "\\000";

/// The server's text without the names: what stands between them, and what follows.
fn parts<'a>(
    definition: &'a str,
    name: &str,
    on: &str,
    constraint: bool,
) -> Option<(&'a str, &'a str)> {
    let constraint = if constraint { "CONSTRAINT " } else { "" };
    let start = format!("CREATE {constraint}TRIGGER {} ", ident(name));
    let rest = definition.strip_prefix(start.as_str())?;
    let on = format!(" ON {on} ");
    let at = settle::find(rest, &on)?;
    Some((rest.get(..at)?, rest.get(at + on.len()..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn definitions_are_taken_apart() {
        let text = "CREATE TRIGGER \"a ON b\" BEFORE UPDATE OF \" ON app.t \" ON app.t FOR EACH ROW EXECUTE FUNCTION app.f(' ON app.t ')";
        let (events, action) = parts(text, "a ON b", "app.t", false).unwrap();
        assert_eq!(events, "BEFORE UPDATE OF \" ON app.t \"");
        assert_eq!(action, "FOR EACH ROW EXECUTE FUNCTION app.f(' ON app.t ')");
        assert_eq!(parts(text, "other", "app.t", false), None);
    }
}
