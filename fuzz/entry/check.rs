//! Any text through the offline check: never a panic or an overflow of the stack; and the splitter agrees with
//! squawk-syntax: what that parser takes for one whole statement, the splitter does not cut.

use std::io::Cursor;

use snapback::script::{Piece, Source, Splitter, offline};

/// One input.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    if text.contains("\\i") {
        return; // what a script includes is none of a fuzzer's business
    }
    let report = offline(Source::from_reader("fuzz", Cursor::new(text.clone()))).expect("a thread");
    assert!(report.valid + report.unknown + report.broken == report.statements);
    agree(&text);
}

fn agree(text: &str) {
    // psql's own syntax, which the parser does not know; and COPY data, which it takes for SQL.
    if text.contains(['\\', ':'])
        || text.to_ascii_lowercase().contains("copy")
        || text.len() > 4_096
    {
        return;
    }
    let parsed = squawk_syntax::SourceFile::parse(text);
    if !parsed.errors().is_empty() {
        return;
    }
    let theirs = parsed.tree().stmts().count();
    let mut splitter = Splitter::new(text.as_bytes());
    let mut ours = 0;
    loop {
        match splitter.next() {
            Ok(Some(Piece::Statement(_))) => ours += 1,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => return,
        }
    }
    // squawk-syntax takes several statements without semicolons between them; we leave that to the server.
    assert!(
        ours <= theirs.max(1),
        "{text:?}: {ours} statements, squawk says {theirs}"
    );
}
