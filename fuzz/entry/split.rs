//! Any bytes as a script: pieces that tile it, the same ones however it is cut into reads; a statement splits
//! into itself; and the classifier and the parsers take whatever comes out.

use std::io::Cursor;

use snapback::script::{Item, Piece, Source, Splitter, classify};

/// What pieces say, without what they borrow. `end`: the last byte of each.
#[derive(Debug, PartialEq, Eq)]
struct Split {
    pieces: Vec<(String, u64)>,
    error: Option<String>,
}

/// One input.
pub(crate) fn run(data: &[u8]) {
    let whole = split(data, data.len().max(8));
    for chunk in [1, 3, 7] {
        let cut = split(data, chunk);
        if data.contains(&0) {
            // A binary file is refused as a whole: the more is read at once, the sooner.
            assert!(
                cut.pieces.starts_with(&whole.pieces)
                    && cut.error.is_some()
                    && whole.error.is_some()
            );
        } else {
            assert_eq!(cut, whole, "read {chunk} bytes at once");
        }
    }
    let mut last = 0;
    for (_, end) in &whole.pieces {
        assert!(last <= *end && *end <= data.len() as u64);
        last = *end;
    }
    again(data);
    source(data);
}

fn split(data: &[u8], chunk: usize) -> Split {
    let mut splitter = Splitter::with_chunk(data, chunk);
    splitter.variables.set("v", "it's :w; \"");
    splitter.variables.set("w", ":v $$");
    let mut pieces: Vec<(String, u64)> = Vec::new();
    let mut copied = Vec::new();
    loop {
        let piece = match splitter.next() {
            Ok(Some(Piece::Statement(statement))) => statement.text.to_owned(),
            Ok(Some(Piece::Command(command))) => command.text.to_owned(),
            Ok(Some(Piece::CopyData(bytes))) => {
                assert!(!bytes.is_empty());
                copied.extend_from_slice(bytes);
                continue;
            }
            Ok(Some(Piece::CopyEnd)) => {
                String::from_utf8_lossy(&std::mem::take(&mut copied)).into_owned()
            }
            Ok(None) => {
                return Split {
                    pieces,
                    error: None,
                };
            }
            Err(error) => {
                let error = Some(format!("{} {error}", error.place));
                return Split { pieces, error };
            }
        };
        pieces.push((piece, splitter.place().offset));
    }
}

/// A statement is a script of one statement, which is itself.
fn again(data: &[u8]) {
    let mut splitter = Splitter::new(data);
    while let Ok(Some(piece)) = splitter.next() {
        let Piece::Statement(statement) = piece else {
            continue;
        };
        let _ = classify(statement.text);
        let _ = statement.place_of(statement.text.len() / 2);
        // Behind a protected colon (`\:`) the text would be read in another way.
        let as_written = !data.windows(2).any(|pair| pair == b"\\:")
            && data
                .windows(statement.text.len())
                .any(|part| part == statement.text.as_bytes());
        // A byte order mark is text only behind the first byte.
        if statement.copy_data || !as_written || statement.text.starts_with('\u{feff}') {
            continue;
        }
        let text = statement.text.to_owned();
        if starts_like_another_format(&text) || text.contains('\\') {
            continue; // a protected colon, or what depends on standard_conforming_strings
        }
        let mut one = Splitter::new(text.as_bytes());
        let Ok(Some(Piece::Statement(found))) = one.next() else {
            panic!("{text:?} is no statement")
        };
        assert_eq!(found.text, text);
        assert!(
            matches!(one.next(), Ok(None)),
            "{text:?} is more than one statement"
        );
    }
}

/// At the start of a file these letters mean something else.
fn starts_like_another_format(text: &str) -> bool {
    ["PGDMP", "\x7fELF", "\x04\"M\x18"]
        .iter()
        .any(|magic| text.starts_with(magic))
}

/// The commands of psql, too.
fn source(data: &[u8]) {
    // What a script includes is none of a fuzzer's business.
    let words: [&[u8]; 2] = [b"\\i", b"\\include"];
    if words
        .iter()
        .any(|word| data.windows(word.len()).any(|part| part == *word))
    {
        return;
    }
    let mut source = Source::from_reader("fuzz", Cursor::new(data.to_vec()));
    while let Ok(Some(item)) = source.next() {
        if let Item::CopyData(bytes) = item {
            assert!(!bytes.is_empty());
        }
    }
}
