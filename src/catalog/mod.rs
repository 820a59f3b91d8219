//! The model: what a schema is made of. Pure; imports nothing of this crate.
//!
//! A [`Catalog`] is the set of [`Object`]s of one database at one moment, the dependencies between them, and
//! the layout (column order). Each kind of object has one file here that implements [`kind::Kind`]; nothing
//! outside this folder names a kind.

pub mod access_method;
pub mod canon;
pub mod cast;
pub mod collation;
pub mod conversion;
pub mod default_acl;
pub mod event_trigger;
pub mod extension;
pub mod foreign;
pub mod id;
pub mod kind;
pub mod language;
pub mod meta;
pub mod names;
pub mod operator;
pub mod options;
pub mod print;
pub mod privileges;
pub mod publication;
pub mod quote;
pub mod record;
pub mod routine;
pub mod row;
pub mod schema;
pub mod secret;
pub mod sequence;
pub mod settle;
pub mod statistics;
pub mod step;
pub mod subscription;
pub mod table;
pub mod text_search;
pub mod transform;
pub mod type_;
pub mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub use id::Id;
pub use kind::{Body, Tag};
pub use meta::Meta;
pub use step::Step;

/// Names are shared between many ids.
pub type Str = Arc<str>;

/// One catalog object with everything that counts as schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its identity.
    pub id: Id,
    /// The properties of its kind.
    pub body: Body,
    /// The properties that every kind has.
    pub meta: Meta,
}

/// How strongly an object depends on another (`pg_depend.deptype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// The other cannot be dropped while this one is there.
    Normal,
    /// Dropping the other drops this one too (`a`, `i`, `P`, `S`).
    Auto,
}

/// A dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What is depended on.
    pub to: Id,
    /// How strongly.
    pub strength: Strength,
}

/// The objects of one database at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    version: u32,
    objects: Vec<Object>,
    places: HashMap<Id, usize>,
    edges: BTreeMap<Id, Vec<Edge>>,
    layout: BTreeMap<Id, Vec<Str>>,
}

impl Catalog {
    /// A catalog of these objects, from a server of this version (`server_version_num`). Objects, edges and
    /// layout may come in any order; a part without its root is left out, and so is an edge of or to something that is
    /// not among the objects.
    pub fn new(
        version: u32,
        mut objects: Vec<Object>,
        edges: impl IntoIterator<Item = (Id, Edge)>,
        layout: BTreeMap<Id, Vec<Str>>,
    ) -> Self {
        objects.sort_by(|a, b| a.id.cmp(&b.id));
        objects.dedup_by(|a, b| a.id == b.id);
        drop_orphans(&mut objects);
        let places: HashMap<Id, usize> = objects
            .iter()
            .enumerate()
            .map(|(place, object)| (object.id.clone(), place))
            .collect();
        let mut sorted: BTreeMap<Id, Vec<Edge>> = BTreeMap::new();
        for (from, edge) in edges {
            if from != edge.to && places.contains_key(&from) && places.contains_key(&edge.to) {
                sorted.entry(from).or_default().push(edge);
            }
        }
        for list in sorted.values_mut() {
            list.sort();
            // The same dependency can be normal and auto; the normal one sorts first and wins.
            list.dedup_by(|a, b| a.to == b.to);
        }
        Self {
            version,
            objects,
            places,
            edges: sorted,
            layout,
        }
    }

    /// `server_version_num` of the server that it is from or for.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All objects, a root followed by its parts.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// An object.
    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.places
            .get(id)
            .and_then(|&place| self.objects.get(place))
    }

    /// Whether it has this object.
    pub fn has(&self, id: &Id) -> bool {
        self.places.contains_key(id)
    }

    /// The parts of a root object, sorted by kind and name.
    pub fn parts<'a>(&'a self, root: &'a Id) -> impl Iterator<Item = &'a Object> {
        let start = self
            .places
            .get(root)
            .map_or(self.objects.len(), |&place| place + 1);
        self.objects
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(move |object| object.id.is_part() && object.id.same_root(root))
    }

    /// The root object that an id is or belongs to, also when the id itself is not here.
    pub fn root_of(&self, id: &Id) -> Option<&Object> {
        let after = self.objects.partition_point(|object| object.id <= *id);
        let before = self.objects.get(..after)?;
        before
            .iter()
            .rev()
            .take_while(|object| object.id.same_root(id))
            .find(|object| !object.id.is_part())
    }

    /// What an object depends on, sorted; its own root is not among it unless it is named by `pg_depend`.
    pub fn edges(&self, id: &Id) -> &[Edge] {
        self.edges.get(id).map_or(&[], Vec::as_slice)
    }

    /// Everything that an object depends on, directly or through others; itself only when that is a circle.
    pub fn closure(&self, id: &Id) -> BTreeSet<&Id> {
        let mut closure = BTreeSet::new();
        let mut open: Vec<&Edge> = self.edges(id).iter().collect();
        while let Some(edge) = open.pop() {
            if closure.insert(&edge.to) {
                open.extend(self.edges(&edge.to));
            }
        }
        closure
    }

    /// All dependencies, sorted.
    pub fn all_edges(&self) -> impl Iterator<Item = (&Id, &Edge)> {
        self.edges
            .iter()
            .flat_map(|(from, list)| list.iter().map(move |edge| (from, edge)))
    }

    /// The columns of a table in order.
    pub fn columns(&self, table: &Id) -> &[Str] {
        self.layout.get(table).map_or(&[], Vec::as_slice)
    }

    /// Column order of all tables.
    pub fn layout(&self) -> &BTreeMap<Id, Vec<Str>> {
        &self.layout
    }

    /// How many objects of each kind, in the order of the kinds; kinds with none are left out.
    pub fn counts(&self) -> Vec<(Tag, usize)> {
        let mut counts: BTreeMap<Tag, usize> = BTreeMap::new();
        for object in &self.objects {
            *counts.entry(object.id.kind).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

/// Leaves out parts whose root is not there (columns of a relation that no kind models). Sorted input.
fn drop_orphans(objects: &mut Vec<Object>) {
    let mut root: Option<Id> = None;
    objects.retain(|object| {
        if object.id.is_part() {
            return root.as_ref().is_some_and(|root| root.same_root(&object.id));
        }
        root = Some(object.id.clone());
        true
    });
}
