//! Why a script cannot be split, in words for the person who wrote it. Pure.

use super::lex::Open;
use super::place::Place;

/// The most that variables may add to one statement: enough for a document, too little for a bomb.
pub(super) const MAX_INSERTED: usize = 64 << 20;

/// A script that cannot be split.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct SplitError {
    /// What is wrong.
    pub kind: SplitErrorKind,
    /// Where it is.
    pub place: Place,
}

/// What can be wrong with a script before anybody looks at its SQL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitErrorKind {
    /// Opened here, never closed.
    #[error("{}", unclosed(.0))]
    Unclosed(Open),
    /// A zero byte.
    #[error("a zero byte: this is a binary file, not an SQL script")]
    Binary,
    /// The file begins as a well-known other format does.
    #[error("this is {0}, not an SQL script")]
    Format(&'static str),
    /// A statement that is not UTF-8.
    #[error("not valid UTF-8; convert the file first, for example with `iconv -t UTF-8`")]
    NotUtf8,
    /// A character beyond ASCII in a script that says it is in another encoding.
    #[error(
        "the script says that it is in {0}; convert it to UTF-8 first, and leave that statement out"
    )]
    OtherEncoding(String),
    /// A psql command inside a statement.
    #[error(
        "the psql command {0} stands inside a statement; end the statement with a semicolon first"
    )]
    CommandInStatement(String),
    /// SQL behind `COPY .. FROM STDIN;`.
    #[error(
        "the data of COPY .. FROM STDIN begins on the next line, so nothing may follow its semicolon"
    )]
    AfterCopy,
    /// `COPY .. FROM STDIN` whose data has no end.
    #[error(
        "the data of this COPY .. FROM STDIN has no end (a line with only \\.): the file is cut off"
    )]
    CopyWithoutEnd,
    /// Variables that insert themselves into more and more text.
    #[error("the variables in this statement insert more than {} MB", MAX_INSERTED >> 20)]
    TooMuchInserted,
    /// The input could not be read.
    #[error("cannot read the script: {0}")]
    Read(#[source] std::io::Error),
}

fn unclosed(what: &Open) -> String {
    match what {
        Open::String => "this quoted string is never closed".to_owned(),
        Open::Identifier => "this quoted identifier is never closed".to_owned(),
        Open::Dollar(tag) => format!("this dollar-quoted string is never closed (no second {tag})"),
        Open::Comment => "this comment is never closed".to_owned(),
        Open::Parenthesis => "this parenthesis is never closed".to_owned(),
        Open::Body => "this BEGIN ATOMIC has no END".to_owned(),
    }
}

/// Names what a file is that surely is no script, by its first bytes.
pub(super) fn other_format(head: &[u8]) -> Option<&'static str> {
    const FORMATS: [(&[u8], &str); 7] = [
        (b"PGDMP", "a custom-format pg_dump archive"),
        (b"\x1F\x8B", "gzip-compressed (try `zcat FILE |`)"),
        (
            b"\x28\xB5\x2F\xFD",
            "zstd-compressed (try `zstd -dc FILE |`)",
        ),
        (b"\x04\x22\x4D\x18", "lz4-compressed (try `lz4 -dc FILE |`)"),
        (b"\xFF\xFE", "UTF-16 text (convert it to UTF-8)"),
        (b"\xFE\xFF", "UTF-16 text (convert it to UTF-8)"),
        (b"\x7FELF", "a program"),
    ];
    let found = FORMATS.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, name)| *name)
}
