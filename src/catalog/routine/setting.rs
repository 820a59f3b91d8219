//! `SET` clauses of routines, and settings of databases. `pg_proc.proconfig` has one text per setting, `name=value`, where
//! the value of a list is a list of identifiers in one text: such a list must be written item by item.

use crate::catalog::quote::{ident, literal};

/// Settings whose value is a list of identifiers: `variable_is_guc_list_quote()` of
/// `src/bin/pg_dump/dumputils.c`, the same in all versions.
const LISTS: &[&str] = &[
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// `SET name TO value`.
pub(super) fn clause(setting: &str) -> String {
    let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
    set(name, value)
}

/// `SET name TO value`, of a setting that is stored as this text.
pub(in crate::catalog) fn set(name: &str, value: &str) -> String {
    let is_list = LISTS.iter().any(|list| list.eq_ignore_ascii_case(name));
    let items = if is_list { split(value) } else { None };
    let value = match items {
        Some(items) => items
            .iter()
            .map(|item| literal(item))
            .collect::<Vec<_>>()
            .join(", "),
        None => literal(value),
    };
    format!("SET {} TO {value}", ident(name))
}

/// The items of a list of identifiers, unquoted, as `SplitGUCList()` of `src/backend/utils/adt/varlena.c` reads
/// them; `None` when it is not a list of at least one.
fn split(value: &str) -> Option<Vec<String>> {
    let mut items = Vec::new();
    let mut rest = value.trim_start();
    loop {
        let (item, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_item(quoted)?
        } else {
            let end = rest.find([',', ' ']).unwrap_or(rest.len());
            let (item, after) = rest.split_at_checked(end)?;
            (item.to_owned(), after)
        };
        // An empty item must be in quotes.
        if item.is_empty() && !rest.starts_with('"') {
            return None;
        }
        items.push(item);
        let after = after.trim_start();
        if after.is_empty() {
            return Some(items);
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

/// What stands before the closing quote, and what comes after it.
fn quoted_item(quoted: &str) -> Option<(String, &str)> {
    let mut item = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => match characters.as_str().strip_prefix('"') {
                Some(rest) => {
                    item.push('"');
                    characters = rest.chars();
                }
                None => return Some((item, characters.as_str())),
            },
            other => item.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::clause;

    #[test]
    fn lists_are_written_item_by_item() {
        let cases = [
            (
                "search_path=\"$user\", public",
                "SET search_path TO '$user', 'public'",
            ),
            ("search_path=\"\"", "SET search_path TO ''"),
            (
                "search_path=\"a\"\"b, c\",pg_temp",
                "SET search_path TO 'a\"b, c', 'pg_temp'",
            ),
            ("search_path=", "SET search_path TO ''"),
            ("app.Tenant=a, b", "SET \"app.Tenant\" TO 'a, b'"),
            ("work_mem=8MB", "SET work_mem TO '8MB'"),
            ("x=a=b", "SET x TO 'a=b'"),
        ];
        for (setting, expected) in cases {
            assert_eq!(clause(setting), expected);
        }
    }
}
