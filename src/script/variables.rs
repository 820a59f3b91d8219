//! psql variables: their values, and the four ways a script refers to them.
//!
//! `:name` inserts the value as text, `:'name'` as a literal, `:"name"` as an identifier, `:{?name}` says
//! whether it is set (psql manual, "Variables"). What is not set stays as written. No I/O, no environment.

use std::collections::BTreeMap;

/// The variables of one run of a script.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Sets `name`, as `\set name value` does.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Forgets `name`, as `\unset name` does.
    pub fn unset(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The value of `name`, when it is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every variable in order of its name, as `\set` without arguments prints them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// What stands for a reference in the text; `None` when it stays as written.
    pub(super) fn expand(&self, name: &str, form: Form) -> Option<String> {
        match form {
            Form::Plain => self.get(name).map(str::to_owned),
            Form::Literal => self.get(name).map(escape_literal),
            Form::Identifier => self.get(name).map(escape_identifier),
            Form::IsSet => Some(
                if self.0.contains_key(name) {
                    "TRUE"
                } else {
                    "FALSE"
                }
                .to_owned(),
            ),
        }
    }

    /// Whether a name may be set: letters, digits, underscores, and anything beyond ASCII.
    pub fn is_name(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(is_variable_byte)
    }
}

/// How a reference wants its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `:name`
    Plain,
    /// `:'name'`
    Literal,
    /// `:"name"`
    Identifier,
    /// `:{?name}`
    IsSet,
}

/// A reference found in the text: `len` bytes in all, the name at `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) form: Form,
    pub(super) len: usize,
    pub(super) name: std::ops::Range<usize>,
}

/// What begins with the colon at the start of `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Colon {
    /// A reference to a variable, whether it is set or not.
    Reference(Reference),
    /// Only a colon, or `::`, or `:=`; this many bytes.
    Token(usize),
    /// It cannot be told before more bytes come.
    More,
}

/// Reads what begins at a colon, after the rules of psqlscan.l.
pub(super) fn read_colon(text: &[u8], complete: bool) -> Colon {
    let (form, start, close): (Form, usize, &[u8]) = match text.get(1..) {
        Some([b':' | b'=', ..]) => return Colon::Token(2),
        Some([b'\'', ..]) => (Form::Literal, 2, b"'"),
        Some([b'"', ..]) => (Form::Identifier, 2, b"\""),
        Some([b'{', b'?', ..]) => (Form::IsSet, 3, b"}"),
        Some([] | [b'{']) | None if !complete => return Colon::More,
        _ => (Form::Plain, 1, b""),
    };
    let rest = text.get(start..).unwrap_or_default();
    let name = rest.iter().take_while(|&&b| is_variable_byte(b)).count();
    let cut = name + close.len() > rest.len() || (close.is_empty() && name == rest.len());
    if cut && !complete {
        return Colon::More;
    }
    if name == 0 || !rest.get(name..).unwrap_or_default().starts_with(close) {
        return Colon::Token(1);
    }
    Colon::Reference(Reference {
        form,
        len: start + name + close.len(),
        name: start..start + name,
    })
}

/// `variable_char` of psqlscan.l.
fn is_variable_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// libpq's `PQescapeLiteral`: quotes doubled; with a backslash in it, the `E''` form behind a blank, so
/// that it means the same whatever `standard_conforming_strings` is.
fn escape_literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if value.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// libpq's `PQescapeIdentifier`: always quoted, quotes doubled.
fn escape_identifier(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(form: Form, len: usize, name: std::ops::Range<usize>) -> Colon {
        Colon::Reference(Reference { form, len, name })
    }

    #[test]
    fn reads_what_a_colon_begins() {
        assert_eq!(read_colon(b"::int", true), Colon::Token(2));
        assert_eq!(read_colon(b":= 1", true), Colon::Token(2));
        assert_eq!(read_colon(b": x", true), Colon::Token(1));
        assert_eq!(read_colon(b":ab c", true), reference(Form::Plain, 3, 1..3));
        assert_eq!(
            read_colon(b":'a'", false),
            reference(Form::Literal, 4, 2..3)
        );
        assert_eq!(
            read_colon(b":\"a\"", true),
            reference(Form::Identifier, 4, 2..3)
        );
        assert_eq!(read_colon(b":{?a}", true), reference(Form::IsSet, 5, 3..4));
        assert_eq!(read_colon(b":'a b'", true), Colon::Token(1));
        assert_eq!(read_colon(b":'a", true), Colon::Token(1));
        assert_eq!(read_colon(b":{a}", true), Colon::Token(1));
    }

    #[test]
    fn asks_for_more_where_the_text_may_go_on() {
        for text in [
            &b":"[..],
            b":a",
            b":'",
            b":'a",
            b":\"a",
            b":{",
            b":{?",
            b":{?a",
        ] {
            assert_eq!(read_colon(text, false), Colon::More, "{text:?}");
        }
    }

    #[test]
    fn values_are_escaped_as_libpq_does() {
        let mut variables = Variables::default();
        variables.set("v", r#"it's "a\b""#);
        let expand = |form| variables.expand("v", form).unwrap_or_default();
        assert_eq!(expand(Form::Plain), r#"it's "a\b""#);
        assert_eq!(expand(Form::Literal), r#" E'it''s "a\\b"'"#);
        assert_eq!(expand(Form::Identifier), r#""it's ""a\b""""#);
        assert_eq!(expand(Form::IsSet), "TRUE");
        assert_eq!(variables.expand("w", Form::IsSet).as_deref(), Some("FALSE"));
        assert_eq!(variables.expand("w", Form::Plain), None);
    }
}
