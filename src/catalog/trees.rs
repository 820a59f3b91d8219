//! Where the tree of each root object, which it is with its parts, is among the sorted objects of a catalog. Ids are
//! looked up far more often than catalogs are made, and comparing them takes long: so trees are found by a hash.
//!
//! Pure. Knows no kind.

use std::hash::{Hash as _, Hasher as _};
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHasher};

use super::{Id, Object};

/// The trees of a list of objects, by the hash of their root. One whose hash is taken has the next number that is free.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trees(FxHashMap<u64, Range<usize>>);

impl Trees {
    /// Those of objects that are sorted by id; each part has its root before it.
    pub(super) fn of(objects: &[Object]) -> Self {
        let mut trees = FxHashMap::default();
        for (start, tree) in split(objects) {
            let Some(root) = tree.first() else { continue };
            let mut number = hash(&root.id);
            while trees.contains_key(&number) {
                number = number.wrapping_add(1);
            }
            trees.insert(number, start..start + tree.len());
        }
        Self(trees)
    }

    /// The tree that an id is the root of or a part of, also when that part is not there, and its place.
    pub(super) fn tree<'o>(&self, objects: &'o [Object], id: &Id) -> Option<(usize, &'o [Object])> {
        let mut number = hash(id);
        loop {
            let place = self.0.get(&number)?;
            let tree = objects.get(place.clone())?;
            if tree.first()?.id.same_root(id) {
                return Some((place.start, tree));
            }
            number = number.wrapping_add(1);
        }
    }

    /// Where an object is.
    pub(super) fn find(&self, objects: &[Object], id: &Id) -> Option<usize> {
        self.find_with_root(objects, id).map(|(_, place)| place)
    }

    /// Where the root of an object is, and where it is itself.
    pub(super) fn find_with_root(&self, objects: &[Object], id: &Id) -> Option<(usize, usize)> {
        let (start, tree) = self.tree(objects, id)?;
        let (root, parts) = tree.split_first()?;
        if !id.is_part() {
            return (root.id == *id).then_some((start, start));
        }
        let place = parts.binary_search_by(|part| part.id.cmp_in_tree(id));
        place.ok().map(|place| (start, start + 1 + place))
    }
}

/// Each root object followed by its parts, with the place of the root, of objects of which each part has its root before it.
pub(super) fn split(objects: &[Object]) -> impl Iterator<Item = (usize, &[Object])> {
    let mut end = 0;
    let trees = objects.chunk_by(|_, next| next.id.is_part());
    trees.map(move |tree| {
        let start = end;
        end += tree.len();
        (start, tree)
    })
}

fn hash(id: &Id) -> u64 {
    let mut hasher = FxHasher::default();
    id.root().hash(&mut hasher);
    hasher.finish()
}
