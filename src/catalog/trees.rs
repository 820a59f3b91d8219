//! Where the tree of each root object, which it is with its parts, is among the sorted objects of a catalog. Ids are
//! looked up far more often than catalogs are made, and comparing them takes long: so trees are found by a hash.
//!
//! Pure. Knows no kind.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::{Id, Object};

/// The trees of a list of objects, sorted by hash.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trees(Vec<Tree>);

/// A root object followed by its parts.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Tree {
    hash: u64,
    start: usize,
    end: usize,
}

impl Trees {
    /// Those of objects that are sorted by id; each part has its root before it.
    pub(super) fn of(objects: &[Object]) -> Self {
        let trees = split(objects).filter_map(|(start, tree)| {
            Some(Tree {
                hash: hash(&tree.first()?.id),
                start,
                end: start + tree.len(),
            })
        });
        let mut trees: Vec<Tree> = trees.collect();
        trees.sort_unstable_by_key(|tree| (tree.hash, tree.start));
        Self(trees)
    }

    /// The tree that an id is the root of or a part of, also when that part is not there, and its place.
    pub(super) fn tree<'o>(&self, objects: &'o [Object], id: &Id) -> Option<(usize, &'o [Object])> {
        let hash = hash(id);
        let first = self.0.partition_point(|tree| tree.hash < hash);
        let equal = self.0.get(first..)?.iter();
        let mut trees = equal
            .take_while(|tree| tree.hash == hash)
            .filter_map(|tree| {
                let objects = objects.get(tree.start..tree.end)?;
                Some((tree.start, objects))
            });
        trees.find(|(_, tree)| tree.first().is_some_and(|root| root.id.same_root(id)))
    }

    /// Where an object is.
    pub(super) fn find(&self, objects: &[Object], id: &Id) -> Option<usize> {
        let (start, tree) = self.tree(objects, id)?;
        let (root, parts) = tree.split_first()?;
        if !id.is_part() {
            return (root.id == *id).then_some(start);
        }
        let place = parts.binary_search_by(|part| part.id.cmp_in_tree(id));
        place.ok().map(|place| start + 1 + place)
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
