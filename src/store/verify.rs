//! `verify`: re-hashes every file, follows every reference, and says what is damaged and what that breaks. Changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::backend::{BackendError, Entry};
use super::error::{Corruption, StoreError};
use super::hash::{ByHash, Hash, SnapshotId};
use super::index::{self, pack_key, pack_name};
use super::oplog::Operation;
use super::pack::PackIndex;
use super::resolve::{Snapshot, parse_key};
use super::rows::{self, RowsRecord};
use super::walk::{Broken, Walker};
use super::{STORE, STORE_KEY, Store};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
    /// The hash it must have.
    pub expected: Option<Hash>,
    /// The hash it has.
    pub actual: Option<Hash>,
    /// What cannot be read because of it.
    pub breaks: Vec<String>,
}

/// What `verify` looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Snapshots whose manifests are whole.
    pub snapshots: u64,
    /// Operations.
    pub operations: u64,
    /// Blobs whose hash was computed.
    pub blobs: u64,
    /// What is wrong; empty: the store is whole.
    pub faults: Vec<Fault>,
}

/// How often faults are looked for again when the store changes under the eyes of `verify`.
const ATTEMPTS: u32 = 5;

/// A blob that is broken: the fault that says why, if its pack is known.
type Damage = BTreeMap<Hash, Option<usize>>;

struct Verifier<'s> {
    store: &'s Store,
    report: VerifyReport,
    good: HashSet<Hash, ByHash>,
    damage: Damage,
    /// Of every broken blob: what it is, and in what.
    breaks: BTreeMap<Hash, BTreeSet<String>>,
}

impl Store {
    /// Checks the whole store.
    pub fn verify(&self) -> Result<VerifyReport, StoreError> {
        let mut attempts = 1;
        loop {
            let before = self.backend.list("")?;
            let report = Verifier {
                store: self,
                report: VerifyReport::default(),
                good: HashSet::default(),
                damage: Damage::new(),
                breaks: BTreeMap::new(),
            }
            .run()?;
            // Others may write and delete meanwhile: what looked like damage is judged again.
            if report.faults.is_empty() || attempts == ATTEMPTS || self.backend.list("")? == before
            {
                return Ok(report);
            }
            attempts += 1;
        }
    }
}

impl Verifier<'_> {
    fn run(mut self) -> Result<VerifyReport, StoreError> {
        // The index may know packs by an earlier look; damage must be seen now.
        *self.store.index() = index::Index::default();
        self.store_file()?;
        // What refers comes before what it refers to: what others write meanwhile is not missed then.
        let labels = self.labels()?;
        let operations = self.operations()?;
        let records = self.records()?;
        let snapshots = self.manifests()?;
        for entry in self.store.backend.list("packs")? {
            self.pack(&entry)?;
        }
        self.reach(&snapshots, &records)?;
        self.check_operations(&operations, &snapshots);
        self.check_labels(labels, &snapshots);
        self.attribute();
        self.report
            .faults
            .sort_by(|a, b| (&a.file, &a.problem).cmp(&(&b.file, &b.problem)));
        Ok(self.report)
    }

    fn fault(&mut self, corruption: Corruption) -> usize {
        let Corruption {
            file,
            problem,
            expected,
            actual,
        } = corruption;
        self.report.faults.push(Fault {
            file,
            problem,
            expected,
            actual,
            breaks: Vec::new(),
        });
        self.report.faults.len() - 1
    }

    fn simple_fault(&mut self, key: &str, problem: impl Into<String>) -> usize {
        let file = self.store.backend.place(key);
        self.fault(Corruption {
            file,
            problem: problem.into(),
            expected: None,
            actual: None,
        })
    }

    /// Damage becomes a fault, `None`; a file that is gone by now is no fault; other failures end the run.
    fn judge<T>(&mut self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Corrupt(corruption)) => {
                self.fault(*corruption);
                Ok(None)
            }
            Err(StoreError::MissingFile { file }) => {
                self.fault(Corruption {
                    file,
                    problem: "it is missing".to_owned(),
                    expected: None,
                    actual: None,
                });
                Ok(None)
            }
            Err(StoreError::Backend(BackendError::NotFound { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn count(&mut self, entry: &Entry) {
        self.report.files += 1;
        self.report.bytes += entry.size;
    }

    fn store_file(&mut self) -> Result<(), StoreError> {
        let bytes = self.store.backend.get(STORE_KEY, None)?;
        self.report.files += 1;
        self.report.bytes += bytes.len() as u64;
        if bytes != STORE {
            self.simple_fault(STORE_KEY, "unexpected content");
        }
        Ok(())
    }

    fn pack(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let Some(name) = pack_name(&entry.key) else {
            self.simple_fault(&entry.key, "it is not named like a pack");
            return Ok(());
        };
        self.count(entry);
        let index = index::read_index(&*self.store.backend, name, entry.size);
        let Some(index) = self.judge(index)? else {
            return Ok(());
        };
        let bytes = match self.store.backend.get(&entry.key, None) {
            Err(BackendError::NotFound { .. }) => return Ok(()),
            read => read?,
        };
        self.frames(name, &index, &bytes);
        Ok(())
    }

    fn frames(&mut self, name: Hash, index: &PackIndex, bytes: &[u8]) {
        let length = index
            .frames
            .last()
            .map_or(0, |last| last.start + u64::from(last.stored));
        let frames = usize::try_from(length)
            .ok()
            .and_then(|length| bytes.get(..length))
            .unwrap_or(bytes);
        let actual = Hash::plain(frames);
        let file = self.store.backend.place(&pack_key(name));
        let whole = actual == index.frames_hash;
        let mut contents = Vec::with_capacity(index.frames.len());
        for (number, frame) in (0_u32..).zip(&index.frames) {
            let start = usize::try_from(frame.start).unwrap_or(usize::MAX);
            let stored = frames
                .get(start..)
                .and_then(|rest| rest.get(..frame.stored as usize))
                .unwrap_or_default();
            contents.push(index.open_frame(number, stored).ok());
        }
        let mut broken = Vec::new();
        for blob in &index.blobs {
            let content = contents.get(blob.frame as usize).and_then(Option::as_ref);
            self.report.blobs += 1;
            if content
                .and_then(|content| content.get(blob.range()))
                .is_some_and(|b| blob.class.hash(b) == blob.hash)
            {
                self.good.insert(blob.hash);
            } else {
                broken.push(blob.hash);
            }
        }
        if whole && broken.is_empty() {
            return;
        }
        let problem = match broken.len() {
            0 => "its bytes have changed; all its blobs are readable still".to_owned(),
            count => format!(
                "its bytes have changed; {count} of its {} blobs cannot be read",
                index.blobs.len()
            ),
        };
        let fault = self.fault(Corruption {
            file,
            problem,
            expected: Some(index.frames_hash),
            actual: Some(actual),
        });
        self.damage
            .extend(broken.into_iter().map(|hash| (hash, Some(fault))));
    }

    fn manifests(&mut self) -> Result<Vec<Snapshot>, StoreError> {
        let labels = self.store.labels(None).unwrap_or_default();
        let mut snapshots = Vec::new();
        for entry in self.store.backend.list("snapshots")? {
            self.count(&entry);
            let Some(listed) = parse_key(&entry.key) else {
                self.simple_fault(&entry.key, "it is not named like a manifest");
                continue;
            };
            let read = self.store.read_manifest(&listed);
            let faults = self.report.faults.len();
            let Some(manifest) = self.judge(read)? else {
                if let Some(fault) = self.report.faults.get_mut(faults) {
                    fault.breaks.push(format!("snapshot {}", listed.id.short()));
                }
                continue;
            };
            if manifest.key(listed.id) != listed.key {
                self.simple_fault(&listed.key, "its name does not agree with its content");
            }
            let own = labels.iter().filter(|(_, id)| **id == listed.id);
            let labels = own.map(|((_, label), _)| label.clone()).collect();
            snapshots.push(Snapshot {
                id: listed.id,
                manifest,
                labels,
            });
        }
        self.report.snapshots = snapshots.len() as u64;
        Ok(snapshots)
    }

    fn records(&mut self) -> Result<Vec<RowsRecord>, StoreError> {
        let mut records = Vec::new();
        for entry in self.store.backend.list("rows")? {
            self.count(&entry);
            let folder = entry
                .key
                .strip_prefix("rows/")
                .and_then(|key| key.split_once('/'));
            let snapshot = folder.and_then(|(folder, _)| folder.parse::<SnapshotId>().ok());
            let (Some(snapshot), Some(hash)) = (snapshot, rows::record_hash(&entry.key)) else {
                self.simple_fault(&entry.key, "it is not named like a rows record");
                continue;
            };
            let bytes = self.store.backend.get(&entry.key, None);
            let place = self.store.backend.place(&entry.key);
            let record = bytes
                .map_err(StoreError::from)
                .and_then(|bytes| RowsRecord::decode(hash, snapshot, &place, &bytes));
            records.extend(self.judge(record)?);
        }
        Ok(records)
    }

    /// Follows every reference to a blob.
    fn reach(&mut self, snapshots: &[Snapshot], records: &[RowsRecord]) -> Result<(), StoreError> {
        let good = std::mem::take(&mut self.good);
        let mut walker = Walker::new(self.store, |hash| good.contains(&hash));
        let mut found: Vec<(String, Broken)> = Vec::new();
        for snapshot in snapshots {
            let broken = walker.snapshot(snapshot.manifest.trees())?;
            // Discarded since it was listed.
            if !broken.is_empty() && !self.store.exists(snapshot.id)? {
                continue;
            }
            found.push((
                format!("snapshot {} ({})", snapshot.id.short(), snapshot.name()),
                broken,
            ));
        }
        // A record without its snapshot is what a crash in a discard leaves: nothing needs it.
        let known = |record: &&RowsRecord| snapshots.iter().any(|s| s.id == record.snapshot);
        for record in records.iter().filter(known) {
            for chunk in &record.chunks {
                let what = format!("rows of {}", record.table);
                let within = format!("the rows saved with snapshot {}", record.snapshot.short());
                found.push((within, walker.leaf(*chunk, &what)));
            }
        }
        for (within, broken) in found {
            for (hash, what) in broken.iter() {
                self.breaks
                    .entry(*hash)
                    .or_default()
                    .insert(format!("{what} in {within}"));
                self.damage.entry(*hash).or_insert(None);
            }
        }
        Ok(())
    }

    /// Tells each fault what it breaks; a blob that is in no pack is a fault of its own.
    fn attribute(&mut self) {
        for (hash, fault) in std::mem::take(&mut self.damage) {
            let breaks = self.breaks.remove(&hash).unwrap_or_default();
            let fault = fault.unwrap_or_else(|| {
                let file = self.store.backend.place("packs");
                let problem = "a blob is in none of the packs that can be read".to_owned();
                self.fault(Corruption {
                    file,
                    problem,
                    expected: Some(hash),
                    actual: None,
                })
            });
            if let Some(fault) = self.report.faults.get_mut(fault) {
                fault.breaks.extend(breaks);
            }
        }
    }

    fn operations(&mut self) -> Result<Vec<Operation>, StoreError> {
        for entry in self.store.backend.list("operations")? {
            self.count(&entry);
        }
        let mut operations = Vec::new();
        for database in self.store.logged_databases()? {
            let entries = self.store.operations(&database);
            let entries = self.judge(entries)?.unwrap_or_default();
            operations.extend(entries.into_iter().map(|entry| entry.operation));
        }
        self.report.operations = operations.len() as u64;
        Ok(operations)
    }

    fn check_operations(&mut self, operations: &[Operation], snapshots: &[Snapshot]) {
        for operation in operations {
            let states = [&operation.before, &operation.after];
            for id in states
                .into_iter()
                .flatten()
                .filter_map(|state| state.snapshot)
            {
                if !snapshots.iter().any(|snapshot| snapshot.id == id) {
                    let id = id.short();
                    self.simple_fault(
                        "snapshots",
                        format!(
                            "operation {} needs snapshot {id}, which is not there or damaged",
                            operation.id
                        ),
                    );
                }
            }
        }
    }

    /// The labels by their keys, and what they name.
    fn labels(&mut self) -> Result<Vec<(String, SnapshotId)>, StoreError> {
        let mut labels = Vec::new();
        for entry in self.store.backend.list("labels")? {
            self.count(&entry);
            let label = self.store.label_at(&entry.key);
            labels.extend(self.judge(label)?.map(|id| (entry.key, id)));
        }
        Ok(labels)
    }

    fn check_labels(&mut self, labels: Vec<(String, SnapshotId)>, snapshots: &[Snapshot]) {
        for (key, id) in labels {
            if snapshots.iter().any(|snapshot| snapshot.id == id) {
                continue;
            }
            // Taken away, or back, since it was read.
            if !matches!(self.store.label_at(&key), Ok(still) if still == id) {
                continue;
            }
            self.simple_fault(
                &key,
                format!(
                    "it names snapshot {}, which is not there or damaged",
                    id.short()
                ),
            );
        }
    }
}
