//! The statements under way: sent, and not yet answered.

use std::collections::VecDeque;

use crate::connect::ServerError;

use super::super::commands::Echo;
use super::super::location::Location;
use super::super::place::Place;
use super::super::statement::{OwnedStatement, Statement};

/// The longest statement that is kept to find the place of an error in it; of a longer one only the start is named.
const LONGEST_KEPT: usize = 1 << 20;

/// A statement under way.
#[derive(Debug)]
pub(super) struct Flight {
    index: usize,
    pub(super) start: Location,
    pub(super) end: Place,
    pub(super) copy_data: bool,
    statement: Option<OwnedStatement>,
    /// What the script prints once this statement has run.
    echoes: Vec<Echo>,
}

impl Flight {
    pub(super) fn new(index: usize, start: Location, statement: &Statement<'_>) -> Flight {
        let kept = statement.text.len() <= LONGEST_KEPT;
        Flight {
            index,
            start,
            end: statement.span.end,
            copy_data: statement.copy_data,
            statement: kept.then(|| statement.to_owned()),
            echoes: Vec::new(),
        }
    }

    /// Where an error of this statement is: at the server's position, in the line of COPY data that it names, else
    /// where the statement begins.
    pub(super) fn location_of(&self, error: &ServerError) -> Location {
        let position = error
            .position
            .and_then(|position| usize::try_from(position).ok());
        if let (Some(position), Some(statement)) = (position, &self.statement) {
            let place = statement.borrow().place_of(position);
            return Location {
                place,
                ..self.start.clone()
            };
        }
        if self.copy_data
            && let Some(line) = error.context.as_deref().and_then(line_of_copy)
        {
            return self.start.at(self.end).line_below(line);
        }
        self.start.clone()
    }
}

/// The line in `COPY t, line 3, column b: ".."`, counted from the first line of the data.
fn line_of_copy(context: &str) -> Option<u64> {
    let rest = context.strip_prefix("COPY ")?.split_once(", line ")?.1;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The statements under way, in order.
#[derive(Debug, Default)]
pub(super) struct Flights(VecDeque<Flight>);

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, flight: Flight) {
        self.0.push_back(flight);
    }

    /// The statement with this index.
    pub(super) fn get(&self, index: usize) -> Option<&Flight> {
        let first = self.0.front()?.index;
        self.0.get(index.checked_sub(first)?)
    }

    /// Keeps what the script prints until the statements before it have run; gives it back when they have.
    pub(super) fn echo(&mut self, echo: Echo) -> Option<Echo> {
        match self.0.back_mut() {
            Some(last) => {
                last.echoes.push(echo);
                None
            }
            None => Some(echo),
        }
    }

    /// The statement with this index has run: takes it out, and what is to be printed now.
    pub(super) fn completed(&mut self, index: usize) -> (Option<Flight>, Vec<Echo>) {
        if self.0.front().is_none_or(|first| first.index != index) {
            return (None, Vec::new());
        }
        let mut flight = self.0.pop_front();
        let echoes = flight
            .as_mut()
            .map(|flight| std::mem::take(&mut flight.echoes));
        (flight, echoes.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_copy_data_is_read_from_the_context() {
        assert_eq!(line_of_copy("COPY t, line 12, column a: \"x\""), Some(12));
        assert_eq!(
            line_of_copy("COPY \"a, line 3\", line 7: \"x, line 9\""),
            Some(3),
            "names may lie"
        );
        assert_eq!(line_of_copy("SQL function \"f\" statement 1"), None);
    }
}
