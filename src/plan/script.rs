//! A plan as a script that any client can run: one transaction with the settings that it was made for.

use std::fmt::Write as _;

use super::Plan;
use crate::catalog::print;
use crate::catalog::quote::literal;

/// What stands around the steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// Comment lines above everything.
    pub heading: &'a str,
    /// Settings for the transaction.
    pub settings: &'a [(&'a str, &'a str)],
    /// Statements before the first step.
    pub before: &'a [String],
    /// Statements after the last one.
    pub after: &'a [String],
}

/// The plan as SQL. The hazards stand below the heading.
pub fn script(plan: &Plan, frame: &Frame<'_>) -> String {
    let mut out = String::new();
    for line in frame.heading.lines() {
        comment(&mut out, line);
    }
    for hazard in &plan.hazards {
        comment(&mut out, &format!("{}: {}", hazard.code, hazard.text));
    }
    out.push_str("\nBEGIN;\n");
    for (name, value) in frame.settings {
        let _ = writeln!(out, "SET LOCAL {name} = {};", literal(value));
    }
    out.push('\n');
    statements(&mut out, frame.before);
    print::steps(&plan.steps, &mut out);
    statements(&mut out, frame.after);
    out.push_str("\nCOMMIT;\n");
    out
}

fn statements(out: &mut String, all: &[String]) {
    for sql in all {
        out.push_str(sql);
        out.push_str(";\n");
    }
}

/// A name can hold a line break, which would end the comment.
fn comment(out: &mut String, text: &str) {
    out.push_str("-- ");
    out.push_str(&text.replace(['\n', '\r'], " "));
    out.push('\n');
}
