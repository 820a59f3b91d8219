//! What a statement destroys: objects that DROP names, columns and constraints that ALTER drops, rows that
//! TRUNCATE or a DELETE without WHERE removes.
//!
//! Reads the names that stand in the text. What CASCADE takes along only the server knows. Pure.

use super::classify::object_kind;
use super::tokens::{TokenKind, Tokens};

/// One thing that is gone after the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// What it is, in small letters: `table`, `column`, `rows`.
    pub kind: String,
    /// Its name as far as the text gives it: `public.users`, `public.users.email`, `touch on public.users`,
    /// `public.f(integer)`.
    pub name: String,
    /// Whether CASCADE takes along what depends on it.
    pub cascade: bool,
    /// Whether IF EXISTS allows it not to be there.
    pub if_exists: bool,
}

pub(super) fn destroys(mut tokens: Tokens<'_>) -> Vec<Destroyed> {
    let Some(first) = tokens.next() else {
        return Vec::new();
    };
    match first.text.to_ascii_lowercase().as_str() {
        "drop" => dropped(tokens),
        "truncate" => truncated(tokens),
        "delete" => deleted(tokens),
        "alter" => altered(tokens),
        _ => Vec::new(),
    }
}

fn dropped(mut tokens: Tokens<'_>) -> Vec<Destroyed> {
    tokens.eat("procedural");
    let Some(kind) = object_kind(&mut tokens) else {
        return Vec::new();
    };
    let kind = kind.to_lowercase();
    tokens.eat("concurrently");
    let if_exists = tokens.eat_all(&["if", "exists"]);
    let mut names = Vec::new();
    while let Some(mut name) = name_of(&kind, &mut tokens) {
        // Triggers, policies and rules are named within their table.
        if matches!(kind.as_str(), "trigger" | "policy" | "rule") && tokens.eat("on") {
            let table = qualified(&mut tokens).unwrap_or_default();
            name = format!("{name} on {table}");
        }
        names.push(name);
        if !tokens.eat_char(",") {
            break;
        }
    }
    let cascade = tokens.any(|token| token.is("cascade"));
    let destroyed = |name| Destroyed {
        kind: kind.clone(),
        name,
        cascade,
        if_exists,
    };
    names.into_iter().map(destroyed).collect()
}

/// A name in DROP: for routines and operators with its arguments.
fn name_of(kind: &str, tokens: &mut Tokens<'_>) -> Option<String> {
    let start = tokens.next_at();
    if kind == "cast" {
        tokens.eat_char("(").then(|| tokens.skip_parentheses())?;
        return Some(one_line(tokens.text_since(start)));
    }
    if kind == "operator" {
        while tokens.peek().is_some_and(|token| !token.is_char("(")) {
            tokens.next();
        }
    }
    let name = if kind == "operator" {
        one_line(tokens.text_since(start))
    } else {
        qualified(tokens)?
    };
    let arguments = tokens.next_at();
    if tokens.eat_char("(") {
        tokens.skip_parentheses();
        return Some(name + &one_line(tokens.text_since(arguments)));
    }
    if matches!(kind, "operator class" | "operator family") && tokens.eat("using") {
        let method = tokens.next().map(|token| token.text).unwrap_or_default();
        return Some(format!("{name} using {method}"));
    }
    Some(name)
}

/// Blanks and newlines in a row become one blank.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name with its schema, quotes kept as they are written.
pub(super) fn qualified(tokens: &mut Tokens<'_>) -> Option<String> {
    let mut name = String::new();
    loop {
        let part = tokens.next()?;
        match part.kind {
            TokenKind::Word => name.push_str(&part.text.to_lowercase()),
            TokenKind::Quoted => name.push_str(part.text),
            TokenKind::Literal | TokenKind::Other => return None,
        }
        if !tokens.eat_char(".") {
            return Some(name);
        }
        name.push('.');
    }
}

/// `[ONLY] name [*], ..`
pub(super) fn relations(tokens: &mut Tokens<'_>) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        tokens.eat("only");
        let Some(name) = qualified(tokens) else {
            return names;
        };
        names.push(name);
        tokens.eat_char("*");
        if !tokens.eat_char(",") {
            return names;
        }
    }
}

fn rows(name: String, cascade: bool) -> Destroyed {
    Destroyed {
        kind: "rows".to_owned(),
        name,
        cascade,
        if_exists: false,
    }
}

fn truncated(mut tokens: Tokens<'_>) -> Vec<Destroyed> {
    tokens.eat("table");
    let names = relations(&mut tokens);
    let cascade = tokens.any(|token| token.is("cascade"));
    names.into_iter().map(|name| rows(name, cascade)).collect()
}

fn deleted(mut tokens: Tokens<'_>) -> Vec<Destroyed> {
    tokens.eat("from");
    let names = relations(&mut tokens);
    if tokens.any(|token| token.is("where")) {
        return Vec::new();
    }
    names.into_iter().map(|name| rows(name, false)).collect()
}

fn altered(mut tokens: Tokens<'_>) -> Vec<Destroyed> {
    let Some(kind) = object_kind(&mut tokens) else {
        return Vec::new();
    };
    if !matches!(
        kind.as_str(),
        "TABLE" | "FOREIGN TABLE" | "TYPE" | "DOMAIN" | "VIEW" | "MATERIALIZED VIEW"
    ) {
        return Vec::new();
    }
    tokens.eat_all(&["if", "exists"]);
    tokens.eat("only");
    let Some(owner) = qualified(&mut tokens) else {
        return Vec::new();
    };
    tokens.eat_char("*");
    actions(tokens)
        .into_iter()
        .filter_map(|action| dropped_part(&owner, action))
        .collect()
}

/// The actions of ALTER TABLE, each from its first word to the comma or the end.
pub(super) fn actions(mut tokens: Tokens<'_>) -> Vec<Tokens<'_>> {
    let mut found = vec![tokens];
    while let Some(token) = tokens.next() {
        if token.is_char("(") {
            tokens.skip_parentheses();
        } else if token.is_char(",") {
            found.push(tokens);
        }
    }
    found
}

/// `DROP [COLUMN | CONSTRAINT | ATTRIBUTE] [IF EXISTS] name [CASCADE]`
fn dropped_part(owner: &str, mut action: Tokens<'_>) -> Option<Destroyed> {
    if !action.eat("drop") {
        return None;
    }
    let named = ["column", "constraint", "attribute"];
    let mut kind = named.into_iter().find(|kind| action.eat(kind));
    let mut ahead = action;
    if kind.is_none() {
        // `DROP email`, but not `DROP DEFAULT`, `DROP NOT NULL` of a domain, or `DROP EXPRESSION`.
        let next = ahead.next()?;
        let then_end = ahead.peek().is_none_or(|t| {
            t.is_char(",") || t.is_char(";") || t.is("cascade") || t.is("restrict")
        });
        if next.is("default") || next.is("not") || !(then_end || next.is("if")) {
            return None;
        }
        kind = Some("column");
    }
    let if_exists = action.eat_all(&["if", "exists"]);
    let name = qualified(&mut action)?;
    Some(Destroyed {
        kind: kind?.to_owned(),
        name: format!("{owner}.{name}"),
        cascade: action.eat("cascade"),
        if_exists,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sql: &str) -> Vec<String> {
        let describe = |gone: Destroyed| {
            let mut text = format!("{} {}", gone.kind, gone.name);
            text.push_str(if gone.cascade { " cascade" } else { "" });
            text.push_str(if gone.if_exists { " if exists" } else { "" });
            text
        };
        destroys(Tokens::new(sql))
            .into_iter()
            .map(describe)
            .collect()
    }

    #[test]
    fn drop_names_what_it_drops() {
        assert_eq!(
            list("DROP TABLE a, S.\"B c\" CASCADE;"),
            ["table a cascade", "table s.\"B c\" cascade"]
        );
        assert_eq!(
            list("drop materialized view if exists m"),
            ["materialized view m if exists"]
        );
        assert_eq!(
            list("DROP FUNCTION s.f(int,\n  text), g"),
            ["function s.f(int, text)", "function g"]
        );
        assert_eq!(list("DROP TRIGGER t ON s.x"), ["trigger t on s.x"]);
        assert_eq!(
            list("DROP OPERATOR s.=== (int, int)"),
            ["operator s.===(int, int)"]
        );
        assert_eq!(list("DROP CAST (a AS b)"), ["cast (a AS b)"]);
        assert_eq!(
            list("DROP OPERATOR CLASS c USING btree"),
            ["operator class c using btree"]
        );
        assert_eq!(list("DROP OWNED BY joe"), ["owned by joe"]);
        assert_eq!(list("DROP"), [""; 0]);
    }

    #[test]
    fn alter_drops_columns_and_constraints() {
        assert_eq!(
            list(
                "ALTER TABLE IF EXISTS ONLY s.t DROP COLUMN IF EXISTS a CASCADE, ADD b numeric(1,2), DROP c, DROP CONSTRAINT k"
            ),
            [
                "column s.t.a cascade if exists",
                "column s.t.c",
                "constraint s.t.k"
            ]
        );
        assert_eq!(
            list("ALTER TABLE t ALTER a DROP DEFAULT, ALTER COLUMN b DROP NOT NULL"),
            [""; 0]
        );
        assert_eq!(list("ALTER TYPE t DROP ATTRIBUTE a"), ["attribute t.a"]);
        assert_eq!(list("ALTER DOMAIN d DROP DEFAULT"), [""; 0]);
        assert_eq!(list("ALTER DOMAIN d DROP NOT NULL"), [""; 0]);
    }

    #[test]
    fn rows_are_destroyed_without_a_condition() {
        assert_eq!(
            list("TRUNCATE TABLE ONLY a, b * RESTART IDENTITY CASCADE"),
            ["rows a cascade", "rows b cascade"]
        );
        assert_eq!(list("DELETE FROM s.t"), ["rows s.t"]);
        assert_eq!(list("DELETE FROM t WHERE a"), [""; 0]);
    }
}
