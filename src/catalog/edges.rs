//! Dependencies as the store keeps them: of each root object, those of its own and of its parts, as texts. See
//! docs/FORMAT.md.
//!
//! A part is named within its root, and the text says which root that is, so that reading it needs no parser of ids and
//! finds what is used without reading the rest. Pure; trees and files are the store's.

use rustc_hash::FxHashMap;

use super::canon::{CanonError, id_text};
use super::trees::split;
use super::{Catalog, Id, Link, Object, Strength};

/// What stands between the pieces of a text: no name and no id has it.
const SEPARATOR: &str = "\0";

/// A dependency of a root object or of one of its parts, taken from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredEdge<'a> {
    /// What depends: [`part_text`].
    pub part: &'a str,
    /// How strongly.
    pub strength: Strength,
    /// What is depended on, within its root: [`part_text`].
    pub used: &'a str,
    /// That root, schema and id; `None` when it is the one that `part` is of.
    pub root: Option<(&'a str, &'a str)>,
}

impl<'a> StoredEdge<'a> {
    fn text(&self) -> String {
        let strength = match self.strength {
            Strength::Normal => "normal",
            Strength::Auto => "auto",
        };
        match self.root {
            None => [self.part, strength, self.used].join(SEPARATOR),
            Some((schema, root)) => [self.part, strength, self.used, schema, root].join(SEPARATOR),
        }
    }

    /// Takes a text apart.
    pub fn parse(text: &'a str) -> Result<Self, CanonError> {
        let broken = || CanonError::Edge(text.to_owned());
        let mut pieces = text.split(SEPARATOR);
        let mut next = || pieces.next().ok_or_else(broken);
        let part = next()?;
        let strength = match next()? {
            "normal" => Strength::Normal,
            "auto" => Strength::Auto,
            _ => return Err(broken()),
        };
        let used = next()?;
        let root = match (pieces.next(), pieces.next(), pieces.next()) {
            (None, ..) => None,
            (Some(schema), Some(root), None) => Some((schema, root)),
            _ => return Err(broken()),
        };
        Ok(Self {
            part,
            strength,
            used,
            root,
        })
    }
}

/// A part within its root: the label of its kind, a space, its name. Empty for the root itself.
pub fn part_text(id: &Id) -> String {
    if id.is_part() {
        [id.kind.label(), " ", &id.name].concat()
    } else {
        String::new()
    }
}

/// All dependencies: of each root object that has any or a part of which does, in the order of those.
pub fn encode(catalog: &Catalog) -> Vec<(&Id, Vec<String>)> {
    let objects = catalog.objects();
    // Many depend on the same object: of each, its root and how it is called.
    let mut named: Vec<(usize, String)> = Vec::with_capacity(objects.len());
    for (root, tree) in catalog.trees() {
        let parts = tree.iter().skip(1);
        named.extend(tree.first().map(|object| (root, id_text(&object.id))));
        named.extend(parts.map(|part| (root, part_text(&part.id))));
    }
    let part = |place: usize| match named.get(place) {
        Some((root, text)) if *root != place => text.as_str(),
        _ => "",
    };
    let text = |root: usize, place: usize, &(used, strength): &(usize, Strength)| {
        let other = named.get(used).map(|(other, _)| *other);
        let other = other.filter(|other| *other != root);
        let other = other.and_then(|other| Some((objects.get(other)?, named.get(other)?)));
        let edge = StoredEdge {
            part: part(place),
            strength,
            used: part(used),
            root: other.map(|(object, (_, text))| (&*object.id.schema, text.as_str())),
        };
        edge.text()
    };
    let stored = catalog.trees().filter_map(|(root, tree)| {
        let places = root..root + tree.len();
        let texts = places.flat_map(|place| {
            let used = catalog.used_at(place).iter();
            used.map(move |used| (place, used))
        });
        let texts: Vec<String> = texts.map(|(place, used)| text(root, place, used)).collect();
        let id = &tree.first()?.id;
        (!texts.is_empty()).then_some((id, texts))
    });
    stored.collect()
}

/// The dependencies among these objects, of which each root is followed by its parts, sorted: from the id of the root object
/// whose they are, and their texts.
pub fn decode<'a>(
    objects: &[Object],
    edges: impl IntoIterator<Item = (&'a str, &'a [String])>,
) -> Result<Vec<Link>, CanonError> {
    let trees = split(objects);
    let named = trees.filter_map(|(start, tree)| Some((id_text(&tree.first()?.id), (start, tree))));
    let trees: FxHashMap<String, Tree<'_>> = named.collect();
    let mut links = Vec::new();
    for (root, texts) in edges {
        let own = trees.get(root).copied();
        for text in texts {
            let edge = StoredEdge::parse(text)?;
            let other = edge.root.map_or(own, |(_, root)| trees.get(root).copied());
            let from = own.and_then(|own| place(own, edge.part));
            let to = other.and_then(|other| place(other, edge.used));
            let (Some(from), Some(to)) = (from, to) else {
                return Err(CanonError::Edge(format!("{root}: {text}")));
            };
            let strength = edge.strength;
            links.push(Link { from, to, strength });
        }
    }
    Ok(links)
}

/// A root object followed by its parts, and where that begins.
type Tree<'a> = (usize, &'a [Object]);

/// Where the object is that [`part_text`] calls so. There are hundreds of thousands to be found: no text is made of any.
fn place((mut start, tree): Tree<'_>, part: &str) -> Option<usize> {
    if part.is_empty() {
        return Some(start);
    }
    let (_, mut parts) = tree.split_first()?;
    start += 1;
    while let Some(first) = parts.first() {
        let kind = first.id.kind;
        let (of_kind, others) = parts.split_at(parts.partition_point(|part| part.id.kind == kind));
        let name = part.strip_prefix(kind.label());
        let name = name.and_then(|name| name.strip_prefix(' '));
        let found = name.map(|name| of_kind.binary_search_by(|part| (*part.id.name).cmp(name)));
        if let Some(Ok(found)) = found {
            return Some(start + found);
        }
        start += of_kind.len();
        parts = others;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::catalog::schema::Schema;
    use crate::catalog::{Body, Meta, Tag};

    fn edge<'a>(used: &'a str, root: Option<(&'a str, &'a str)>) -> StoredEdge<'a> {
        StoredEdge {
            part: "column a\tb \"",
            strength: Strength::Auto,
            used,
            root,
        }
    }

    #[test]
    fn texts_are_taken_apart_again() {
        let others = [
            edge("", None),
            edge("check k", None),
            edge("", Some(("", "schema app"))),
            edge("column x.y", Some(("My App", "table \"My App\".\"on .\""))),
        ];
        for edge in others {
            assert_eq!(StoredEdge::parse(&edge.text()).unwrap(), edge);
        }
    }

    #[test]
    fn objects_are_found_by_their_texts() {
        let part = |kind, name: &str| Id::part(kind, "app", "t", name);
        let mut ids = vec![
            part(Tag::Column, "a"),
            part(Tag::Column, "constraint a"),
            part(Tag::Column, ""),
            part(Tag::Default, "a"),
            part(Tag::Constraint, "a"),
            part(Tag::Index, "b"),
            part(Tag::Index, "a b"),
            part(Tag::Trigger, "a"),
            Id::in_schema(Tag::Table, "app", "t"),
        ];
        ids.sort();
        let object = |id: &Id| Object {
            id: id.clone(),
            body: Body::from(Schema {}),
            meta: Meta::default(),
        };
        let tree: Vec<Object> = ids.iter().map(object).collect();
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(place((7, &tree), &part_text(id)), Some(7 + number), "{id}");
        }
        for text in ["a", "column b", "columna", "policy a", " ", "index"] {
            assert_eq!(place((7, &tree), text), None, "{text:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "a",
            "a\0b\0c",
            "a\0auto",
            "\0auto\0\0app",
            "\0auto\0\0\0\0",
        ] {
            assert!(StoredEdge::parse(text).is_err(), "{text:?}");
        }
    }
}
