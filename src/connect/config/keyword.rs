//! Keyword/value connection strings: `host=localhost dbname='my db' password=it\'s`.
//!
//! Follows `conninfo_parse` in `fe-connect.c`. Pure. Its errors never show a word that could be part of a password.

use super::{
    key::Key,
    settings::{ConfigError, Settings, Source, unknown_key},
};

/// Parses `text` into `settings`.
pub(super) fn parse(
    text: &str,
    settings: &mut Settings,
    source: &Source,
) -> Result<(), ConfigError> {
    let mut rest = text.trim_start_matches(is_space);
    // A password with a blank in it that was not quoted goes on as if it were the next keyword.
    let mut after_secret = false;
    while !rest.is_empty() {
        let end = rest.find(|c| c == '=' || is_space(c)).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let Some(tail) = tail.trim_start_matches(is_space).strip_prefix('=') else {
            return Err(ConfigError::new(source, missing_equals(name, after_secret)));
        };
        let (value, tail) = value(tail.trim_start_matches(is_space)).ok_or_else(|| {
            ConfigError::new(
                source,
                format!(
                    "the quoted value of {} does not end",
                    shown(name, after_secret)
                ),
            )
        })?;
        let key = match Key::from_name(name) {
            Some(key) => key,
            None if after_secret => {
                return Err(ConfigError::new(source, missing_equals(name, true)));
            }
            None => return Err(unknown_key(name, source)),
        };
        settings.assign(key, value, source)?;
        after_secret = key.is_secret();
        rest = tail.trim_start_matches(is_space);
    }
    Ok(())
}

/// C's `isspace` in the C locale.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn shown(name: &str, hidden: bool) -> &str {
    if hidden { "a parameter" } else { name }
}

fn missing_equals(name: &str, after_secret: bool) -> String {
    if after_secret {
        "the password is followed by something that is no parameter; a password with blanks needs quotes: \
         password='...', with \\' and \\\\ inside"
            .to_owned()
    } else {
        format!("missing \"=\" after {name:?}")
    }
}

/// A value and what follows it; none when a quote is not closed. A backslash takes the next character as it is.
fn value(text: &str) -> Option<(String, &str)> {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Some((value, text.get(at + 1..)?)),
            c if !quoted && is_space(c) => return Some((value, text.get(at..)?)),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}
