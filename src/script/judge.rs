//! The offline judgement of one statement: is its grammar right, as far as this can be said without a server?
//!
//! Two parsers are asked. squawk-syntax follows Postgres' own grammar closely and decides what is right. What it
//! does not accept counts as broken only when sqlparser does not accept it either: that one knows other
//! dialects too (it takes `AUTO_INCREMENT`), so its yes alone proves nothing, but the two together keep a gap in one
//! parser from blaming a good script. The server is the authority (`online`). Pure; needs a large stack
//! ([`STACK`]), since both parsers recurse.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::cursor::Cursor;
use super::suggest::suggestion;
use super::tokens::{TokenKind, Tokens};

/// The stack that the parsers need for what [`judge`] lets through, in bytes. Measured: with the limits below,
/// unoptimised, the hungriest input (a chain of joins without conditions) takes a quarter of it.
pub(super) const STACK: usize = 256 << 20;

/// The deepest nesting of parentheses, brackets and CASE that is judged.
const DEEPEST: usize = 200;

/// The most text outside of strings that is judged, in bytes. It bounds the recursion that has no parentheses
/// (`NOT NOT ..`, `a JOIN b JOIN ..`), and the time: squawk-syntax is quadratic in some of it.
const LONGEST: usize = 32 << 10;

/// What can be said of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its grammar is right.
    Valid,
    /// It cannot be judged; why.
    Unknown(String),
    /// Its grammar is wrong.
    Broken(Fault),
}

/// A fault in the grammar of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// Judges one statement. Call it on a thread with [`STACK`] bytes of stack.
pub(super) fn judge(statement: &str, standard_strings: bool) -> Verdict {
    if !standard_strings && statement.contains('\\') {
        let reason =
            "standard_conforming_strings is off, so that only the server reads its strings right";
        return Verdict::Unknown(reason.to_owned());
    }
    if let Some(reason) = beyond_limits(statement) {
        return Verdict::Unknown(reason.to_owned());
    }
    let parsed = squawk_syntax::SourceFile::parse(statement);
    let errors = parsed.errors();
    let Some(first) = errors.first() else {
        return Verdict::Valid;
    };
    let fault = fault(
        statement,
        usize::from(first.range().start()),
        first.message(),
    );
    match Parser::parse_sql(&PostgreSqlDialect {}, statement) {
        Ok(_) => Verdict::Unknown(format!("{}, unless the server knows better", fault.message)),
        Err(_) => Verdict::Broken(fault),
    }
}

/// Says why a statement is not given to the parsers.
fn beyond_limits(statement: &str) -> Option<&'static str> {
    let (mut depth, mut deepest, mut length) = (0usize, 0, 0);
    for token in Tokens::new(statement) {
        if token.kind == TokenKind::Literal {
            if goes_on_over_lines(token.text) {
                return Some(
                    "it has an E'..' string that goes on over lines, which only the server reads right",
                );
            }
            length += 2;
            continue;
        }
        length += token.text.len();
        if length > LONGEST {
            return Some("it is too long to be judged without a server");
        }
        if matches!(token.text, "(" | "[") || token.is("case") {
            depth += 1;
            deepest = deepest.max(depth);
        } else if matches!(token.text, ")" | "]") || token.is("end") {
            depth = depth.saturating_sub(1);
        }
    }
    (deepest > DEEPEST).then_some("it is nested too deeply to be judged without a server")
}

/// Whether this is an `E'..'` string whose parts stand on several lines: both parsers take its second part for a
/// string without escapes.
fn goes_on_over_lines(literal: &str) -> bool {
    let text = literal.as_bytes();
    let escapes = text
        .first()
        .is_some_and(|first| first.eq_ignore_ascii_case(&b'e'));
    let cursor = Cursor {
        text,
        complete: true,
    };
    escapes && cursor.escape_content(2) != Some(text.len()) && cursor.escape_string(2).is_some()
}

/// In the server's words, as far as they fit.
fn fault(statement: &str, at: usize, message: &str) -> Fault {
    let mut tokens = Tokens::new(statement);
    let token = tokens.find(|token| token.at + token.text.len() > at && !token.is_char(";"));
    let at = token.map_or(
        statement.trim_end_matches([';', ' ', '\n']).len(),
        |token| token.at,
    );
    let near = match token {
        Some(token) => format!("syntax error at or near \"{}\"", token.text),
        None => "syntax error at end of input".to_owned(),
    };
    let hint = suggestion(statement, at);
    let message = match expected(message) {
        Some(expected) if hint.is_none() => format!("{near}: {expected}"),
        _ => near,
    };
    Fault { at, message, hint }
}

/// What squawk-syntax expected, in words; `None` when that says nothing.
fn expected(message: &str) -> Option<String> {
    if message.starts_with("expected command") {
        return None;
    }
    let mut words = Vec::new();
    for word in message.split(' ') {
        let (name, comma) = match word.strip_suffix(',') {
            Some(name) => (name, ","),
            None => (word, ""),
        };
        let plain = match name {
            "L_PAREN" => "\"(\"",
            "R_PAREN" => "\")\"",
            "L_BRACK" => "\"[\"",
            "R_BRACK" => "\"]\"",
            "COMMA" => "\",\"",
            "SEMICOLON" => "\";\"",
            "DOT" => "\".\"",
            "EQ" => "\"=\"",
            "COLON" => "\":\"",
            "IDENT" => "a name",
            "STRING" => "a string",
            "INT_NUMBER" => "a number",
            "EOF" => "the end",
            other => other.strip_suffix("_KW").unwrap_or(other),
        };
        words.push(format!("{plain}{comma}"));
    }
    let text = words.join(" ");
    let mut chars = text.chars();
    let first = chars.next()?;
    Some(first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn judged(statement: &str) -> Verdict {
        let statement = statement.to_owned();
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread
            .spawn(move || judge(&statement, true))
            .unwrap()
            .join()
            .unwrap()
    }

    #[test]
    fn good_statements_are_valid() {
        for good in [
            "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, EXCLUDE USING gist (a WITH =));",
            "CREATE SEQUENCE s START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;",
            "DO $$ BEGIN NULL; END $$;",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO r;",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;",
            "SELECT E'\\uD83D\\uDE00', U&'d!0061' UESCAPE '!';",
            "COPY t (a) FROM stdin;",
        ] {
            assert_eq!(judged(good), Verdict::Valid, "{good}");
        }
    }

    #[test]
    fn broken_statements_say_where_and_what() {
        let fault = |statement: &str| match judged(statement) {
            Verdict::Broken(fault) => (fault.at, fault.message, fault.hint.unwrap_or_default()),
            other => panic!("{statement}: {other:?}"),
        };
        let near = |word: &str| format!("syntax error at or near \"{word}\"");
        assert_eq!(
            fault("CREAT TABLE t (a int);"),
            (0, near("CREAT"), "CREAT: did you mean CREATE?".to_owned())
        );
        assert_eq!(
            fault("SELECT * FRM t;"),
            (9, near("FRM"), "FRM: did you mean FROM?".to_owned())
        );
        assert_eq!(
            fault("INSERT INTO t VALUES (1,2;"),
            (
                25,
                "syntax error at end of input: expected \")\"".to_owned(),
                String::new()
            )
        );
        assert_eq!(fault("CREATE TABLE t (a int,);").0, 21);
    }

    #[test]
    fn other_dialects_are_not_called_valid() {
        let verdict = judged("CREATE TABLE t (a int AUTO_INCREMENT);");
        assert!(
            matches!(&verdict, Verdict::Unknown(why) if why.contains("AUTO_INCREMENT")),
            "{verdict:?}"
        );
    }

    #[test]
    fn no_nesting_overflows_the_stack() {
        for (open, close) in [
            ("(", ")"),
            ("CASE WHEN a THEN ", " END"),
            ("ARRAY[", "]"),
            ("(SELECT ", ")"),
        ] {
            let deep = format!("SELECT {}1{}", open.repeat(20_000), close.repeat(20_000));
            assert!(matches!(judged(&deep), Verdict::Unknown(_)), "{open}");
            let fine = format!("SELECT {}1{}", open.repeat(DEEPEST), close.repeat(DEEPEST));
            assert_eq!(judged(&fine), Verdict::Valid, "{open}");
        }
        for (unit, end) in [
            ("NOT ", "a"),
            ("- ", "a"),
            ("@", "a"),
            ("EXPLAIN ", "SELECT 1"),
        ] {
            let long = format!("SELECT {}{end}", unit.repeat((LONGEST - 100) / unit.len()));
            judged(&long);
        }
        let joins = LONGEST / 14;
        let join = format!(
            "SELECT 1 FROM a{}{}",
            " JOIN a".repeat(joins),
            " ON a".repeat(joins)
        );
        judged(&join);
    }
}
