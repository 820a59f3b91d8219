//! Rows of results, in the text format.
//!
//! The bytes of a row are those that came from the socket, shared and not copied. They were checked to be UTF-8
//! before a row is handed out.

use std::ops::Range;

use bytes::Bytes;
use snapback_proto::DataRow;

use super::Error;

/// A row that lives as long as the call it is given to.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    bytes: &'a [u8],
    values: &'a [Option<Range<usize>>],
}

impl<'a> RowRef<'a> {
    /// How many values it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a column, from 0; `None` when it is NULL or there is no such column.
    pub fn get(&self, column: usize) -> Option<&'a str> {
        value(self.bytes, self.values, column)
    }
}

/// A row that may be kept. It keeps the read buffer alive that it came in (64 kB or so).
#[derive(Clone, Debug)]
pub struct Row {
    bytes: Bytes,
    values: Box<[Option<Range<usize>>]>,
}

impl Row {
    pub(super) fn new(statement: usize, row: &DataRow) -> Result<Self, Error> {
        let mut finder = Finder::default();
        finder.find(statement, row)?;
        Ok(Self {
            bytes: row.bytes().clone(),
            values: finder.values.into_boxed_slice(),
        })
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a column, from 0; `None` when it is NULL or there is no such column.
    pub fn get(&self, column: usize) -> Option<&str> {
        value(&self.bytes, &self.values, column)
    }
}

fn value<'a>(bytes: &'a [u8], values: &[Option<Range<usize>>], column: usize) -> Option<&'a str> {
    let range = values.get(column)?.clone()?;
    // It was checked by `Finder::find`.
    std::str::from_utf8(bytes.get(range)?).ok()
}

/// Finds the values of one row after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub(super) struct Finder {
    values: Vec<Option<Range<usize>>>,
}

impl Finder {
    /// Finds the values of `row` and checks that each is UTF-8.
    pub(super) fn find<'a>(
        &'a mut self,
        statement: usize,
        row: &'a DataRow,
    ) -> Result<RowRef<'a>, Error> {
        self.values.clear();
        self.values.extend(row.ranges());
        let bad = row
            .values()
            .position(|value| value.is_some_and(|bytes| std::str::from_utf8(bytes).is_err()));
        if let Some(column) = bad {
            return Err(Error::NotUtf8 {
                statement,
                column: column + 1,
            });
        }
        Ok(RowRef {
            bytes: row.bytes(),
            values: &self.values,
        })
    }
}
