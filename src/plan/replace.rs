//! What happens to each object: altered in place, made, removed, or dropped and made again because it, or
//! something that it uses, cannot be altered. Decides only; steps and their order are made from it later.
//!
//! An object that holds rows is never dropped to change it. What cannot be done without that is refused,
//! with all reasons at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::refuse::Refusal;
use super::world::{Slot, World};
use crate::catalog::id::Family;
use crate::catalog::{Edge, Id, Object, Step, Strength, kind};
use crate::diff::{Change, Diff};

/// The decisions.
pub(super) struct Fates<'a> {
    /// Objects of the old side that are dropped.
    pub(super) gone: BTreeSet<&'a Id>,
    /// Objects of the new side that are made.
    pub(super) made: BTreeSet<&'a Id>,
    /// Objects that are altered in place, with the steps.
    pub(super) alters: BTreeMap<&'a Id, Vec<Step>>,
    /// Replaced objects that step aside under another name until those that hold rows have moved over.
    pub(super) aside: BTreeSet<&'a Id>,
    /// Why there can be no plan.
    pub(super) refused: Vec<Refusal>,
}

/// Decides for all objects that differ and for all that depend on them.
pub(super) fn decide<'a>(from: &World<'a>, to: &World<'a>, diff: &'a Diff) -> Fates<'a> {
    let mut deciding = Deciding {
        from,
        to,
        diff,
        queue: VecDeque::new(),
        carried: BTreeSet::new(),
        fates: Fates {
            gone: BTreeSet::new(),
            made: BTreeSet::new(),
            alters: BTreeMap::new(),
            aside: BTreeSet::new(),
            refused: Vec::new(),
        },
    };
    deciding.start();
    deciding.settle();
    deciding.replace_what_stands_between();
    deciding.step_aside_together();
    deciding.leave_to_parents();
    deciding.fates.refused.sort();
    deciding.fates.refused.dedup();
    deciding.fates
}

/// Something whose consequences have still to be followed.
enum Work<'a> {
    /// It is dropped and made again.
    Replace(&'a Id),
    /// It is dropped.
    Dropped(&'a Id),
    /// It is altered by a step that its dependents are in the way of.
    Displaced(&'a Id),
}

struct Deciding<'w, 'a> {
    from: &'w World<'a>,
    to: &'w World<'a>,
    diff: &'a Diff,
    queue: VecDeque<Work<'a>>,
    /// What another object's steps change.
    carried: BTreeSet<&'a Id>,
    fates: Fates<'a>,
}

impl<'a> Deciding<'_, 'a> {
    fn start(&mut self) {
        let (mut gone, mut made) = (Vec::new(), Vec::new());
        for delta in &self.diff.deltas {
            match &delta.change {
                Change::Removed => gone.push(&delta.id),
                Change::Added => made.push(&delta.id),
                Change::Changed(_) => {}
            }
        }
        self.queue.extend(gone.iter().copied().map(Work::Dropped));
        // They are sorted: a set of many is made of all at once.
        (self.fates.gone, self.fates.made) = (BTreeSet::from_iter(gone), BTreeSet::from_iter(made));
        self.change_all();
        for delta in &self.diff.deltas {
            self.replace_what_comes_later(&delta.id);
        }
        // A part can be equal on both sides though its root is another object of the same name.
        for &id in self.fates.gone.clone().iter().filter(|id| !id.is_part()) {
            for part in self.from.catalog.parts(id) {
                if self.to.has(&part.id) {
                    self.queue.push_back(Work::Replace(&part.id));
                }
            }
        }
    }

    fn change_all(&mut self) {
        let mut changes = Vec::new();
        for delta in &self.diff.deltas {
            if let Change::Changed(aspects) = &delta.change
                && aspects.body()
                && let Some(old) = self.from.get(&delta.id)
                && let Some(new) = self.to.get(&delta.id)
            {
                let change = old.body.change(&new.body, &delta.id, self.to.catalog);
                changes.push((&delta.id, aspects, change));
            }
        }
        let steps = changes.iter().flat_map(|(_, _, change)| match change {
            kind::Change::InPlace(steps) => steps.as_slice(),
            kind::Change::Replace | kind::Change::Carried | kind::Change::Impossible(_) => &[],
        });
        let relabels: Vec<(String, String)> =
            steps.filter_map(|step| step.relabels.clone()).collect();
        for (id, aspects, change) in changes {
            if relabels.is_empty() || !self.is_relabeled(id, &relabels) {
                self.change(id, &aspects.fields, change);
            }
        }
    }

    /// Whether an object differs only in constants that the server prints in the new way by itself.
    fn is_relabeled(&self, id: &Id, relabels: &[(String, String)]) -> bool {
        let (Some(old), Some(new)) = (self.from.get(id), self.to.get(id)) else {
            return false;
        };
        let body = |object: &Object| serde_json::to_value(&object.body).ok();
        let (Some(mut old), Some(new)) = (body(old), body(new)) else {
            return false;
        };
        relabel(&mut old, relabels);
        old == new
    }

    fn change(&mut self, id: &'a Id, fields: &[String], change: kind::Change) {
        match change {
            kind::Change::Replace => self.queue.push_back(Work::Replace(id)),
            kind::Change::InPlace(steps) if steps.is_empty() => {
                self.fates.refused.push(Refusal::NoSteps {
                    id: id.clone(),
                    fields: fields.to_vec(),
                });
            }
            kind::Change::InPlace(steps) => self.alter(id, steps),
            kind::Change::Carried => {
                self.carried.insert(id);
            }
            kind::Change::Impossible(why) => {
                let id = id.clone();
                self.fates.refused.push(Refusal::Impossible { id, why });
            }
        }
    }

    /// Leaves out what the server does along with an equal step of a parent, unless its table is away from that at the time.
    fn leave_to_parents(&mut self) {
        let alters = &self.fates.alters;
        let says = |step: &Step, id: &Id| step.sql.replace(&id.on_sql(), "");
        let is_done = |id: &Id, step: &Step| {
            let said = says(step, id);
            self.to.edges(id).any(|edge| {
                let steps = alters.get(edge.to).into_iter().flatten();
                edge.to.kind == id.kind
                    && steps.into_iter().any(|above| says(above, edge.to) == said)
            })
        };
        let is_away = |id: &Id| {
            let root = alters.get(self.from.root_or_self(id));
            root.into_iter().flatten().any(|step| step.leaves)
        };
        let candidates = alters
            .iter()
            .filter(|(_, steps)| steps.iter().any(|step| step.carried));
        let candidates = candidates.filter(|(id, _)| !is_away(id));
        let left: Vec<(&'a Id, Vec<Step>)> = candidates
            .map(|(&id, steps)| {
                let own = steps
                    .iter()
                    .filter(|step| !step.carried || !is_done(id, step));
                (id, own.cloned().collect())
            })
            .collect();
        for (id, steps) in left {
            if steps.is_empty() {
                self.fates.alters.remove(id);
                self.carried.insert(id);
            } else {
                self.fates.alters.insert(id, steps);
            }
        }
    }

    fn alter(&mut self, id: &'a Id, steps: Vec<Step>) {
        if steps.iter().any(|step| step.displaces) {
            self.queue.push_back(Work::Displaced(id));
        }
        self.fates.alters.entry(id).or_default().extend(steps);
    }

    fn settle(&mut self) {
        while let Some(work) = self.queue.pop_front() {
            match work {
                Work::Replace(id) => self.replace(id),
                Work::Dropped(id) => {
                    self.replace_what_holds(id);
                    self.free_users(id);
                }
                Work::Displaced(id) => self.displace_users(id),
            }
        }
    }

    fn replace(&mut self, id: &'a Id) {
        if !self.fates.gone.insert(id) {
            return;
        }
        self.fates.made.insert(id);
        self.fates.alters.remove(id);
        let root_goes = self
            .from
            .root(id)
            .is_some_and(|root| self.fates.gone.contains(&root.id));
        if id.kind.holds_data() && !root_goes && !self.is_derived(id) {
            self.fates.refused.push(Refusal::HoldsData {
                id: id.clone(),
                fields: self.fields(id),
            });
            return;
        }
        if id.kind.drops_parts() {
            for part in self.from.catalog.parts(id) {
                if self.to.has(&part.id) {
                    self.queue.push_back(Work::Replace(&part.id));
                }
            }
        }
        self.replace_what_holds(id);
        self.free_users(id);
    }

    /// What is there already though it may be made only when another object has joined its parents is made anew.
    fn replace_what_comes_later(&mut self, id: &Id) {
        let Some(object) = self.to.get(id) else {
            return;
        };
        for later in object.body.joins_before(id, self.to.catalog) {
            let parent = self.to.root_or_self(&later);
            let joins = !self.from.edges(id).any(|edge| *edge.to == *parent);
            let old = self.from.get(&later).filter(|_| joins);
            self.queue
                .extend(old.map(|object| Work::Replace(&object.id)));
        }
    }

    /// What is attached to a part of a parent cannot be dropped without that, as long as its table has the parent.
    fn replace_what_holds(&mut self, dropped: &'a Id) {
        let object = self.from.get(dropped);
        if !object.is_some_and(|object| object.body.is_attached()) {
            return;
        }
        let root = self.from.root_or_self(dropped);
        for edge in self.from.edges(dropped) {
            let other = self.from.root_or_self(edge.to);
            let mut stays = self.to.edges(root);
            if edge.to.is_part() && other != root && stays.any(|edge| *edge.to == *other) {
                self.queue.push_back(Work::Replace(edge.to));
            }
        }
    }

    /// Whether the values of an object that stays are computed on both sides: no row is lost with it.
    fn is_derived(&self, id: &Id) -> bool {
        let is_derived = |world: &World<'_>| world.get(id).is_some_and(|o| o.body.is_derived());
        is_derived(self.from) && is_derived(self.to)
    }

    /// The canonical fields in which an object differs.
    fn fields(&self, id: &Id) -> Vec<String> {
        self.diff.get(id).map_or(&[][..], Change::fields).to_vec()
    }

    /// Everything that uses what is dropped must let go of it.
    fn free_users(&mut self, dropped: &'a Id) {
        let from = self.from;
        for &(user, _) in from.users(dropped) {
            if self.fates.gone.contains(user) {
                continue;
            }
            let goes_on = self.goes_on_using(user, dropped);
            if !goes_on && self.lets_go(user) {
                if user.kind.holds_data() && self.gives_its_name(dropped) {
                    self.fates.aside.insert(dropped);
                }
                self.attach_anew(user, dropped);
                continue;
            }
            if user.kind.rebuildable() {
                self.queue.push_back(Work::Replace(user));
            } else {
                self.move_over(user, dropped, goes_on);
            }
        }
    }

    /// Whether what stays lets go of what it does not use in the end: by being altered itself, or with what carries its change
    /// over (a parent's column), or with its root (a child that leaves its parent).
    fn lets_go(&self, user: &Id) -> bool {
        let root = self.from.root_or_self(user);
        let mut of_root = self.fates.alters.get(root).into_iter().flatten();
        if user.kind.holds_on() {
            return of_root.any(|step| step.leaves);
        }
        self.fates.alters.contains_key(user)
            || self.carried.contains(user)
            || of_root.next().is_some()
    }

    /// What is attached to something of the same name in its table's new parent is another's from then on, though it does not
    /// differ.
    fn attach_anew(&mut self, user: &'a Id, dropped: &Id) {
        let object = self
            .from
            .get(user)
            .filter(|_| self.diff.get(user).is_none());
        let steps = object.and_then(|object| {
            let body = object.body.is_attached().then_some(&object.body)?;
            body.follow(user, dropped, self.from.catalog, self.to.catalog)
        });
        if let Some(steps) = steps {
            self.alter(user, steps);
        }
    }

    /// Whether a type that is dropped can step aside for what takes its name. Two that swap the columns that have them
    /// would wait for each other.
    fn gives_its_name(&self, dropped: &Id) -> bool {
        let slot = Slot::of(dropped);
        let other = Id {
            name: "snapback_old".into(),
            ..dropped.clone()
        };
        dropped.kind.family() == Family::Type
            && dropped.kind.rename(dropped, &other).is_some()
            && self.fates.made.iter().any(|made| Slot::of(made) == slot)
    }

    /// Whether the new form of an object uses what takes the name of something that is dropped: its new
    /// form, or another object.
    fn goes_on_using(&self, user: &Id, dropped: &Id) -> bool {
        let name = Slot::of(self.from.root_or_self(dropped));
        self.to
            .edges(user)
            .any(|Edge { to, .. }| *to == *dropped || Slot::of(self.to.root_or_self(to)) == name)
    }

    /// The old form steps aside, and what holds rows moves from it to the new one.
    fn move_over(&mut self, user: &'a Id, dropped: &'a Id, goes_on: bool) {
        let steps = self.from.get(user).filter(|_| goes_on).and_then(|object| {
            object
                .body
                .follow(user, dropped, self.from.catalog, self.to.catalog)
        });
        match steps {
            Some(steps) => {
                self.fates.aside.insert(dropped);
                self.alter(user, steps);
            }
            None if self.is_derived(user) => self.queue.push_back(Work::Replace(user)),
            None => self.fates.refused.push(Refusal::InUse {
                id: dropped.clone(),
                user: user.clone(),
            }),
        }
    }

    /// What steps aside goes on using the old forms of others until it is dropped: these step aside too.
    fn step_aside_together(&mut self) {
        let mut open: Vec<&Id> = self.fates.aside.iter().copied().collect();
        while let Some(id) = open.pop() {
            for Edge { to: used, .. } in self.from.edges(id) {
                let again = self.fates.gone.contains(used) && self.fates.made.contains(used);
                if again && self.fates.aside.insert(used) {
                    open.push(used);
                }
            }
        }
    }

    /// What is altered from using something that goes to using something that comes stands between the two:
    /// the old has to wait for it and it for the new, which may have to wait for the old. Dropped and made
    /// again it is in nobody's way.
    fn replace_what_stands_between(&mut self) {
        loop {
            let alters = &self.fates.alters;
            let comes = |edge: Edge<'_>| self.comes(edge.to);
            let goes = |edge: Edge<'_>| self.fates.gone.contains(edge.to);
            let between: Vec<&Id> = alters
                .keys()
                .copied()
                .filter(|id| id.kind.rebuildable())
                .filter(|id| self.from.edges(id).any(goes) && self.to.edges(id).any(comes))
                .filter(|id| !self.is_let_go(id))
                .collect();
            if between.is_empty() {
                return;
            }
            self.queue.extend(between.into_iter().map(Work::Replace));
            self.settle();
        }
    }

    /// Whether the server lets go of what it uses with its table, which leaves a parent, so that it is between nothing.
    fn is_let_go(&self, id: &Id) -> bool {
        let root = self.from.root_or_self(id);
        let steps = self.fates.alters.get(root).into_iter().flatten();
        let is_attached = |object: &Object| object.body.is_attached();
        self.from.get(id).is_some_and(is_attached) && steps.into_iter().any(|step| step.leaves)
    }

    /// Whether it is there in its new form only after something that goes may have to be gone: it is made, or it is
    /// altered and others must be out of the way, or what it uses comes so.
    fn comes(&self, id: &Id) -> bool {
        let waits = |id: &Id| {
            let steps = self.fates.alters.get(id).into_iter().flatten();
            self.fates.made.contains(id) || steps.into_iter().any(|step| step.displaces)
        };
        waits(id)
            || self.fates.alters.contains_key(id)
                && self.to.catalog.closure(id).into_iter().any(waits)
    }

    /// Some of what uses an object, or a part of another that is altered along with it, is in the way of the
    /// steps that alter it.
    fn displace_users(&mut self, altered: &'a Id) {
        let from = self.from;
        let steps = self.fates.alters.get(altered).cloned().unwrap_or_default();
        let along = from.altered_along(altered);
        for &(user, strength) in along.iter().flat_map(|id| from.users(id)) {
            let Some(object) = from.get(user) else {
                continue;
            };
            let to_change = self.fates.alters.contains_key(user);
            let in_the_way = steps
                .iter()
                .filter(|step| step.displaces)
                .any(|step| step.remakes || object.body.in_the_way(step, strength, to_change));
            if !in_the_way || self.fates.gone.contains(user) || along.contains(&user) {
                continue;
            }
            if user.kind.rebuildable() || self.is_derived(user) {
                self.queue.push_back(Work::Replace(user));
            } else if strength == Strength::Normal {
                self.fates.refused.push(Refusal::InTheWay {
                    id: altered.clone(),
                    user: user.clone(),
                });
            }
        }
    }
}

/// Writes constants in the new way in all texts of a canonical form.
fn relabel(value: &mut Value, relabels: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (from, to) in relabels {
                *text = text.replace(from, to);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| relabel(value, relabels)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| relabel(value, relabels)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
