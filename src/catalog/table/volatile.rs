//! Whether a column that is added has another value in each row, so that the server writes the table anew (manual: ALTER TABLE, Notes;
//! `ATExecAddColumn()` of `tablecmds.c`).

use crate::catalog::id::Id;
use crate::catalog::kind::Tag;
use crate::catalog::quote::qualified;
use crate::catalog::routine::function::Volatility;
use crate::catalog::settle::token;
use crate::catalog::{Body, Catalog};

/// The server's volatile functions that make values (`pg_proc.provolatile` = 'v').
const VOLATILE: [&str; 13] = [
    "clock_timestamp",
    "current_query",
    "currval",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "random",
    "random_normal",
    "set_config",
    "setval",
    "timeofday",
    "uuidv4",
    "uuidv7",
];

/// Whether a default has to be evaluated for each row. A function that the catalog does not have (one of an extension) may be
/// volatile, so it counts as that.
pub(super) fn is_volatile(default: &Id, expression: &str, scene: &Catalog) -> bool {
    let functions: Vec<(String, Volatility)> = scene
        .edges(default)
        .filter_map(|edge| match &scene.get(edge.to)?.body {
            Body::Function(function) => {
                let name = qualified(&edge.to.schema, &edge.to.name);
                Some((name, function.volatility))
            }
            _ => None,
        })
        .collect();
    calls(expression).iter().any(|name| {
        let mut of_name = functions.iter().filter(|known| known.0 == *name).peekable();
        if of_name.peek().is_some() {
            return of_name.any(|known| known.1 == Volatility::Volatile);
        }
        name.contains('.') || VOLATILE.contains(&name.as_str())
    })
}

/// The server's own domains with constraints, which no catalog has.
const CONSTRAINED: [&str; 2] = [
    "information_schema.cardinal_number",
    "information_schema.yes_or_no",
];

/// Whether a column of this type is of a domain with constraints, which every value has to go through.
pub(super) fn is_constrained(column: &Id, data_type: &str, scene: &Catalog) -> bool {
    !data_type.ends_with("[]")
        && (CONSTRAINED.contains(&data_type) || uses_constrained(column, scene))
}

/// Whether a column or a domain uses a domain with constraints.
fn uses_constrained(user: &Id, scene: &Catalog) -> bool {
    let domains = scene.edges(user).map(|edge| edge.to);
    domains.filter(|used| used.kind == Tag::Domain).any(|used| {
        let by_itself = match scene.get(used).map(|object| &object.body) {
            Some(Body::Domain(domain)) => {
                domain.not_null.is_some() || CONSTRAINED.contains(&domain.base.as_str())
            }
            _ => false,
        };
        let mut parts = scene.parts(used);
        by_itself
            || parts.any(|part| part.id.kind == Tag::DomainConstraint)
            || uses_constrained(used, scene)
    })
}

/// What an expression calls, as it is written there: with its schema where the server writes one, which it does not for
/// its own. Modifiers of types look alike, and stand behind `::`.
fn calls(expression: &str) -> Vec<String> {
    let mut tokens: Vec<&str> = Vec::new();
    let mut calls = Vec::new();
    let mut at = 0;
    while at < expression.len() {
        let end = token(expression, at);
        let found = expression.get(at..end).unwrap_or_default();
        if found == "(" {
            match tokens[..] {
                [.., ":", _, ".", _] | [.., ":", _] => {}
                [.., schema, ".", name] => calls.push(format!("{schema}.{name}")),
                [.., name] if is_name(name) => calls.push(name.to_owned()),
                _ => {}
            }
        }
        tokens.push(found);
        at = end;
    }
    calls
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '_' | '"'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn calls_are_told_from_types() {
        let found = |expression| calls(expression).join(" ");
        assert_eq!(found("nextval('a(b'::regclass)"), "nextval");
        assert_eq!(found("'x'::character varying(10)"), "varying");
        assert_eq!(found("NULL::numeric(10,2)"), "");
        assert_eq!(found("NULL::public.geometry(Point,4326)"), "");
        assert_eq!(
            found(r#"(("app"."f(x"(1) + app.g(random())))"#),
            r#""app"."f(x" app.g random"#
        );
        assert_eq!(found("'ä(' || lower('b')"), "lower");
    }
}
