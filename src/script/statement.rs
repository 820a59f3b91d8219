//! A statement as the splitter hands it out, and the map from its text back to the file.
//!
//! The text is what goes to the server. It is what stands in the file, except where variables were inserted;
//! then the places around the insertions are computed from a list of them. Pure.

use super::place::{Place, Span};

/// One SQL statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// From its first token to its semicolon, or to the end of the file.
    pub text: &'a str,
    /// Where it stands in the file.
    pub span: Span,
    /// Whether the data of this `COPY .. FROM STDIN` follows in the script.
    pub copy_data: bool,
    /// Whether it was read with `standard_conforming_strings` on.
    pub standard_strings: bool,
    pub(super) insertions: &'a [Insertion],
}

impl Statement<'_> {
    /// The place of the character at `position`, counted in characters from 1 as the server counts (error
    /// field `P`, manual "Error and Notice Message Fields"). A character that came from a variable stands where
    /// the variable is named; a position behind the end is the end.
    #[must_use]
    pub fn place_of(&self, position: usize) -> Place {
        self.place_at(self.byte_of(position))
    }

    /// The byte in the text of the character at `position`.
    pub(super) fn byte_of(&self, position: usize) -> usize {
        let mut characters = self.text.char_indices();
        let found = characters.nth(position.saturating_sub(1));
        found.map_or(self.text.len(), |(at, _)| at)
    }

    /// The place of the byte at `at` of the text.
    #[must_use]
    pub fn place_at(&self, at: usize) -> Place {
        Insertion::place(self.insertions, self.span.start, self.text.as_bytes(), at)
    }

    /// A copy that does not borrow the splitter, for what is still on its way to the server.
    #[must_use]
    pub fn to_owned(&self) -> OwnedStatement {
        OwnedStatement {
            text: self.text.into(),
            span: self.span,
            copy_data: self.copy_data,
            standard_strings: self.standard_strings,
            insertions: self.insertions.into(),
        }
    }
}

/// A [`Statement`] that owns its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedStatement {
    /// See [`Statement::text`].
    pub text: Box<str>,
    /// See [`Statement::span`].
    pub span: Span,
    /// See [`Statement::copy_data`].
    pub copy_data: bool,
    /// See [`Statement::standard_strings`].
    pub standard_strings: bool,
    insertions: Box<[Insertion]>,
}

impl OwnedStatement {
    /// The statement, borrowed.
    #[must_use]
    pub fn borrow(&self) -> Statement<'_> {
        Statement {
            text: &self.text,
            span: self.span,
            copy_data: self.copy_data,
            standard_strings: self.standard_strings,
            insertions: &self.insertions,
        }
    }
}

/// Text that does not stand in the file: `len` bytes at `at` of the statement came from `written` bytes of it,
/// which are one token on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Insertion {
    pub(super) at: usize,
    pub(super) len: usize,
    written: usize,
    /// The characters among `written`.
    characters: u64,
}

impl Insertion {
    /// Notes that at `at` the `token` bytes of the text became `len` bytes. Where `at` lies in an earlier
    /// insertion, that one grows: its token is all that stands in the file.
    pub(super) fn record(list: &mut Vec<Insertion>, at: usize, token: &[u8], len: usize) {
        if let Some(last) = list.last_mut() {
            let inside = at < last.at + last.len;
            if inside {
                // The reference may reach beyond the value it begins in (`:a` with the value ":b", then "c").
                let beyond = (at + token.len()).saturating_sub(last.at + last.len);
                let outside = token.get(token.len() - beyond..).unwrap_or_default();
                last.len = last.len + beyond + len - token.len();
                last.written += beyond;
                last.characters += super::place::characters(outside);
                return;
            }
        }
        list.push(Insertion {
            at,
            len,
            written: token.len(),
            characters: super::place::characters(token),
        });
    }

    /// The place in the file of byte `at` of `text`, which begins at `start`.
    pub(super) fn place(list: &[Insertion], start: Place, text: &[u8], at: usize) -> Place {
        let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let mut place = start;
        let mut done = 0;
        for insertion in list {
            if insertion.at >= at {
                break;
            }
            place = place.after(between(done, insertion.at));
            done = insertion.at + insertion.len;
            if at < done {
                return place; // inside the value: where the variable is named
            }
            place.offset += insertion.written as u64;
            place.column += insertion.characters;
        }
        place.after(between(done, at.min(text.len())))
    }

    /// The first `len` bytes of the text are gone. Of a value cut in two the rest stays, with its token.
    pub(super) fn shift(list: &mut Vec<Insertion>, len: usize) {
        list.retain(|insertion| insertion.at >= len || insertion.at + insertion.len > len);
        for insertion in list {
            let gone = len.saturating_sub(insertion.at);
            insertion.len -= gone;
            insertion.at = (insertion.at + gone) - len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_around_insertions() {
        // File: "a :é b" with é = "xyz"; text: "a xyz b".
        let mut list = Vec::new();
        Insertion::record(&mut list, 2, ":é".as_bytes(), 3);
        let column = |at| Insertion::place(&list, Place::START, b"a xyz b", at).column;
        assert_eq!(
            (column(0), column(2), column(4), column(5), column(6)),
            (1, 3, 3, 5, 6)
        );
    }
}
