//! A difference as text for people: one line per object, and unified diffs of SQL texts that the caller
//! rendered. Colours and headings are the terminal's affair.

use std::fmt;

use similar::TextDiff;

use super::{Aspects, Change, Delta, Diff, Layout, Rename};

/// `+ id`, `- id`, `~ id (what differs)`, one object a line; then layout and guesses.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for delta in &self.deltas {
            writeln!(f, "{delta}")?;
        }
        for layout in &self.layout {
            writeln!(f, "{layout}")?;
        }
        for rename in &self.renames {
            writeln!(f, "{rename}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        match &self.change {
            Change::Added => write!(f, "+ {id}"),
            Change::Removed => write!(f, "- {id}"),
            Change::Changed(aspects) => write!(f, "~ {id} ({aspects})"),
        }
    }
}

impl fmt::Display for Aspects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fields,
            owner,
            acl,
            comment,
            labels,
            extensions,
        } = self;
        let others = [
            (*owner, "owner"),
            (*acl, "privileges"),
            (*comment, "comment"),
            (*labels, "labels"),
            (*extensions, "extensions"),
        ];
        let others = others.iter().filter(|(differs, _)| *differs);
        let words = fields
            .iter()
            .map(String::as_str)
            .chain(others.map(|(_, word)| *word));
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, old, new } = self;
        write!(
            f,
            "= {id} (column order: {} -> {})",
            old.join(", "),
            new.join(", ")
        )
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "? {} may have been renamed to {}", self.from, self.to)
    }
}

/// A unified diff with three lines of context, empty when the texts are equal. The headings stand after
/// `---` and `+++`.
pub fn unified(old: &str, new: &str, old_heading: &str, new_heading: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header(old_heading, new_heading)
        .to_string()
}
