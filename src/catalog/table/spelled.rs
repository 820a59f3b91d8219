//! Expressions about the columns of a table, which the server spells without opening that table.
//!
//! `pg_get_expr()` opens the relation that it is given only to learn the names of its columns, and opening ten thousand
//! tables takes the server longer than all else that is read of them. So it is given a relation that every backend
//! has open, and the names are put in here. What it prints of a column of the only relation in sight is its bare name
//! (`get_variable()` of `ruleutils.c`); under `search_path` = `pg_catalog` every other name that could look like
//! one of these has a schema before it.

use std::borrow::Cow;

use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::settle::token;

/// The columns of `pg_statistic`, which are called like nothing else.
macro_rules! columns_of_stand_in {
    () => {
        "starelid staattnum stainherit stanullfrac stawidth stadistinct stakind1 stakind2 stakind3 stakind4 stakind5 \
         staop1 staop2 staop3 staop4 staop5 stacoll1 stacoll2 stacoll3 stacoll4 stacoll5 \
         stanumbers1 stanumbers2 stanumbers3 stanumbers4 stanumbers5 stavalues1 stavalues2 stavalues3 stavalues4 stavalues5"
    };
}
pub(super) use columns_of_stand_in;

/// The SQL for whether the server calls them so, which it finds out once for a query.
macro_rules! is_known {
    () => {
        concat!(
            "(SELECT string_agg(attname::text, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 2619 AND attnum > 0) = '",
            $crate::catalog::table::spelled::columns_of_stand_in!(),
            "'"
        )
    };
}
pub(super) use is_known;

/// The SQL for the relation that an expression is spelled with: `pg_statistic`. The table itself where that would not do:
/// when it has more columns, or when the expression has a whole row or a subquery.
///
/// Takes the text of the expression's tree, and the table's OID.
macro_rules! spelled_with {
    ($tree:literal, $table:literal) => {
        concat!(
            "CASE WHEN ",
            $tree,
            " IS NULL OR strpos(",
            $tree,
            ", ':varattno 0 ') > 0 OR strpos(",
            $tree,
            ", '{SUBLINK ') > 0 OR (SELECT relnatts FROM pg_class WHERE oid = ",
            $table,
            ") > 31 THEN ",
            $table,
            " WHEN ",
            $crate::catalog::table::spelled::is_known!(),
            " THEN 2619 ELSE ",
            $table,
            " END AS spelled_with"
        )
    };
}
pub(super) use spelled_with;

/// The same for a CHECK constraint, which has a list of its columns; a whole row is 0 in it.
macro_rules! check_spelled_with {
    () => {
        concat!(
            "CASE WHEN contype = 'c' AND conkey <@ '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31}' AND ",
            $crate::catalog::table::spelled::is_known!(),
            " THEN 2619 ELSE conrelid END AS spelled_with"
        )
    };
}
pub(super) use check_spelled_with;

/// OID of `pg_statistic`.
const STAND_IN: u32 = 2619;

/// The expression in a column of a row that has `spelled_with`, with the names of the columns of `table`.
pub(super) fn expression<'a>(
    row: &Row<'a>,
    column: &'static str,
    names: &Names,
    table: u32,
) -> Result<Option<Cow<'a, str>>, RowError> {
    let Some(text) = row.opt(column)? else {
        return Ok(None);
    };
    if row.number::<u32>("spelled_with")? != STAND_IN {
        return Ok(Some(Cow::Borrowed(text)));
    }
    let name = |attnum| Ok(&*names.column(table, attnum)?.name);
    with_names(text, name).map(|text| Some(Cow::Owned(text)))
}

/// A text with columns of the stand-in, with what `name` calls the columns of these numbers instead.
fn with_names<'n>(
    text: &str,
    name: impl Fn(i32) -> Result<&'n str, RowError>,
) -> Result<String, RowError> {
    let mut named = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let end = token(text, at);
        let word = text.get(at..end).unwrap_or_default();
        match attnum(word) {
            Some(attnum) if !is_part_of_a_name(text, at, end) => {
                named.push_str(&ident(name(attnum)?));
            }
            _ => named.push_str(word),
        }
        at = end;
    }
    Ok(named)
}

/// The number of the column of the stand-in that is called so.
fn attnum(word: &str) -> Option<i32> {
    // Most words need not be looked for.
    let columns = word.starts_with("sta").then_some(columns_of_stand_in!())?;
    let mut columns = (1..).zip(columns.split(' '));
    let found = columns.find(|(_, column)| *column == word);
    found.map(|(attnum, _)| attnum)
}

/// Whether a word has a schema, or a composite value, before it, is a schema itself, or the name of an XML element or
/// attribute, which is all that is bare besides.
fn is_part_of_a_name(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    [".", " AS ", "(NAME "]
        .iter()
        .any(|word| before.ends_with(word))
        || after.starts_with('.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(text: &str) -> String {
        let columns = ["staattnum", "Name", "select", "plain"];
        let name = |attnum: i32| Ok(columns[usize::try_from(attnum).unwrap() - 1]);
        with_names(text, name).unwrap()
    }

    #[test]
    fn columns_get_their_names() {
        assert_eq!(
            named("((starelid > staattnum) AND (stainherit <> stanullfrac))"),
            "((staattnum > \"Name\") AND (\"select\" <> plain))"
        );
    }

    #[test]
    fn what_only_looks_like_a_column_stays() {
        for text in [
            "('starelid'::text = E'\\\\starelid''')",
            "public.starelid(1)",
            "starelid.f(1)",
            "(\"starelid\" IS NULL)",
            "(XMLELEMENT(NAME starelid, XMLATTRIBUTES(1 AS starelid)) IS DOCUMENT)",
            "xstarelid starelid1 ästarelid",
        ] {
            assert_eq!(named(text), text);
        }
        assert_eq!(named("(starelid).starelid"), "(staattnum).starelid");
    }
}
