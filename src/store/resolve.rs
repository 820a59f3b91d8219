//! Which snapshots there are, what they are called, and which one a ref means.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Store;
use super::backend::BackendError;
use super::error::StoreError;
use super::hash::{Hash, SnapshotId};
use super::labels::Labels;
use super::manifest::{self, DatabaseId, Manifest};
use super::refs::{Candidate, MIN_PREFIX, Ref, RefError};
use super::snapshot::by_user;

/// A manifest's file, by its name alone.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) id: SnapshotId,
    pub(crate) database: DatabaseId,
    /// As in the name: sorts as text.
    pub(crate) time: String,
    pub(crate) key: String,
}

/// A snapshot, its manifest and its names.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Its manifest.
    pub manifest: Manifest,
    /// The labels it has now, sorted.
    pub labels: Vec<String>,
}

impl Snapshot {
    /// What to call it: its first label, else its automatic name, else the short id.
    pub fn name(&self) -> String {
        let label = self.labels.first().cloned();
        label
            .or_else(|| self.manifest.meta.origin.name())
            .unwrap_or_else(|| self.id.short())
    }
}

/// What a ref means.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The snapshot.
    pub id: SnapshotId,
    /// Its manifest.
    pub manifest: Manifest,
    /// It is of another database than the one asked for: allowed, but to be said.
    pub elsewhere: bool,
}

impl Store {
    /// Manifests by their names, newest first; of one database or of all.
    pub(crate) fn listing(&self, database: Option<&DatabaseId>) -> Result<Vec<Listed>, StoreError> {
        let folder = database.map_or("snapshots".to_owned(), |database| {
            format!("snapshots/{database}")
        });
        let entries = self.backend.list(&folder)?;
        let mut listed: Vec<Listed> = entries
            .into_iter()
            .filter_map(|entry| parse_key(&entry.key))
            .collect();
        listed.sort_by(|a, b| (&b.time, b.id).cmp(&(&a.time, a.id)));
        Ok(listed)
    }

    pub(crate) fn read_manifest(&self, listed: &Listed) -> Result<Manifest, StoreError> {
        let bytes = self.backend.get(&listed.key, None)?;
        Manifest::decode(listed.id, &self.backend.place(&listed.key), &bytes)
    }

    /// The snapshots of a database, or of all, newest first, with their names.
    pub fn snapshots(&self, database: Option<&DatabaseId>) -> Result<Vec<Snapshot>, StoreError> {
        let mut names: BTreeMap<SnapshotId, Vec<String>> = BTreeMap::new();
        for ((_, label), id) in self.labels(database)? {
            names.entry(id).or_default().push(label);
        }
        let mut snapshots = Vec::new();
        for listed in self.listing(database)? {
            let manifest = match self.read_manifest(&listed) {
                // Discarded since the listing.
                Err(StoreError::Backend(BackendError::NotFound { .. })) => continue,
                read => read?,
            };
            snapshots.push(Snapshot {
                id: listed.id,
                manifest,
                labels: names.remove(&listed.id).unwrap_or_default(),
            });
        }
        Ok(snapshots)
    }

    /// The snapshot that `text` means: for `database`, or in the whole store. `now` is what `@{2h}` counts from.
    ///
    /// A label or prefix that `database` does not have is looked up in the whole store too.
    pub fn resolve(
        &self,
        text: &str,
        database: Option<&DatabaseId>,
        now: Timestamp,
    ) -> Result<Resolved, StoreError> {
        let listed = match Ref::parse(text)? {
            Ref::Name(name) => self.by_name(&name, database)?,
            Ref::Automatic(name) => self.by_origin(&name, database)?,
            Ref::Newest(back) => {
                let database = self.only_database(text, database)?;
                self.by_user_before(text, &database, back, None)?
            }
            Ref::Ago(ago) => {
                let then = now.checked_sub(ago).map_err(|error| RefError::Invalid {
                    given: text.to_owned(),
                    problem: error.to_string(),
                })?;
                let database = self.only_database(text, database)?;
                self.by_user_before(text, &database, 0, Some(then))?
            }
            Ref::Before(back) => self.by_operation(text, database, back, true)?,
            Ref::After(back) => self.by_operation(text, database, back, false)?,
        };
        let manifest = self.read_manifest(&listed)?;
        let elsewhere = database.is_some_and(|database| *database != listed.database);
        Ok(Resolved {
            id: listed.id,
            manifest,
            elsewhere,
        })
    }

    /// The database of a ref such as `@` when none is given: the only one in the store.
    fn only_database(
        &self,
        given: &str,
        database: Option<&DatabaseId>,
    ) -> Result<DatabaseId, StoreError> {
        if let Some(database) = database {
            return Ok(*database);
        }
        // Newest first: the first of each database is its newest.
        let mut newest: BTreeMap<DatabaseId, Listed> = BTreeMap::new();
        for listed in self.listing(None)? {
            newest.entry(listed.database).or_insert(listed);
        }
        match newest.len() {
            0 => {
                let problem = "the store has no snapshot".to_owned();
                Err(RefError::Nothing {
                    given: given.to_owned(),
                    problem,
                }
                .into())
            }
            1 => newest
                .into_keys()
                .next()
                .ok_or_else(|| StoreError::Input("no database".to_owned())),
            _ => Err(self.ambiguous(given, newest.into_values().collect())),
        }
    }

    fn ambiguous(&self, given: &str, listed: Vec<Listed>) -> StoreError {
        let labels = self.labels(None).unwrap_or_default();
        let mut candidates = Vec::new();
        for listed in listed {
            let manifest = match self.read_manifest(&listed) {
                Ok(manifest) => manifest,
                Err(error) => return error,
            };
            let label = labels
                .iter()
                .find(|(_, id)| **id == listed.id)
                .map(|((_, label), _)| label.clone());
            let name = label.or_else(|| manifest.meta.origin.name());
            candidates.push(Candidate {
                id: listed.id,
                name,
                database: manifest.meta.database.name,
                time: manifest.meta.time,
            });
        }
        RefError::Ambiguous {
            given: given.to_owned(),
            candidates,
        }
        .into()
    }

    /// Picks the only one of `found`; `None` when there is none.
    fn single(&self, given: &str, mut found: Vec<Listed>) -> Result<Option<Listed>, StoreError> {
        if found.len() > 1 {
            return Err(self.ambiguous(given, found));
        }
        Ok(found.pop())
    }

    fn by_name(&self, name: &str, database: Option<&DatabaseId>) -> Result<Listed, StoreError> {
        let listing = self.listing(None)?;
        let labels = self.labels(None)?;
        let here = |listed: &&Listed| database.is_none_or(|database| listed.database == *database);
        let labelled = |listed: &Listed, database: &DatabaseId, label: &str, id: &SnapshotId| {
            label == name && *id == listed.id && listed.database == *database
        };
        let has_label = |listed: &&Listed| {
            labels
                .iter()
                .any(|((database, label), id)| labelled(listed, database, label, id))
        };
        let is_prefix = name.len() >= MIN_PREFIX
            && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let has_prefix = |listed: &&Listed| is_prefix && listed.id.0.to_hex().starts_with(name);

        let local: Vec<Listed> = listing
            .iter()
            .filter(here)
            .filter(|l| has_label(l) || has_prefix(l))
            .cloned()
            .collect();
        if let Some(found) = self.single(name, local)? {
            return Ok(found);
        }
        let anywhere: Vec<Listed> = listing
            .iter()
            .filter(|l| has_label(l) || has_prefix(l))
            .cloned()
            .collect();
        if let Some(found) = self.single(name, anywhere)? {
            return Ok(found);
        }
        Err(self.unknown(name, database, &labels))
    }

    fn unknown(&self, given: &str, database: Option<&DatabaseId>, labels: &Labels) -> StoreError {
        if given.len() < MIN_PREFIX
            && !given.is_empty()
            && given.bytes().all(|b| b.is_ascii_hexdigit())
        {
            let problem = format!("a snapshot's id is named by at least {MIN_PREFIX} digits");
            return RefError::Invalid {
                given: given.to_owned(),
                problem,
            }
            .into();
        }
        let mut names: Vec<String> = labels.keys().map(|(_, label)| label.clone()).collect();
        names.extend(["@", "@before", "@after"].map(str::to_owned));
        if let Ok(snapshots) = self.snapshots(database) {
            names.extend(
                snapshots
                    .iter()
                    .filter_map(|snapshot| snapshot.manifest.meta.origin.name()),
            );
        }
        let score =
            |name: &String| strsim::jaro_winkler(&given.to_lowercase(), &name.to_lowercase());
        let nearest = names
            .into_iter()
            .map(|name| (score(&name), name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        // Below this, the two texts have little in common and the suggestion would mislead.
        let nearest = nearest
            .filter(|(score, _)| *score >= 0.75)
            .map(|(_, name)| name);
        RefError::Unknown {
            given: given.to_owned(),
            nearest,
        }
        .into()
    }

    fn by_origin(&self, name: &str, database: Option<&DatabaseId>) -> Result<Listed, StoreError> {
        let mut found = Vec::new();
        for listed in self.listing(None)? {
            if self.read_manifest(&listed)?.meta.origin.name().as_deref() == Some(name) {
                found.push(listed);
            }
        }
        let local = found
            .iter()
            .filter(|listed| Some(&listed.database) == database)
            .cloned()
            .collect();
        if let Some(found) = self.single(name, local)? {
            return Ok(found);
        }
        match self.single(name, found)? {
            Some(found) => Ok(found),
            None => Err(self.unknown(name, database, &self.labels(None)?)),
        }
    }

    /// The snapshot that a user took `back` before the newest one, not after `then`.
    fn by_user_before(
        &self,
        given: &str,
        database: &DatabaseId,
        back: usize,
        then: Option<Timestamp>,
    ) -> Result<Listed, StoreError> {
        let then = then.map(manifest::name_time);
        let mut count = 0;
        let mut oldest = None;
        for listed in self.listing(Some(database))? {
            let manifest = self.read_manifest(&listed)?;
            if !by_user(&manifest) {
                continue;
            }
            oldest = Some(manifest.meta.time);
            if then.as_ref().is_some_and(|then| listed.time > *then) {
                continue;
            }
            if count == back {
                return Ok(listed);
            }
            count += 1;
        }
        let problem = match (oldest, then) {
            (None, _) => "no snapshot of this database was taken by a user".to_owned(),
            (Some(oldest), Some(_)) => {
                format!("the oldest snapshot of this database is of {oldest:.0}")
            }
            (Some(_), None) => format!("users took {count} snapshots of this database"),
        };
        Err(RefError::Nothing {
            given: given.to_owned(),
            problem,
        }
        .into())
    }

    /// The snapshot before or after the `back`-th newest operation.
    fn by_operation(
        &self,
        given: &str,
        database: Option<&DatabaseId>,
        back: usize,
        before: bool,
    ) -> Result<Listed, StoreError> {
        let nothing = |problem: String| RefError::Nothing {
            given: given.to_owned(),
            problem,
        };
        let database = self.only_database(given, database)?;
        let operations = self.operations(&database)?;
        let Some(entry) = operations.get(back) else {
            return Err(nothing(format!(
                "this database has {} operations on record",
                operations.len()
            ))
            .into());
        };
        let operation = &entry.operation;
        let state = if before {
            &operation.before
        } else {
            &operation.after
        };
        let side = if before { "before" } else { "after" };
        let Some(id) = state.as_ref().and_then(|state| state.snapshot) else {
            return Err(nothing(format!(
                "operation {} ({}) has no snapshot {side} it",
                operation.id, operation.command
            ))
            .into());
        };
        let listed = self
            .listing(None)?
            .into_iter()
            .find(|listed| listed.id == id);
        listed.ok_or(StoreError::NoSnapshot(id))
    }
}

/// What the key of a manifest says; `None`: it is not named like one.
pub(crate) fn parse_key(key: &str) -> Option<Listed> {
    let (database, name) = key.strip_prefix("snapshots/")?.split_once('/')?;
    let (time, id) = name.strip_suffix(".json")?.split_once('-')?;
    let id = SnapshotId(id.parse::<Hash>().ok()?);
    Some(Listed {
        id,
        database: database.parse().ok()?,
        time: time.to_owned(),
        key: key.to_owned(),
    })
}
