//! Names of columns that say no more than the parser finds by itself: `'x'::text AS text`.
//!
//! In an arm of UNION or a subquery the server prints no name for a column that nobody named. The type of a constant, which
//! it does print, is a name for it when the text is read again (`FigureColnameInternal()` of `parser/parse_target.c`),
//! and then it is printed. Without that name both texts are one, and mean the same.

use super::settle::{closing, find, token, tokens};

/// Where in a query names of columns are given.
#[derive(Default)]
pub(super) struct Lists {
    /// For each bracket that is open, whether what stands in it now is a list after SELECT.
    open: Vec<bool>,
    /// Whether a list after SELECT is outside all brackets.
    top: bool,
    /// Whether a column of a list starts here.
    starts: bool,
}

impl Lists {
    /// Whether a column of a list after SELECT starts behind the tokens seen so far.
    pub(super) fn at_column(&self) -> bool {
        self.starts
    }

    /// Takes the next token in.
    pub(super) fn see(&mut self, token: &str) {
        if token.trim().is_empty() {
            return;
        }
        self.starts = false;
        match token {
            "(" | "[" => self.open.push(false),
            ")" | "]" => drop(self.open.pop()),
            "SELECT" | "DISTINCT" => (*self.list(), self.starts) = (true, true),
            "FROM" | "WHERE" | "GROUP" | "HAVING" | "WINDOW" | "ORDER" | "LIMIT" | "UNION"
            | "INTERSECT" | "EXCEPT" | ";" => *self.list() = false,
            "," => self.starts = *self.list(),
            _ => {}
        }
    }

    fn list(&mut self) -> &mut bool {
        self.open.last_mut().unwrap_or(&mut self.top)
    }
}

/// Where a cast that starts here ends, and where the name ends that stands behind it, when it is the one that the parser
/// finds.
pub(super) fn needless_name(text: &str, at: usize) -> Option<(usize, usize)> {
    let type_start = operand(text, at)? + "::".len();
    let cast_end = find_from(text, type_start, " AS ")?;
    let name_start = cast_end + " AS ".len();
    let name_end = token(text, name_start);
    let figured = figured(text.get(type_start..cast_end)?)?;
    (unquoted(text.get(name_start..name_end)?) == figured).then_some((cast_end, name_end))
}

fn find_from(text: &str, at: usize, wanted: &str) -> Option<usize> {
    find(text.get(at..)?, wanted).map(|found| at + found)
}

/// Where an operand that gives a column no name ends, before `::`.
fn operand(text: &str, at: usize) -> Option<usize> {
    let end = if text.as_bytes().get(at) == Some(&b'(') {
        let close = closing(text, at)?;
        has_no_name(text.get(at + 1..close)?).then_some(close + 1)?
    } else {
        let end = token(text, at);
        is_constant(text.get(at..end)?).then_some(end)?
    };
    text.get(end..)?.starts_with("::").then_some(end)
}

fn is_constant(token: &str) -> bool {
    token == "NULL" || token.starts_with('\'') || token.starts_with("E'")
}

/// Whether the parser finds no name in an expression, or that of a type only, which the next cast replaces.
fn has_no_name(expression: &str) -> bool {
    let is_number = !expression.is_empty()
        && expression
            .chars()
            .all(|character| character.is_ascii_digit() || "-.".contains(character));
    let is_in_brackets = || {
        let close = expression.starts_with('(').then(|| closing(expression, 0));
        let inside = close
            .flatten()
            .filter(|close| close + 1 == expression.len());
        inside.is_some_and(|close| is_operation(expression.get(1..close).unwrap_or_default()))
    };
    let is_cast = || {
        let end = operand(expression, 0);
        let type_name = end.and_then(|end| expression.get(end + "::".len()..));
        type_name.and_then(figured).is_some()
    };
    is_number || is_in_brackets() || is_cast()
}

/// Whether an operator stands outside all brackets. A subquery has the name of its own column.
fn is_operation(expression: &str) -> bool {
    if ["SELECT", "WITH"].contains(&tokens(expression.trim_start()).next().unwrap_or_default()) {
        return false;
    }
    let mut at = 0;
    while at < expression.len() {
        let rest = expression.get(at..).unwrap_or_default();
        let mut characters = rest.chars();
        let spaced = characters.next() == Some(' ');
        if spaced
            && characters
                .next()
                .is_some_and(|next| "+-*/<>=~!@#%^&|`?".contains(next))
        {
            return true;
        }
        at = match rest.as_bytes().first() {
            Some(b'(' | b'[') => closing(expression, at).map_or(expression.len(), |end| end + 1),
            _ => token(expression, at),
        };
    }
    false
}

/// The name of a column that is a cast to this type: the last part of the type's own name, as the grammar knows it
/// (`SystemTypeName()` of `parser/gram.y`). `None` when this is no type.
fn figured(type_name: &str) -> Option<String> {
    let element = type_name.trim_end_matches("[]");
    let bare = match element.find('(') {
        Some(open) => {
            let close = closing(element, open)?;
            let rest = element.get(close + 1..)?;
            format!("{}{rest}", element.get(..open)?)
        }
        None => element.to_owned(),
    };
    let known = match bare.as_str() {
        "character varying" => "varchar",
        "character" => "bpchar",
        "bit varying" => "varbit",
        "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "real" => "float4",
        "double precision" => "float8",
        "boolean" => "bool",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        _ if bare.starts_with("interval ") => "interval",
        _ => return last_name(&bare),
    };
    Some(known.to_owned())
}

/// The last part of a qualified name.
fn last_name(name: &str) -> Option<String> {
    let (mut at, mut last) = (0, None);
    while at < name.len() {
        let end = token(name, at);
        let part = name.get(at..end)?;
        match part {
            "." => last = None,
            _ if last.is_some() => return None,
            _ if part.starts_with('"') || part.chars().all(is_of_name) => last = Some(part),
            _ => return None,
        }
        at = end;
    }
    last.map(unquoted)
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

fn unquoted(name: &str) -> String {
    let inside = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    inside.map_or_else(|| name.to_owned(), |inside| inside.replace("\"\"", "\""))
}
