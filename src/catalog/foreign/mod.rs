//! Where foreign data comes from: wrappers, servers, user mappings. Foreign tables are with the tables.

pub mod mapping;
pub mod server;
pub mod wrapper;

use super::options;
use super::row::{Row, RowError};
use super::secret;

/// The options in a column of a row: sorted, without secrets.
pub(super) fn read_options(row: &Row<'_>, column: &'static str) -> Result<Vec<String>, RowError> {
    let mut list = secret::hide(row.list(column)?);
    list.sort();
    Ok(list)
}

/// Whether a secret was left out of these options.
pub(super) fn has_secret(list: &[String]) -> bool {
    list.iter()
        .any(|option| options::split(option).1 == secret::MARKER)
}

/// The clause of an ALTER that brings one list of options to another, with the space before it; empty when they are
/// equal.
fn change_clause(old: &[String], new: &[String]) -> String {
    options::generic_change(old, new).map_or_else(String::new, |clause| format!(" {clause}"))
}
