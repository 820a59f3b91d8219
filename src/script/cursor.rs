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

    /// Behind the block comment at `from`; comments nest, and `/*/` opens one without closing it.
    pub(super) fn block_comment(self, from: usize) -> Option<usize> {
        let mut depth = 1u32;
        let mut at = from + 2;
        while depth > 0 {
            let found = self.find2(at, b'*', b'/')?;
            at = match (self.at(found), self.at(found + 1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    found + 2
                }
                (Some(b'/'), Some(b'*')) => {
                    depth = depth.saturating_add(1);
                    found + 2
                }
                _ => found + 1,
            };
        }
        Some(at)
    }

    /// Behind the delimiter `$tag$` that begins at `from`, if there is one.
    pub(super) fn dollar_delimiter(self, from: usize) -> Option<usize> {
        let end = self.dollar_tag(from);
        (self.at(end) == Some(b'$')).then_some(end + 1)
    }

    /// Behind `$` and what may be a tag: letters, digits and underscores, no digit first.
    pub(super) fn dollar_tag(self, from: usize) -> usize {
        let start = from + 1;
        if self.at(start).is_none_or(|b| b.is_ascii_digit()) {
            return start;
        }
        start
            + self.run(start, |b| {
                b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
            })
    }

    /// Behind the string or identifier whose quote, which is doubled inside, stands at `quote`.
    pub(super) fn quoted_end(self, quote: usize) -> Option<usize> {
        let mark = self.at(quote)?;
        let mut at = quote + 1;
        loop {
            at = self.find(at, mark)? + 1;
            if self.at(at) != Some(mark) {
                return Some(at);
            }
            at += 1;
        }
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
    pub(super) fn escape_content(self, mut at: usize) -> Option<usize> {
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
