//! Names of types and operator classes as the server spells them when `search_path` is `pg_catalog`.

use crate::catalog::Str;
use crate::catalog::quote::{ident, qualified};

/// The types that SQL has words for (`format_type_extended()` of `format_type.c`).
const WORDS: [(&str, &str); 16] = [
    ("bit", "bit"),
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("interval", "interval"),
    ("numeric", "numeric"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
];

/// A type without a modifier that is no array, as `format_type()` prints it.
pub(super) fn type_name(schema: &str, name: &str) -> Str {
    if schema == SEARCH_PATH
        && let Ok(place) = WORDS.binary_search_by_key(&name, |(name, _)| name)
        && let Some((_, words)) = WORDS.get(place)
    {
        return (*words).into();
    }
    in_path(schema, name)
}

/// Any other name, qualified where it must be.
pub(super) fn in_path(schema: &str, name: &str) -> Str {
    if schema == SEARCH_PATH {
        return ident(name).into();
    }
    qualified(schema, name).into()
}

const SEARCH_PATH: &str = "pg_catalog";
