//! Steps as text that any client can run, one statement after another. Says nothing of transactions: who
//! prints a plan wraps it.

use super::quote::ident;
use super::step::Step;

/// Appends the statements of these steps, each with its semicolon and on a line of its own. A step that
/// must run as another role is preceded by `SET LOCAL ROLE`, and the role is taken back after it.
pub fn steps<'a>(steps: impl IntoIterator<Item = &'a Step>, out: &mut String) {
    let mut role: Option<&str> = None;
    for step in steps {
        switch(&mut role, step.role.as_deref(), out);
        out.push_str(&step.sql);
        out.push_str(";\n");
    }
    switch(&mut role, None, out);
}

fn switch<'a>(current: &mut Option<&'a str>, wanted: Option<&'a str>, out: &mut String) {
    if *current == wanted {
        return;
    }
    match wanted {
        Some(name) => {
            out.push_str("SET LOCAL ROLE ");
            out.push_str(&ident(name));
            out.push_str(";\n");
        }
        None => out.push_str("RESET ROLE;\n"),
    }
    *current = wanted;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Id, Tag};

    #[test]
    fn roles_are_taken_and_given_back() {
        let id = Id::global(Tag::Schema, "app");
        let list = [
            Step::alter(&id, "A".into()),
            Step::alter(&id, "B".into()).as_role("bob"),
            Step::alter(&id, "C".into()).as_role("bob"),
            Step::alter(&id, "D".into()),
            Step::alter(&id, "E".into()).as_role("Eve"),
        ];
        let mut out = String::new();
        steps(&list, &mut out);
        let lines: Vec<&str> = out.lines().collect();
        let expected = [
            "A;",
            "SET LOCAL ROLE bob;",
            "B;",
            "C;",
            "RESET ROLE;",
            "D;",
            "SET LOCAL ROLE \"Eve\";",
            "E;",
            "RESET ROLE;",
        ];
        assert_eq!(lines, expected);
    }
}
