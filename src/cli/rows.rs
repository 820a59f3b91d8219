//! Rows of a query as a table, a part of them at a time, so that a large result needs no large memory.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::output::style;
use super::text;
use crate::connect::{Column, DataRow};

/// How many rows are gathered before they are written. The first part decides how wide the columns are.
const PART: usize = 1_000;

/// OIDs of the types whose values stand at the right: int8, int2, int4, oid, float4, float8, money, numeric
/// (`pg_type.dat`).
const NUMBERS: [u32; 8] = [20, 21, 23, 26, 700, 701, 790, 1700];

/// The rows of one statement.
pub struct Rows {
    names: Vec<String>,
    right: Vec<bool>,
    widths: Vec<usize>,
    gathered: Vec<Vec<Option<String>>>,
    /// How many were written before.
    written: u64,
    has_heading: bool,
}

impl Rows {
    /// None yet.
    pub fn new(columns: &[Column]) -> Self {
        Self {
            names: columns.iter().map(|column| column.name.clone()).collect(),
            right: columns
                .iter()
                .map(|column| NUMBERS.contains(&column.type_oid))
                .collect(),
            widths: Vec::new(),
            gathered: Vec::new(),
            written: 0,
            has_heading: false,
        }
    }

    /// Adds a row. Bytes that are not UTF-8 are shown as U+FFFD.
    pub fn push(&mut self, row: &DataRow) {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.gathered
            .push(row.values().map(|value| value.map(text)).collect());
    }

    /// Whether it is time to write.
    pub fn is_full(&self) -> bool {
        self.gathered.len() >= PART
    }

    /// The names of the columns, and the rows gathered since the last time.
    pub fn take(&mut self) -> (&[String], Vec<Vec<Option<String>>>) {
        (&self.names, std::mem::take(&mut self.gathered))
    }

    /// Writes the rows gathered since the last time; `last` ends the table.
    pub fn write(&mut self, out: &mut dyn Write, last: bool) -> io::Result<()> {
        let rows = std::mem::take(&mut self.gathered);
        if !self.has_heading {
            self.widths = self.widths(&rows);
            self.has_heading = true;
            self.heading(out)?;
        }
        for row in &rows {
            self.line(row, out)?;
        }
        self.written += rows.len() as u64;
        if last {
            let dim = style::DIM;
            writeln!(
                out,
                "{dim}({}){dim:#}",
                text::count(self.written, "row", "rows")
            )?;
        }
        Ok(())
    }

    fn widths(&self, rows: &[Vec<Option<String>>]) -> Vec<usize> {
        let width = |(index, name): (usize, &String)| {
            let values = rows.iter().filter_map(|row| row.get(index)?.as_deref());
            values
                .map(widest_line)
                .chain([widest_line(name)])
                .max()
                .unwrap_or(0)
        };
        self.names.iter().enumerate().map(width).collect()
    }

    fn heading(&self, out: &mut dyn Write) -> io::Result<()> {
        let strong = style::STRONG;
        let names: Vec<_> = self.names.iter().cloned().map(Some).collect();
        write!(out, "{strong}")?;
        self.line(&names, out)?;
        let rule: Vec<_> = self
            .widths
            .iter()
            .map(|width| "-".repeat(width + 2))
            .collect();
        writeln!(out, "{strong:#}{}", rule.join("+"))
    }

    /// A row; a value of several lines takes several lines. NULL is empty, as in psql.
    fn line(&self, row: &[Option<String>], out: &mut dyn Write) -> io::Result<()> {
        let values: Vec<Vec<&str>> = row
            .iter()
            .map(|value| value.as_deref().unwrap_or_default().split('\n').collect())
            .collect();
        let height = values.iter().map(Vec::len).max().unwrap_or(1);
        for number in 0..height {
            let mut line = String::new();
            for (index, lines) in values.iter().enumerate() {
                let text = lines.get(number).copied().unwrap_or_default();
                let width = self.widths.get(index).copied().unwrap_or_default();
                let blanks = " ".repeat(width.saturating_sub(text.width()));
                line.push_str(if index == 0 { " " } else { "| " });
                if self.right.get(index) == Some(&true) {
                    line.extend([&blanks, text, " "]);
                } else {
                    line.extend([text, &blanks, " "]);
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn widest_line(text: &str) -> usize {
    text.split('\n')
        .map(UnicodeWidthStr::width)
        .max()
        .unwrap_or(0)
}
