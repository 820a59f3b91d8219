//! Storage parameters (`reloptions`, `attoptions`): `name=value` texts as the server keeps them, to SQL; and the
//! parameter lists of CREATE TYPE and its like.
//!
//! Their order is kept, since the server keeps it and prints it. Pure text; knows no kind.

use super::quote::{ident, literal};

/// `name='value', ..` as `WITH (..)` and `SET (..)` want it; `prefix` is `toast.` or empty.
pub fn list(prefix: &str, options: &[String]) -> String {
    let items = options.iter().map(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        format!("{prefix}{}={}", ident(name), literal(value))
    });
    items.collect::<Vec<_>>().join(", ")
}

/// The list as `pg_get_indexdef()` prints it (`flatten_reloptions()` of `ruleutils.c`): a value that could be
/// a name stands bare.
pub fn flat(options: &[String]) -> String {
    let items = options.iter().map(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if ident(value) == value {
            format!("{}={value}", ident(name))
        } else {
            format!("{}={}", ident(name), literal(value))
        }
    });
    items.collect::<Vec<_>>().join(", ")
}

/// `(NAME = value, ..)` as CREATE TYPE and its like want it; what is empty is not written.
pub fn definition(values: &[(&str, &str)]) -> String {
    let list: Vec<_> = values
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("    {name} = {value}"))
        .collect();
    format!("(\n{}\n)", list.join(",\n"))
}

/// A value of such a list that is a literal; nothing stays nothing.
pub fn text(value: &str) -> String {
    if value.is_empty() {
        String::new()
    } else {
        literal(value)
    }
}

/// The clauses of an ALTER that bring one list to another with its order: `RESET (..)`, `SET (..)`.
pub fn change(prefix: &str, old: &[String], new: &[String]) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let mut clauses = Vec::new();
    if !old.is_empty() {
        let names = old.iter().map(|option| {
            let name = option
                .split_once('=')
                .map_or(option.as_str(), |(name, _)| name);
            format!("{prefix}{}", ident(name))
        });
        clauses.push(format!("RESET ({})", names.collect::<Vec<_>>().join(", ")));
    }
    if !new.is_empty() {
        clauses.push(format!("SET ({})", list(prefix, new)));
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_keep_their_order() {
        let texts = |items: &[&str]| {
            items
                .iter()
                .map(|&item| item.to_owned())
                .collect::<Vec<_>>()
        };
        let (old, new) = (texts(&["fillfactor=70"]), texts(&["b=on", "a=x=y"]));
        assert_eq!(list("toast.", &new), "toast.b='on', toast.a='x=y'");
        assert_eq!(
            change("", &old, &new),
            ["RESET (fillfactor)", "SET (b='on', a='x=y')"]
        );
        assert!(change("", &old, &old).is_empty());
        assert_eq!(change("", &old, &[]), ["RESET (fillfactor)"]);
    }
}
