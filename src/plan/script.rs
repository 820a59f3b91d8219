//! A plan as a script that any client can run: one transaction with the settings that it was made for.

use std::fmt::Write as _;

use super::Plan;
use crate::catalog::print;
use crate::catalog::quote::literal;

/// The plan as SQL. `settings` are set for the transaction; `heading` stands above as comment lines, and so
/// do the hazards.
pub fn script(plan: &Plan, settings: &[(&str, &str)], heading: &str) -> String {
    let mut out = String::new();
    for line in heading.lines() {
        comment(&mut out, line);
    }
    for hazard in &plan.hazards {
        comment(&mut out, &format!("{}: {}", hazard.code, hazard.text));
    }
    out.push_str("\nBEGIN;\n");
    for (name, value) in settings {
        let _ = writeln!(out, "SET LOCAL {name} = {};", literal(value));
    }
    out.push('\n');
    print::steps(&plan.steps, &mut out);
    out.push_str("\nCOMMIT;\n");
    out
}

/// A name can hold a line break, which would end the comment.
fn comment(out: &mut String, text: &str) {
    out.push_str("-- ");
    out.push_str(&text.replace(['\n', '\r'], " "));
    out.push('\n');
}
