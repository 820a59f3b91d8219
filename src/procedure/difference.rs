//! As much of two stored snapshots as it takes to say how they differ: the objects that do, and what their SQL is written
//! with. The cost is that of the difference, not of the schema.
//!
//! Nothing else may be told of these catalogs: an object that is not in them may well be in the snapshot.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::failure::Failure;
use crate::catalog::edges::{self, StoredEdge, part_text};
use crate::catalog::{Catalog, Id, Object, Str, canon};
use crate::render;
use crate::store::{Manifest, Pieces, SnapshotId, Store};

/// The part of two snapshots that differs.
pub(super) fn load(
    store: &Store,
    old: SnapshotId,
    new: SnapshotId,
) -> Result<[(Catalog, Manifest); 2], Failure> {
    let (mut old, mut new) = (Part::of(store, old)?, Part::of(store, new)?);
    let differing = old.pieces.differing(&new.pieces)?;
    for part in [&mut old, &mut new] {
        for (schema, id) in &differing {
            part.add(schema, id, true)?;
        }
        part.add_what_is_used()?;
        let seeds: Vec<&str> = differing.iter().map(|(_, id)| &**id).collect();
        part.add_what_is_made(&seeds)?;
    }
    // What only one side needs is not to look as if the other did not have it.
    let all: BTreeSet<(String, String)> = old.roots.union(&new.roots).cloned().collect();
    for (schema, id) in &all {
        old.add(schema, id, false)?;
        new.add(schema, id, false)?;
    }
    Ok([old.finish()?, new.finish()?])
}

/// Objects of one snapshot.
struct Part<'s> {
    pieces: Pieces<'s>,
    manifest: Manifest,
    objects: Vec<Object>,
    /// Where each of them is.
    places: FxHashMap<Name, usize>,
    /// The root objects that were asked for: schema and id.
    roots: BTreeSet<(String, String)>,
    /// What those and their parts depend on, as the store has it.
    used: FxHashMap<Name, Vec<String>>,
    /// Objects whose dependencies are wanted.
    open: Vec<Name>,
    opened: BTreeSet<Name>,
    /// The dependencies that were found, with the root object whose they are.
    edges: Vec<(String, String)>,
    layout: BTreeMap<Id, Vec<Str>>,
}

/// The id of a root object, and which part of it, as in a [`StoredEdge`].
type Name = (String, String);

impl<'s> Part<'s> {
    fn of(store: &'s Store, id: SnapshotId) -> Result<Self, Failure> {
        let (pieces, manifest) = store.pieces(id)?;
        Ok(Self {
            pieces,
            manifest,
            objects: Vec::new(),
            places: FxHashMap::default(),
            roots: BTreeSet::new(),
            used: FxHashMap::default(),
            open: Vec::new(),
            opened: BTreeSet::new(),
            edges: Vec::new(),
            layout: BTreeMap::new(),
        })
    }

    /// Adds a root object with its parts, when it is there; `used` when all that they depend on is wanted too.
    fn add(&mut self, schema: &str, id: &str, used: bool) -> Result<(), Failure> {
        let root = (schema.to_owned(), id.to_owned());
        if !self.roots.contains(&root) {
            let Some(bytes) = self.pieces.object(schema, id)? else {
                return Ok(());
            };
            let objects = canon::decode(&bytes).map_err(|error| corrupt(id, &error))?;
            if let Some(columns) = self.pieces.layout(schema, id)?
                && let Some(table) = objects.first()
            {
                let columns = columns.into_iter().map(Into::into).collect();
                self.layout.insert(table.id.clone(), columns);
            }
            for object in objects {
                let name = (id.to_owned(), part_text(&object.id));
                self.places.insert(name, self.objects.len());
                self.objects.push(object);
            }
            for text in self.pieces.edges(schema, id)? {
                let part = parse(&text)?.part.to_owned();
                let used = self.used.entry((id.to_owned(), part));
                used.or_default().push(text);
            }
            self.roots.insert(root);
        }
        let start = self.places.get(&(id.to_owned(), String::new()));
        if let Some(&start) = start.filter(|_| used) {
            let objects = self.objects.iter().enumerate().skip(start);
            let own = objects.take_while(|(place, object)| *place == start || object.id.is_part());
            let names = own.map(|(_, object)| (id.to_owned(), part_text(&object.id)));
            self.open.extend(names);
        }
        Ok(())
    }

    /// Adds what the open objects depend on, and what that depends on in turn.
    fn add_what_is_used(&mut self) -> Result<(), Failure> {
        while let Some(name) = self.open.pop() {
            if !self.opened.insert(name.clone()) {
                continue;
            }
            for text in self.used.remove(&name).unwrap_or_default() {
                let edge = parse(&text)?;
                if let Some((schema, root)) = edge.root {
                    self.add(schema, root, false)?;
                }
                let root = edge.root.map_or(&*name.0, |(_, root)| root);
                let used = (root.to_owned(), edge.used.to_owned());
                if self.places.contains_key(&used) {
                    self.open.push(used);
                    self.edges.push((name.0.clone(), text));
                }
            }
        }
        Ok(())
    }

    /// Adds what these objects make along with them (the sequence of an identity column).
    fn add_what_is_made(&mut self, seeds: &[&str]) -> Result<(), Failure> {
        let catalog = self.catalog()?;
        let names = seeds.iter().map(|&seed| (seed.to_owned(), String::new()));
        let ids = names.filter_map(|name| self.places.get(&name));
        let ids: Vec<Id> = ids
            .filter_map(|&place| Some(self.objects.get(place)?.id.clone()))
            .collect();
        for id in ids {
            for made in render::made_with(&catalog, &id) {
                if !made.is_part() && !catalog.has(&made) {
                    self.add(&made.schema, &made.to_string(), true)?;
                }
            }
        }
        self.add_what_is_used()
    }

    fn catalog(&self) -> Result<Catalog, Failure> {
        let stored = self.edges.iter();
        let stored = stored.map(|(root, text)| (root.as_str(), std::slice::from_ref(text)));
        let layout = self.layout.clone();
        let rest = |objects: &[_]| Ok((edges::decode(objects, stored)?, layout));
        let catalog = Catalog::assemble(self.manifest.meta.server, self.objects.clone(), rest);
        catalog.map_err(|error| corrupt("dependencies", &error))
    }

    fn finish(self) -> Result<(Catalog, Manifest), Failure> {
        Ok((self.catalog()?, self.manifest))
    }
}

fn parse(text: &str) -> Result<StoredEdge<'_>, Failure> {
    StoredEdge::parse(text).map_err(|error| corrupt("dependencies", &error))
}

fn corrupt(what: &str, error: &canon::CanonError) -> Failure {
    Failure::unreachable(format!("the store: {what}: {error}"))
}
