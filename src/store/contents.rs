//! The content of a snapshot as blobs: the bytes of its objects, and the trees over objects, column orders and
//! dependencies, each with its hash. Needs no store, so that a proof can ask for the hashes alone.

use std::collections::BTreeMap;

use super::canon;
use super::error::StoreError;
use super::hash::{Class, Hash};
use super::manifest::Trees;
use super::snapshot::{SnapshotData, StoredObject};
use super::tree;
use super::write::BlobWriter;
use crate::parallel;

/// The content of a snapshot, hashed. Needs no store: for proofs.
#[derive(Debug)]
pub struct Contents<'d> {
    objects: Vec<Hashed<'d>>,
    objects_tree: Vec<tree::Built>,
    layout_tree: Vec<tree::Built>,
    edges_tree: Vec<tree::Built>,
}

impl<'d> Contents<'d> {
    /// Hashes all of it; refused where something is there twice or its bytes are not canonical.
    pub fn new(data: &'d SnapshotData) -> Result<Self, StoreError> {
        let (others, objects) = parallel::both(|| other_trees(data), || objects_tree(data));
        let (layout_tree, edges_tree) = others?;
        let (objects, objects_tree) = objects?;
        Ok(Contents {
            objects,
            objects_tree,
            layout_tree,
            edges_tree,
        })
    }

    /// The hashes of the snapshot.
    pub fn trees(&self) -> Trees {
        // `build` ends with the top, always.
        let top = |nodes: &[tree::Built]| nodes.last().map_or(Hash([0; 32]), |node| node.0);
        Trees {
            root: top(&self.objects_tree),
            layout: top(&self.layout_tree),
            edges: top(&self.edges_tree),
        }
    }

    /// Gives all of it to a writer.
    pub(super) fn add_to(&self, writer: &mut BlobWriter<'_>) -> Result<(), StoreError> {
        for (hash, bytes) in &self.objects {
            writer.add(Class::Object, *hash, bytes)?;
        }
        let trees = [
            (Class::Tree, &self.objects_tree),
            (Class::Layout, &self.layout_tree),
            (Class::Edges, &self.edges_tree),
        ];
        for (class, nodes) in trees {
            for (hash, bytes) in nodes {
                writer.add(class, *hash, bytes)?;
            }
        }
        Ok(())
    }
}

/// Bytes and their hash.
type Hashed<'d> = (Hash, &'d [u8]);

/// The objects, hashed, and the tree over them.
fn objects_tree(data: &SnapshotData) -> Result<(Vec<Hashed<'_>>, Vec<tree::Built>), StoreError> {
    let mut sorted: Vec<&StoredObject> = data.objects.iter().collect();
    sorted.sort_unstable_by_key(|object| (&object.schema, &object.id));
    let objects = hash_all(&sorted)?;
    let entries = sorted.iter().zip(&objects);
    let entries = entries.map(|(object, (hash, _))| (&*object.schema, &*object.id, *hash));
    let tree = tree::build(Class::Tree, by_schema(entries)?)?;
    Ok((objects, tree))
}

/// The trees of column orders and of dependencies.
fn other_trees(data: &SnapshotData) -> Result<(Vec<tree::Built>, Vec<tree::Built>), StoreError> {
    let layout = data.layout.iter();
    let layout = layout.map(|table| (&*table.schema, &*table.table, &table.columns));
    let layout = tree::build(Class::Layout, by_schema(layout)?)?;

    let edges = data.edges.iter().map(|edges| {
        let mut to: Vec<&str> = edges.to.iter().map(String::as_str).collect();
        to.sort_unstable();
        to.dedup();
        (&*edges.schema, &*edges.from, to)
    });
    Ok((layout, tree::build(Class::Edges, by_schema(edges)?)?))
}

/// The entries of each schema, sorted by id; no id twice.
fn by_schema<'d, V>(
    entries: impl Iterator<Item = (&'d str, &'d str, V)>,
) -> Result<tree::Schemas<'d, V>, StoreError> {
    let mut schemas: BTreeMap<&str, Vec<(&str, V)>> = BTreeMap::new();
    for (schema, id, value) in entries {
        schemas.entry(schema).or_default().push((id, value));
    }
    for entries in schemas.values_mut() {
        entries.sort_unstable_by_key(|(id, _)| *id);
        if let Some([(id, _), _]) = entries.array_windows().find(|[a, b]| a.0 == b.0) {
            return Err(StoreError::Input(format!(
                "`{id}` occurs twice in the snapshot"
            )));
        }
    }
    Ok(schemas)
}

/// Checks and hashes the bytes of all objects.
fn hash_all<'d>(objects: &[&'d StoredObject]) -> Result<Vec<Hashed<'d>>, StoreError> {
    let hash = |object: &'d StoredObject| {
        canon::check(&object.bytes)
            .map_err(|error| StoreError::Input(format!("`{}` is {error}", object.id)))?;
        Ok((Class::Object.hash(&object.bytes), &object.bytes[..]))
    };
    parallel::map(objects.to_vec(), 100, hash)
        .into_iter()
        .collect()
}
