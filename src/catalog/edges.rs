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
    pieces_of_part(id).concat()
}

/// The pieces of [`part_text`].
fn pieces_of_part(id: &Id) -> [&str; 3] {
    if id.is_part() {
        [id.kind.label(), " ", &id.name]
    } else {
        [""; 3]
    }
}

/// The text of a dependency; `root` is the id of the root of what is depended on and how that is called, when it is another one.
fn text(part: &Id, strength: Strength, used: &Id, root: Option<(&Id, &str)>) -> String {
    let strength = match strength {
        Strength::Normal => "normal",
        Strength::Auto => "auto",
    };
    let (part, used) = (pieces_of_part(part), pieces_of_part(used));
    let between = [SEPARATOR, strength, SEPARATOR];
    let root = root.map(|(root, name)| [SEPARATOR, &root.schema, SEPARATOR, name]);
    let pieces = part.iter().chain(&between).chain(&used);
    let pieces = pieces.chain(root.iter().flatten());
    let mut text = String::with_capacity(pieces.clone().map(|piece| piece.len()).sum());
    text.extend(pieces.copied());
    text
}

/// What the dependencies of a catalog are written with: many depend on the same object.
#[derive(Debug)]
pub struct Texts<'c> {
    catalog: &'c Catalog,
    /// Of each object, the number of its tree.
    numbers: Vec<usize>,
    /// Of each tree, its root and how that is called.
    roots: Vec<(&'c Id, String)>,
}

impl<'c> Texts<'c> {
    /// Those of a catalog.
    pub fn of(catalog: &'c Catalog) -> Self {
        let mut numbers: Vec<usize> = Vec::with_capacity(catalog.objects().len());
        let mut roots: Vec<(&Id, String)> = Vec::new();
        for (_, tree) in catalog.trees() {
            numbers.extend(std::iter::repeat_n(roots.len(), tree.len()));
            roots.extend(tree.first().map(|root| (&root.id, id_text(&root.id))));
        }
        Self {
            catalog,
            numbers,
            roots,
        }
    }

    /// The text of the id of a root object, by the number of its tree.
    pub fn root(&self, number: usize) -> &str {
        self.roots.get(number).map_or("", |(_, text)| text)
    }

    /// The dependencies of a root object and its parts, in any order: of the tree with this number and this place.
    pub fn edges(&self, number: usize, (start, tree): (usize, &[Object])) -> Vec<String> {
        let texts = (start..).zip(tree).flat_map(|(place, from)| {
            let used = self.catalog.used_at(place).iter();
            used.filter_map(move |used| self.edge(number, from, used))
        });
        texts.collect()
    }

    fn edge(&self, number: usize, from: &Object, used: &(usize, Strength)) -> Option<String> {
        let (place, strength) = *used;
        let used = &self.catalog.objects().get(place)?.id;
        let other = self.numbers.get(place).filter(|other| **other != number);
        let root = other.and_then(|other| self.roots.get(*other));
        let root = root.map(|(root, name)| (*root, name.as_str()));
        Some(text(&from.id, strength, used, root))
    }
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

    #[test]
    fn texts_are_taken_apart_again() {
        let part = Id::part(Tag::Column, "app", "t", "a\tb \"");
        let table = Id::in_schema(Tag::Table, "My App", "on .");
        let schema = Id::global(Tag::Schema, "app");
        let others = [
            (&table, None),
            (&Id::part(Tag::Constraint, "app", "t", "k"), None),
            (&schema, Some((&schema, "schema app"))),
            (
                &Id::part(Tag::Column, "My App", "on .", "x.y"),
                Some((&table, "table \"My App\".\"on .\"")),
            ),
        ];
        for (used, root) in others {
            let text = text(&part, Strength::Auto, used, root);
            let edge = StoredEdge {
                part: "column a\tb \"",
                strength: Strength::Auto,
                used: &part_text(used),
                root: root.map(|(root, name)| (&*root.schema, name)),
            };
            assert_eq!(StoredEdge::parse(&text).unwrap(), edge);
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
