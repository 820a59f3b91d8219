//! Security labels (`pg_seclabel`, and `pg_shseclabel` of subscriptions; manual: SECURITY LABEL). Those of columns
//! that are no objects of their own (a view's) are with their relation.

use crate::catalog::id::Id;
use crate::catalog::quote::{ident, literal};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// A security label.
    #[derive(PartialOrd, Ord)]
    pub struct Label {
        /// The column that it is about; empty for the object itself.
        pub column: String,
        /// Who gives it a meaning.
        pub provider: String,
        /// The label.
        pub label: String,
    }
}

/// All labels of a database, in the order of the objects' addresses.
pub const QUERY: &str = "SELECT classoid, objoid, objsubid, provider, label FROM pg_seclabel \
     UNION ALL SELECT classoid, objoid, 0, provider, label FROM pg_shseclabel WHERE classoid = 6100 ORDER BY 1, 2, 3, 4";

/// The steps from one list to another, both sorted.
pub fn change(id: &Id, old: &[Label], new: &[Label]) -> Vec<Step> {
    let same = |a: &Label, b: &Label| a.column == b.column && a.provider == b.provider;
    let gone = old
        .iter()
        .filter(|label| !new.iter().any(|kept| same(kept, label)));
    let gone = gone.map(|label| set(id, label, "NULL"));
    let put = new.iter().filter(|label| !old.contains(label));
    let put = put.map(|label| set(id, label, &literal(&label.label)));
    gone.chain(put).collect()
}

fn set(id: &Id, label: &Label, text: &str) -> Step {
    let Label {
        column,
        provider,
        label: _,
    } = label;
    let address = if column.is_empty() {
        id.address()
    } else {
        format!("COLUMN {}.{}", id.sql(), ident(column))
    };
    let sql = format!(
        "SECURITY LABEL FOR {} ON {address} IS {text}",
        ident(provider)
    );
    Step::alter(id, sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Tag;

    #[test]
    fn labels_are_put_changed_and_taken_away() {
        let label = |column: &str, provider: &str, label: &str| Label {
            column: column.to_owned(),
            provider: provider.to_owned(),
            label: label.to_owned(),
        };
        let id = Id::in_schema(Tag::View, "app", "V");
        let old = [
            label("", "anon", "x"),
            label("", "Selinux", "kept"),
            label("", "z", "a"),
        ];
        let new = [
            label("", "Selinux", "kept"),
            label("", "z", "it's"),
            label("c", "anon", "y"),
        ];
        let sql: Vec<String> = change(&id, &old, &new)
            .into_iter()
            .map(|step| step.sql)
            .collect();
        let expected = [
            "SECURITY LABEL FOR anon ON VIEW app.\"V\" IS NULL",
            "SECURITY LABEL FOR z ON VIEW app.\"V\" IS 'it''s'",
            "SECURITY LABEL FOR anon ON COLUMN app.\"V\".c IS 'y'",
        ];
        assert_eq!(sql, expected);
    }
}
