//! Differences between catalogs built by hand.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::catalog::kind::Body;
use crate::catalog::meta::acl::Grant;
use crate::catalog::schema::Schema;
use crate::catalog::table::Table;
use crate::catalog::table::column::Column;
use crate::catalog::view::view::View;
use crate::catalog::{Meta, MetaFields};

fn object(id: Id, body: Body) -> Object {
    let meta = Meta::default();
    Object { id, body, meta }
}

fn view(name: &str, query: &str) -> Object {
    let body = View {
        query: query.to_owned(),
        ..View::default()
    };
    object(Id::in_schema(Tag::View, "app", name), Body::from(body))
}

fn table(name: &str, columns: &[(&str, &str)]) -> Vec<Object> {
    let mut objects = vec![object(
        Id::in_schema(Tag::Table, "app", name),
        Body::from(Table::default()),
    )];
    for &(column, data_type) in columns {
        let body = Column {
            data_type: data_type.into(),
            ..Column::default()
        };
        let id = Id::part(Tag::Column, "app", name, column);
        objects.push(object(id, Body::from(body)));
    }
    objects
}

fn catalog(objects: Vec<Object>) -> Catalog {
    Catalog::new(150_000, objects, [], BTreeMap::new())
}

fn ordered(columns: &[&str]) -> Catalog {
    let id = Id::in_schema(Tag::Table, "app", "t");
    let names = columns.iter().map(|&column| column.into()).collect();
    let list: Vec<(&str, &str)> = columns.iter().map(|&column| (column, "text")).collect();
    Catalog::new(
        150_000,
        table("t", &list),
        [],
        BTreeMap::from([(id, names)]),
    )
}

#[test]
fn each_object_is_told_once() {
    let mut commented = view("b", "2");
    commented.meta.comment = Some("now with one".into());
    let old = catalog(vec![
        view("a", "1"),
        view("b", "2"),
        view("c", "3"),
        view("e", "5"),
    ]);
    let new = catalog(vec![
        commented,
        view("c", "4"),
        view("d", "1 "),
        view("e", "5"),
    ]);
    let diff = compare(&old, &new);
    insta::assert_snapshot!(diff, @r"
    - view app.a
    ~ view app.b (comment)
    ~ view app.c (query)
    + view app.d
    ");
    let id = Id::in_schema(Tag::View, "app", "c");
    assert!(matches!(diff.get(&id), Some(Change::Changed(aspects)) if aspects.body()));
    let count = Count {
        added: 1,
        removed: 1,
        changed: 2,
    };
    assert_eq!(diff.counts(), [(Tag::View, count)]);
    insta::assert_snapshot!(serde_json::to_string(&diff.deltas[..2]).unwrap(), @r#"[{"id":"view app.a","change":"removed"},{"id":"view app.b","change":"changed","owner":false,"acl":false,"comment":true,"labels":false}]"#);
    assert!(compare(&old, &old).is_empty());
}

#[test]
fn a_rename_is_a_guess_when_it_is_the_only_one() {
    let guesses =
        |old: Vec<Object>, new: Vec<Object>| compare(&catalog(old), &catalog(new)).renames;
    let columns = [("id", "integer"), ("name", "text")];
    let found = guesses(table("users", &columns), table("people", &columns));
    assert_eq!(found.len(), 1);
    let words = found[0].to_string();
    assert_eq!(
        words,
        "? table app.users may have been renamed to table app.people"
    );
    // Two could be it.
    let mut two = table("people", &columns);
    two.extend(table("persons", &columns));
    assert!(guesses(table("users", &columns), two).is_empty());
    // Another column: not the same.
    assert!(guesses(table("users", &columns), table("people", &columns[..1])).is_empty());
    // A column within its table.
    let found = guesses(
        table("t", &[("a", "integer"), ("b", "text")]),
        table("t", &[("a", "integer"), ("c", "text")]),
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn layout_differs_when_appending_does_not_lead_there() {
    let differs = |old: &[&str], new: &[&str]| compare(&ordered(old), &ordered(new)).layout.len();
    assert_eq!(differs(&["a", "b"], &["a", "b"]), 0);
    assert_eq!(differs(&["a", "b"], &["a", "b", "c"]), 0);
    assert_eq!(differs(&["a", "x", "b"], &["a", "b", "c"]), 0);
    assert_eq!(differs(&["a", "b"], &["b", "a"]), 1);
    assert_eq!(differs(&["a", "b"], &["a", "c", "b"]), 1);
    assert!(compare(&ordered(&["a", "b"]), &ordered(&["b", "a"])).is_empty());
}

fn owned(owner: &str, reader: &str) -> Catalog {
    let grant = |grantee: &str| Grant {
        grantee: grantee.into(),
        grantor: owner.into(),
        privileges: "U".into(),
    };
    let mut schema = object(Id::global(Tag::Schema, "app"), Body::from(Schema {}));
    schema.meta = Meta::from(MetaFields {
        owner: owner.into(),
        acl: Some(vec![grant(owner), grant(reader)]),
        comment: Some(format!("of {owner}")),
        labels: Vec::new(),
        extensions: Vec::new(),
    });
    catalog(vec![schema])
}

#[test]
fn a_mask_hides_what_does_not_count() {
    let mask = |owner, privileges, comments| Mask {
        owner,
        privileges,
        comments,
    };
    let left = |mask: Mask, old: &Catalog, new: &Catalog| {
        compare(&mask.hide(old), &mask.hide(new))
            .to_string()
            .trim()
            .to_owned()
    };
    let (ann, bob) = (owned("ann", "eve"), owned("bob", "eve"));
    assert_eq!(
        left(Mask::default(), &ann, &bob),
        "~ schema app (owner, privileges, comment)"
    );
    // The owner's name in the ACL is not a difference of its own.
    assert_eq!(left(mask(true, false, true), &ann, &bob), "");
    assert_eq!(
        left(mask(true, false, true), &ann, &owned("bob", "dan")),
        "~ schema app (privileges)"
    );
    assert_eq!(
        left(mask(false, true, true), &ann, &bob),
        "~ schema app (owner)"
    );
}

#[test]
fn what_a_mask_hides_stays_as_it_is() {
    let mask = Mask {
        owner: true,
        privileges: false,
        comments: true,
    };
    let (target, live) = (Arc::new(owned("ann", "eve")), owned("bob", "dan"));
    let aimed = mask.adopt(&target, &live, "me");
    let meta = &aimed.objects()[0].meta;
    assert_eq!(
        (meta.owner.as_str(), meta.comment.as_deref()),
        ("bob", Some("of bob"))
    );
    let grantees: Vec<&str> = meta
        .acl
        .iter()
        .flatten()
        .map(|grant| grant.grantee.as_str())
        .collect();
    assert_eq!(grantees, ["bob", "eve"]);
    let nothing = catalog(Vec::new());
    assert_eq!(
        mask.adopt(&target, &nothing, "me").objects()[0].meta.owner,
        "me"
    );
}
