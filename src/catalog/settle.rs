//! Settling: the server's text of an expression, as the server prints it again after reading it.
//!
//! `pg_get_expr()` and its like are no fixpoint in a few places; what is stored, hashed and rendered is the
//! fixpoint. Each rewriting here is one that the server itself makes; tests compare with its own second
//! deparse. Works on tokens: never looks into literals, quoted identifiers are one word.

use super::figured::{Lists, needless_name};

/// The settled form of an expression, a list of expressions, or a query.
///
/// - `(ARRAY[a, b])::t[]` becomes `ARRAY[(a)::t, (b)::t]`, since the parser hands the type of a cast down to the
///   elements of an array constructor (`transformTypeCast()` of `parser/parse_expr.c`).
/// - `(VALUES ..)` becomes `( VALUES ..)`: a view that is nothing but VALUES is read again as one with a
///   subquery (`get_from_clause_item()` of `ruleutils.c`).
/// - `SELECT 'x'::text AS text` becomes `SELECT 'x'::text`, see `figured`.
/// - `((a AND b) AND c)` becomes `(a AND b AND c)`, and so with OR: what BETWEEN, IN and comparisons of rows are made
///   into stands by itself, and the grammar joins it with what follows (`makeAndExpr()` of `parser/gram.y`).
pub fn settle(text: &str) -> String {
    let mut settled = String::with_capacity(text.len());
    let mut at = 0;
    // Where the parentheses close that are left out.
    let mut left_out: Vec<usize> = Vec::new();
    let mut lists = text.contains("SELECT ").then(Lists::default);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((array, end)) = cast_array(text, at) {
            settled.push_str(&array);
            at = end;
            continue;
        }
        if rest.starts_with("(VALUES ") {
            if let Some(lists) = &mut lists {
                lists.see("(");
            }
            settled.push_str("( VALUES ");
            at += "(VALUES ".len();
            continue;
        }
        if left_out.pop_if(|close| *close == at).is_some() {
            at += 1;
            continue;
        }
        let at_column = lists.as_ref().is_some_and(Lists::at_column);
        if let Some((cast_end, end)) = at_column.then(|| needless_name(text, at)).flatten() {
            settled.push_str(&settle(text.get(at..cast_end).unwrap_or_default()));
            at = end;
            continue;
        }
        let end = token(text, at);
        let word = rest.get(..end - at).unwrap_or(rest);
        if let Some(lists) = &mut lists {
            lists.see(word);
        }
        settled.push_str(word);
        at = end;
        if rest.starts_with("((") {
            let joined = joined(text, at);
            at += joined.len();
            left_out.extend(joined);
        }
    }
    settled
}

/// Where the parentheses close that open here, one after the other, and are left out: of an operand that joins with what
/// follows it, of the first operand of that, and so on.
fn joined(text: &str, start: usize) -> Vec<usize> {
    let mut closes = Vec::new();
    let mut word = None;
    loop {
        let open = start + closes.len();
        if text.as_bytes().get(open) != Some(&b'(') {
            return closes;
        }
        let Some(close) = closing(text, open) else {
            return closes;
        };
        let (inside, after) = (text.get(open + 1..close), text.get(close + 1..));
        let follows = |word: &&str| after.is_some_and(|after| after.starts_with(*word));
        let Some(next) = [" AND ", " OR "].into_iter().find(follows) else {
            return closes;
        };
        let same = *word.get_or_insert(next) == next;
        if !same || !inside.is_some_and(|inside| has_at_top(inside, next.trim())) {
            return closes;
        }
        closes.push(close);
    }
}

/// Whether a word stands in a text outside all brackets and literals.
fn has_at_top(text: &str, word: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        let end = match text.as_bytes().get(at) {
            Some(b'(' | b'[') => closing(text, at).map_or(text.len(), |close| close + 1),
            _ => token(text, at),
        };
        if text.get(at..end) == Some(word) {
            return true;
        }
        at = end;
    }
    false
}

/// The array constructor under a cast that starts here, with the cast handed down, and where it ends.
fn cast_array(text: &str, at: usize) -> Option<(String, usize)> {
    let open = at + "(ARRAY".len();
    if !text.get(at..)?.starts_with("(ARRAY[") {
        return None;
    }
    let close = closing(text, open)?;
    let type_start = close + "])::".len();
    if !text.get(close..)?.starts_with("])::") {
        return None;
    }
    let end = array_type(text, type_start)?;
    let element_type = text.get(type_start..end)?.strip_suffix("[]")?;
    let elements = elements(text.get(open + 1..close)?);
    // Arrays of arrays have their own rules; leave them as they are.
    if element_type.ends_with("[]") || elements.iter().any(|element| element.starts_with("ARRAY["))
    {
        return None;
    }
    let elements: Vec<String> = elements
        .into_iter()
        .map(|element| format!("({})::{element_type}", settle(element)))
        .collect();
    Some((format!("ARRAY[{}]", elements.join(", ")), end))
}

/// Where the token that starts here ends: a literal, a quoted or plain word, or one character.
pub(super) fn token(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut characters = rest.chars();
    match characters.next() {
        Some('\'') => at + quoted(rest, '\'', false),
        Some('"') => at + quoted(rest, '"', false),
        Some('E') if characters.next() == Some('\'') => {
            at + 1 + quoted(rest.get(1..).unwrap_or_default(), '\'', true)
        }
        Some(first) if is_word(first) => {
            at + rest
                .find(|character| !is_word(character))
                .unwrap_or(rest.len())
        }
        Some(first) => at + first.len_utf8(),
        None => at,
    }
}

/// The tokens of a text, one after the other.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let end = token(text, at);
        let next = text.get(at..end).filter(|token| !token.is_empty());
        at = end;
        next
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The length of what stands in quotes at the start, with the quotes.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if escapes && character == '\\' {
            characters.next();
        } else if character == quote && characters.next_if(|&(_, next)| next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// Where `wanted` starts outside literals and quoted identifiers; it must start with a token of its own.
pub(super) fn find(text: &str, wanted: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        if text.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        at = token(text, at);
    }
    None
}

/// Where the bracket that opens here is closed.
pub(super) fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    while at < text.len() {
        match text.as_bytes().get(at)? {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        at = token(text, at);
    }
    None
}

/// The parts between the commas outside all brackets.
pub(super) fn elements(text: &str) -> Vec<&str> {
    let (mut start, mut at) = (0, 0);
    let mut parts = Vec::new();
    while at < text.len() {
        let byte = text.as_bytes().get(at).copied();
        if byte == Some(b',') {
            parts.extend(text.get(start..at));
            start = at + 1;
        }
        at = match byte {
            Some(b'(' | b'[') => closing(text, at).map_or(text.len(), |close| close + 1),
            _ => token(text, at),
        };
    }
    parts.extend(text.get(start..));
    parts.into_iter().map(str::trim).collect()
}

/// Where the name of an array type that starts here ends; `None` when what stands here is another type.
fn array_type(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("[]") {
            return Some(at + 2);
        }
        match rest.chars().next()? {
            '(' => at = closing(text, at)? + 1,
            '"' | '.' | ' ' => at = token(text, at),
            first if is_word(first) => at = token(text, at),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_go_down_into_arrays() {
        assert_eq!(
            settle(
                "((x)::text = ANY ((ARRAY['a'::character varying, 'b,)'''::character varying])::text[]))"
            ),
            "((x)::text = ANY (ARRAY[('a'::character varying)::text, ('b,)'''::character varying)::text]))"
        );
        assert_eq!(
            settle("(ARRAY[f(a, b), (c)::varchar(3)])::app.\"t[]\"[] || y"),
            "ARRAY[(f(a, b))::app.\"t[]\", ((c)::varchar(3))::app.\"t[]\"] || y"
        );
        assert_eq!(
            settle("(ARRAY[now()])::timestamp(3) without time zone[]"),
            "ARRAY[(now())::timestamp(3) without time zone]"
        );
    }

    #[test]
    fn values_are_a_subquery() {
        assert_eq!(
            settle("FROM (VALUES (1,'(VALUES ')) \"(VALUES \""),
            "FROM ( VALUES (1,'(VALUES ')) \"(VALUES \""
        );
    }

    #[test]
    fn columns_have_no_name_that_their_type_gives_them() {
        for (text, expected) in [
            (
                "SELECT s.id\n   FROM ( SELECT t.id\n           FROM t\n        UNION ALL\n         SELECT (0)::oid AS oid,\n            'a, b'::character varying(3) AS \"varchar\") s",
                "SELECT s.id\n   FROM ( SELECT t.id\n           FROM t\n        UNION ALL\n         SELECT (0)::oid,\n            'a, b'::character varying(3)) s",
            ),
            (
                "( SELECT NULL::app.\"my \"\"T\"[] AS \"my \"\"T\", ((a + 1))::bigint AS int8, ('x'::text)::name AS name)",
                "( SELECT NULL::app.\"my \"\"T\"[], ((a + 1))::bigint, ('x'::text)::name)",
            ),
            (
                "SELECT '1 day'::interval day to second(3) AS \"interval\", E'\\n'::timestamp(3) without time zone AS \"timestamp\" FROM t",
                "SELECT '1 day'::interval day to second(3), E'\\n'::timestamp(3) without time zone FROM t",
            ),
        ] {
            assert_eq!(settle(text), expected);
            assert_eq!(settle(expected), expected);
        }
        for text in [
            "SELECT 'x'::text AS \"TEXT\", 'x'::text AS name, (f(x))::text AS text, (x)::text AS text, x AS text FROM t",
            "SELECT XMLFOREST('a'::text AS b, 'x'::text AS text) AS x FROM f('x'::text) AS text, g('x'::text AS text)",
            "SELECT ((a).b)::text AS text, ' AS text'::text, \"SELECT 'x'::text AS text\"",
        ] {
            assert_eq!(settle(text), text);
        }
    }

    #[test]
    fn conditions_of_one_kind_are_joined() {
        for (text, expected) in [
            (
                "CHECK ((((a >= 1) AND (a <= 10)) AND (c > 0)))",
                "CHECK (((a >= 1) AND (a <= 10) AND (c > 0)))",
            ),
            (
                "(((((a = 1) OR (a = c)) OR (c > 4)) OR (c < 1)) OR d)",
                "((a = 1) OR (a = c) OR (c > 4) OR (c < 1) OR d)",
            ),
            ("((x OR f(y)) OR z)", "(x OR f(y) OR z)"),
            (
                "((x = ') OR ('::text) OR (((a OR \"OR\") OR d) AND (\"AND\" IS NULL)))",
                "((x = ') OR ('::text) OR ((a OR \"OR\" OR d) AND (\"AND\" IS NULL)))",
            ),
            (
                "((a OR (((b = 1) AND c) AND d)) OR (e))",
                "(a OR ((b = 1) AND c AND d) OR (e))",
            ),
        ] {
            assert_eq!(settle(text), expected);
            assert_eq!(settle(expected), expected);
        }
    }

    #[test]
    fn the_rest_is_left_alone() {
        for text in [
            "((a AND b) OR c)",
            "(c AND (a AND b))",
            "((NOT a) AND b)",
            "((a = 'x AND y'::text) AND b)",
            "((\"AND\" IS NULL) AND b)",
            "((a",
            "'(ARRAY[1])::text[]'::text",
            "E'\\'(ARRAY[1])::text[]'",
            "\"(ARRAY[1])::text[]\"",
            "(ARRAY[1])[1]",
            "(ARRAY[1])::text",
            "(ARRAY[ARRAY[1]])::text[]",
            "xE'(ARRAY[1])::text[]'",
            "(ARRAY[",
            "'é",
        ] {
            assert_eq!(settle(text), text);
        }
    }
}
