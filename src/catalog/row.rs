//! One row of a catalog query, as text, and the few readers that catalog columns need.
//!
//! Columns are read by name; asking for them in the order of the query costs nothing. Pure: the socket
//! is `introspect`'s affair.

use std::cell::Cell;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Str;

/// Why a row could not be read: a bug in a query, or a server that answers something new.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("catalog column {column}: {reason}")]
pub struct RowError {
    /// The column of the query.
    pub column: String,
    /// What was wrong with it.
    pub reason: String,
}

impl RowError {
    /// An error about a column.
    pub fn new(column: &str, reason: impl Into<String>) -> Self {
        Self {
            column: column.to_owned(),
            reason: reason.into(),
        }
    }
}

/// The columns of a query.
#[derive(Debug, Default)]
pub struct Columns {
    columns: Vec<Column>,
    /// The places of what was asked for and is no column of it, as far as there is room; 0 where there is.
    absent: [AtomicU64; 8],
}

#[derive(Debug)]
struct Column {
    name: Str,
    /// Where the text is by which the program asked for it last: millions of values are asked for by some hundred texts, and
    /// comparing places is faster than comparing texts. Texts that live as long as the program never make way for others.
    asked_at: AtomicU64,
}

impl Column {
    fn is_asked_at(&self, place: u64) -> bool {
        self.asked_at.load(Ordering::Relaxed) == place
    }
}

/// Where a text is and how long, as one number that no other has. Addresses have 48 bits at most.
fn place(text: &'static str) -> u64 {
    text.as_ptr().addr() as u64 | (text.len() as u64) << 48
}

impl<N: Into<Str>> FromIterator<N> for Columns {
    fn from_iter<T: IntoIterator<Item = N>>(names: T) -> Self {
        let columns = names.into_iter().map(|name| Column {
            name: name.into(),
            asked_at: AtomicU64::default(),
        });
        Self {
            columns: columns.collect(),
            absent: Default::default(),
        }
    }
}

impl Columns {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Where a column is, looked for from the one where it is expected.
    fn position(&self, column: &'static str, expected: usize) -> Option<usize> {
        let columns = &self.columns;
        let at = place(column);
        if columns
            .get(expected)
            .is_some_and(|next| next.is_asked_at(at))
        {
            return Some(expected);
        }
        let known = columns.iter().position(|other| other.is_asked_at(at));
        if known.is_some() || self.is_known_to_lack(at) {
            return known;
        }
        let found = columns.iter().position(|other| *other.name == *column);
        let noted = match found.and_then(|found| columns.get(found)) {
            Some(found) => Some(&found.asked_at),
            None => self
                .absent
                .iter()
                .find(|absent| absent.load(Ordering::Relaxed) == 0),
        };
        if let Some(noted) = noted {
            noted.store(at, Ordering::Relaxed);
        }
        found
    }

    fn is_known_to_lack(&self, place: u64) -> bool {
        let absent = self.absent.iter();
        let mut absent = absent.map(|absent| absent.load(Ordering::Relaxed));
        absent.any(|absent| absent == place)
    }
}

/// A row in text format (UTF-8).
#[derive(Debug)]
pub struct Row<'a> {
    columns: &'a Columns,
    values: &'a [Option<&'a str>],
    /// Behind where the last column was found, so that reading in order needs no search.
    next: Cell<usize>,
}

impl<'a> Row<'a> {
    /// A row of these columns; both are of one length.
    pub fn new(columns: &'a Columns, values: &'a [Option<&'a str>]) -> Self {
        Self {
            columns,
            values,
            next: Cell::new(0),
        }
    }

    /// Whether the query has this column at all.
    pub fn has(&self, column: &'static str) -> bool {
        self.position(column).is_some()
    }

    fn position(&self, column: &'static str) -> Option<usize> {
        let found = self.columns.position(column, self.next.get())?;
        self.next.set(found + 1);
        Some(found)
    }

    /// The text of a column, `None` for NULL.
    pub fn opt(&self, column: &'static str) -> Result<Option<&'a str>, RowError> {
        let index = self
            .position(column)
            .ok_or_else(|| RowError::new(column, "is not in the query"))?;
        Ok(self.values.get(index).copied().flatten())
    }

    /// The text of a column that is never NULL.
    pub fn text(&self, column: &'static str) -> Result<&'a str, RowError> {
        self.opt(column)?
            .ok_or_else(|| RowError::new(column, "is NULL"))
    }

    /// The text of a column, NULL as the empty string.
    pub fn text_or_empty(&self, column: &'static str) -> Result<&'a str, RowError> {
        Ok(self.opt(column)?.unwrap_or_default())
    }

    /// A number (or any other parsable value) that is never NULL.
    pub fn number<T: FromStr>(&self, column: &'static str) -> Result<T, RowError> {
        parse(column, self.text(column)?)
    }

    /// A number, `None` for NULL.
    pub fn opt_number<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, RowError> {
        self.opt(column)?
            .map(|text| parse(column, text))
            .transpose()
    }

    /// A boolean that is never NULL.
    pub fn flag(&self, column: &'static str) -> Result<bool, RowError> {
        match self.text(column)? {
            "t" | "true" => Ok(true),
            "f" | "false" => Ok(false),
            other => Err(RowError::new(column, format!("{other:?} is no boolean"))),
        }
    }

    /// A `"char"` column; the zero byte is printed as the empty string and given as a space.
    pub fn letter(&self, column: &'static str) -> Result<char, RowError> {
        Ok(self.text(column)?.chars().next().unwrap_or(' '))
    }

    /// An array column (or NULL, as the empty list) whose elements are never NULL.
    pub fn list(&self, column: &'static str) -> Result<Vec<String>, RowError> {
        let Some(text) = self.opt(column)? else {
            return Ok(Vec::new());
        };
        array(text)
            .and_then(|items| items.into_iter().collect())
            .ok_or_else(|| RowError::new(column, format!("{text:?} is no array without NULL")))
    }

    /// An `int2vector`, `oidvector`, or array of numbers; NULL is the empty list.
    pub fn numbers<T: FromStr>(&self, column: &'static str) -> Result<Vec<T>, RowError> {
        let Some(text) = self.opt(column)? else {
            return Ok(Vec::new());
        };
        text.trim_matches(['{', '}'])
            .split([' ', ','])
            .filter(|item| !item.is_empty())
            .map(|item| parse(column, item))
            .collect()
    }
}

fn parse<T: FromStr>(column: &str, text: &str) -> Result<T, RowError> {
    text.parse()
        .map_err(|_| RowError::new(column, format!("{text:?} is no number")))
}

/// The elements of a one-dimensional array in text form (`array_out` of `arrayfuncs.c`); `None` when the
/// text is not one. A NULL element is `None`.
pub fn array(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    if inner.is_empty() {
        return Some(items);
    }
    let mut characters = inner.chars();
    loop {
        let mut item = String::new();
        let mut quoted = false;
        let mut inside = false;
        let mut ended = true;
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    inside = !inside;
                    quoted = true;
                }
                '\\' => item.push(characters.next()?),
                ',' if !inside => {
                    ended = false;
                    break;
                }
                other => item.push(other),
            }
        }
        if inside {
            return None;
        }
        items.push((quoted || item != "NULL").then_some(item));
        if ended {
            return Some(items);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arrays() {
        let items = |text| array(text).unwrap();
        assert_eq!(items("{}"), vec![]);
        assert_eq!(
            items("{a,NULL,\"NULL\"}"),
            vec![Some("a".into()), None, Some("NULL".into())]
        );
        assert_eq!(
            items(r#"{"a \"b\" \\, c",d}"#),
            vec![Some("a \"b\" \\, c".into()), Some("d".into())]
        );
        assert_eq!(array("{\"a}"), None);
        assert_eq!(array("a"), None);
    }

    #[test]
    fn rows_are_read_by_name() {
        let columns: Columns = ["a", "b", "c"].into_iter().collect();
        let values = [Some("1"), None, Some("1 2 3")];
        let row = Row::new(&columns, &values);
        assert_eq!(row.numbers::<i16>("c").unwrap(), vec![1, 2, 3]);
        assert_eq!(row.number::<i32>("a").unwrap(), 1);
        assert_eq!(row.opt("b").unwrap(), None);
        assert!(row.text("b").is_err());
        assert!(row.text("d").is_err());
        let again = Row::new(&columns, &values);
        assert_eq!(again.text("a").unwrap(), "1");
        assert!(
            again.text(&"abc"[..2]).is_err(),
            "begins where \"a\" may be"
        );
    }
}
