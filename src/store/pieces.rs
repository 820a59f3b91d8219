//! One snapshot read piece by piece, for when little of it is wanted: an object, what it depends on, its column order.
//! Descends along the bucket of the id only, so that the cost does not grow with the snapshot.

use std::cell::Cell;

use super::Store;
use super::error::StoreError;
use super::hash::{Class, Hash, SnapshotId};
use super::manifest::{Manifest, Trees};
use super::tree::{Source, Tree};

/// A snapshot that is read piece by piece.
pub struct Pieces<'s> {
    store: &'s Store,
    trees: Trees,
    reads: Cell<usize>,
}

impl Store {
    /// The pieces of a snapshot, and its manifest.
    pub fn pieces(&self, id: SnapshotId) -> Result<(Pieces<'_>, Manifest), StoreError> {
        let manifest = self.manifest(id)?;
        let pieces = Pieces {
            store: self,
            trees: manifest.trees(),
            reads: Cell::new(0),
        };
        Ok((pieces, manifest))
    }
}

impl Pieces<'_> {
    /// The root objects that differ from this snapshot to another, or whose column order does: schema and id, sorted.
    pub fn differing(&self, other: &Self) -> Result<Vec<(String, String)>, StoreError> {
        let (before, after) = (&self.trees, &other.trees);
        let objects = self
            .tree(Class::Tree)
            .compare::<Hash>(before.root, after.root)?;
        let objects = objects.into_iter().map(|found| (found.schema, found.id));
        let layouts = self
            .tree(Class::Layout)
            .compare::<Vec<String>>(before.layout, after.layout)?;
        let layouts = layouts.into_iter().map(|found| (found.schema, found.id));
        let mut all: Vec<_> = objects.chain(layouts).collect();
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// The canonical bytes of a root object.
    pub fn object(&self, schema: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let tree = self.tree(Class::Tree);
        match tree.lookup_in::<Hash>(self.trees.root, schema, id)? {
            Some(hash) => self.blob(Class::Object, hash).map(Some),
            None => Ok(None),
        }
    }

    /// What a root object of this schema and its parts depend on, in the catalog's text.
    pub fn edges(&self, schema: &str, from: &str) -> Result<Vec<String>, StoreError> {
        let found = self
            .tree(Class::Edges)
            .lookup_in(self.trees.edges, schema, from)?;
        Ok(found.unwrap_or_default())
    }

    /// The columns of a table in order.
    pub fn layout(&self, schema: &str, table: &str) -> Result<Option<Vec<String>>, StoreError> {
        self.tree(Class::Layout)
            .lookup_in(self.trees.layout, schema, table)
    }

    /// How many blobs were read so far.
    pub fn reads(&self) -> usize {
        self.reads.get()
    }

    fn tree(&self, class: Class) -> Tree<'_, Self> {
        Tree {
            class,
            source: self,
        }
    }
}

impl Source for Pieces<'_> {
    fn blob(&self, class: Class, hash: Hash) -> Result<Vec<u8>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        self.store.blob(class, hash)
    }
}
