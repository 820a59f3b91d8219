//! One side of a plan, indexed once: who uses whom, and which root a part belongs to. Linear in the size of
//! the catalog; every later question is a look-up.

use crate::catalog::grouped::Grouped;
use crate::catalog::id::{Family, Style};
use crate::catalog::{Catalog, Edge, Id, Object, Strength};

/// A catalog with its dependencies turned around.
pub(super) struct World<'a> {
    pub(super) catalog: &'a Catalog,
    /// What depends on each of the objects, sorted.
    users: Grouped<(&'a Id, Strength)>,
}

impl<'a> World<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        let objects = catalog.objects();
        let mut links: Vec<(usize, usize, Strength)> = Vec::new();
        for place in 0..objects.len() {
            let used = catalog.used_at(place).iter();
            links.extend(used.map(|&(used, strength)| (used, place, strength)));
        }
        links.sort_unstable();
        let users = links.into_iter().filter_map(|(used, place, strength)| {
            let user = objects.get(place)?;
            Some((used, (&user.id, strength)))
        });
        Self {
            catalog,
            users: Grouped::of(users),
        }
    }

    pub(super) fn get(&self, id: &Id) -> Option<&'a Object> {
        self.catalog.get(id)
    }

    pub(super) fn has(&self, id: &Id) -> bool {
        self.catalog.has(id)
    }

    /// The name that an object occupies; `None` for what is named within its relation only: of a table's parts those that are
    /// no relations of their own, as an index is.
    pub(super) fn slot<'b>(&self, id: &'b Id) -> Option<Slot<'b>> {
        let is_relation = |object: &Object| object.body.relations(&object.id, self.catalog) > 0;
        let occupies = !id.is_part() || self.get(id).is_some_and(is_relation);
        Slot::of(id).filter(|_| occupies)
    }

    /// What an object depends on.
    pub(super) fn edges(&self, id: &Id) -> impl Iterator<Item = Edge<'a>> + Clone + use<'a> {
        self.catalog.edges(id)
    }

    /// What depends on an object, sorted.
    pub(super) fn users(&self, id: &Id) -> &[(&'a Id, Strength)] {
        let place = self.catalog.place(id);
        place.map_or(&[], |place| self.users.at(place))
    }

    /// An object, and the parts of other objects that the server alters along with it: of the same kind, and
    /// automatically dependent (the columns of partitions).
    pub(super) fn altered_along(&self, id: &'a Id) -> Vec<&'a Id> {
        let mut along = vec![id];
        let mut next = 0;
        while let Some(&current) = along.get(next) {
            next += 1;
            for &(user, strength) in self.users(current) {
                let carried = strength == Strength::Auto && comes_along(user, current);
                if carried && !along.contains(&user) {
                    along.push(user);
                }
            }
        }
        along
    }

    /// What the part at a place of the catalog is altered and made along with, if anything: the places of those.
    pub(super) fn carriers(&self, place: usize) -> impl Iterator<Item = usize> + use<'a> {
        let objects = self.catalog.objects();
        let part = objects.get(place).map(|object| &object.id);
        let part = part.filter(|id| id.is_part());
        let used = part.map_or(&[][..], |_| self.catalog.used_at(place));
        let carrying = used.iter().filter(move |&&(used, strength)| {
            let with = objects.get(used).map(|object| &object.id);
            let along = part
                .zip(with)
                .is_some_and(|(id, with)| comes_along(id, with));
            strength == Strength::Auto && along
        });
        carrying.map(|&(used, _)| used)
    }

    /// The root object that a part belongs to; `None` for a root object.
    pub(super) fn root(&self, id: &Id) -> Option<&'a Object> {
        self.catalog.root_of_part(id)
    }

    /// The root object that something is or belongs to.
    pub(super) fn root_or_self<'b>(&self, id: &'b Id) -> &'b Id
    where
        'a: 'b,
    {
        self.root(id).map_or(id, |root| &root.id)
    }
}

/// What is noted of objects of a catalog, by their places in it. What is not in the catalog is not noted.
pub(super) struct ByPlace<'a, T> {
    catalog: &'a Catalog,
    values: Vec<Option<T>>,
}

impl<'a, T: Copy> ByPlace<'a, T> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        let values = vec![None; catalog.objects().len()];
        Self { catalog, values }
    }

    pub(super) fn put(&mut self, id: &Id, value: T) {
        if let Some(place) = self.catalog.place(id) {
            self.put_at(place, value);
        }
    }

    pub(super) fn put_at(&mut self, place: usize, value: T) {
        if let Some(noted) = self.values.get_mut(place) {
            *noted = Some(value);
        }
    }

    pub(super) fn get(&self, id: &Id) -> Option<T> {
        self.at(self.catalog.place(id)?)
    }

    pub(super) fn at(&self, place: usize) -> Option<T> {
        self.values.get(place).copied().flatten()
    }
}

/// Whether a part that depends on another comes along with it: as that of a child with that of its parent. A generated column
/// is of one table with those that it is computed from, which servers before 14 say in the same way.
fn comes_along(part: &Id, with: &Id) -> bool {
    part.is_part() && part.kind == with.kind && !part.same_root(with)
}

/// The name that an object occupies on the server, so that two objects that cannot exist at one time have
/// the same one. Relations share a namespace with types, since each has a row type, and with the indexes
/// and constraints of any table in the schema.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot<'a> {
    family: Family,
    schema: &'a str,
    name: &'a str,
    args: &'a str,
}

impl<'a> Slot<'a> {
    /// `None` for what never has a name of its own.
    pub(super) fn of(id: &'a Id) -> Option<Self> {
        let own = id.kind.style() == Style::Column || id.kind.family() != Family::Relation;
        if id.is_part() && own {
            return None;
        }
        let family = match id.kind.family() {
            Family::Relation | Family::Type => Family::Relation,
            other @ (Family::Schema
            | Family::Database
            | Family::Routine
            | Family::Statistics
            | Family::Own(_)) => other,
        };
        Some(Self {
            family,
            schema: &id.schema,
            name: &id.name,
            args: &id.args,
        })
    }
}
