//! The history of one object: in which snapshots it came, changed and went.
//!
//! Reads one snapshot whole and of the others only what differs from the one before.

use std::collections::BTreeMap;

use super::failure::Failure;
use crate::catalog::{Object, canon};
use crate::store::{DatabaseId, Snapshot, Store};

/// What happened to the object between a snapshot and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is there, and was not before.
    New,
    /// It differs.
    Changed,
    /// It is no longer there.
    Gone,
}

impl Event {
    /// The word in output and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

/// The object as a snapshot has it: a root object with all its parts, or one part.
#[derive(PartialEq)]
enum State {
    Root(Vec<u8>),
    Part(Box<Object>),
}

/// Whether a snapshot differs from the one before in the object, and what the object is now.
enum Touched {
    Not,
    Now(Option<State>),
}

/// The events of the object `id` in `snapshots`, newest first. Each database has a history of its own.
pub fn of_object<'s>(
    store: &Store,
    snapshots: &'s [Snapshot],
    id: &str,
) -> Result<Vec<(Event, &'s Snapshot)>, Failure> {
    let wanted = Wanted {
        store,
        id,
        root: is_root(store, snapshots, id)?,
    };
    let mut databases: BTreeMap<DatabaseId, Vec<&Snapshot>> = BTreeMap::new();
    for snapshot in snapshots {
        databases
            .entry(snapshot.manifest.meta.database.id())
            .or_default()
            .push(snapshot);
    }
    let mut events = Vec::new();
    for mut snapshots in databases.into_values() {
        snapshots.sort_by_key(|snapshot| (snapshot.manifest.meta.time, snapshot.id));
        events.extend(wanted.events(&snapshots)?);
    }
    events
        .sort_by_key(|(_, snapshot)| std::cmp::Reverse((snapshot.manifest.meta.time, snapshot.id)));
    Ok(events)
}

/// Whether any of the snapshots has a root object `id`. Only if none has must objects be taken apart to find it.
fn is_root(store: &Store, snapshots: &[Snapshot], id: &str) -> Result<bool, Failure> {
    for snapshot in snapshots {
        if store.object(snapshot.id, id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn event(before: Option<&State>, after: Option<&State>) -> Option<Event> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Event::New),
        (Some(before), Some(after)) => (before != after).then_some(Event::Changed),
        (Some(_), None) => Some(Event::Gone),
    }
}

/// The object whose history is asked for.
struct Wanted<'s> {
    store: &'s Store,
    id: &'s str,
    root: bool,
}

impl Wanted<'_> {
    /// The events in snapshots of one database, oldest first.
    fn events<'a>(
        &self,
        snapshots: &[&'a Snapshot],
    ) -> Result<Vec<(Event, &'a Snapshot)>, Failure> {
        let mut events = Vec::new();
        let mut state: Option<State> = None;
        let mut before: Option<&Snapshot> = None;
        for snapshot in snapshots {
            let touched = match before {
                None => Touched::Now(self.look(snapshot)?),
                Some(before) => self.difference(before, snapshot)?,
            };
            if let Touched::Now(next) = touched {
                let event = event(state.as_ref(), next.as_ref());
                events.extend(event.map(|event| (event, *snapshot)));
                state = next;
            }
            before = Some(snapshot);
        }
        Ok(events)
    }

    /// The object in a snapshot.
    fn look(&self, snapshot: &Snapshot) -> Result<Option<State>, Failure> {
        for root in self
            .store
            .objects(snapshot.id, |_, root| !self.root || root == self.id)?
        {
            if let Some(state) = self.find(&root.id, root.bytes)? {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }

    /// The object in `after`, if what differs between the two snapshots touches it.
    fn difference(&self, before: &Snapshot, after: &Snapshot) -> Result<Touched, Failure> {
        let mut gone = false;
        for changed in self.store.compare(before.id, after.id)? {
            let state = |hash| self.find(&changed.id, self.store.object_bytes(hash)?);
            if let Some(state) = changed.after.map(state).transpose()?.flatten() {
                return Ok(Touched::Now(Some(state)));
            }
            gone |= changed.before.map(state).transpose()?.flatten().is_some();
        }
        Ok(if gone {
            Touched::Now(None)
        } else {
            Touched::Not
        })
    }

    /// The object in the bytes of the root object `root`: the root itself, or a part of it.
    fn find(&self, root: &str, bytes: Vec<u8>) -> Result<Option<State>, Failure> {
        if self.root {
            return Ok((root == self.id).then_some(State::Root(bytes)));
        }
        let objects = canon::decode(&bytes);
        let objects = objects.map_err(|error| Failure::unreachable(format!("{root}: {error}")))?;
        let part = objects
            .into_iter()
            .find(|object| object.id.is_part() && object.id.to_string() == self.id);
        Ok(part.map(|part| State::Part(Box::new(part))))
    }
}
