//! What must wait for what. Removing follows the dependencies of the old side, making and altering those of
//! the new one, a name is taken only after it was given back, and the steps of one object keep their order.
//! Knows no kind; linear in steps and dependencies.

use rustc_hash::{FxHashMap, FxHashSet};

use super::emit::{ENOUGH, Node, Stage};
use super::world::{ByPlace, Slot, World};
use crate::catalog::grouped::Grouped;
use crate::catalog::{Id, Step, Strength};
use crate::parallel;

/// The steps as nodes, by number, with the steps that wait for each.
pub(super) struct Graph {
    /// For each node, those that must run after it.
    pub(super) next: Vec<Vec<usize>>,
    /// For each node, how many it waits for.
    pub(super) waits: Vec<usize>,
}

/// All constraints between these nodes.
pub(super) fn build(from: &World<'_>, to: &World<'_>, nodes: &[Node]) -> Graph {
    let (makes, index) = (Makers::new(to, nodes), Index::new(from, nodes));
    let mut building = Building {
        from,
        to,
        nodes,
        makes: &makes,
        index: &index,
        graph: Graph {
            next: vec![Vec::new(); nodes.len()],
            waits: vec![0; nodes.len()],
        },
    };
    for (number, node) in nodes.iter().enumerate() {
        building.constrain(number, node);
    }
    building.graph
}

/// Who does what, besides making.
#[derive(Default)]
struct Index<'a> {
    frees: FxHashMap<&'a Id, usize>,
    aside: FxHashMap<&'a Id, usize>,
    lets_go: FxHashMap<&'a Id, usize>,
    alters: FxHashMap<&'a Id, Vec<usize>>,
    leaves: FxHashMap<&'a Id, usize>,
    detaches: FxHashMap<&'a Id, usize>,
    /// The last step that makes or alters an object.
    body: FxHashMap<&'a Id, usize>,
    /// The first step of an object's owner, ACL and comment.
    meta: FxHashMap<&'a Id, usize>,
    /// Who gives a name back.
    names: FxHashMap<Slot<'a>, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(from: &World<'a>, nodes: &'a [Node]) -> Self {
        let mut index = Self::default();
        // Ids take long to be hashed, and a map that grows does it again and again.
        let steps = || nodes.iter().map(|node| &node.step);
        index
            .frees
            .reserve(steps().map(|step| step.frees.len()).sum());
        let of_meta = |node: &&Node| node.stage == Stage::Meta;
        let metas = nodes.iter().filter(of_meta).count();
        index.meta.reserve(metas);
        index.body.reserve(nodes.len() - metas);
        for (number, node) in nodes.iter().enumerate() {
            let step = &node.step;
            index.frees.extend(step.frees.iter().map(|id| (id, number)));
            match node.stage {
                Stage::Make => drop(index.body.insert(&step.subject, number)),
                Stage::Alter => {
                    index.alters.entry(&step.subject).or_default().push(number);
                    if step.leaves {
                        index.leaves.insert(&step.subject, number);
                    }
                    if step.detaches {
                        index.detaches.insert(&step.subject, number);
                    }
                    index.body.insert(&step.subject, number);
                }
                Stage::Meta => drop(index.meta.entry(&step.subject).or_insert(number)),
                Stage::Aside => drop(index.aside.insert(&step.subject, number)),
                Stage::LetGo => drop(index.lets_go.insert(&step.subject, number)),
                Stage::Free => {}
            }
        }
        for (number, node) in nodes.iter().enumerate() {
            let aside = index.aside.get(&node.step.subject).copied();
            for id in &node.step.frees {
                if let Some(slot) = from.slot(id) {
                    let own = index.aside.get(id).copied();
                    let giver = own.or(aside).unwrap_or(number);
                    index.names.entry(slot).or_default().push(giver);
                }
            }
        }
        index
    }
}

/// Which step makes what.
struct Makers<'a> {
    /// What each step makes, as the place in the new side's catalog, with that of its root.
    made: Grouped<(usize, usize)>,
    /// The step that makes an object.
    by_place: ByPlace<'a, usize>,
    /// Those that make a state of an object which the catalog has no name for (the shell of a type).
    others: FxHashMap<&'a Id, usize>,
}

impl<'a> Makers<'a> {
    fn new(to: &World<'a>, nodes: &'a [Node]) -> Self {
        let made = nodes.iter().enumerate();
        let made =
            made.flat_map(|(number, node)| node.step.makes.iter().map(move |id| (number, id)));
        let made = parallel::map(made.collect(), ENOUGH, |(number, id)| {
            (number, id, to.catalog.place_with_root(id))
        });
        let (mut by_place, mut others) = (ByPlace::new(to.catalog), FxHashMap::default());
        for &(number, id, found) in &made {
            match found {
                Some((_, place)) => by_place.put_at(place, number),
                None => drop(others.insert(id, number)),
            }
        }
        let made = made.into_iter();
        Self {
            made: Grouped::of(made.filter_map(|(number, _, found)| Some((number, found?)))),
            by_place,
            others,
        }
    }

    fn at(&self, place: usize) -> Option<usize> {
        self.by_place.at(place)
    }

    fn get(&self, id: &Id) -> Option<usize> {
        let here = self.by_place.get(id);
        here.or_else(|| self.others.get(id).copied())
    }
}

struct Building<'w, 'a> {
    from: &'w World<'a>,
    to: &'w World<'a>,
    nodes: &'w [Node],
    makes: &'w Makers<'w>,
    index: &'w Index<'w>,
    graph: Graph,
}

impl<'w> Building<'w, '_> {
    fn edge(&mut self, before: usize, after: usize) {
        if before == after {
            return;
        }
        if let (Some(next), Some(waits)) = (
            self.graph.next.get_mut(before),
            self.graph.waits.get_mut(after),
        ) {
            next.push(after);
            *waits += 1;
        }
    }

    fn edges(&mut self, before: &[usize], after: usize) {
        for &number in before {
            self.edge(number, after);
        }
    }

    fn constrain(&mut self, number: usize, node: &Node) {
        if let Some(before) = node.after {
            self.edge(before, number);
        }
        self.after_users_let_go(number, node);
        self.after_names_are_free(number, node);
        match node.stage {
            Stage::Make | Stage::Alter => {
                self.after_what_it_uses(number, node);
                self.after_others_have_left(number, node);
                self.after_room_is_made(number, node);
                self.before_owners_change(number, node);
            }
            Stage::Meta => {
                self.after_what_it_needs(number, node);
                self.after_what_it_comes_with(number, node);
                self.after_the_owner_of_its_owner(number, node);
            }
            Stage::Free | Stage::Aside | Stage::LetGo => {}
        }
    }

    /// What is dropped is used by nothing any more: its users were dropped before, or altered.
    fn after_users_let_go(&mut self, number: usize, node: &Node) {
        for freed in &node.step.frees {
            self.between_parents(freed, number, node.step.with_parent);
            if let Some(&own) = self.index.aside.get(freed) {
                self.edge(own, number);
            }
            let aside = self.aside(freed);
            for (user, _) in self.from.users(freed) {
                if let Some(&letter) = self.index.lets_go.get(user) {
                    self.edge(letter, number);
                } else if let Some(&freer) = self.index.frees.get(user) {
                    self.edge(freer, number);
                    // Its users name it: they have to be dropped while it has that name. One that steps
                    // aside itself is dropped by a name of its own.
                    let steps_aside = self.aside(user).is_some();
                    if let Some(aside) = aside.filter(|_| freer != number && !steps_aside) {
                        self.edge(freer, aside);
                    }
                }
                self.after_it_is_altered(user, number);
                // A part that is not altered itself lets go when its root is (a child that leaves its parent).
                let index = &self.index;
                if index.frees.contains_key(user) {
                    continue;
                }
                let root = self.from.root_or_self(user);
                if !index.alters.contains_key(user) {
                    self.after_it_is_altered(root, number);
                } else if let Some(&leaver) = index.leaves.get(root) {
                    self.edge(leaver, number);
                }
            }
        }
        if node.step.displaces {
            let subject = self.from.get(&node.step.subject).map(|object| &object.id);
            for id in subject.map_or_else(Vec::new, |id| self.from.altered_along(id)) {
                for (user, _) in self.from.users(id) {
                    if let Some(&freer) = self.index.frees.get(user) {
                        self.edge(freer, number);
                    }
                }
            }
        }
    }

    /// What is dropped with a parent is dropped after that is left, and before another comes, which has no such thing.
    fn between_parents(&mut self, freed: &Id, number: usize, with_parent: bool) {
        let root = self.from.root_or_self(freed);
        let Some(&leaver) = self.index.leaves.get(root) else {
            return;
        };
        if with_parent {
            return self.edge(number, leaver);
        }
        self.edge(leaver, number);
        for &later in self.alters(root).iter().filter(|&&alter| alter > leaver) {
            self.edge(number, later);
        }
    }

    fn after_it_is_altered(&mut self, id: &Id, number: usize) {
        self.edges(self.alters(id), number);
    }

    /// The steps that alter an object.
    fn alters(&self, id: &Id) -> &'w [usize] {
        self.index.alters.get(id).map_or(&[], Vec::as_slice)
    }

    /// The step by which an object of the old side steps aside, itself or with its root.
    fn aside(&self, id: &Id) -> Option<usize> {
        let root = self.from.root_or_self(id);
        self.index.aside.get(root).copied()
    }

    fn after_names_are_free(&mut self, number: usize, node: &Node) {
        for made in &node.step.makes {
            let aside = self.aside(made);
            if let Some(giver) = aside.or_else(|| self.index.frees.get(made).copied()) {
                self.edge(giver, number);
            }
            let givers = self
                .to
                .slot(made)
                .and_then(|slot| self.index.names.get(&slot));
            self.edges(givers.map_or(&[], Vec::as_slice), number);
            // The old form is kept until the new one is there for those that move over.
            if let (Some(_), Some(&freer)) = (aside, self.index.frees.get(made)) {
                self.edge(number, freer);
            }
        }
    }

    fn after_what_it_uses(&mut self, number: usize, node: &Node) {
        let step = &node.step;
        let catalog = self.to.catalog;
        let subject = catalog.place_with_root(&step.subject);
        let made = self.makes.made.at(number).iter().copied();
        let others = made.filter(|made| Some(*made) != subject);
        for (root, own) in subject.into_iter().chain(others) {
            if let Some(maker) = self.makes.at(root).filter(|_| root != own) {
                self.edge(maker, number);
            }
            for &(used, _) in catalog.used_at(own) {
                if Some(used) != subject.map(|(_, place)| place) && !self.defers(step, used) {
                    self.after_object_at(used, number);
                }
            }
        }
        // What comes later is not there in its old form either.
        for id in &step.defers {
            let old = self.index.frees.get(id).copied();
            self.edges(old.as_slice(), number);
        }
        self.after_what_it_needs(number, node);
    }

    fn after_what_it_needs(&mut self, number: usize, node: &Node) {
        for needed in &node.step.needs {
            self.after_object(needed, number);
        }
    }

    /// What no step makes comes with a part of a parent.
    fn after_what_it_comes_with(&mut self, number: usize, node: &Node) {
        let id = &node.step.subject;
        if self.from.has(id) || self.makes.get(id).is_some() {
            return;
        }
        self.after_object(id, number);
    }

    fn defers(&self, step: &Step, place: usize) -> bool {
        let object = self.to.catalog.objects().get(place);
        !step.defers.is_empty() && object.is_some_and(|object| step.defers.contains(&object.id))
    }

    /// A child leaves its parent before parts of the parent are made or altered, which would reach it.
    fn after_others_have_left(&mut self, number: usize, node: &Node) {
        let root = self.to.root(&node.step.subject);
        let Some(root) = root.and_then(|root| self.from.get(&root.id)) else {
            return;
        };
        for &(user, _) in self.from.users(&root.id) {
            let stays = || self.to.edges(user).any(|edge| *edge.to == root.id);
            if user.kind == root.id.kind && !stays() {
                self.after_it_is_altered(user, number);
            }
        }
    }

    /// A partition comes to its parent after others have left it or were dropped, whose bounds it may take.
    fn after_room_is_made(&mut self, number: usize, node: &Node) {
        let id = &node.step.subject;
        if !node.step.attaches {
            return;
        }
        let parents = self.to.edges(id).filter(|edge| edge.to.kind == id.kind);
        for parent in parents.map(|edge| edge.to) {
            for (sibling, _) in self.from.users(parent) {
                if *sibling == id || sibling.kind != id.kind || self.aside(sibling).is_some() {
                    continue;
                }
                let index = self.index;
                let goer = index.detaches.get(sibling).or(index.frees.get(sibling));
                self.edges(goer.copied().as_slice(), number);
            }
        }
    }

    fn after_object(&mut self, used: &Id, number: usize) {
        if let Some(place) = self.to.catalog.place(used) {
            return self.after_object_at(place, number);
        }
        let maker = self.makes.others.get(used).copied();
        self.edges(maker.as_slice(), number);
        self.after_its_alters(used, number);
    }

    /// After what is at a place of the new side's catalog is there in its new form.
    fn after_object_at(&mut self, place: usize, number: usize) {
        let (to, makes) = (self.to, self.makes);
        let Some(object) = to.catalog.objects().get(place) else {
            return;
        };
        // A part that no step makes comes from a parent, with its table.
        let of_root = || makes.at(to.catalog.place_with_root(&object.id)?.0);
        if let Some(maker) = makes.at(place).or_else(of_root) {
            self.edge(maker, number);
        }
        self.after_its_alters(&object.id, number);
        for carrier in to.carriers(place) {
            self.after_object_at(carrier, number);
        }
    }

    fn after_its_alters(&mut self, used: &Id, number: usize) {
        for &alter in self.alters(used) {
            // But not after what waits for it in turn (a sequence that gets to belong to a column).
            if !self.needs(alter, number) {
                self.edge(alter, number);
            }
        }
    }

    /// Whether a step says that it needs what another one makes, itself or by way of others.
    fn needs(&self, number: usize, other: usize) -> bool {
        let mut open = vec![number];
        let mut seen = FxHashSet::default();
        while let Some(number) = open.pop() {
            if number == other {
                return true;
            }
            let Some(node) = self.nodes.get(number).filter(|_| seen.insert(number)) else {
                continue;
            };
            let makers = node.step.needs.iter().filter_map(|id| self.makes.get(id));
            open.extend(makers.chain(node.after));
        }
        false
    }

    /// What an object belongs to (a sequence to its column, a partition to its table) may need both to have
    /// one owner when they are linked, and takes the object along when it gets another one: link first, then
    /// the owner of the whole, then that of the object.
    fn before_owners_change(&mut self, number: usize, node: &Node) {
        let id = &node.step.subject;
        if self.index.body.get(id) != Some(&number) {
            return;
        }
        for owner in self.owner_metas(id) {
            self.edge(number, owner);
        }
    }

    fn after_the_owner_of_its_owner(&mut self, number: usize, node: &Node) {
        let id = &node.step.subject;
        if self.index.meta.get(id) == Some(&number) {
            let owners = self.owner_metas(id);
            self.edges(&owners, number);
        }
    }

    /// The first meta steps of what an object with an owner belongs to.
    fn owner_metas(&self, id: &Id) -> Vec<usize> {
        let owned = self
            .to
            .get(id)
            .is_some_and(|object| !object.meta.owner.is_empty());
        if !owned {
            return Vec::new();
        }
        let edges = self.to.edges(id);
        edges
            .filter(|edge| edge.strength == Strength::Auto)
            .filter_map(|edge| self.index.meta.get(self.to.root_or_self(edge.to)))
            .filter(|&&meta| {
                self.nodes
                    .get(meta)
                    .is_some_and(|node| node.step.subject != *id)
            })
            .copied()
            .collect()
    }
}
