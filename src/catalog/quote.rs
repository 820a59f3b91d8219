//! Quoting of identifiers and literals: the only place in the program that does it.
//!
//! Follows `quote_identifier()` and `quote_literal_internal()` of `src/backend/utils/adt/{ruleutils,quote}.c`.
//! Output is safe whatever `standard_conforming_strings` says. Pure; knows nothing of the model.

use std::borrow::Cow;
use std::fmt::Write as _;

/// An identifier as SQL needs it: bare where the server would print it bare, else in double quotes.
///
/// A name is bare when it is `[a-z_][a-z0-9_]*` and not a keyword other than an unreserved one.
pub fn ident(name: &str) -> Cow<'_, str> {
    if is_plain(name) && !is_keyword(name) {
        return Cow::Borrowed(name);
    }
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for character in name.chars() {
        if character == '"' {
            quoted.push('"');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// The name of an argument of a routine, which cannot be a keyword that may name a column.
///
/// Quotes those of versions 16 to 19, too, that [`ident`] leaves bare.
pub fn argument(name: &str) -> Cow<'_, str> {
    if NEW_COLUMN_KEYWORDS.contains(&name) {
        return Cow::Owned(format!("\"{name}\""));
    }
    ident(name)
}

/// `schema.name`, each part quoted where it must be; the bare name when there is no schema.
pub fn qualified(schema: &str, name: &str) -> String {
    if schema.is_empty() {
        return ident(name).into_owned();
    }
    format!("{}.{}", ident(schema), ident(name))
}

/// The schema and the name in what [`qualified`] made; `None` for anything else.
pub fn parse_qualified(text: &str) -> Option<(String, String)> {
    let (schema, rest) = parse_ident(text)?;
    let (name, rest) = parse_ident(rest.strip_prefix('.')?)?;
    rest.is_empty().then_some((schema, name))
}

/// The name in what [`ident`] made, and what follows it.
fn parse_ident(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '"']).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        return is_plain(name).then(|| (name.to_owned(), rest));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        rest = after;
        let Some(after) = rest.strip_prefix('"') else {
            return Some((name, rest));
        };
        name.push('"');
        rest = after;
    }
}

/// Several identifiers, separated by a comma and a space.
pub fn ident_list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&ident(name.as_ref()));
    }
    list
}

/// A string literal. Backslashes make it an `E''` string, as `quote_literal()` does, so that the
/// meaning does not depend on `standard_conforming_strings`.
pub fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    if text.contains('\\') {
        quoted.push('E');
    }
    quoted.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            quoted.push(character);
        }
        quoted.push(character);
    }
    quoted.push('\'');
    quoted
}

/// A dollar-quoted string with the first of `$$`, `$snapback$`, `$snapback1$`, .. that does not occur in
/// the text: for bodies that people read. The delimiter depends on the text alone.
pub fn dollar(text: &str) -> String {
    let mut delimiter = String::from("$$");
    let mut number = 0_u32;
    // Looked for without its last `$`, since a text that ends in `$` would run into the closing one.
    while text.contains(delimiter.strip_suffix('$').unwrap_or_default()) {
        delimiter.clear();
        if number == 0 {
            delimiter.push_str("$snapback$");
        } else {
            let _ = write!(delimiter, "$snapback{number}$");
        }
        number += 1;
    }
    format!("{delimiter}{text}{delimiter}")
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    let Some(first) = bytes.next() else {
        return false;
    };
    (first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_keyword(name: &str) -> bool {
    let first = name.as_bytes().first().copied().unwrap_or_default();
    let lengths = LENGTHS.get(usize::from(first)).copied().unwrap_or_default();
    // Few names get as far as the search: every id of a snapshot is written, and asks this of each of its names.
    name.len() < 32 && lengths & (1 << name.len()) != 0 && KEYWORDS.binary_search(&name).is_ok()
}

/// By first letter, the lengths (as bits) that keywords have.
const LENGTHS: [u32; 128] = {
    let mut lengths = [0; 128];
    let mut place = 0;
    while place < KEYWORDS.len() {
        let keyword = KEYWORDS[place].as_bytes();
        lengths[keyword[0] as usize] |= 1 << keyword.len();
        place += 1;
    }
    lengths
};

/// Keywords that are not unreserved (`src/include/parser/kwlist.h`), sorted: those of version 15, and
/// `system_user` of 16. One list for all versions, so that canonical text does not depend on the server.
/// Newer ones (`json`, `merge_action`) are `col_name_keyword`s: bare they still name columns and tables.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// The `col_name_keyword`s that came after version 15.
const NEW_COLUMN_KEYWORDS: &[&str] = &[
    "graph_table",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "merge_action",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_bare() {
        assert_eq!(ident("users"), "users");
        assert_eq!(ident("_a1"), "_a1");
    }

    #[test]
    fn everything_else_is_quoted() {
        for (name, expected) in [
            ("User", "\"User\""),
            ("a b", "\"a b\""),
            ("select", "\"select\""),
            ("a\"b", "\"a\"\"b\""),
            ("1a", "\"1a\""),
            ("", "\"\""),
            ("naïve", "\"naïve\""),
            ("a\nb", "\"a\nb\""),
            ("a$b", "\"a$b\""),
        ] {
            assert_eq!(ident(name), expected);
        }
    }

    #[test]
    fn qualified_names_are_taken_apart() {
        for (schema, name) in [
            ("app", "t"),
            ("A.b", "\"c\".\"\""),
            ("select", "x y"),
            ("\"", "."),
        ] {
            let found = parse_qualified(&qualified(schema, name));
            assert_eq!(found, Some((schema.to_owned(), name.to_owned())));
        }
        for other in [
            "t",
            "app.t[]",
            "app.t(3)",
            "\"a.b",
            "a.",
            "A.b",
            "timestamp(3) with time zone",
        ] {
            assert_eq!(parse_qualified(other), None, "{other}");
        }
    }

    #[test]
    fn arguments_are_no_new_keywords() {
        assert_eq!(argument("json"), "\"json\"");
        assert_eq!(argument("a"), "a");
        assert_eq!(argument("a b"), "\"a b\"");
    }

    #[test]
    fn every_keyword_is_quoted() {
        for keyword in KEYWORDS {
            assert_eq!(ident(keyword), format!("\"{keyword}\""));
        }
    }

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn literals() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b"), "E'a\\\\b'");
    }

    #[test]
    fn dollar_quotes_avoid_the_text() {
        assert_eq!(dollar("select 1"), "$$select 1$$");
        assert_eq!(dollar("a $$ b"), "$snapback$a $$ b$snapback$");
        assert_eq!(dollar("ends in $"), "$snapback$ends in $$snapback$");
        assert_eq!(dollar("$snapback$ $"), "$snapback1$$snapback$ $$snapback1$");
    }
}
