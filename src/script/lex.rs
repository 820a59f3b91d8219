//! The lexer: finds where a statement begins and ends, after the rules of psql (`psqlscan.l`).
//!
//! It works on bytes and knows quotes, comments, dollar quotes, parentheses and `BEGIN ATOMIC .. END` bodies,
//! nothing else of SQL. It never looks back further than the token it reads: when a token goes on behind the
//! bytes at hand it answers [`Event::More`] and reads that token again, so any cut of the input gives the same
//! result. It does no I/O and must not judge whether a statement is right.
//!
//! Every multi-byte character consists of bytes >= 0x80 (UTF-8), which the rules treat as letters.

use memchr::memmem;

use super::cursor::Cursor;
use super::variables::{Colon, Reference, Variables, read_colon};

/// Why [`Lexer::next`] stopped. Positions are in bytes of the text given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The token at [`Lexer::position`] goes on behind the text: call again with more.
    More,
    /// A semicolon ended the statement; the position is behind it.
    Semicolon,
    /// A psql command begins at the position.
    Backslash,
    /// `\;` or `\:` at the position: the backslash only protects what follows.
    Escaped,
    /// A reference to a variable begins at the position.
    Variable(Reference),
    /// The text is complete and read to its end.
    End,
}

/// Something that was opened at `at` and never closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub(super) at: usize,
    pub(super) what: Open,
}

/// What can be left open at the end of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// `'..'` in any of its forms.
    String,
    /// `".."`, also `U&".."`.
    Identifier,
    /// `$tag$ .. $tag$`, with its delimiter.
    Dollar(String),
    /// `/* .. */`
    Comment,
    /// `( .. )`
    Parenthesis,
    /// `BEGIN ATOMIC .. END`
    Body,
}

/// The token before, as far as the meaning of the next word depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    Begin,
    From,
    /// `.` or `AS`: the next word is a name, whatever it says.
    Name,
}

/// What the leading words of the statement say about its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Leading {
    #[default]
    Nothing,
    Create,
    CreateOr,
    CreateOrReplace,
    /// `CREATE [OR REPLACE] FUNCTION | PROCEDURE`: may have a body with semicolons in it.
    Routine,
    Copy,
    /// `COPY .. FROM STDIN`: data follows.
    CopyFromStdin,
    Set,
    Settled,
}

/// The state between two tokens of a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Lexer {
    /// Where the next token begins.
    position: usize,
    /// Where the statement began, once something other than blanks and comments was seen.
    start: Option<usize>,
    parentheses: u32,
    first_parenthesis: usize,
    body: u32,
    body_start: usize,
    before: Before,
    leading: Leading,
}

/// How a string treats a backslash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Standard,
    Escapes,
}

type Step = Result<Option<Event>, Unclosed>;

impl Lexer {
    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Where the first token of the statement begins.
    pub(super) fn start(&self) -> Option<usize> {
        self.start
    }

    /// Whether the statement is a `COPY .. FROM STDIN`.
    pub(super) fn copies_from_stdin(&self) -> bool {
        self.leading == Leading::CopyFromStdin
    }

    /// Whether the statement begins with `SET`.
    pub(super) fn begins_with_set(&self) -> bool {
        self.leading == Leading::Set
    }

    /// Forgets the statement and begins the next one at the start of the text.
    pub(super) fn reset(&mut self) {
        *self = Lexer::default();
    }

    /// The text lost its first `count` bytes, all of them before the statement.
    pub(super) fn shift(&mut self, count: usize) {
        self.position -= count;
    }

    /// Goes over `count` bytes that the caller has dealt with, as part of the statement.
    pub(super) fn skip(&mut self, count: usize) {
        self.start.get_or_insert(self.position);
        self.before = Before::Other;
        self.position += count;
    }

    /// Reads tokens up to the next event. `complete`: nothing comes behind `text`. `standard`: the setting
    /// `standard_conforming_strings`.
    pub(super) fn next(
        &mut self,
        text: &[u8],
        complete: bool,
        standard: bool,
        variables: &Variables,
    ) -> Result<Event, Unclosed> {
        let cursor = Cursor { text, complete };
        while let Some(&byte) = text.get(self.position) {
            let at = self.position;
            let event = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                    self.position = cursor.blanks(at);
                    None
                }
                b'-' => self.dash(cursor),
                b'/' => self.slash(cursor)?,
                b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => self.word(cursor, standard)?,
                b'\'' => self.string(cursor, 0, Quoting::of(standard))?,
                b'"' => self.identifier(cursor, 0)?,
                b'$' => self.dollar(cursor)?,
                b':' => match read_colon(text.get(at..).unwrap_or_default(), complete) {
                    Colon::More => Some(Event::More),
                    Colon::Token(len) => self.token(len),
                    Colon::Reference(reference) => self.reference(text, reference, variables),
                },
                b'\\' => match text.get(at + 1) {
                    None if !complete => Some(Event::More),
                    Some(b';' | b':') => Some(Event::Escaped),
                    _ => Some(Event::Backslash),
                },
                b'(' => self.open(),
                b')' => self.close(),
                b';' => self.semicolon(),
                b'.' => {
                    self.token(1);
                    self.before = Before::Name;
                    None
                }
                _ => self.token(1),
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
        if complete {
            self.closed().map(|()| Event::End)
        } else {
            Ok(Event::More)
        }
    }

    /// At the end of the script: is something still open?
    fn closed(&self) -> Result<(), Unclosed> {
        if self.parentheses > 0 {
            let at = self.first_parenthesis;
            return Err(Unclosed {
                at,
                what: Open::Parenthesis,
            });
        }
        if self.body > 0 {
            let at = self.body_start;
            return Err(Unclosed {
                at,
                what: Open::Body,
            });
        }
        Ok(())
    }

    /// A token of `len` bytes without further meaning.
    fn token(&mut self, len: usize) -> Option<Event> {
        self.skip(len);
        None
    }

    fn reference(&mut self, text: &[u8], found: Reference, variables: &Variables) -> Option<Event> {
        let range = self.position + found.name.start..self.position + found.name.end;
        let name = text
            .get(range)
            .and_then(|name| std::str::from_utf8(name).ok());
        let known = name.is_some_and(|name| variables.expand(name, found.form).is_some());
        if known {
            return Some(Event::Variable(found));
        }
        self.token(found.len)
    }

    fn open(&mut self) -> Option<Event> {
        if self.parentheses == 0 {
            self.first_parenthesis = self.position;
        }
        self.parentheses = self.parentheses.saturating_add(1);
        self.token(1)
    }

    fn close(&mut self) -> Option<Event> {
        self.parentheses = self.parentheses.saturating_sub(1);
        self.token(1)
    }

    fn semicolon(&mut self) -> Option<Event> {
        self.skip(1);
        (self.parentheses == 0 && self.body == 0).then_some(Event::Semicolon)
    }

    /// `-`, or a comment to the end of the line.
    fn dash(&mut self, cursor: Cursor<'_>) -> Option<Event> {
        match cursor.at(self.position + 1) {
            None if !cursor.complete => return Some(Event::More),
            Some(b'-') => {}
            _ => return self.token(1),
        }
        let Some(end) = cursor.line_comment(self.position) else {
            return Some(Event::More);
        };
        self.position = end;
        None
    }

    /// `/`, or a block comment.
    fn slash(&mut self, cursor: Cursor<'_>) -> Step {
        match cursor.at(self.position + 1) {
            None if !cursor.complete => return Ok(Some(Event::More)),
            Some(b'*') => {}
            _ => return Ok(self.token(1)),
        }
        if let Some(end) = cursor.block_comment(self.position) {
            self.position = end;
            return Ok(None);
        }
        unfinished(cursor, self.position, || Open::Comment)
    }

    /// A keyword or name, or the letter before a quote: `E'..'`, `B'..'`, `X'..'`, `N'..'`, `U&'..'`, `U&".."`.
    fn word(&mut self, cursor: Cursor<'_>, standard: bool) -> Step {
        let start = self.position;
        let end = cursor.word_end(start);
        if end == cursor.text.len() && !cursor.complete {
            return Ok(Some(Event::More));
        }
        let word = cursor.text.get(start..end).unwrap_or_default();
        if let [letter] = word {
            let next = cursor.at(end);
            match (letter.to_ascii_lowercase(), next) {
                (b'e', Some(b'\'')) => return self.string(cursor, 1, Quoting::Escapes),
                (b'b' | b'x', Some(b'\'')) => return self.string(cursor, 1, Quoting::Standard),
                (b'n', Some(b'\'')) => return self.string(cursor, 1, Quoting::of(standard)),
                (b'u', Some(b'&')) => match cursor.at(end + 1) {
                    None if !cursor.complete => return Ok(Some(Event::More)),
                    Some(b'\'') => return self.string(cursor, 2, Quoting::Standard),
                    Some(b'"') => return self.identifier(cursor, 2),
                    _ => {}
                },
                _ => {}
            }
        }
        self.keyword(word);
        self.position = end;
        Ok(None)
    }

    /// What a word means for the end of the statement.
    fn keyword(&mut self, word: &[u8]) {
        let before = std::mem::take(&mut self.before);
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        if self.start.is_none() {
            self.start = Some(self.position);
            self.leading = match word.first() {
                Some(b'c' | b'C') if is("create") => Leading::Create,
                Some(b'c' | b'C') if is("copy") => Leading::Copy,
                Some(b's' | b'S') if is("set") => Leading::Set,
                _ => Leading::Settled,
            };
            return;
        }
        match self.leading {
            Leading::Create if is("or") => self.leading = Leading::CreateOr,
            Leading::CreateOr if is("replace") => self.leading = Leading::CreateOrReplace,
            Leading::Create | Leading::CreateOrReplace if is("function") || is("procedure") => {
                self.leading = Leading::Routine;
            }
            Leading::Create | Leading::CreateOr | Leading::CreateOrReplace => {
                self.leading = Leading::Settled;
            }
            Leading::Copy if self.parentheses == 0 => {
                if before == Before::From && (is("stdin") || is("stdout")) {
                    self.leading = Leading::CopyFromStdin;
                } else if is("from") && before != Before::Name {
                    self.before = Before::From;
                }
            }
            Leading::Routine if self.parentheses == 0 => self.body_word(word, before),
            _ => {}
        }
    }

    /// `BEGIN ATOMIC` opens a body; inside it CASE needs an END of its own.
    fn body_word(&mut self, word: &[u8], before: Before) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        if is("as") {
            self.before = Before::Name;
        } else if before == Before::Name {
            // A column called "end", say: `SELECT t.end`, `SELECT 1 AS end`.
        } else if is("begin") && self.body == 0 {
            self.before = Before::Begin;
            self.body_start = self.position;
        } else if is("atomic") && before == Before::Begin {
            self.body = 1;
        } else if is("case") && self.body > 0 {
            self.body = self.body.saturating_add(1);
        } else if is("end") {
            self.body = self.body.saturating_sub(1);
        }
    }

    /// A string whose quote stands behind `prefix` bytes.
    fn string(&mut self, cursor: Cursor<'_>, prefix: usize, quoting: Quoting) -> Step {
        let open = self.position + prefix;
        let end = match quoting {
            Quoting::Standard => cursor.find(open + 1, b'\'').map(|quote| quote + 1),
            Quoting::Escapes => cursor.escape_string(open + 1),
        };
        match end {
            Some(end) => Ok(self.token(end - self.position)),
            None => unfinished(cursor, self.position, || Open::String),
        }
    }

    /// A quoted identifier whose quote stands behind `prefix` bytes. A doubled quote reads as two
    /// identifiers side by side, which end at the same place.
    fn identifier(&mut self, cursor: Cursor<'_>, prefix: usize) -> Step {
        match cursor.find(self.position + prefix + 1, b'"') {
            Some(quote) => Ok(self.token(quote + 1 - self.position)),
            None => unfinished(cursor, self.position, || Open::Identifier),
        }
    }

    /// `$`, or a dollar quote. There is no escaping inside: it ends where its delimiter stands again.
    fn dollar(&mut self, cursor: Cursor<'_>) -> Step {
        let start = self.position;
        let end = cursor.dollar_tag(start);
        match cursor.at(end) {
            None if !cursor.complete => return Ok(Some(Event::More)),
            Some(b'$') => {}
            _ => return Ok(self.token(1)),
        }
        let body = end + 1;
        let delimiter = cursor.text.get(start..body).unwrap_or_default();
        let rest = cursor.text.get(body..).unwrap_or_default();
        match memmem::find(rest, delimiter) {
            Some(found) => Ok(self.token(body + found + delimiter.len() - start)),
            None => unfinished(cursor, start, || {
                Open::Dollar(String::from_utf8_lossy(delimiter).into_owned())
            }),
        }
    }
}

impl Quoting {
    fn of(standard: bool) -> Quoting {
        if standard {
            Quoting::Standard
        } else {
            Quoting::Escapes
        }
    }
}

/// The token that began at `at` has no end in the text.
fn unfinished(cursor: Cursor<'_>, at: usize, what: impl FnOnce() -> Open) -> Step {
    if cursor.complete {
        Err(Unclosed { at, what: what() })
    } else {
        Ok(Some(Event::More))
    }
}
