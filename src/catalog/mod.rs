//! The model: what a schema is made of. Pure; imports no other folder of this crate.
//!
//! A [`Catalog`] is the set of [`Object`]s of one database at one moment, the dependencies between them, and
//! the layout (column order). Each kind of object has one file here that implements [`kind::Kind`]; nothing
//! outside this folder names a kind.

pub mod access_method;
pub mod address;
pub mod canon;
pub mod cast;
pub mod collation;
pub mod conversion;
pub mod database;
pub mod default_acl;
pub mod demand;
pub mod edges;
pub mod event_trigger;
pub mod extension;
mod figured;
pub mod foreign;
pub mod grouped;
pub mod id;
pub mod kind;
pub mod language;
pub mod meta;
mod moved;
pub mod names;
pub mod operator;
pub mod options;
mod order;
pub mod print;
pub mod privileges;
pub mod publication;
pub mod quote;
pub mod record;
pub mod roles;
pub mod routine;
pub mod row;
pub mod schema;
pub mod scope;
pub mod secret;
pub mod sequence;
pub mod settle;
pub mod statistics;
pub mod step;
mod stored;
pub mod subscription;
pub mod table;
pub mod text_search;
pub mod transform;
mod trees;
pub mod type_;
pub mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grouped::Grouped;
use order::{arrange, order};
use trees::Trees;

use crate::parallel;

pub use id::Id;
pub use kind::{Body, Tag};
pub use meta::{Meta, MetaFields};
pub use moved::Newer;
use routine::immutable::Wanted;
pub use step::Step;
use table::{Late, TakenNames};

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

/// A dependency of an object at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge<'a> {
    /// What is depended on.
    pub to: &'a Id,
    /// How strongly.
    pub strength: Strength,
}

/// A dependency between two objects of a list, by their places in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The object that depends.
    pub from: usize,
    /// What it depends on.
    pub to: usize,
    /// How strongly.
    pub strength: Strength,
}

/// The objects of one database at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    version: u32,
    /// Sorted by id.
    objects: Vec<Object>,
    trees: Trees,
    /// What each of the objects depends on: the places of those in `objects`.
    used: Grouped<(usize, Strength)>,
    layout: BTreeMap<Id, Vec<Str>>,
    /// The children of tables, partitions among them: their places in `objects`.
    children: Grouped<usize>,
    late: Late,
    /// Names that the server would not choose for NOT NULL.
    taken: TakenNames,
    wanted: Wanted,
}

impl Catalog {
    /// A catalog of these objects, from a server of this version (`server_version_num`). Objects, edges and
    /// layout may come in any order; a part without its root is left out, and so is an edge of or to something that is
    /// not among the objects.
    pub fn new(
        version: u32,
        objects: Vec<Object>,
        edges: impl IntoIterator<Item = (Id, Id, Strength)>,
        layout: BTreeMap<Id, Vec<Str>>,
    ) -> Self {
        let order = order(&objects);
        let (objects, _) = arrange(objects, &order);
        let trees = Trees::of(&objects);
        let links = edges.into_iter().filter_map(|(from, to, strength)| {
            Some(Link {
                from: trees.find(&objects, &from)?,
                to: trees.find(&objects, &to)?,
                strength,
            })
        });
        let links: Vec<Link> = links.collect();
        let used = used(&links, objects.len());
        Self::linked(version, (objects, trees), used, layout)
    }

    /// Like [`Catalog::new`], with what is found while the objects are sorted: dependencies by places in `objects`, and the
    /// layout. What follows from the tree of parts is left out: a part needs its root, and the root is made with its parts.
    pub fn assemble<E>(
        version: u32,
        objects: Vec<Object>,
        rest: impl FnOnce(&[Object]) -> Result<(Vec<Link>, BTreeMap<Id, Vec<Str>>), E>,
    ) -> Result<Self, E> {
        let (order, rest) = parallel::both(|| order(&objects), || rest(&objects));
        let (links, layout) = rest?;
        let (objects, places) = arrange(objects, &order);
        let trees = trees::split(&objects);
        let roots = trees.flat_map(|(root, tree)| std::iter::repeat_n(root, tree.len()));
        let roots: Vec<usize> = roots.collect();
        let place = |old: usize| {
            let place = places.get(old).copied().flatten()?;
            Some((place, *roots.get(place)?))
        };
        let links = links.into_iter().filter_map(|link| {
            let ((from, root), (to, root_of_used)) = (place(link.from)?, place(link.to)?);
            let in_one_tree = root == root_of_used && (from == root || to == root);
            (!in_one_tree).then_some(Link { from, to, ..link })
        });
        let (trees, used) = parallel::both(
            || Trees::of(&objects),
            || used(&links.collect::<Vec<Link>>(), objects.len()),
        );
        Ok(Self::linked(version, (objects, trees), used, layout))
    }

    /// Places are those of `objects`, which is sorted.
    fn linked(
        version: u32,
        (objects, trees): (Vec<Object>, Trees),
        used: Grouped<(usize, Strength)>,
        layout: BTreeMap<Id, Vec<Str>>,
    ) -> Self {
        let mut catalog = Self {
            version,
            objects,
            trees,
            used,
            layout,
            children: Grouped::default(),
            late: Late::default(),
            taken: TakenNames::default(),
            wanted: Wanted::default(),
        };
        catalog.children = table::children(&catalog);
        catalog.late = Late::of(&catalog);
        catalog.taken = TakenNames::of(&catalog);
        catalog
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
        self.place(id).and_then(|place| self.objects.get(place))
    }

    /// Whether it has this object.
    pub fn has(&self, id: &Id) -> bool {
        self.place(id).is_some()
    }

    /// Where in [`Catalog::objects`] an object is.
    pub fn place(&self, id: &Id) -> Option<usize> {
        self.trees.find(&self.objects, id)
    }

    /// Where in [`Catalog::objects`] the root of an object is, and where it is itself.
    pub fn place_with_root(&self, id: &Id) -> Option<(usize, usize)> {
        self.trees.find_with_root(&self.objects, id)
    }

    /// Those of these objects that are here, and where in [`Catalog::objects`]: one walk along both.
    pub fn among(&self, ids: &BTreeSet<&Id>) -> impl Iterator<Item = (usize, &Object)> {
        let mut objects = self.objects.iter().enumerate().peekable();
        ids.iter().filter_map(move |id| {
            while objects.next_if(|(_, object)| object.id < **id).is_some() {}
            objects.next_if(|(_, object)| object.id == **id)
        })
    }

    /// Each root object followed by its parts, and where that tree begins in [`Catalog::objects`].
    pub fn trees(&self) -> impl Iterator<Item = (usize, &[Object])> {
        trees::split(&self.objects)
    }

    /// The parts of a root object, sorted by kind and name.
    pub fn parts(&self, root: &Id) -> impl Iterator<Item = &Object> {
        let tree = self.trees.tree(&self.objects, root);
        let tree = tree.and_then(|(_, tree)| tree.split_first());
        let tree = tree.filter(|(found, _)| found.id == *root);
        let parts = tree.map_or(&[][..], |(_, parts)| parts);
        parts.iter()
    }

    /// The root object of a part that is here; `None` for a root object.
    pub fn root_of_part(&self, id: &Id) -> Option<&Object> {
        if !id.is_part() {
            return None;
        }
        let (root, _) = self.place_with_root(id)?;
        self.objects.get(root)
    }

    /// The root object that an id is or belongs to, also when the id itself is not here.
    pub fn root_of(&self, id: &Id) -> Option<&Object> {
        let (_, tree) = self.trees.tree(&self.objects, id)?;
        tree.first()
    }

    /// What an object depends on, sorted; its own root is not among it unless it is named by `pg_depend`.
    pub fn edges<'a>(&'a self, id: &Id) -> impl Iterator<Item = Edge<'a>> + Clone + use<'a> {
        let used = self.place(id).map_or(&[][..], |place| self.used_at(place));
        self.named(used)
    }

    /// What the object at this place of [`Catalog::objects`] depends on: the places of those.
    pub fn used_at(&self, place: usize) -> &[(usize, Strength)] {
        self.used.at(place)
    }

    fn named<'a>(
        &'a self,
        used: &'a [(usize, Strength)],
    ) -> impl Iterator<Item = Edge<'a>> + Clone {
        used.iter().filter_map(|&(place, strength)| {
            let to = &self.objects.get(place)?.id;
            Some(Edge { to, strength })
        })
    }

    /// Everything that an object depends on, directly or through others; itself only when that is a circle.
    pub fn closure(&self, id: &Id) -> BTreeSet<&Id> {
        let mut closure = BTreeSet::new();
        let mut open: Vec<Edge<'_>> = self.edges(id).collect();
        while let Some(edge) = open.pop() {
            if closure.insert(edge.to) {
                open.extend(self.edges(edge.to));
            }
        }
        closure
    }

    /// All dependencies, sorted.
    pub fn all_edges(&self) -> impl Iterator<Item = (&Id, Edge<'_>)> {
        let objects = self.objects.iter().enumerate();
        objects.flat_map(|(place, from)| {
            let edges = self.named(self.used_at(place));
            edges.map(move |edge| (&from.id, edge))
        })
    }

    /// The columns of a table in order.
    pub fn columns(&self, table: &Id) -> &[Str] {
        self.layout.get(table).map_or(&[], Vec::as_slice)
    }

    /// Column order of all tables.
    pub fn layout(&self) -> &BTreeMap<Id, Vec<Str>> {
        &self.layout
    }

    /// The tables that have a table among their parents, sorted.
    fn children<'a>(&'a self, table: &Id) -> impl Iterator<Item = &'a Object> + use<'a> {
        let places = self.place(table).map_or(&[][..], |at| self.children.at(at));
        places.iter().filter_map(|&child| self.objects.get(child))
    }

    /// The tables that inherit from a table, or are partitions of it, directly or through others; each once.
    pub fn descendants(&self, table: &Id) -> BTreeSet<&Id> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Object> = self.children(table).collect();
        while let Some(child) = open.pop() {
            if found.insert(&child.id) {
                open.extend(self.children(&child.id));
            }
        }
        found
    }

    /// Each foreign key, with the table that has it, and the one that it refers to.
    pub fn foreign_keys(&self) -> impl Iterator<Item = (&Id, Id, Id)> {
        table::foreign_keys(self)
    }

    /// What the server locks to drop an object, or to detach a partition, besides its own table.
    pub fn locked_with(&self, id: &Id) -> Vec<Id> {
        let object = self.get(id);
        object.map_or_else(Vec::new, |object| table::locked_with(object, self))
    }

    /// Columns that cannot be made with their tables.
    fn late(&self) -> &Late {
        &self.late
    }

    /// See [`TakenNames`].
    fn taken(&self) -> &TakenNames {
        &self.taken
    }

    /// How many objects of each kind, in the order of the kinds; kinds with none are left out.
    pub fn counts(&self) -> Vec<(Tag, usize)> {
        let mut counts = vec![0; Tag::ALL.len()];
        for object in &self.objects {
            if let Some(count) = counts.get_mut(object.id.kind as usize) {
                *count += 1;
            }
        }
        let counts = Tag::ALL.iter().copied().zip(counts);
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// What each of so many objects depends on.
fn used(links: &[Link], count: usize) -> Grouped<(usize, Strength)> {
    let links = links.iter().filter(|link| link.from != link.to);
    let links = links.map(|link| (link.from, (link.to, link.strength)));
    let mut used = Grouped::gathered(links, count);
    used.for_each(<[_]>::sort_unstable);
    // The same dependency can be normal and auto; the normal one sorts first and wins.
    used.dedup_by_key(|(to, _)| *to);
    used
}
