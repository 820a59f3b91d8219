//! Who hears what a running script does.

use crate::connect::{Column, DataRow, Notice};

use super::super::commands::Echo;
use super::super::location::Location;
use super::super::place::Place;

/// A statement that has run.
#[derive(Clone, Copy, Debug)]
pub struct Completed<'a> {
    /// Its number among those that ran, from 1.
    pub number: u64,
    /// What the server said of it, such as `CREATE TABLE` or `INSERT 0 3`; empty for an empty statement.
    pub tag: &'a str,
    /// Where it begins.
    pub location: &'a Location,
    /// Where it ends in the same file.
    pub end: Place,
}

/// Hears what a running script does, in the order of the script. Whatever it does not care for it leaves out.
pub trait Sink {
    /// A statement is complete: the tick of progress.
    fn completed(&mut self, done: &Completed<'_>) {
        let _ = done;
    }

    /// The script is read up to this byte of its main file, within COPY data that may be long.
    fn read(&mut self, offset: u64) {
        let _ = offset;
    }

    /// A statement returns rows with these columns; rows follow, then [`Self::completed`].
    fn columns(&mut self, columns: Vec<Column>) {
        let _ = columns;
    }

    /// One row, as text.
    fn row(&mut self, row: &DataRow) {
        let _ = row;
    }

    /// Data of `COPY .. TO STDOUT`.
    fn copy_out(&mut self, data: &[u8]) {
        let _ = data;
    }

    /// The server says something; `at` is where the statement begins that it is about.
    fn notice(&mut self, notice: &Notice, at: Option<&Location>) {
        let _ = (notice, at);
    }

    /// The script says something.
    fn echo(&mut self, echo: &Echo) {
        let _ = echo;
    }
}

/// A sink for those who care only how it ends.
impl Sink for () {}
