//! Storage parameters (`reloptions`, `attoptions`) and options of foreign-data wrappers: `name=value` texts as the
//! server keeps them, to SQL; and the parameter lists of CREATE TYPE and its like.
//!
//! The order of storage parameters is kept, since the server keeps it and prints it. Pure text; knows no kind.

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

/// An option's name and value.
pub fn split(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

/// ` OPTIONS (name 'value', ..)` of something new that a foreign-data wrapper is asked about; nothing when empty.
pub fn generic(options: &[String]) -> String {
    if options.is_empty() {
        return String::new();
    }
    let items = options.iter().map(|option| {
        let (name, value) = split(option);
        format!("{} {}", ident(name), literal(value))
    });
    format!(" OPTIONS ({})", items.collect::<Vec<_>>().join(", "))
}

/// `OPTIONS (ADD name 'value', SET .., DROP ..)`, which brings one list to another, both sorted.
pub fn generic_change(old: &[String], new: &[String]) -> Option<String> {
    let find = |list: &'_ [String], name: &str| {
        let mut values = list.iter().map(|option| split(option));
        values
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.to_owned())
    };
    let mut items = Vec::new();
    for (name, value) in new.iter().map(|option| split(option)) {
        let verb = match find(old, name) {
            None => "ADD",
            Some(before) if before != value => "SET",
            Some(_) => continue,
        };
        items.push(format!("{verb} {} {}", ident(name), literal(value)));
    }
    for (name, _) in old.iter().map(|option| split(option)) {
        if find(new, name).is_none() {
            items.push(format!("DROP {}", ident(name)));
        }
    }
    (!items.is_empty()).then(|| format!("OPTIONS ({})", items.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_options_are_added_set_and_dropped() {
        let texts = |items: &[&str]| {
            items
                .iter()
                .map(|&item| item.to_owned())
                .collect::<Vec<_>>()
        };
        let (old, new) = (
            texts(&["a=1", "b=2", "c=3"]),
            texts(&["b=2", "c=ADD 'x'", "D="]),
        );
        assert_eq!(generic(&new), " OPTIONS (b '2', c 'ADD ''x''', \"D\" '')");
        assert_eq!(
            generic_change(&old, &new).as_deref(),
            Some("OPTIONS (SET c 'ADD ''x''', ADD \"D\" '', DROP a)")
        );
        assert_eq!(
            (generic(&[]).as_str(), generic_change(&old, &old)),
            ("", None)
        );
    }

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
