//! As much of two stored snapshots as it takes to say how they differ: the objects that do, and what their SQL is written
//! with. The cost is that of the difference, not of the schema.
//!
//! Nothing else may be told of these catalogs: an object that is not in them may well be in the snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::failure::Failure;
use crate::catalog::id::{Family, Style};
use crate::catalog::quote::qualified;
use crate::catalog::{Catalog, Id, Object, Tag, canon};
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
    /// Where each of them is, by the text of its id.
    places: HashMap<String, usize>,
    /// The root objects that were asked for: schema and id.
    roots: BTreeSet<(String, String)>,
    /// Objects whose dependencies are wanted.
    open: Vec<usize>,
    opened: BTreeSet<usize>,
    edges: Vec<(String, String)>,
    layout: BTreeMap<Id, Vec<crate::catalog::Str>>,
}

impl<'s> Part<'s> {
    fn of(store: &'s Store, id: SnapshotId) -> Result<Self, Failure> {
        let (pieces, manifest) = store.pieces(id)?;
        Ok(Self {
            pieces,
            manifest,
            objects: Vec::new(),
            places: HashMap::new(),
            roots: BTreeSet::new(),
            open: Vec::new(),
            opened: BTreeSet::new(),
            edges: Vec::new(),
            layout: BTreeMap::new(),
        })
    }

    /// Adds a root object with its parts, when it is there; `used` when all that they depend on is wanted too.
    fn add(&mut self, schema: &str, id: &str, used: bool) -> Result<bool, Failure> {
        let root = (schema.to_owned(), id.to_owned());
        if !self.roots.contains(&root) {
            let Some(bytes) = self.pieces.object(schema, id)? else {
                return Ok(false);
            };
            let objects = canon::decode(&bytes).map_err(|error| corrupt(id, &error))?;
            if let Some(columns) = self.pieces.layout(schema, id)?
                && let Some(table) = objects.first()
            {
                let columns = columns.into_iter().map(Into::into).collect();
                self.layout.insert(table.id.clone(), columns);
            }
            for object in objects {
                self.places
                    .insert(object.id.to_string(), self.objects.len());
                self.objects.push(object);
            }
            self.roots.insert(root);
        }
        if used && let Some(&start) = self.places.get(id) {
            let root = self.objects.get(start).map(|object| object.id.clone());
            let own =
                |object: &&Object| root.as_ref().is_some_and(|root| object.id.same_root(root));
            let count = self.objects.iter().skip(start).take_while(own).count();
            self.open.extend(start..start + count);
        }
        Ok(true)
    }

    /// Adds what the open objects depend on, and what that depends on in turn.
    fn add_what_is_used(&mut self) -> Result<(), Failure> {
        while let Some(place) = self.open.pop() {
            if !self.opened.insert(place) {
                continue;
            }
            let Some(id) = self.objects.get(place).map(|object| object.id.clone()) else {
                continue;
            };
            let from = id.to_string();
            for edge in self.pieces.edges(&id.schema, &from)? {
                let (_, to) = edge.split_once(' ').unwrap_or_default();
                if !self.places.contains_key(to) {
                    for (schema, root) in roots_of(to) {
                        if self.add(&schema, &root, false)? {
                            break;
                        }
                    }
                }
                if let Some(&used) = self.places.get(to) {
                    self.open.push(used);
                    self.edges.push((from.clone(), edge));
                }
            }
        }
        Ok(())
    }

    /// Adds what these objects make along with them (the sequence of an identity column).
    fn add_what_is_made(&mut self, seeds: &[&str]) -> Result<(), Failure> {
        let catalog = self.catalog()?;
        let ids = seeds.iter().filter_map(|seed| self.places.get(*seed));
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
        let pairs = self.edges.iter().map(|(from, to)| (&**from, &**to));
        let links = canon::decode_edges(&self.objects, pairs)
            .map_err(|error| corrupt("dependencies", &error))?;
        let version = self.manifest.meta.server;
        let (objects, layout) = (self.objects.clone(), self.layout.clone());
        Ok(Catalog::assemble(version, objects, links, layout))
    }

    fn finish(self) -> Result<(Catalog, Manifest), Failure> {
        Ok((self.catalog()?, self.manifest))
    }
}

fn corrupt(what: &str, error: &canon::CanonError) -> Failure {
    Failure::unreachable(format!("the store: {what}: {error}"))
}

/// The root objects that an id, given as text, can be or belong to: schema and id. An index does not say which table it
/// belongs to, but whoever depends on an index depends on its table or on columns of that, too.
fn roots_of(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for tag in Tag::ALL {
        let rest = text.strip_prefix(tag.name());
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix(' ')) else {
            continue;
        };
        let on = match tag.style() {
            Style::Qualified | Style::Routine | Style::Operator | Style::Using => {
                let schema = first_ident(rest).map(|(schema, _)| schema);
                found.extend(schema.map(|schema| (schema, text.to_owned())));
                continue;
            }
            Style::Global | Style::Cast | Style::Transform | Style::Verbatim | Style::Member => {
                found.push((String::new(), text.to_owned()));
                continue;
            }
            Style::Column => Some(rest),
            Style::On => first_ident(rest).and_then(|(_, rest)| rest.strip_prefix(" on ")),
        };
        let Some((schema, rest)) = on.and_then(first_ident) else {
            continue;
        };
        let Some((name, _)) = rest.strip_prefix('.').and_then(first_ident) else {
            continue;
        };
        let family = tag.family();
        let roots = Tag::ALL.iter().filter(|root| {
            root.family() == family && root.style() == Style::Qualified && family != Family::Schema
        });
        let name = qualified(&schema, &name);
        found.extend(roots.map(|root| (schema.clone(), format!("{} {name}", root.name()))));
    }
    found.sort();
    found.dedup();
    found
}

/// The identifier that a text begins with, without its quotes, and what comes after it.
fn first_ident(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| ".( ".contains(c)).unwrap_or(text.len());
        return Some((text.get(..end)?.to_owned(), text.get(end..)?));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_to_what_they_are_part_of() {
        let has = |text: &str, schema: &str, root: &str| {
            let wanted = (schema.to_owned(), root.to_owned());
            assert!(roots_of(text).contains(&wanted), "{:?}", roots_of(text));
        };
        has(
            "table column app.users.\"E \"\"Mail\"",
            "app",
            "table app.users",
        );
        has(
            "trigger \"a on b\" on \"My App\".users",
            "My App",
            "table \"My App\".users",
        );
        has("domain constraint d on app.word", "app", "type app.word");
        has(
            "function app.f(integer,text)",
            "app",
            "function app.f(integer,text)",
        );
        has(
            "operator app.=(integer,integer)",
            "app",
            "operator app.=(integer,integer)",
        );
        has("schema app", "", "schema app");
        assert_eq!(roots_of("nothing at all"), []);
    }
}
