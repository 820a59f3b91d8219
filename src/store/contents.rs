//! The content of a snapshot as blobs: the bytes of its objects, and the trees over objects, column orders and
//! dependencies, each with its hash. Needs no store, so that a proof can ask for the hashes alone.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::hash::{Class, Hash};
use super::manifest::Trees;
use super::snapshot::{SnapshotData, StoredObject};
use super::tree;
use super::write::BlobWriter;

/// The content of a snapshot, hashed. Needs no store: for proofs.
#[derive(Debug)]
pub struct Contents<'d> {
    objects: Vec<&'d StoredObject>,
    objects_tree: Vec<tree::Built>,
    layout_tree: Vec<tree::Built>,
    edges_tree: Vec<tree::Built>,
}

impl<'d> Contents<'d> {
    /// Hashes all of it; refused where something is there twice.
    pub fn new(data: &'d SnapshotData) -> Result<Self, StoreError> {
        let (layout_tree, edges_tree) = (layout_tree(data)?, edges_tree(data)?);
        let (objects, objects_tree) = objects_tree(data)?;
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
        let objects = self.objects.iter();
        let objects = objects.map(|object| (Class::Object, object.hash(), &object.bytes[..]));
        let trees = [
            (Class::Tree, &self.objects_tree),
            (Class::Layout, &self.layout_tree),
            (Class::Edges, &self.edges_tree),
        ];
        let nodes = trees.into_iter().flat_map(|(class, nodes)| {
            let nodes = nodes.iter();
            nodes.map(move |(hash, bytes)| (class, *hash, &bytes[..]))
        });
        writer.add_all(objects.chain(nodes))
    }
}

/// The objects, sorted, and the tree over them.
fn objects_tree(data: &SnapshotData) -> Result<(Vec<&StoredObject>, Vec<tree::Built>), StoreError> {
    let mut sorted: Vec<&StoredObject> = data.objects.iter().collect();
    sorted.sort_unstable_by_key(|object| (&object.schema, &object.id));
    let entries = sorted.iter();
    let entries = entries.map(|object| (&*object.schema, &*object.id, object.hash()));
    let tree = tree::build(Class::Tree, by_schema(entries)?)?;
    Ok((sorted, tree))
}

fn layout_tree(data: &SnapshotData) -> Result<Vec<tree::Built>, StoreError> {
    let layout = data.layout.iter();
    let layout = layout.map(|table| (&*table.schema, &*table.table, &table.columns));
    tree::build(Class::Layout, by_schema(layout)?)
}

fn edges_tree(data: &SnapshotData) -> Result<Vec<tree::Built>, StoreError> {
    let edges = data.edges.iter();
    let edges = edges.map(|edges| (&*edges.schema, &*edges.from, edges.to()));
    tree::build(Class::Edges, by_schema(edges)?)
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
