//! Enum types (`pg_type`, `pg_enum`; manual: CREATE TYPE .. AS ENUM, ALTER TYPE .. ADD VALUE).
//!
//! The server can add and rename labels but neither remove nor reorder them, so that makes a new type. A new label
//! cannot be used in the transaction that adds it (SQLSTATE 55P04): a type whose new label is named by another
//! object is made anew too, since the labels of a type made in the same transaction can be used. A renamed one can.
//!
//! A label that gives its place to another one was renamed: a type made anew would refuse the rows that hold it. One
//! that is on both sides is never renamed, wherever it stands: rows keep the label that they hold.

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Change, Found, Kind, Query, Source, Tag};
use crate::catalog::names::Names;
use crate::catalog::quote::literal;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::Step;
use crate::record;

record! {
    /// An enum type.
    pub struct Enum {
        /// Its labels in their order.
        pub labels: Vec<String>,
    }
}

impl Kind for Enum {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "enum";
    const KEYWORD: &'static str = "TYPE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const ACL: Option<(char, &'static str)> = Some(('T', "TYPE"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Type('e')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT t.oid, t.typnamespace, t.typname, e.labels, t.typowner AS owner, t.typacl AS acl FROM pg_type t \
              LEFT JOIN (SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels \
                         FROM pg_enum GROUP BY enumtypid) e ON e.enumtypid = t.oid \
              WHERE t.typtype = 'e' AND t.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Enum, schema, row.text("typname")?),
            Key::new(Class::TYPE, oid),
            Self {
                labels: row.list("labels")?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { labels } = self;
        let labels: Vec<_> = labels.iter().map(|label| literal(label)).collect();
        let list = match labels.as_slice() {
            [] => String::new(),
            labels => format!("\n    {}\n", labels.join(",\n    ")),
        };
        vec![Step::create(
            id,
            format!("CREATE TYPE {} AS ENUM ({list})", id.sql()),
        )]
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TYPE {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self { labels } = new;
        if let Some(renamed) = renamed(&self.labels, labels) {
            let rename = |(old, new): (&String, &String)| {
                let (old, new, name) = (literal(old), literal(new), id.sql());
                let sql = format!("ALTER TYPE {name} RENAME VALUE {old} TO {new}");
                Step::alter(id, sql).relabeling(format!("{old}::{name}"), format!("{new}::{name}"))
            };
            return Change::InPlace(renamed.into_iter().map(rename).collect());
        }
        let Some(added) = added(&self.labels, labels) else {
            return Change::Replace;
        };
        if is_named(&added, id, scene) {
            return Change::Replace;
        }
        let steps = added.iter().map(|Added { label, place }| {
            let label = literal(label);
            Step::alter(
                id,
                format!("ALTER TYPE {} ADD VALUE {label}{place}", id.sql()),
            )
        });
        Change::InPlace(steps.collect())
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }
}

/// The labels that stand where others stood, with those; `None` when they differ in more than that. No label is on
/// both sides of it, so the renames collide in no order.
fn renamed<'a>(old: &'a [String], new: &'a [String]) -> Option<Vec<(&'a String, &'a String)>> {
    let pairs: Vec<_> = old
        .iter()
        .zip(new)
        .filter(|(old, new)| old != new)
        .collect();
    let moved = |(before, after): &(&String, &String)| new.contains(before) || old.contains(after);
    (old.len() == new.len() && !pairs.iter().any(moved)).then_some(pairs)
}

/// A label to be added, and the clause that says where.
struct Added<'a> {
    label: &'a str,
    place: String,
}

/// The labels that make `new` of `old`, in the order in which to add them; `None` when it takes more than
/// adding.
fn added<'a>(old: &'a [String], new: &'a [String]) -> Option<Vec<Added<'a>>> {
    let mut kept = old.iter().peekable();
    let mut added = Vec::new();
    let mut before: Option<&str> = None;
    for label in new {
        if kept.next_if_eq(&label).is_none() {
            let place = match (before, kept.peek()) {
                (Some(before), _) => format!(" AFTER {}", literal(before)),
                (None, Some(next)) => format!(" BEFORE {}", literal(next)),
                (None, None) => String::new(),
            };
            added.push(Added { label, place });
        }
        before = Some(label);
    }
    kept.next().is_none().then_some(added)
}

/// Whether an object names one of the labels as a constant of the type, or of a type that contains it. Such an
/// object is new or changed, since the old type has no such label: the plan makes it in the transaction that
/// adds the label. A body in text alone (`AS $$..$$`) does not count: it is not parsed before it runs.
fn is_named(added: &[Added<'_>], id: &Id, scene: &Catalog) -> bool {
    let mut types = vec![id];
    let mut at = 0;
    while let Some(&used) = types.get(at) {
        let cast = json(&format!("::{}", used.sql()));
        for (user, _) in scene.all_edges().filter(|(_, edge)| *edge.to == *used) {
            let object = scene.get(user);
            let body = object.and_then(|object| serde_json::to_string(&object.body).ok());
            let named = body.is_some_and(|body| {
                let mut labels = added.iter().map(|Added { label, place: _ }| label);
                body.contains(&cast) && labels.any(|label| names(&body, label))
            });
            if named {
                return true;
            }
            if user.kind.family() == Family::Type && !types.contains(&user) {
                types.push(user);
            }
        }
        at += 1;
    }
    false
}

/// Whether the text may name the label, alone or inside an array constant; one that would be escaped there is
/// taken to be named.
fn names(text: &str, label: &str) -> bool {
    label.contains(['\'', '"', '\\']) || text.contains(&json(label))
}

/// The text as it stands between the quotes of a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::kind::Body;
    use crate::catalog::type_::domain::Domain;
    use crate::catalog::{Meta, Object, Strength};

    fn mood(labels: &[&str]) -> Enum {
        Enum {
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
        }
    }

    fn steps(old: &[&str], new: &[&str]) -> Option<Vec<String>> {
        let id = Id::in_schema(Tag::Enum, "app", "Mood");
        match mood(old).change(&mood(new), &id, &Catalog::default()) {
            Change::InPlace(steps) => Some(steps.into_iter().map(|step| step.sql).collect()),
            Change::Replace | Change::Carried | Change::Impossible(_) => None,
        }
    }

    #[test]
    fn it_is_made_with_its_labels() {
        let id = Id::in_schema(Tag::Enum, "app", "Mood");
        let sql = &mood(&["it's", "a\\b"]).create(&id, &Catalog::default())[0].sql;
        assert_eq!(
            sql,
            "CREATE TYPE app.\"Mood\" AS ENUM (\n    'it''s',\n    E'a\\\\b'\n)"
        );
    }

    #[test]
    fn labels_are_added_where_they_belong() {
        let sql = steps(&["b", "d"], &["a", "a2", "b", "c", "d", "e"]);
        let expected = [
            "ALTER TYPE app.\"Mood\" ADD VALUE 'a' BEFORE 'b'",
            "ALTER TYPE app.\"Mood\" ADD VALUE 'a2' AFTER 'a'",
            "ALTER TYPE app.\"Mood\" ADD VALUE 'c' AFTER 'b'",
            "ALTER TYPE app.\"Mood\" ADD VALUE 'e' AFTER 'd'",
        ];
        assert_eq!(sql, Some(expected.map(str::to_owned).to_vec()));
        let first = "ALTER TYPE app.\"Mood\" ADD VALUE 'a'".to_owned();
        assert_eq!(steps(&[], &["a"]), Some(vec![first]));
    }

    #[test]
    fn a_label_that_is_named_in_the_same_plan_is_not_added_in_place() {
        let id = Id::in_schema(Tag::Enum, "app", "Mood");
        let domain = Id::in_schema(Tag::Domain, "app", "d");
        let change = |default: &str| {
            let body = Domain {
                default: Some(default.to_owned()),
                ..Domain::default()
            };
            let object = |id: &Id, body| Object {
                id: id.clone(),
                body,
                meta: Meta::default(),
            };
            let objects = vec![
                object(&id, Body::from(mood(&["a", "b"]))),
                object(&domain, Body::from(body)),
            ];
            let edges = [(domain.clone(), id.clone(), Strength::Normal)];
            let scene = Catalog::new(150_000, objects, edges, BTreeMap::new());
            mood(&["a"]).change(&mood(&["a", "b"]), &id, &scene)
        };
        assert!(matches!(change("'b'::app.\"Mood\""), Change::Replace));
        assert!(matches!(change("'{a,b}'::app.\"Mood\"[]"), Change::Replace));
        assert!(matches!(change("'a'::app.\"Mood\""), Change::InPlace(_)));
        assert!(matches!(change("'b'::text"), Change::InPlace(_)));
    }

    #[test]
    fn labels_are_neither_removed_nor_moved_in_place() {
        assert_eq!(steps(&["a", "b"], &["a"]), None);
        assert_eq!(steps(&["a", "b"], &["b", "a"]), None);
        assert_eq!(steps(&["a", "b"], &["a", "c", "d"]), None);
    }

    #[test]
    fn a_label_is_renamed_when_another_one_has_its_place_and_it_has_none() {
        let sql = steps(&["a", "b", "c", "d"], &["a", "it's", "c", "D"]);
        let expected = [
            "ALTER TYPE app.\"Mood\" RENAME VALUE 'b' TO 'it''s'",
            "ALTER TYPE app.\"Mood\" RENAME VALUE 'd' TO 'D'",
        ];
        assert_eq!(sql, Some(expected.map(str::to_owned).to_vec()));
        // Rows that hold b would hold a.
        assert_eq!(steps(&["b", "c"], &["a", "b"]), None);
    }
}
