//! Where something stands in a script: byte offset, line and column, and the walk that keeps them.
//!
//! Pure arithmetic over bytes. Lines end with `\n` alone (so CRLF files count as everybody expects);
//! columns count characters, as the server's error positions do. Nothing here knows SQL.

use std::fmt;

/// A place in a file. `offset` is in bytes from 0; `line` and `column` count from 1, the column in
/// characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

impl Place {
    /// The first byte of a file.
    pub const START: Place = Place {
        offset: 0,
        line: 1,
        column: 1,
    };

    /// The place after `bytes`, when they begin here.
    #[must_use]
    pub fn after(self, bytes: &[u8]) -> Place {
        let offset = self.offset + bytes.len() as u64;
        match memchr::memrchr(b'\n', bytes) {
            None => Place {
                offset,
                line: self.line,
                column: self.column + characters(bytes),
            },
            Some(last) => {
                let (before, tail) = bytes.split_at(last + 1);
                Place {
                    offset,
                    line: self.line + memchr::memchr_iter(b'\n', before).count() as u64,
                    column: 1 + characters(tail),
                }
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// From `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: Place,
    /// The place after the last byte.
    pub end: Place,
}

/// How many characters `bytes` hold as UTF-8: every byte that does not continue another one.
pub(super) fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_lines_and_characters() {
        let place = Place::START.after("é\r\nab→".as_bytes());
        assert_eq!((place.offset, place.line, place.column), (9, 2, 4));
        let same_line = Place::START.after("é".as_bytes()).after(b"x");
        assert_eq!(same_line, Place::START.after("éx".as_bytes()));
    }

    #[test]
    fn walking_in_parts_is_walking_at_once() {
        let text = "a\n→\n\nzwölf\r\n".as_bytes();
        for cut in 0..=text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(Place::START.after(a).after(b), Place::START.after(text));
        }
    }
}
