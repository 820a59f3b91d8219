//! The bytes the lexer looks at, and the searches it does in them.
//!
//! A search that comes to the end of bytes that are not complete finds nothing; the lexer then asks for more.
//! Pure.

use memchr::{memchr, memchr2};

/// The text, and whether something may come behind it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) complete: bool,
}

impl Cursor<'_> {
    pub(super) fn at(self, position: usize) -> Option<u8> {
        self.text.get(position).copied()
    }

    pub(super) fn find(self, from: usize, byte: u8) -> Option<usize> {
        memchr(byte, self.text.get(from..)?).map(|found| from + found)
    }

    pub(super) fn find2(self, from: usize, a: u8, b: u8) -> Option<usize> {
        memchr2(a, b, self.text.get(from..)?).map(|found| from + found)
    }

    /// How many bytes from `from` on satisfy `is`.
    pub(super) fn run(self, from: usize, is: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        rest.iter().position(|&b| !is(b)).unwrap_or(rest.len())
    }

    /// Behind the blanks that begin at `from`.
    pub(super) fn blanks(self, from: usize) -> usize {
        from + self.run(from, |b| matches!(b, b' ' | b'\t'..=b'\r'))
    }

    /// Behind the name or keyword that begins at `from`.
    pub(super) fn word_end(self, from: usize) -> usize {
        from + self.run(from, |b| {
            b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 || b == b'$'
        })
    }

    /// Behind the `--` comment at `from`; its newline does not belong to it.
    pub(super) fn line_comment(self, from: usize) -> Option<usize> {
        let end = self.find2(from, b'\n', b'\r');
        end.or(self.complete.then_some(self.text.len()))
    }

    /// Behind an `E'..'` string whose content begins at `from`. Such a string goes on in a further quote that
    /// stands on a later line, backslashes and all (`{quotecontinue}` in psqlscan.l), so the text behind the
    /// closing quote is read too; `None` when its end is not in the text.
    pub(super) fn escape_string(self, from: usize) -> Option<usize> {
        let mut at = self.escape_content(from)?;
        loop {
            match self.continuation(at) {
                Continuation::Content(next) => at = self.escape_content(next)?,
                Continuation::No => return Some(at),
                Continuation::More => return None,
            }
        }
    }

    /// Behind the closing quote.
    fn escape_content(self, mut at: usize) -> Option<usize> {
        loop {
            let found = self.find2(at, b'\'', b'\\')?;
            match self.at(found)? {
                b'\\' => at = found + 2,
                _ => return Some(found + 1),
            }
        }
    }

    /// What stands behind a closing quote: blanks and comments with a newline among them, then a quote?
    fn continuation(self, mut at: usize) -> Continuation {
        if self.at(at) == Some(b'\'') {
            return Continuation::Content(at + 1); // a doubled quote
        }
        let mut newline = false;
        loop {
            match self.at(at) {
                None if self.complete => return Continuation::No,
                None => return Continuation::More,
                Some(b'\n' | b'\r') => {
                    newline = true;
                    at += 1;
                }
                Some(b' ' | b'\t' | 0x0b | 0x0c) => at += 1,
                Some(b'\'') if newline => return Continuation::Content(at + 1),
                Some(b'-') => match self.at(at + 1) {
                    None if !self.complete => return Continuation::More,
                    Some(b'-') => match self.line_comment(at) {
                        Some(end) => at = end,
                        None => return Continuation::More,
                    },
                    _ => return Continuation::No,
                },
                Some(_) => return Continuation::No,
            }
        }
    }
}

/// Whether a string goes on behind its closing quote.
enum Continuation {
    Content(usize),
    No,
    More,
}
