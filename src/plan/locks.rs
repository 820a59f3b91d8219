//! How much of the server's lock table the steps of a transaction take. Pure; knows no kind.
//!
//! A transaction keeps every lock to its end, and each thing that it locks takes a slot, in whatever modes it is locked
//! (`storage/lmgr/README`): relations, and what `COMMENT`, `ALTER` and `DROP` name that is none; on newer servers also what
//! new objects depend on. An estimate from above: what the plan makes counts with all relations that it can have.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog::id::{Family, Style};
use crate::catalog::{Catalog, Id, Step};

/// The transaction itself, its advisory lock, and roles that things are given to.
const OWN: usize = 16;

/// Whether a server of this version locks what an object that is made depends on, so that nobody drops it meanwhile: those
/// of August 2026 and later do (seen in `pg_locks` of 15.19, 16.15, 17.11 and 18.6, not of 14.23 and 15.18; 14.24 and 18.5 are
/// of the same day as the first three).
fn locks_what_is_used(version: u32) -> bool {
    let (major, minor) = (version / 10_000, version % 10_000);
    let since = match major {
        ..14 => return false,
        14 => 24,
        15 => 19,
        16 => 15,
        17 => 11,
        18 => 5,
        _ => 0,
    };
    minor >= since
}

/// The slots that one transaction with these steps needs on the way from one catalog to the other.
pub fn slots<'a>(
    steps: impl IntoIterator<Item = &'a Step>,
    from: &'a Catalog,
    to: &'a Catalog,
) -> usize {
    let mut locked = Locked {
        from,
        to,
        used_too: locks_what_is_used(from.version()),
        slots: FxHashMap::default(),
        schemas: FxHashSet::default(),
    };
    for step in steps {
        locked.step(step);
    }
    OWN + locked.schemas.len() + locked.slots.values().sum::<usize>()
}

struct Locked<'a> {
    from: &'a Catalog,
    to: &'a Catalog,
    /// Whether the server locks what a new object depends on.
    used_too: bool,
    /// What is locked, and how many slots it takes.
    slots: FxHashMap<&'a Id, usize>,
    /// Whoever makes something in a schema keeps it from being dropped.
    schemas: FxHashSet<&'a str>,
}

impl<'a> Locked<'a> {
    fn step(&mut self, step: &'a Step) {
        let subject = &step.subject;
        for id in step.makes.iter().chain(&step.frees) {
            self.schemas.insert(&id.schema);
            self.add(id, self.relations(id));
        }
        if self.used_too {
            for id in &step.makes {
                self.used_by(id);
            }
        }
        let own = subject.kind.style() != Style::Column && !step.makes.contains(subject);
        self.add(subject, usize::from(own));
        for catalog in [self.to, self.from] {
            let Some(root) = catalog.root_of(subject) else {
                continue;
            };
            self.relation(&root.id);
            if step.rewrites {
                for part in catalog.parts(&root.id) {
                    self.add(&part.id, self.relations(&part.id));
                }
                self.add(&root.id, self.relations(&root.id));
            }
            for edge in catalog.edges(subject) {
                let used = if edge.to.is_part() {
                    catalog.root_of(edge.to).map(|root| &root.id)
                } else {
                    Some(edge.to)
                };
                if let Some(used) = used {
                    self.relation(used);
                }
            }
        }
    }

    /// What a new object depends on, and what depends on it that is made along.
    fn used_by(&mut self, id: &'a Id) {
        let Some(object) = self.to.get(id) else {
            return;
        };
        self.add(id, self.relations(id) + object.body.supports());
        for edge in self.to.edges(id) {
            self.add(edge.to, usize::from(edge.to.kind.style() != Style::Column));
        }
    }

    fn relations(&self, id: &Id) -> usize {
        let in_one = |catalog: &Catalog| {
            let object = catalog.get(id)?;
            Some(object.body.relations(id, catalog))
        };
        in_one(self.to).max(in_one(self.from)).unwrap_or_default()
    }

    /// A relation is locked, without what belongs to it.
    fn relation(&mut self, root: &'a Id) {
        self.add(root, usize::from(root.kind.family() == Family::Relation));
    }

    fn add(&mut self, id: &'a Id, slots: usize) {
        if slots == 0 {
            return;
        }
        let known = self.slots.entry(id).or_default();
        *known = slots.max(*known);
    }
}

/// The slots that reading a catalog needs besides: the server's functions that print queries lock the relations in them.
pub fn slots_to_read(catalog: &Catalog) -> usize {
    let queries = catalog
        .all_edges()
        .filter(|(from, _)| !from.is_part() && !from.kind.holds_data());
    let named: BTreeSet<&Id> = queries
        .filter_map(|(_, edge)| catalog.root_of(edge.to))
        .map(|root| &root.id)
        .filter(|id| id.kind.family() == Family::Relation)
        .collect();
    named.len()
}
