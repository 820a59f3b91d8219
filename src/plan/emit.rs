//! From decisions to steps: each object's own statements, in the order in which its kind gave them. What one
//! statement does for several objects (a root and its parts, what the server drops along) is worked out
//! here, so that ordering sees who makes and who frees what.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::circle;
use super::given::Given;
use super::refuse::Refusal;
use super::replace::Fates;
use super::world::{ByPlace, Slot, World};
use crate::catalog::meta;
use crate::catalog::{Id, Object, Step, Strength};
use crate::diff::{Change, Diff};
use crate::parallel;

/// What part of an object's life a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It makes something that is dropped later let go of what it uses.
    LetGo,
    /// It removes what the old side has.
    Free,
    /// It makes something, or finishes what was made.
    Make,
    /// It renames something out of the way of its successor.
    Aside,
    /// It changes something that stays.
    Alter,
    /// Owner, ACL, comment, labels.
    Meta,
}

/// A step with its place among the steps of its object.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) step: Step,
    pub(super) stage: Stage,
    /// The node before it in the same object: it must have run.
    pub(super) after: Option<usize>,
}

/// Fewer objects than this are worked on by one thread.
pub(super) const ENOUGH: usize = 1_000;

/// All steps, unordered.
struct Nodes<'a> {
    list: Vec<Node>,
    refused: Vec<Refusal>,
    /// The last node so far of what was made or altered: meta follows it.
    last: ByPlace<'a, usize>,
    /// Names in use on either side, when a temporary one is looked for.
    temporary: usize,
}

/// All steps of a plan.
pub(super) fn nodes<'a>(
    from: &World<'a>,
    to: &World<'a>,
    diff: &Diff,
    fates: &Fates<'a>,
    given: &Given<'_>,
) -> Result<Vec<Node>, Vec<Refusal>> {
    let mut nodes = Nodes {
        list: Vec::new(),
        refused: Vec::new(),
        last: ByPlace::new(to.catalog),
        temporary: 0,
    };
    nodes.drop_all(from, to, fates);
    nodes.make_all(from, to, fates, given);
    for (&id, steps) in &fates.alters {
        let now = from.get(id).filter(|_| linked_to(id, from).is_none());
        let owner = now.and_then(|now| linking_owner(id, &now.meta.owner, from, to, given));
        let steps = owner.into_iter().chain(steps.iter().cloned());
        nodes.chain(id, steps, Stage::Alter, None);
    }
    nodes.meta_all(from, to, diff, fates, given);
    if nodes.refused.is_empty() {
        Ok(nodes.list)
    } else {
        Err(nodes.refused)
    }
}

impl Nodes<'_> {
    fn push(&mut self, step: Step, stage: Stage, after: Option<usize>) -> usize {
        self.list.push(Node { step, stage, after });
        self.list.len() - 1
    }

    /// Steps of one object, one after another.
    fn chain(
        &mut self,
        id: &Id,
        steps: impl IntoIterator<Item = Step>,
        stage: Stage,
        mut after: Option<usize>,
    ) {
        for step in steps {
            let node = self.list.len();
            for made in step.makes.iter().filter(|made| *made != id) {
                self.last.put(made, node);
            }
            after = Some(self.push(step, stage, after));
        }
        if let Some(node) = after {
            self.last.put(id, node);
        }
    }

    fn drop_all<'a>(&mut self, from: &World<'a>, to: &World<'a>, fates: &Fates<'a>) {
        let mut along: FxHashMap<&Id, Vec<Id>> = FxHashMap::default();
        let mut own: Vec<&Object> = Vec::new();
        let group = |&id: &&'a Id| (id, dropped_along(id, from, to, fates).unwrap_or(id));
        let groups: BTreeMap<&Id, &Id> = fates.gone.iter().map(group).collect();
        let let_go = |id: &Id| from.get(id).and_then(|object| object.body.let_go(id));
        let cuts = circle::cuts(from, &groups, |id| let_go(id).is_some());
        for (&id, &group) in &groups {
            if group == id || cuts.contains(id) {
                own.extend(from.get(id));
            } else {
                along.entry(group).or_default().push(id.clone());
            }
        }
        // Some are removed by a step about something else.
        let mut steps: Vec<(&Object, Step)> = Vec::new();
        let mut freed: FxHashSet<Id> = fates
            .alters
            .values()
            .flatten()
            .flat_map(|step| step.frees.iter().cloned())
            .collect();
        for object in own {
            let step = object.body.drop(&object.id);
            freed.extend(step.frees.iter().filter(|id| **id != object.id).cloned());
            steps.push((object, step));
        }
        for (object, mut step) in steps {
            let id = &object.id;
            if freed.contains(id) {
                continue;
            }
            let mut before = None;
            for step in object.body.before_drop(id) {
                before = Some(self.push(step, Stage::Free, before));
            }
            if fates.aside.contains(id) {
                step = self.step_aside(object, from, to);
            }
            let along = along.remove(id).unwrap_or_default();
            if is_left(id, from, fates) {
                self.give_names(&along, from, to, fates);
            }
            step.frees.extend(along);
            let let_go = let_go(id).filter(|_| cuts.contains(id));
            let let_go = let_go.map(|step| self.push(step, Stage::LetGo, None));
            self.push(step, Stage::Free, let_go.or(before));
        }
    }

    /// What is dropped with a table that others have to leave before takes other names, where those are wanted: those who leave
    /// may wait for what gets them.
    fn give_names(&mut self, parts: &[Id], from: &World<'_>, to: &World<'_>, fates: &Fates<'_>) {
        let wanted: FxHashSet<Slot<'_>> = fates.made.iter().filter_map(|id| to.slot(id)).collect();
        let in_the_way = |id: &&Id| from.slot(id).is_some_and(|slot| wanted.contains(&slot));
        for id in parts.iter().filter(in_the_way) {
            self.take_other_name(id, from, to);
        }
    }

    /// The old form takes a temporary name, and is dropped under it.
    fn step_aside(&mut self, object: &Object, from: &World<'_>, to: &World<'_>) -> Step {
        let id = &object.id;
        let name = self.take_other_name(id, from, to);
        Step {
            subject: id.clone(),
            frees: vec![id.clone()],
            ..object.body.drop(&name)
        }
    }

    fn take_other_name(&mut self, id: &Id, from: &World<'_>, to: &World<'_>) -> Id {
        let name = self.temporary_name(id, from, to);
        match id.kind.rename(id, &name) {
            Some(step) => {
                let step = Step {
                    subject: id.clone(),
                    makes: Vec::new(),
                    frees: Vec::new(),
                    ..step
                };
                self.push(step, Stage::Aside, None);
            }
            None => self.refused.push(Refusal::NoName { id: id.clone() }),
        }
        name
    }

    fn temporary_name(&mut self, id: &Id, from: &World<'_>, to: &World<'_>) -> Id {
        loop {
            self.temporary += 1;
            let name = Id {
                name: format!("snapback_old_{}", self.temporary).into(),
                ..id.clone()
            };
            let taken = |world: &World<'_>| {
                let mut ids = world.catalog.objects().iter().map(|object| &object.id);
                ids.any(|other| Slot::of(other) == Slot::of(&name))
            };
            if !taken(from) && !taken(to) {
                return name;
            }
        }
    }

    /// Roots before parts, since a root may make its parts along with itself.
    fn make_all<'a>(
        &mut self,
        from: &World<'a>,
        to: &World<'a>,
        fates: &Fates<'a>,
        given: &Given<'_>,
    ) {
        // What is made by a step about something else.
        let mut claimed: ByPlace<'_, ()> = ByPlace::new(to.catalog);
        for made in fates.alters.values().flatten().flat_map(|step| &step.makes) {
            claimed.put(made, ());
        }
        let mut groups: Vec<(usize, &Object, Vec<Step>)> = Vec::new();
        let made = to.catalog.among(&fates.made);
        let (parts, roots): (Vec<_>, Vec<_>) = made.partition(|(_, object)| object.id.is_part());
        for made in [roots, parts] {
            let open = made.into_iter();
            let open = open.filter(|(place, _)| claimed.at(*place).is_none());
            let created = parallel::map(open.collect(), ENOUGH, |(place, object)| {
                (place, object, created(object, from, to, fates, given))
            });
            for (place, object, steps) in created {
                // By one that came before it.
                if claimed.at(place).is_some() {
                    continue;
                }
                let steps = steps.unwrap_or_else(|why| {
                    let id = object.id.clone();
                    self.refused.push(Refusal::Impossible { id, why });
                    Vec::new()
                });
                let makes = steps.iter().flat_map(|step| &step.makes);
                for made in makes.filter(|made| **made != object.id) {
                    claimed.put(made, ());
                }
                groups.push((place, object, steps));
            }
        }
        for (place, object, steps) in groups {
            if claimed.at(place).is_none() {
                self.chain(&object.id, steps, Stage::Make, None);
            }
        }
    }

    fn meta_all<'a>(
        &mut self,
        from: &World<'a>,
        to: &World<'a>,
        diff: &Diff,
        fates: &Fates<'a>,
        given: &Given<'_>,
    ) {
        let version = to.catalog.version();
        let made: Vec<&Id> = fates.made.iter().copied().collect();
        let made = parallel::map(made, ENOUGH, |id| {
            let new = to.get(id)?;
            let steps = meta::change(new, &given.to(new), owners(from, to, id), version);
            (!steps.is_empty()).then_some((id, steps))
        });
        for (id, steps) in made.into_iter().flatten() {
            self.meta(id, steps);
        }
        for delta in &diff.deltas {
            let Change::Changed(aspects) = &delta.change else {
                continue;
            };
            let id = &delta.id;
            let differs = aspects.owner
                || aspects.acl
                || aspects.comment
                || aspects.labels
                || aspects.extensions;
            if !differs || fates.made.contains(id) {
                continue;
            }
            if let (Some(old), Some(new)) = (from.get(id), to.get(id)) {
                let steps = meta::change(new, &old.meta, owners(from, to, id), version);
                self.meta(id, steps);
            }
        }
    }

    fn meta(&mut self, id: &Id, steps: Vec<Step>) {
        let after = self.last.get(id);
        self.chain(id, steps, Stage::Meta, after);
    }
}

/// The steps that make an object, or why they cannot.
fn created<'a>(
    object: &Object,
    from: &World<'a>,
    to: &World<'a>,
    fates: &Fates<'a>,
    given: &Given<'_>,
) -> Result<Vec<Step>, &'static str> {
    let id = &object.id;
    let mut steps = if comes_before_parent(id, from, to, fates) {
        object.body.create_before_parent(id, to.catalog)?
    } else {
        object.body.create(id, to.catalog)
    };
    if steps.len() > 1 {
        steps.splice(1..1, linking_owner(id, given.role, from, to, given));
    }
    Ok(steps)
}

/// Whether a part is to come from a parent that its table, which is there, does not have yet: the server takes it from
/// the parent only where the table has it already.
fn comes_before_parent<'a>(id: &Id, from: &World<'a>, to: &World<'a>, fates: &Fates<'a>) -> bool {
    let stays = |root: &&Object| from.has(&root.id) && !fates.gone.contains(&root.id);
    let Some(root) = to.root(id).filter(stays) else {
        return false;
    };
    let place = to.catalog.place(id).into_iter();
    let parts = place.flat_map(|place| to.carriers(place));
    let parts = parts.filter_map(|part| to.catalog.objects().get(part));
    let mut parents = parts.map(|part| to.root_or_self(&part.id)).peekable();
    let is_parent = |parent: &Id| from.edges(&root.id).any(|edge| *edge.to == *parent);
    parents.peek().is_some() && !parents.any(is_parent)
}

/// Whether an object that stays lets go of another one, as a child does of its parent: with it all its parts do.
fn leaves(id: &Id, parent: &Id, from: &World<'_>, to: &World<'_>) -> bool {
    let uses = |world: &World<'_>| world.edges(id).any(|edge| *edge.to == *parent);
    to.has(id) && uses(from) && !uses(to)
}

/// What an object with the owner of another one (a sequence of a column) is linked to.
fn linked_to<'a>(id: &Id, world: &World<'a>) -> Option<&'a Id> {
    world.get(id).filter(|object| object.body.owner_follows())?;
    let mut edges = world.edges(id);
    let link = edges.find(|edge| edge.strength == Strength::Auto)?;
    Some(world.root_or_self(link.to))
}

/// The step that gives an object, which is `now`'s, the owner of what it will be linked to: the server demands one
/// owner of both. A table that is made belongs to the role that runs the plan; it gets its owner after the link.
fn linking_owner(
    id: &Id,
    now: &str,
    from: &World<'_>,
    to: &World<'_>,
    given: &Given<'_>,
) -> Option<Step> {
    let whole = from.get(linked_to(id, to)?);
    let owner = whole.map_or(given.role, |whole| whole.meta.owner.as_str());
    (owner != now && !owner.is_empty()).then(|| meta::give(id, owner))
}

/// The owners of the root of a part on both sides.
fn owners<'a>(from: &World<'a>, to: &World<'a>, id: &Id) -> (&'a str, &'a str) {
    let owner = |world: &World<'a>| world.root(id).map_or("", |root| &root.meta.owner);
    (owner(from), owner(to))
}

/// Whether a table is dropped that was the parent of others that stay.
fn is_left(id: &Id, from: &World<'_>, fates: &Fates<'_>) -> bool {
    let stays = |user: &Id| user.kind.holds_data() && !user.is_part() && !fates.gone.contains(user);
    id.kind.drops_parts() && from.users(id).iter().any(|(user, _)| stays(user))
}

/// What the server drops an object along with, when that is so: its root, or what it depends on
/// automatically, or what it is made for. Never something that holds rows of its own: that is dropped by a step
/// that says so.
fn dropped_along<'a>(
    id: &'a Id,
    from: &World<'a>,
    to: &World<'a>,
    fates: &Fates<'a>,
) -> Option<&'a Id> {
    let mut current = id;
    let mut seen = FxHashSet::default();
    loop {
        if !seen.insert(current) {
            return None;
        }
        match along_with(current, from, to, fates) {
            Some(next) => current = next,
            None => return (current != id).then_some(current),
        }
    }
}

fn along_with<'a>(id: &Id, from: &World<'a>, to: &World<'a>, fates: &Fates<'a>) -> Option<&'a Id> {
    let root = from
        .root(id)
        .map(|root| &root.id)
        .filter(|root| root.kind.drops_parts() && fates.gone.contains(root));
    // A part that holds rows (a column) goes along with another part only: that of a parent.
    if root.is_some() || (id.kind.holds_data() && !id.is_part()) {
        return root;
    }
    let edges = from.edges(id);
    let makes = |other: &Id| from.edges(other).any(|edge| *edge.to == *id);
    edges
        .filter(|edge| {
            edge.strength == Strength::Auto || (edge.to.kind.drops_makers() && makes(edge.to))
        })
        .map(|edge| edge.to)
        .filter(|other| !id.kind.holds_data() || other.kind == id.kind)
        .filter(|other| {
            !id.is_part() || !leaves(from.root_or_self(id), from.root_or_self(other), from, to)
        })
        .find(|other| fates.gone.contains(other) && !fates.aside.contains(other))
}
