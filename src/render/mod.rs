//! Canonical SQL of objects, for reading and for comparing as text: the `create` steps of each root object
//! with its parts, owner, privileges and comments. Pure; knows no kind.
//!
//! Objects stand in the order of the kinds and of their names, not in the order in which a server could make
//! them: that order is `plan`'s.

use rustc_hash::FxHashSet;

use crate::catalog::meta::{self, Meta};
use crate::catalog::{Catalog, Id, Object, Step, print};

/// The SQL of one root object with its parts; of a part, that of the part alone. `None` when the catalog
/// does not have it.
pub fn object(catalog: &Catalog, id: &Id) -> Option<String> {
    let object = catalog.get(id)?;
    let mut out = String::new();
    print::steps(&steps(catalog, object), &mut out);
    Some(out)
}

/// The objects that the SQL of an object makes.
pub fn made_with(catalog: &Catalog, id: &Id) -> Vec<Id> {
    let object = catalog.get(id);
    let steps = object.map(|object| steps(catalog, object));
    let made = steps.into_iter().flatten().flat_map(|step| step.makes);
    made.collect()
}

/// All root objects, in the order of the kinds and of their names.
pub fn roots(catalog: &Catalog) -> Vec<&Id> {
    let ids = catalog.objects().iter().map(|object| &object.id);
    let mut roots: Vec<&Id> = ids.filter(|id| !id.is_part()).collect();
    roots.sort_by_key(|id| (id.kind, *id));
    roots
}

/// The root object that an object of the catalog belongs to: itself, or what it is a part of.
pub fn root_of<'a>(catalog: &'a Catalog, id: &Id) -> Option<&'a Id> {
    if !id.is_part() {
        return catalog.get(id).map(|object| &object.id);
    }
    let objects = catalog.objects();
    let end = objects.partition_point(|object| object.id < *id);
    objects
        .get(..end)?
        .iter()
        .rev()
        .take_while(|object| object.id.same_root(id))
        .map(|object| &object.id)
        .find(|candidate| !candidate.is_part())
}

/// The steps that make an object and all its parts that it does not make itself, with their meta.
fn steps(catalog: &Catalog, object: &Object) -> Vec<Step> {
    let mut steps = object.body.create(&object.id, catalog);
    let mut made: FxHashSet<Id> = steps
        .iter()
        .flat_map(|step| step.makes.iter().cloned())
        .collect();
    steps.extend(meta_steps(catalog, object));
    for part in catalog.parts(&object.id) {
        if !made.contains(&part.id) {
            let own = part.body.create(&part.id, catalog);
            made.extend(own.iter().flat_map(|step| step.makes.iter().cloned()));
            steps.extend(own);
        }
        steps.extend(meta_steps(catalog, part));
    }
    steps
}

fn meta_steps(catalog: &Catalog, object: &Object) -> Vec<Step> {
    let owner = catalog
        .root_of(&object.id)
        .map_or("", |root| &root.meta.owner);
    meta::change(object, &Meta::default(), ("", owner), catalog.version())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::MetaFields;
    use crate::catalog::kind::Body;
    use crate::catalog::schema::Schema;
    use crate::catalog::table::Table;
    use crate::catalog::table::column::Column;
    use crate::catalog::{Str, Tag};

    fn catalog() -> Catalog {
        let app = Id::global(Tag::Schema, "app");
        let users = Id::in_schema(Tag::Table, "app", "users");
        let email = Id::part(Tag::Column, "app", "users", "email");
        let meta = |comment: Option<&str>| {
            Meta::from(MetaFields {
                comment: comment.map(str::to_owned),
                ..MetaFields::default()
            })
        };
        let column = Column {
            data_type: "text".into(),
            ..Column::default()
        };
        let objects = [
            (users.clone(), Body::from(Table::default()), None),
            (email, Body::from(column), Some("where to write")),
            (app, Body::from(Schema {}), Some("it's ours")),
        ];
        let objects = objects.map(|(id, body, comment)| Object {
            id,
            body,
            meta: meta(comment),
        });
        let layout = BTreeMap::from([(users, vec![Str::from("email")])]);
        Catalog::new(150_000, objects.into(), [], layout)
    }

    #[test]
    fn a_root_is_written_with_its_parts() {
        let catalog = catalog();
        let texts: Vec<String> = roots(&catalog)
            .into_iter()
            .map(|id| object(&catalog, id).unwrap())
            .collect();
        insta::assert_snapshot!(texts.join("\n"), @r"
        CREATE SCHEMA app;
        COMMENT ON SCHEMA app IS 'it''s ours';

        CREATE TABLE app.users (
            email text
        );
        COMMENT ON COLUMN app.users.email IS 'where to write';
        ");
    }

    #[test]
    fn a_part_leads_to_its_root() {
        let catalog = catalog();
        let root = |id: &Id| root_of(&catalog, id).map(Id::to_string);
        let found = root(&Id::part(Tag::Column, "app", "users", "email"));
        assert_eq!(found.as_deref(), Some("table app.users"));
        // A part that this side does not have, of a root that it has.
        let found = root(&Id::part(Tag::Column, "app", "users", "zip"));
        assert_eq!(found.as_deref(), Some("table app.users"));
        assert_eq!(root(&Id::part(Tag::Column, "app", "other", "a")), None);
        assert_eq!(root(&Id::global(Tag::Schema, "gone")), None);
    }
}
