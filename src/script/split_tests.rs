//! Tests of the splitter: the cases that broke other tools, and the properties that hold for any input.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[cfg(test)]
use proptest::prelude::*;

use crate::script::{Piece, SplitError, SplitErrorKind, Splitter, Variables};

/// What the pieces of a script say, in a form that compares.
fn split_in(script: &[u8], chunk: usize, variables: &Variables) -> (Vec<String>, Option<String>) {
    let mut splitter = Splitter::with_chunk(script, chunk);
    splitter.variables = variables.clone();
    let mut pieces: Vec<String> = Vec::new();
    let mut data = Vec::new();
    loop {
        match splitter.next() {
            Ok(Some(Piece::CopyData(bytes))) => data.extend_from_slice(bytes),
            Ok(Some(Piece::CopyEnd)) => {
                let taken = std::mem::take(&mut data);
                pieces.push(format!("data {:?}", String::from_utf8_lossy(&taken)));
            }
            Ok(Some(Piece::Statement(statement))) => {
                pieces.push(format!("{} {}", statement.span.start, statement.text));
            }
            Ok(Some(Piece::Command(command))) => {
                pieces.push(format!("{} {}", command.span.start, command.text));
            }
            Ok(None) => return (pieces, None),
            Err(error) => return (pieces, Some(format!("{} {error}", error.place))),
        }
    }
}

fn split(script: &str) -> Vec<String> {
    let (pieces, error) = split_in(script.as_bytes(), 1 << 16, &Variables::default());
    assert_eq!(error, None, "{script}");
    pieces
}

fn failure(script: &[u8]) -> SplitError {
    let mut splitter = Splitter::new(script);
    loop {
        match splitter.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("this script splits: {}", String::from_utf8_lossy(script)),
            Err(error) => return error,
        }
    }
}

fn place_of_failure(script: &str) -> String {
    failure(script.as_bytes()).place.to_string()
}

#[test]
fn statements_end_at_semicolons_outside_of_everything() {
    assert_eq!(
        split("SELECT ';', \";\", $$;$$, $a$;$$;$a$, E'\\';', (1;2) /*;*/ -- ;\n; SELECT 2"),
        [
            "1:1 SELECT ';', \";\", $$;$$, $a$;$$;$a$, E'\\';', (1;2) /*;*/ -- ;\n;",
            "2:3 SELECT 2"
        ]
    );
    assert_eq!(
        split("CREATE RULE r AS ON INSERT TO t DO (a; b); x"),
        ["1:1 CREATE RULE r AS ON INSERT TO t DO (a; b);", "1:44 x"]
    );
    assert!(split("").is_empty());
    assert!(split(" -- nothing\n/* at /* all */ */\n;;").is_empty());
}

#[test]
fn comments_nest_and_slash_star_slash_opens_only() {
    assert_eq!(split("/*/ ; */ a;"), ["1:10 a;"]);
    assert_eq!(split("a */*;*/ b;"), ["1:1 a */*;*/ b;"]);
    assert_eq!(split("/*/*;*/;**/a;"), ["1:12 a;"]);
    assert_eq!(split("a @-- ;\n b;"), ["1:1 a @-- ;\n b;"]);
}

#[test]
fn quotes_follow_the_server() {
    assert_eq!(split(r"SELECT 'a\'; b;"), [r"1:1 SELECT 'a\';", "1:14 b;"]);
    assert_eq!(
        split(r"SELECT E'a\'; b' ;c"),
        [r"1:1 SELECT E'a\'; b' ;", "1:19 c"]
    );
    assert_eq!(
        split("SELECT E'a'\n -- x\n '\\';';b").len(),
        2,
        "a continued string keeps its escapes"
    );
    assert_eq!(split(r"SELECT U&'\0041;', U&';', N';', B'0;'; b").len(), 2);
    assert_eq!(
        split("SELECT a$b$;c$b$").len(),
        2,
        "a dollar inside a name quotes nothing"
    );
    assert_eq!(
        split("SELECT $1$;$1$").len(),
        2,
        "a parameter is no dollar quote"
    );
    assert_eq!(
        split("DO $outer$ EXECUTE $sql$ ; $sql$; $o$ $outer$; b").len(),
        2,
        "dollar quotes of different names nest"
    );
}

#[test]
fn standard_conforming_strings_is_followed() {
    let script = "SET standard_conforming_strings = off; SELECT 'a\\';b'; \
                  SET standard_conforming_strings = on; SELECT 'a\\'; b";
    assert_eq!(split(script).len(), 5);
}

#[test]
fn bodies_of_routines_hold_their_semicolons() {
    let body = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; \
                SELECT pending_end; SELECT t.end, 1 AS end; END; SELECT 2;";
    assert_eq!(split(body).len(), 2);
    assert_eq!(
        split("CREATE FUNCTION fn_atomic() RETURNS int AS 'x'; b").len(),
        2
    );
    assert_eq!(
        split("CREATE FUNCTION begin() RETURNS int AS 'x'; b").len(),
        2
    );
    assert_eq!(
        split("CREATE TABLE t (begin int); BEGIN ATOMIC; b").len(),
        3
    );
    assert_eq!(
        split(
            "create procedure p() begin atomic select 1; select (case when a then 1 end); end; b"
        )
        .len(),
        2
    );
}

#[test]
fn copy_data_is_data() {
    let script = "COPY t (a) FROM stdin; -- it's data\nit's \\\\.\n\\.x\n\\N\t;\n\\.\nSELECT 1;";
    assert_eq!(
        split(script),
        [
            "1:1 COPY t (a) FROM stdin;",
            "data \"it's \\\\\\\\.\\n\\\\.x\\n\\\\N\\t;\\n\"",
            "6:1 SELECT 1;"
        ]
    );
    assert_eq!(split("COPY t FROM STDIN;\r\n1\r\n\\.\r\nx").len(), 3);
    assert_eq!(split("COPY t FROM STDIN;\n\\.")[1], "data \"\"");
    assert_eq!(split("COPY (SELECT 1 FROM stdin) TO STDOUT; x").len(), 2);
    assert_eq!(
        split("COPY t FROM 'f'; COPY t TO stdout; \"copy\" FROM stdin; x").len(),
        4
    );
}

#[test]
fn psql_commands_are_pieces() {
    assert_eq!(
        split("\\restrict abc\n\\set a 'b;c' \\\\ SELECT 1;\n\\unrestrict abc"),
        [
            "1:1 \\restrict abc",
            "2:1 \\set a 'b;c' \\\\",
            "2:17 SELECT 1;",
            "3:1 \\unrestrict abc"
        ]
    );
    assert_eq!(
        split("SELECT 1\\; SELECT 2; b"),
        ["1:1 SELECT 1;", "1:12 SELECT 2;", "1:22 b"]
    );
}

#[test]
fn marks_and_line_ends_are_no_part_of_a_statement() {
    assert_eq!(
        split("\u{feff}SELECT 1;\r\nSELECT 2\r\n"),
        ["1:1 SELECT 1;", "2:1 SELECT 2\r\n"]
    );
    assert_eq!(
        split("SELECT 'é'; SELECT 2"),
        ["1:1 SELECT 'é';", "1:13 SELECT 2"]
    );
}

#[test]
fn what_is_not_closed_is_named_where_it_opens() {
    assert_eq!(place_of_failure("SELECT 1;\n SELECT 'a;\n"), "2:9");
    assert_eq!(place_of_failure("SELECT \"a"), "1:8");
    assert_eq!(place_of_failure("a; /* b /* */"), "1:4");
    assert_eq!(place_of_failure("é(a, (b); c"), "1:2");
    assert_eq!(place_of_failure("DO $x$ a $y$;"), "1:4");
    assert_eq!(
        failure(b"DO $x$ a $y$;").to_string(),
        "this dollar-quoted string is never closed (no second $x$)"
    );
    assert_eq!(
        place_of_failure("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;"),
        "1:21"
    );
    assert_eq!(place_of_failure("a;\nCOPY t FROM stdin;\n1\n"), "2:1");
    assert_eq!(place_of_failure("COPY t FROM stdin; b;\n1\n\\.\n"), "1:20");
    assert_eq!(place_of_failure("SELECT 1 \\gset\n"), "1:10");
}

#[test]
fn what_is_no_script_is_named() {
    let kind = |bytes: &[u8]| failure(bytes).kind;
    assert!(matches!(kind(b"SELECT 1;\0"), SplitErrorKind::Binary));
    assert!(matches!(kind(b"PGDMP\x01\x0e"), SplitErrorKind::Format(_)));
    assert!(matches!(kind(b"\xFF\xFES\0"), SplitErrorKind::Format(_)));
    let latin1 = failure(b"a;\nSELECT 'h\xE9';");
    assert!(matches!(latin1.kind, SplitErrorKind::NotUtf8));
    assert_eq!(latin1.place.to_string(), "2:10");
}

#[test]
fn variables_are_inserted_and_places_stay_true() {
    let mut variables = Variables::default();
    variables.set("t", "a; b");
    variables.set("me", ":me x");
    variables.set("none", "");
    let run = |script: &str| split_in(script.as_bytes(), 1 << 16, &variables).0;
    assert_eq!(run("SELECT :t c;"), ["1:1 SELECT a;", "1:8 b c;"]);
    assert_eq!(
        run("SELECT :'t', :\"t\", :{?t}, :u, ':t', a::t; x"),
        [
            "1:1 SELECT 'a; b', \"a; b\", TRUE, :u, ':t', a::t;",
            "1:43 x"
        ]
    );
    assert_eq!(run(":me; y"), ["1:1 :me x;", "1:6 y"]);
    assert_eq!(run(":none a; b"), ["1:7 a;", "1:10 b"]);
    assert_eq!(run(r"SELECT a\:b; c"), ["1:1 SELECT a:b;", "1:14 c"]);
}

#[test]
fn a_position_of_the_server_finds_its_place() {
    let mut splitter = Splitter::new("-- é\n SELECT 'é',\n  :v, nope;".as_bytes());
    splitter.variables.set("v", "1 + 2");
    let Some(Piece::Statement(statement)) = splitter.next().unwrap() else {
        panic!()
    };
    assert_eq!(statement.text, "SELECT 'é',\n  1 + 2, nope;");
    let place = |position| statement.place_of(position).to_string();
    assert_eq!(
        [
            place(1),
            place(8),
            place(11),
            place(17),
            place(22),
            place(99)
        ],
        ["2:2", "2:9", "2:12", "3:3", "3:7", "3:12"]
    );
    assert_eq!(statement.to_owned().borrow(), statement);
}

/// Scripts made of the tokens that matter, in any order.
fn scripts() -> impl Strategy<Value = String> {
    let tokens = prop::sample::select(vec![
        ";",
        ";\n",
        " ",
        "\n",
        "\r\n",
        "'",
        "''",
        "\"",
        "$$",
        "$a$",
        "$",
        "E'",
        "U&'",
        "u&\"",
        "\\'",
        "\\",
        "\\\\",
        "\\.\n",
        "\\.",
        "(",
        ")",
        "/*",
        "*/",
        "/",
        "*",
        "--",
        "-",
        ":v",
        ":'v'",
        ":w",
        ":",
        "::",
        ":{?v}",
        "\\;",
        "\\:",
        "a",
        "é",
        "1",
        ".",
        "create",
        " function ",
        "begin ",
        "atomic ",
        "case ",
        " end",
        "copy ",
        " from ",
        "stdin",
        "SET standard_conforming_strings=off;",
        "set standard_conforming_strings to on;",
        "\\set x y\n",
        "COPY t FROM stdin;\n1\tit's\n\\.\n",
        "SELECT 1;",
        "\u{feff}",
        "x'",
        "e",
    ]);
    prop::collection::vec(tokens, 0..40).prop_map(|tokens| tokens.concat())
}

fn some_variables() -> Variables {
    let mut variables = Variables::default();
    variables.set("v", "it's; :w");
    variables.set("w", "\"x\" :v");
    variables
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_size_of_the_chunks_does_not_matter(script in scripts(), chunk in 1usize..40) {
        let variables = some_variables();
        let whole = split_in(script.as_bytes(), 1 << 16, &variables);
        prop_assert_eq!(split_in(script.as_bytes(), chunk, &variables), whole);
    }

    #[test]
    fn splitting_a_statement_again_yields_itself(script in scripts()) {
        let mut splitter = Splitter::new(script.as_bytes());
        while let Ok(Some(piece)) = splitter.next() {
            let Piece::Statement(statement) = piece else { continue };
            if statement.copy_data || !statement.insertions.is_empty() { continue }
            // At the very beginning a byte order mark is none of the text.
            if statement.text.starts_with('\u{feff}') { continue }
            let text = statement.text.to_owned();
            let standard = splitter.standard_strings;
            let mut again = Splitter::new(text.as_bytes());
            again.standard_strings = standard;
            let Ok(Some(Piece::Statement(found))) = again.next() else {
                return Err(TestCaseError::fail(format!("{text:?} is no statement")));
            };
            prop_assert_eq!(found.text, &text);
            prop_assert!(again.next().unwrap().is_none());
        }
    }

    #[test]
    fn spans_tile_the_file(script in scripts()) {
        let mut splitter = Splitter::new(script.as_bytes());
        let mut last = 0;
        while let Ok(Some(piece)) = splitter.next() {
            let (start, end) = match piece {
                Piece::Statement(statement) => (statement.span.start.offset, statement.span.end.offset),
                Piece::Command(command) => (command.span.start.offset, command.span.end.offset),
                Piece::CopyData(bytes) => {
                    let bytes = bytes.to_vec();
                    let end = splitter.place().offset;
                    prop_assert_eq!(&script.as_bytes()[usize::try_from(end).unwrap() - bytes.len()..usize::try_from(end).unwrap()], &bytes[..]);
                    (end - bytes.len() as u64, end)
                }
                Piece::CopyEnd => (last, splitter.place().offset),
            };
            prop_assert!(last <= start && start < end);
            let gap = &script[usize::try_from(last).unwrap()..usize::try_from(start).unwrap()];
            let (pieces, error) = split_in(gap.as_bytes(), 64, &Variables::default());
            prop_assert!(pieces.is_empty() && error.is_none(), "gap {:?}", gap);
            last = end;
        }
    }

    #[test]
    fn any_bytes_end_in_pieces_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = split_in(&bytes, 7, &some_variables());
    }
}
