//! The splitter: a stream of bytes in, statements, psql commands and COPY data out.
//!
//! It holds one chunk of the file, or one statement when that is larger; COPY data is handed out in slices and
//! never kept. The pieces come in file order, and between them stand only blanks, comments and stray
//! semicolons. Variables are inserted while reading, as psql does, and every statement remembers
//! where its text came from. It reads from its input and does no other I/O; what the commands mean is the
//! business of `source`.

use std::io::Read;

use memchr::memchr;

use super::copy_data::{CopyEnd, find_copy_end};
use super::lex::{Event, Lexer, Unclosed};
use super::place::{Place, Span};
use super::psql;
use super::setting::{Setting, setting};
use super::split_error::{MAX_INSERTED, SplitError, SplitErrorKind, other_format};
use super::statement::{Insertion, Statement};
use super::variables::{Form, Reference, Variables};

/// How much is read from the input at once, in bytes.
const CHUNK: usize = 128 * 1024;

/// One piece of a script.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A statement, with its semicolon when it has one.
    Statement(Statement<'a>),
    /// A psql command: from its backslash to the end of the line, or to the `\\` that separates it from
    /// what follows.
    Command(Command<'a>),
    /// Data of the `COPY .. FROM STDIN` before it, as it stands in the file. Never empty; lines may be cut.
    CopyData(&'a [u8]),
    /// The line `\.` that ends the data.
    CopyEnd,
}

/// A psql command as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// From the backslash on, without the newline.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// What the splitter reads next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Beginning,
    Sql,
    /// The rest of the line of the COPY statement that began at this place.
    CopyLine(Place),
    /// COPY data; `true` at the start of a line.
    CopyData(Place, bool),
    Done,
}

/// Splits what `input` gives.
#[derive(Debug)]
pub struct Splitter<R> {
    input: R,
    /// The variables that references insert. They may be changed between two pieces.
    pub variables: Variables,
    /// Whether statements count: in a branch of `\if` that is not taken they do not, and a COPY in it has
    /// no data.
    pub active: bool,
    /// `standard_conforming_strings` as it will be when the next statement runs.
    pub standard_strings: bool,
    /// The encoding that the script says it is in, unless that is UTF-8. Then it must be plain ASCII, which is
    /// the same in both: anything else would be misread.
    pub encoding: Option<String>,
    chunk: usize,
    buffer: Vec<u8>,
    /// Whether the input is read to its end.
    complete: bool,
    /// Where in the buffer the unread part begins, and where that is in the file.
    at: usize,
    place: Place,
    given: Option<Given>,
    lexer: Lexer,
    mode: Mode,
    insertions: Vec<Insertion>,
    expanding: Vec<Expanding>,
}

/// A variable whose value the lexer is reading: up to `end`, counted from the unread part.
#[derive(Debug)]
struct Expanding {
    name: String,
    end: usize,
}

impl<R: Read> Splitter<R> {
    /// A splitter over `input`, which may be a file, a pipe, or bytes.
    pub fn new(input: R) -> Self {
        Self::with_chunk(input, CHUNK)
    }

    /// A splitter that reads `chunk` bytes at once, for tests.
    pub fn with_chunk(input: R, chunk: usize) -> Self {
        Splitter {
            input,
            variables: Variables::default(),
            active: true,
            standard_strings: true,
            encoding: None,
            chunk: chunk.max(1),
            buffer: Vec::new(),
            complete: false,
            at: 0,
            place: Place::START,
            given: None,
            lexer: Lexer::default(),
            mode: Mode::Beginning,
            insertions: Vec::new(),
            expanding: Vec::new(),
        }
    }

    /// The place up to which pieces were given out.
    pub fn place(&self) -> Place {
        self.given
            .as_ref()
            .map_or(self.place, |given| given.span.end)
    }

    /// The next piece; `None` at the end of the script. After an error it is over.
    #[expect(
        clippy::should_implement_trait,
        reason = "a piece borrows the splitter"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>, SplitError> {
        self.advance()?;
        Ok(self.piece())
    }

    /// Goes to the next piece, which [`Self::piece`] then gives; `false` at the end of the script.
    pub(super) fn advance(&mut self) -> Result<bool, SplitError> {
        if let Some(given) = self.given.take() {
            self.consume(given.len, given.span.end);
        }
        let found = self.step().and_then(|found| {
            if let Some(found) = found {
                self.give(found)?;
            }
            Ok(found.is_some())
        });
        if !matches!(found, Ok(true)) {
            self.mode = Mode::Done;
        }
        found
    }

    /// The piece where the splitter stands.
    pub(super) fn piece(&self) -> Option<Piece<'_>> {
        let &Given { what, len, span } = self.given.as_ref()?;
        let bytes = self.unread(len);
        let text = || std::str::from_utf8(bytes).unwrap_or_default(); // checked when it was found
        Some(match what {
            What::Statement { copy_data } => Piece::Statement(Statement {
                text: text(),
                span,
                insertions: &self.insertions,
                copy_data,
                standard_strings: self.standard_strings,
            }),
            What::Command => Piece::Command(Command { text: text(), span }),
            What::CopyData => Piece::CopyData(bytes),
            What::CopyEnd => Piece::CopyEnd,
        })
    }

    fn step(&mut self) -> Result<Option<Found>, SplitError> {
        loop {
            let found = match self.mode {
                Mode::Beginning => self.beginning()?,
                Mode::Sql => self.sql()?,
                Mode::CopyLine(copy) => self.copy_line(copy)?,
                Mode::CopyData(copy, line_start) => self.copy_data(copy, line_start)?,
                Mode::Done => return Ok(None),
            };
            match found {
                Step::Found(found) => return Ok(Some(found)),
                Step::Again => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Looks at the first bytes: a byte order mark is skipped, well-known other formats are named.
    fn beginning(&mut self) -> Result<Step, SplitError> {
        while self.buffer.len() < 5 && !self.complete {
            self.read()?;
        }
        if let Some(format) = other_format(&self.buffer) {
            return Err(self.error_at(0, SplitErrorKind::Format(format)));
        }
        if self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
            self.place.offset = 3;
        }
        self.mode = Mode::Sql;
        self.refuse_zero_bytes(0)?;
        Ok(Step::Again)
    }

    fn sql(&mut self) -> Result<Step, SplitError> {
        let text = self.buffer.get(self.at..).unwrap_or_default();
        let nothing = Variables::default();
        let variables = if self.active {
            &self.variables
        } else {
            &nothing
        };
        let event = self
            .lexer
            .next(text, self.complete, self.standard_strings, variables);
        match event {
            Ok(Event::More) => {
                if self.lexer.start().is_none() {
                    self.skip_gap(self.lexer.position());
                }
                self.read()?;
                Ok(Step::Again)
            }
            Ok(Event::Semicolon) => Ok(self.end_of_statement()),
            Ok(Event::End) if self.lexer.start().is_some() => Ok(self.end_of_statement()),
            Ok(Event::End) => {
                self.skip_gap(self.lexer.position());
                Ok(Step::End)
            }
            Ok(Event::Backslash) => self.backslash(),
            Ok(Event::Escaped) => {
                self.unescape()?;
                Ok(Step::Again)
            }
            Ok(Event::Variable(reference)) => {
                self.expand(&reference)?;
                Ok(Step::Again)
            }
            Err(Unclosed { at, what }) => Err(self.error_at(at, SplitErrorKind::Unclosed(what))),
        }
    }

    /// The lexer stands behind a statement.
    fn end_of_statement(&mut self) -> Step {
        let start = self.lexer.start().unwrap_or_default();
        let end = self.lexer.position();
        let empty = self.unread(end).get(start..) == Some(b";");
        if empty || !self.active {
            self.skip_gap(end);
            self.lexer.reset();
            return Step::Again;
        }
        let copy_data = self.lexer.copies_from_stdin();
        if self.lexer.begins_with_set() {
            let text = self.unread(end).get(start..).unwrap_or_default();
            match std::str::from_utf8(text).ok().and_then(setting) {
                Some(Setting::StandardStrings(on)) => self.standard_strings = on,
                Some(Setting::Encoding(encoding)) => self.encoding = encoding,
                None => {}
            }
        }
        self.skip_gap(start);
        self.lexer.reset();
        Step::found(What::Statement { copy_data }, end - start)
    }

    fn backslash(&mut self) -> Result<Step, SplitError> {
        let start = self.lexer.position();
        let rest = self.buffer.get(self.at + start..).unwrap_or_default();
        let line = match memchr(b'\n', rest) {
            Some(end) => rest.get(..end).unwrap_or_default(),
            None if self.complete => rest,
            None => {
                self.read()?;
                return Ok(Step::Again);
            }
        };
        let len = psql::extent(line);
        if self.lexer.start().is_some() {
            let name = psql::name(line).into_owned();
            return Err(self.error_at(start, SplitErrorKind::CommandInStatement(name)));
        }
        self.skip_gap(start);
        self.lexer.reset();
        Ok(Step::found(What::Command, len))
    }

    /// Behind the semicolon of `COPY .. FROM STDIN` only blanks and comments may stand on the line.
    fn copy_line(&mut self, copy: Place) -> Result<Step, SplitError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(end) = memchr(b'\n', rest) else {
            if !self.complete {
                self.read()?;
                return Ok(Step::Again);
            }
            return Err(SplitError {
                kind: SplitErrorKind::CopyWithoutEnd,
                place: copy,
            });
        };
        let line = rest.get(..end).unwrap_or_default();
        let mut lexer = Lexer::default();
        let nothing = Variables::default();
        let event = lexer.next(line, true, self.standard_strings, &nothing);
        if event != Ok(Event::End) || lexer.start().is_some() {
            let blank = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
            return Err(self.error_at(blank, SplitErrorKind::AfterCopy));
        }
        self.skip_gap(end + 1);
        self.mode = Mode::CopyData(copy, true);
        Ok(Step::Again)
    }

    /// Data up to the line `\.`, in slices as large as the buffer has them.
    fn copy_data(&mut self, copy: Place, line_start: bool) -> Result<Step, SplitError> {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        match find_copy_end(rest, line_start, self.complete) {
            CopyEnd::At { data: 0, len } => {
                self.mode = Mode::Sql;
                Ok(Step::found(What::CopyEnd, len))
            }
            CopyEnd::At { data, .. } | CopyEnd::NotBefore(data) if data > 0 => {
                let at_line_start = rest.get(data - 1) == Some(&b'\n');
                self.mode = Mode::CopyData(copy, at_line_start);
                Ok(Step::found(What::CopyData, data))
            }
            _ if self.complete => Err(SplitError {
                kind: SplitErrorKind::CopyWithoutEnd,
                place: copy,
            }),
            _ => {
                self.read()?;
                Ok(Step::Again)
            }
        }
    }

    /// Replaces the reference to a variable by its value and lets the lexer read on: behind the value when it
    /// is quoted, else at its first byte.
    fn expand(&mut self, reference: &Reference) -> Result<(), SplitError> {
        let at = self.lexer.position();
        let token = self.buffer.get(self.at + at..).unwrap_or_default();
        let name = token.get(reference.name.clone()).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        self.expanding.retain(|expanding| at < expanding.end);
        if self
            .expanding
            .iter()
            .any(|expanding| expanding.name == name)
        {
            self.lexer.skip(reference.len); // psql: "skipping recursive expansion"
            return Ok(());
        }
        let form = reference.form;
        let value = self.variables.expand(&name, form).unwrap_or_default();
        self.replace(reference.len, value.as_bytes())?;
        if form == Form::Plain {
            let end = at + value.len();
            self.expanding.push(Expanding { name, end });
        } else {
            self.lexer.skip(value.len());
        }
        Ok(())
    }

    /// `\;` is a semicolon, which ends the statement as any other does (psql sends what it separates together,
    /// to the same effect inside a transaction); `\:` is a colon that begins no variable.
    fn unescape(&mut self) -> Result<(), SplitError> {
        let at = self.at + self.lexer.position();
        let colon = self.buffer.get(at + 1) == Some(&b':');
        self.replace(2, if colon { b":" } else { b";" })?;
        if colon {
            self.lexer.skip(1);
        }
        Ok(())
    }

    /// Puts `value` in place of the `len` bytes where the lexer stands.
    fn replace(&mut self, len: usize, value: &[u8]) -> Result<(), SplitError> {
        let at = self.lexer.position();
        let inserted: usize = self.insertions.iter().map(|insertion| insertion.len).sum();
        if inserted + value.len() > MAX_INSERTED {
            return Err(self.error_at(at, SplitErrorKind::TooMuchInserted));
        }
        for expanding in &mut self.expanding {
            if expanding.end > at {
                expanding.end = (expanding.end + value.len()).saturating_sub(len);
            }
        }
        let from = self.at + at;
        let token: Vec<u8> = self
            .buffer
            .splice(from..from + len, value.iter().copied())
            .collect();
        Insertion::record(&mut self.insertions, at, &token, value.len());
        Ok(())
    }

    /// The first `len` unread bytes.
    fn unread(&self, len: usize) -> &[u8] {
        self.buffer.get(self.at..self.at + len).unwrap_or_default()
    }

    /// Marks what was found as given out; it goes at the next call.
    fn give(&mut self, Found { what, len }: Found) -> Result<(), SplitError> {
        let bytes = self.unread(len);
        let text = matches!(what, What::Statement { .. } | What::Command);
        if let (true, Err(error)) = (text, std::str::from_utf8(bytes)) {
            return Err(self.error_at(error.valid_up_to(), SplitErrorKind::NotUtf8));
        }
        if let Some(encoding) = &self.encoding
            && let Some(at) = bytes.iter().position(|byte| !byte.is_ascii())
        {
            let kind = SplitErrorKind::OtherEncoding(encoding.clone());
            return Err(self.error_at(at, kind));
        }
        let start = self.place;
        let end = Insertion::place(&self.insertions, start, bytes, len);
        if matches!(what, What::Statement { copy_data: true }) {
            self.mode = Mode::CopyLine(start);
        }
        let span = Span { start, end };
        self.given = Some(Given { what, len, span });
        Ok(())
    }

    /// Goes over `len` bytes that belong to no piece.
    fn skip_gap(&mut self, len: usize) {
        let end = Insertion::place(&self.insertions, self.place, self.unread(len), len);
        self.consume(len, end);
        if self.lexer.position() >= len {
            self.lexer.shift(len);
        }
    }

    fn consume(&mut self, len: usize, end: Place) {
        self.at += len;
        self.place = end;
        Insertion::shift(&mut self.insertions, len);
        self.expanding.retain(|expanding| expanding.end > len);
        for expanding in &mut self.expanding {
            expanding.end -= len;
        }
    }

    /// Reads more: a chunk, or a quarter of what is held when that is more, so that reading a long token again
    /// from its start stays linear.
    fn read(&mut self) -> Result<(), SplitError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let held = self.buffer.len();
        let wanted = self.chunk.max(held / 4);
        self.buffer.resize(held + wanted, 0);
        let read = loop {
            let free = self.buffer.get_mut(held..).unwrap_or_default();
            match self.input.read(free) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer
            .truncate(held + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(0) => {
                self.complete = true;
                Ok(())
            }
            Ok(_) if self.mode == Mode::Beginning => Ok(()),
            Ok(_) => self.refuse_zero_bytes(held),
            Err(error) => Err(self.error_at(held, SplitErrorKind::Read(error))),
        }
    }

    /// SQL has no zero byte, nor has COPY data in text or CSV form.
    fn refuse_zero_bytes(&self, from: usize) -> Result<(), SplitError> {
        match self.buffer.get(from..).and_then(|new| memchr(0, new)) {
            Some(found) => Err(self.error_at(from + found - self.at, SplitErrorKind::Binary)),
            None => Ok(()),
        }
    }

    /// An error `at` bytes into the unread part.
    fn error_at(&self, at: usize, kind: SplitErrorKind) -> SplitError {
        let place = Insertion::place(&self.insertions, self.place, self.unread(at), at);
        SplitError { kind, place }
    }
}

/// What a step of the splitter came to.
enum Step {
    Found(Found),
    Again,
    End,
}

/// A piece at the start of the unread part, by its length.
#[derive(Clone, Copy)]
struct Found {
    what: What,
    len: usize,
}

/// The piece given out by the last call.
#[derive(Debug)]
struct Given {
    what: What,
    len: usize,
    span: Span,
}

/// What a piece is.
#[derive(Clone, Copy, Debug)]
enum What {
    Statement { copy_data: bool },
    Command,
    CopyData,
    CopyEnd,
}

impl Step {
    fn found(what: What, len: usize) -> Step {
        Step::Found(Found { what, len })
    }
}
