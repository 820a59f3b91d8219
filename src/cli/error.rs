//! How a [`Failure`] looks: to people with a caret under the place, to programs as JSON.
//!
//! Must not: decide what failed, or word it; that is done where it failed.

use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthChar;

use super::output::{Format, Output, style};
use crate::connect::ServerError;
use crate::procedure::failure::{Failure, Place};

/// How much of a long line is shown around the place, in characters.
const SHOWN: usize = 100;

/// Prints a failure: to standard error for people, and with `--format json` to standard output too.
pub fn print(failure: &Failure, output: &Output) {
    output.say(|out| human(failure, out));
    if output.format() == Format::Json {
        // When standard output cannot be written either, standard error has said it.
        let _ = output.json(&ErrorReport {
            error: Json::of(failure),
        });
    }
}

fn human(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    let (error, hint) = (style::ERROR, style::HINT);
    writeln!(out, "{error}error:{error:#} {}", failure.message)?;
    if let Some(place) = &failure.place {
        caret(place, out)?;
    }
    if let Some(error) = &failure.server {
        server(error, &failure.message, out)?;
    }
    if let Some(state) = &failure.state {
        writeln!(out, "\n{state}")?;
    }
    for next in &failure.next {
        writeln!(out, "{hint}=>{hint:#} {next}")?;
    }
    Ok(())
}

/// `--> file:line:column`, the line, and a caret under the column.
pub(super) fn caret(place: &Place, out: &mut dyn Write) -> io::Result<()> {
    let (error, hint) = (style::ERROR, style::HINT);
    writeln!(out, "  {hint}-->{hint:#} {place}")?;
    if place.source.is_empty() {
        return Ok(());
    }
    let (shown, column) = around(&place.source, place.column);
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let indent: String = shown.chars().take(column).map(blank).collect();
    writeln!(out, " {margin} {hint}|{hint:#}")?;
    writeln!(
        out,
        " {hint}{number} |{hint:#} {}",
        shown.chars().map(visible).collect::<String>()
    )?;
    writeln!(out, " {margin} {hint}|{hint:#} {indent}{error}^{error:#}")
}

/// The part of a line that is worth showing, and where in it the column is, from 0.
fn around(line: &str, column: u64) -> (String, usize) {
    let length = line.chars().count();
    let at = usize::try_from(column.saturating_sub(1))
        .unwrap_or(usize::MAX)
        .min(length);
    if length <= SHOWN {
        return (line.to_owned(), at);
    }
    let start = at.saturating_sub(SHOWN / 2);
    let part: String = line.chars().skip(start).take(SHOWN).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if start + SHOWN < length { "…" } else { "" };
    (
        format!("{before}{part}{after}"),
        at - start + before.chars().count(),
    )
}

/// As wide as the character above it: a tab for a tab, two blanks for a wide character.
fn blank(c: char) -> String {
    match c {
        '\t' => "\t".to_owned(),
        c => " ".repeat(visible(c).width().unwrap_or(0)),
    }
}

/// A control character would do something to the terminal instead of being seen.
fn visible(c: char) -> char {
    if c.is_control() && c != '\t' {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

fn server(error: &ServerError, said: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut field = |name: &str, text: &str| {
        // A further line of the server's stands under the first.
        let indent = format!("\n{:width$}", "", width = name.len() + 2);
        let dim = style::DIM;
        writeln!(out, "{dim}{name}:{dim:#} {}", text.replace('\n', &indent))
    };
    let code = if error.code.is_empty() {
        String::new()
    } else {
        format!(" (SQLSTATE {})", error.code)
    };
    // The message may say it in its own words' midst; then only the rest is new.
    if said.contains(&error.message) {
        field("server", &format!("{}{code}", error.severity))?;
    } else {
        field(
            "server",
            &format!("{}: {}{code}", error.severity, error.message),
        )?;
    }
    for (name, text) in [
        ("detail", &error.detail),
        ("hint", &error.hint),
        ("in the statement", &error.internal_query),
        ("context", &error.context),
    ] {
        if let Some(text) = text {
            field(name, text)?;
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct ErrorReport<'a> {
    error: Json<'a>,
}

#[derive(Serialize)]
struct Json<'a> {
    kind: &'static str,
    exit_code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<JsonPlace<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<JsonServer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    next: &'a [String],
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: u64,
    column: u64,
}

/// The server's fields under the names of the manual's "Error and Notice Message Fields".
#[derive(Serialize)]
struct JsonServer<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraint: Option<&'a str>,
}

impl<'a> Json<'a> {
    fn of(failure: &'a Failure) -> Self {
        let Failure {
            kind,
            message,
            place,
            server,
            state,
            next,
        } = failure;
        Self {
            kind: kind.name(),
            exit_code: kind.exit_code(),
            message,
            place: place.as_deref().map(|place| JsonPlace {
                file: &place.file,
                line: place.line,
                column: place.column,
            }),
            server: server.as_deref().map(JsonServer::of),
            state: state.as_deref(),
            next,
        }
    }
}

impl<'a> JsonServer<'a> {
    fn of(error: &'a ServerError) -> Self {
        Self {
            severity: error.severity.as_str(),
            code: &error.code,
            message: &error.message,
            detail: error.detail.as_deref(),
            hint: error.hint.as_deref(),
            position: error.position,
            context: error.context.as_deref(),
            schema: error.schema.as_deref(),
            table: error.table.as_deref(),
            column: error.column.as_deref(),
            constraint: error.constraint.as_deref(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::procedure::failure::FailureKind;

    fn shown(failure: &Failure) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        human(failure, &mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    fn at(source: &str, column: u64) -> String {
        let place = Place {
            file: "v2.sql".to_owned(),
            line: 12,
            column,
            source: source.to_owned(),
        };
        shown(&Failure::new(FailureKind::Found, "no such thing").place(place))
    }

    #[test]
    fn a_failure_says_everything() {
        let place = Place::in_text("v2.sql", "SELECT 1;\nCREAT TABLE t ();\n", 10);
        let failure = Failure::rolled_back("syntax error at or near \"CREAT\"")
            .place(place)
            .next("CREAT: did you mean CREATE?")
            .next("snapback check v2.sql");
        insta::assert_snapshot!(shown(&failure), @r#"
        error: syntax error at or near "CREAT"
          --> v2.sql:2:1
           |
         2 | CREAT TABLE t ();
           | ^

        Nothing was changed: the transaction was rolled back.
        => CREAT: did you mean CREATE?
        => snapback check v2.sql
        "#);
    }

    #[test]
    fn the_caret_stands_under_its_character() {
        insta::assert_snapshot!(at("\tSELECT '日本' x", 14), @r"
        error: no such thing
          --> v2.sql:12:14
            |
         12 | 	SELECT '日本' x
            | 	              ^
        ");
        insta::assert_snapshot!(at("SELECT", 7), @r"
        error: no such thing
          --> v2.sql:12:7
            |
         12 | SELECT
            |       ^
        ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = format!("{}HERE{}", "a".repeat(5_000), "b".repeat(5_000));
        let text = at(&source, 5_001);
        let lines: Vec<_> = text.lines().collect();
        let caret = lines[4].find('^').unwrap();
        assert_eq!(lines[3].chars().nth(caret), Some('H'), "{text}");
        assert!(
            lines[3].chars().count() < 120 && lines[3].contains('…'),
            "{text}"
        );
    }

    #[test]
    fn a_control_character_does_nothing_to_the_terminal() {
        assert!(at("SELECT \u{1b}[2J", 1).contains("SELECT \u{fffd}[2J"));
    }
}
