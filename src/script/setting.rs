//! SET statements that change how a script is read on. Pure.

use super::tokens::Tokens;

/// A setting that matters to whoever reads the script, and not only to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// `standard_conforming_strings`: whether a backslash in a plain string is only a backslash.
    StandardStrings(bool),
    /// `client_encoding`; `None` is UTF-8.
    Encoding(Option<String>),
}

/// What `SET [SESSION|LOCAL] name {=|TO} value` or `SET NAMES value` sets, when it is one of these.
pub(super) fn setting(statement: &str) -> Option<Setting> {
    let mut tokens = Tokens::new(statement);
    if !tokens.eat("set") {
        return None;
    }
    let _ = tokens.eat("session") || tokens.eat("local");
    if tokens.eat("names") {
        return Some(Setting::Encoding(encoding(&value(&mut tokens)?)));
    }
    let is_strings = tokens.eat("standard_conforming_strings");
    if !is_strings && !tokens.eat("client_encoding") {
        return None;
    }
    let _ = tokens.eat("to") || tokens.eat_char("=");
    let value = value(&mut tokens)?;
    if !is_strings {
        return Some(Setting::Encoding(encoding(&value)));
    }
    // The default has been "on" since 9.1.
    match value.as_str() {
        "on" | "true" | "yes" | "1" | "default" => Some(Setting::StandardStrings(true)),
        "off" | "false" | "no" | "0" => Some(Setting::StandardStrings(false)),
        _ => None,
    }
}

fn value(tokens: &mut Tokens<'_>) -> Option<String> {
    Some(
        tokens
            .next()?
            .text
            .trim_matches(['\'', '"'])
            .to_ascii_lowercase(),
    )
}

/// The encoding, unless it is UTF-8 under one of its names.
pub(super) fn encoding(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let utf8 = matches!(
        name.as_str(),
        "utf8" | "utf-8" | "unicode" | "default" | "sql_ascii"
    );
    (!utf8).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_conforming_strings_is_seen() {
        let on = |on| Some(Setting::StandardStrings(on));
        assert_eq!(setting("SET standard_conforming_strings = off;"), on(false));
        assert_eq!(
            setting("set local Standard_Conforming_Strings to 'ON'"),
            on(true)
        );
        assert_eq!(
            setting("SET SESSION /* x */ standard_conforming_strings=0;"),
            on(false)
        );
        assert_eq!(setting("SET search_path = off;"), None);
        assert_eq!(setting("SET"), None);
    }

    #[test]
    fn encodings_are_seen() {
        let encoding = |name: Option<&str>| Some(Setting::Encoding(name.map(str::to_owned)));
        assert_eq!(
            setting("SET CLIENT_ENCODING=latin1;"),
            encoding(Some("latin1"))
        );
        assert_eq!(setting("SET NAMES 'WIN1252'"), encoding(Some("win1252")));
        assert_eq!(setting("SET client_encoding TO 'UTF8'"), encoding(None));
    }
}
