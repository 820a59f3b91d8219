//! Composite types (`pg_type` and a `pg_class` of kind `c`; manual: CREATE TYPE .. AS (..)).
//!
//! The order of attributes counts. The server appends and drops attributes in place, also those of the tables of the
//! type; everything else makes a new type, to which columns move attribute by attribute. What values lose is said.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::catalog::address::{Class, Key};
use crate::catalog::id::{Family, Id, Style};
use crate::catalog::kind::{Body, Change, Found, Kind, Query, Source, Tag};
use crate::catalog::meta::comment_on;
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::row::{Row, RowError};
use crate::catalog::step::{Lock, Loss, Step};
use crate::record;

record! {
    /// A composite type.
    pub struct Composite {
        /// Its attributes in their order.
        pub attributes: Vec<Attribute>,
    }
}

record! {
    /// An attribute of a composite type.
    pub struct Attribute {
        /// Its name.
        pub name: String,
        /// Its type, as `format_type()` prints it.
        pub type_name: String,
        /// Its collation, qualified, when it is not that of the type.
        pub collation: String,
        /// Its comment.
        pub comment: Option<String>,
    }
}

impl Kind for Composite {
    const NAME: &'static str = "type";
    const LABEL: &'static str = "composite type";
    const KEYWORD: &'static str = "TYPE";
    const STYLE: Style = Style::Qualified;
    const FAMILY: Family = Family::Type;
    const ACL: Option<(char, &'static str)> = Some(('T', "TYPE"));
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Relation('c')];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT t.oid, t.typnamespace, t.typname, a.names, a.types, a.modifiers, a.collations, a.comments, \
              t.typowner AS owner, t.typacl AS acl \
              FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' \
              LEFT JOIN (SELECT a.attrelid, array_agg(a.attname::text ORDER BY a.attnum) AS names, \
                           array_agg(a.atttypid ORDER BY a.attnum) AS types, \
                           array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers, \
                           array_agg(CASE WHEN a.attcollation <> y.typcollation THEN a.attcollation ELSE 0 END \
                                     ORDER BY a.attnum) AS collations, \
                           array_agg(coalesce(d.description, '') ORDER BY a.attnum) AS comments \
                         FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped \
                           JOIN pg_type y ON y.oid = a.atttypid \
                           LEFT JOIN pg_description d ON d.objoid = r.oid AND d.classoid = 'pg_class'::regclass \
                             AND d.objsubid = a.attnum \
                         WHERE r.relkind = 'c' AND r.oid >= 16384 GROUP BY a.attrelid) a ON a.attrelid = c.oid \
              WHERE t.typtype = 'c' AND t.oid >= 16384",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        let oid = row.number("oid")?;
        let Some(schema) = names.schema(row.number("typnamespace")?) else {
            return Ok(None);
        };
        Ok(Some(Found::new(
            Id::in_schema(Tag::Composite, schema, row.text("typname")?),
            Key::new(Class::TYPE, oid),
            Self {
                attributes: attributes(row, names)?,
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self { attributes } = self;
        let definitions: Vec<_> = attributes.iter().map(Attribute::definition).collect();
        let list = match definitions.as_slice() {
            [] => String::new(),
            definitions => format!("\n    {}\n", definitions.join(",\n    ")),
        };
        let mut steps = vec![Step::create(
            id,
            format!("CREATE TYPE {} AS ({list})", id.sql()),
        )];
        let commented = attributes
            .iter()
            .filter(|attribute| attribute.comment.is_some());
        steps.extend(commented.map(|attribute| attribute.comment_on(id)));
        steps
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP TYPE {}", id.sql()))
    }

    fn relations(&self, _id: &Id, _scene: &Catalog) -> usize {
        1
    }

    fn change(&self, new: &Self, id: &Id, scene: &Catalog) -> Change {
        let Self { attributes: old } = self;
        let Self { attributes: new } = new;
        let mut rest = new.iter().peekable();
        let (mut steps, mut dropped) = (Vec::new(), Vec::new());
        for before in old {
            match rest.next_if(|after| after.is_alike(before)) {
                Some(after) if after.comment != before.comment => steps.push(after.comment_on(id)),
                Some(_) => {}
                None => dropped.push(before),
            }
        }
        // One of that name is another one now.
        let mut added = rest.clone();
        if added.any(|after| old.iter().any(|before| before.name == after.name)) {
            return Change::Replace;
        }
        let tables = tables_of(id, scene);
        let holds_values =
            !dropped.is_empty() && (!tables.is_empty() || !columns_with(id, scene).is_empty());
        let alter = |what: &str| {
            let cascade = if tables.is_empty() { "" } else { " CASCADE" };
            let step = Step::alter(id, format!("ALTER TYPE {} {what}{cascade}", id.sql()));
            step.locking(tables.iter().cloned(), Lock::AccessExclusive)
        };
        let columns = |attribute: &Attribute| {
            let column = |table: &Id| {
                let (schema, table) = (table.schema.clone(), table.name.clone());
                Id::part(Tag::Column, schema, table, &*attribute.name)
            };
            tables.iter().map(column).collect::<Vec<_>>()
        };
        for attribute in dropped {
            let what = format!("DROP ATTRIBUTE {}", ident(&attribute.name));
            let step = alter(&what).displacing();
            let step = if holds_values {
                step.loses(Loss::Attributes)
            } else {
                step
            };
            let frees = columns(attribute);
            steps.push(Step { frees, ..step });
        }
        for attribute in rest {
            let what = format!("ADD ATTRIBUTE {}", attribute.definition());
            steps.push(alter(&what).making(columns(attribute)));
            if attribute.comment.is_some() {
                steps.push(attribute.comment_on(id));
            }
        }
        Change::InPlace(steps)
    }

    fn rename(from: &Id, to: &Id) -> Option<Step> {
        super::rename(from, to)
    }
}

impl Attribute {
    fn definition(&self) -> String {
        let Self {
            name,
            type_name,
            collation,
            comment: _,
        } = self;
        let collate = if collation.is_empty() {
            String::new()
        } else {
            format!(" COLLATE {collation}")
        };
        format!("{} {type_name}{collate}", ident(name))
    }

    /// Whether it is the same attribute but for its comment.
    fn is_alike(&self, other: &Self) -> bool {
        self.definition() == other.definition()
    }

    fn comment_on(&self, id: &Id) -> Step {
        let address = format!("COLUMN {}.{}", id.sql(), ident(&self.name));
        comment_on(id, &address, self.comment.as_deref())
    }
}

/// The tables OF a type.
fn tables_of(id: &Id, scene: &Catalog) -> Vec<Id> {
    let name = id.sql();
    let objects = scene.objects().iter();
    let tables = objects.filter(|object| match &object.body {
        Body::Table(table) => table.of_type == name,
        _ => false,
    });
    tables.map(|table| table.id.clone()).collect()
}

/// The columns that have a type, or one that contains it.
pub fn columns_with<'a>(id: &'a Id, catalog: &'a Catalog) -> BTreeSet<&'a Id> {
    let mut columns = BTreeSet::new();
    let mut types = vec![id];
    let mut next = 0;
    while let Some(&used) = types.get(next) {
        next += 1;
        for (user, _) in catalog.all_edges().filter(|(_, edge)| *edge.to == *used) {
            if user.kind == Tag::Column {
                columns.insert(user);
            } else if user.kind.family() == Family::Type && !types.contains(&user) {
                types.push(user);
            }
        }
    }
    columns
}

fn attributes(row: &Row<'_>, names: &Names) -> Result<Vec<Attribute>, RowError> {
    let types = row.numbers("types")?;
    let modifiers = row.numbers("modifiers")?;
    let collations = row.numbers("collations")?;
    let comments = row.list("comments")?;
    let columns = row
        .list("names")?
        .into_iter()
        .zip(types.into_iter().zip(modifiers))
        .zip(collations.into_iter().zip(comments));
    columns
        .map(|((name, (type_oid, modifier)), (collation, comment))| {
            Ok(Attribute {
                name,
                type_name: names.column_type(type_oid, modifier)?.to_string(),
                collation: names.collation(collation).unwrap_or_default().to_string(),
                comment: Some(comment).filter(|comment| !comment.is_empty()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, type_name: &str, comment: &str) -> Attribute {
        Attribute {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            collation: String::new(),
            comment: Some(comment.to_owned()).filter(|comment| !comment.is_empty()),
        }
    }

    fn change(old: &[Attribute], new: &[Attribute]) -> Option<Vec<String>> {
        let id = Id::in_schema(Tag::Composite, "app", "point");
        let old = Composite {
            attributes: old.to_vec(),
        };
        let new = Composite {
            attributes: new.to_vec(),
        };
        match old.change(&new, &id, &Catalog::default()) {
            Change::InPlace(steps) => Some(steps.into_iter().map(|step| step.sql).collect()),
            Change::Replace | Change::Carried | Change::Impossible(_) => None,
        }
    }

    #[test]
    fn attributes_are_appended_and_dropped_in_place_and_nothing_else() {
        let x = attribute("x", "integer", "");
        let y = attribute("Y", "numeric(10,2)", "down");
        let expected = [
            "ALTER TYPE app.point ADD ATTRIBUTE \"Y\" numeric(10,2)",
            "COMMENT ON COLUMN app.point.\"Y\" IS 'down'",
        ];
        let appended = change(std::slice::from_ref(&x), &[x.clone(), y.clone()]);
        assert_eq!(appended, Some(expected.map(str::to_owned).to_vec()));
        let both = [y.clone(), x.clone()];
        assert_eq!(change(std::slice::from_ref(&x), &both), None);
        let dropped = "ALTER TYPE app.point DROP ATTRIBUTE x".to_owned();
        assert_eq!(change(&both, std::slice::from_ref(&y)), Some(vec![dropped]));
        let wider = attribute("x", "bigint", "");
        assert_eq!(change(&[x], &[wider]), None);
    }

    #[test]
    fn comments_change_in_place() {
        let (old, new) = (attribute("x", "text", "a"), attribute("x", "text", ""));
        let expected = "COMMENT ON COLUMN app.point.x IS NULL".to_owned();
        assert_eq!(change(&[old], &[new]), Some(vec![expected]));
    }
}
