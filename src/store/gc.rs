//! `gc`: deletes what nothing reaches (docs/FORMAT.md, "Writing"). Never an emergency snapshot, never anything younger than the grace period.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Store;
use super::backend::{BackendError, Entry};
use super::error::StoreError;
use super::hash::{ByHash, Hash, SnapshotId};
use super::index::{Index, pack_key, pack_name, read_index};
use super::lease::{Condemned, GRACE, LEASE};
use super::manifest::Origin;
use super::pack::{BlobEntry, PackIndex};
use super::resolve::Snapshot;
use super::walk::{Broken, Walker};
use super::write::BlobWriter;

/// More small packs than this are put together.
const MANY: usize = 32;

/// What a small pack is: less than 1 MiB.
const SMALL: u64 = 1024 * 1024;

/// Content of a pack that gc writes.
const PACK: usize = 64 * 1024 * 1024;

/// What gc may do.
#[derive(Clone, Debug)]
pub struct GcOptions {
    /// The time it is.
    pub now: Timestamp,
    /// Nothing younger is deleted.
    pub grace: Duration,
    /// Only say what would be deleted.
    pub dry_run: bool,
    /// Delete snapshots older than this that have no label, belong to no operation and are not pinned. `None`: keep them.
    pub expire: Option<Duration>,
}

impl GcOptions {
    /// A dry run with the default grace period that expires nothing.
    pub fn new(now: Timestamp) -> GcOptions {
        GcOptions {
            now,
            grace: GRACE,
            dry_run: true,
            expire: None,
        }
    }
}

/// What gc did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Snapshots deleted.
    pub snapshots: Vec<SnapshotId>,
    /// Files deleted, packs and leftovers.
    pub files: Vec<String>,
    /// Packs whose live blobs were copied to new packs.
    pub rewritten: u64,
    /// Bytes that the deleted files took, less those that were copied.
    pub freed: u64,
    /// Snapshots that are kept.
    pub kept: u64,
    /// Packs were not deleted, since others were writing. Run it again later.
    pub busy: bool,
}

/// A pack, and how much of it is needed.
struct Usage {
    name: Hash,
    size: u64,
    young: bool,
    index: PackIndex,
    live: Vec<BlobEntry>,
}

impl Usage {
    fn live_bytes(&self) -> u64 {
        self.live.iter().map(|blob| u64::from(blob.length)).sum()
    }

    fn mostly_dead(&self) -> bool {
        let all: u64 = self
            .index
            .blobs
            .iter()
            .map(|blob| u64::from(blob.length))
            .sum();
        self.live_bytes() * 2 < all
    }
}

impl Store {
    /// Deletes what nothing reaches.
    pub fn gc(&self, options: &GcOptions) -> Result<GcReport, StoreError> {
        let mut report = GcReport::default();
        // gc may write packs, and two of them must see each other.
        let mut writer = if options.dry_run {
            None
        } else {
            Some(BlobWriter::new(self, PACK)?)
        };
        let (live, expired) = self.split_snapshots(options)?;
        report.kept = live.len() as u64;
        report.snapshots = expired.iter().map(|snapshot| snapshot.id).collect();

        // Proves, before anything is deleted, that all that stays can be read.
        let orphans = self.orphaned_records(options)?;
        let planned = candidates(self.usage(&live, options)?);
        if !options.dry_run {
            for snapshot in &expired {
                self.backend.delete(&snapshot.manifest.key(snapshot.id))?;
            }
        }
        for entry in orphans {
            report.freed += entry.size;
            self.remove(&entry.key, options, &mut report)?;
        }
        match &mut writer {
            None => {
                for usage in planned {
                    count(&usage, &mut report);
                    report.files.push(self.backend.place(&pack_key(usage.name)));
                }
            }
            Some(writer) => self.delete_packs(&planned, writer, options, &mut report)?,
        }
        self.sweep(options, &mut report)?;
        report.files.sort();
        Ok(report)
    }

    /// Snapshots that stay, and those that expire.
    fn split_snapshots(
        &self,
        options: &GcOptions,
    ) -> Result<(Vec<Snapshot>, Vec<Snapshot>), StoreError> {
        let mut needed = BTreeSet::new();
        for database in self.logged_databases()? {
            for entry in self.operations(&database)? {
                let operation = entry.operation;
                let states = [operation.before, operation.after]
                    .into_iter()
                    .flatten()
                    .filter_map(|state| state.snapshot);
                needed.extend(states.chain(operation.target.and_then(|target| target.snapshot)));
            }
        }
        let expires = |snapshot: &Snapshot| {
            let age = options.now.duration_since(snapshot.manifest.meta.time);
            let old = |limit: Duration| age.unsigned_abs() >= limit && !age.is_negative();
            match snapshot.manifest.meta.origin {
                Origin::Before(_) => false,
                Origin::User | Origin::After(_) => {
                    snapshot.labels.is_empty()
                        && !needed.contains(&snapshot.id)
                        && options
                            .expire
                            .is_some_and(|limit| old(limit) && old(options.grace))
                }
            }
        };
        Ok(self
            .snapshots(None)?
            .into_iter()
            .partition(|snapshot| !expires(snapshot)))
    }

    /// Rows records whose snapshot is gone: a crash in the middle of a discard.
    fn orphaned_records(&self, options: &GcOptions) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.backend.list("rows")?;
        let known: BTreeSet<String> = self
            .listing(None)?
            .into_iter()
            .map(|listed| listed.id.to_string())
            .collect();
        entries.retain(|entry| {
            let snapshot = entry.key.split('/').nth(1).unwrap_or_default();
            !known.contains(snapshot) && !is_young(entry.modified, options)
        });
        Ok(entries)
    }

    /// Every pack with what of it `live` snapshots need. Fails when something that they need is missing or damaged.
    fn usage(&self, live: &[Snapshot], options: &GcOptions) -> Result<Vec<Usage>, StoreError> {
        *self.index() = Index::default();
        self.index().refresh(&*self.backend)?;
        let mut walker = Walker::new(self, |hash| self.index().pack_of(hash).is_some());
        for snapshot in live {
            let mut broken = walker.snapshot(snapshot.manifest.trees())?;
            for (_, record) in self.rows_of(snapshot.id)? {
                for chunk in &record.chunks {
                    let rows = walker.leaf(*chunk, &format!("rows of {}", record.table));
                    broken = if broken.is_empty() { rows } else { broken };
                }
            }
            // A snapshot that was discarded in the meantime is no damage.
            if !broken.is_empty() && self.exists(snapshot.id)? {
                return Err(refuse_broken(&broken, snapshot));
            }
        }
        let mut packs = Vec::new();
        for entry in self.backend.list("packs")? {
            let Some(name) = pack_name(&entry.key) else {
                continue;
            };
            let index = match read_index(&*self.backend, name, entry.size) {
                // Deleted since the listing.
                Err(StoreError::Backend(BackendError::NotFound { .. })) => continue,
                read => read?,
            };
            // Of a blob that is in two packs, one is enough.
            let needed = |blob: &&BlobEntry| {
                walker.reached(blob.hash) && self.index().pack_of(blob.hash) == Some(name)
            };
            let live = index.blobs.iter().filter(needed).copied().collect();
            packs.push(Usage {
                name,
                size: entry.size,
                young: is_young(entry.modified, options),
                index,
                live,
            });
        }
        Ok(packs)
    }

    /// Deletes packs in the order that keeps writers safe; copies what is alive in them first.
    fn delete_packs(
        &self,
        planned: &[Usage],
        writer: &mut BlobWriter<'_>,
        options: &GcOptions,
        report: &mut GcReport,
    ) -> Result<(), StoreError> {
        if planned.is_empty() {
            return Ok(());
        }
        let names: Vec<Hash> = planned.iter().map(|usage| usage.name).collect();
        let condemned = Condemned::new(&*self.backend, &names)?;
        if condemned.others_write(Some(writer.lease()), system_time(options.now))? {
            report.busy = true;
            return Ok(());
        }
        // What was published since the first look counts too.
        let again: HashMap<Hash, Usage, ByHash> = self
            .usage(&self.snapshots(None)?, options)?
            .into_iter()
            .map(|usage| (usage.name, usage))
            .collect();
        for name in &names {
            let Some(usage) = again.get(name) else {
                continue;
            };
            for blob in &usage.live {
                let bytes = self
                    .index()
                    .read(&*self.backend, &[(blob.class, blob.hash)])?;
                writer.add(blob.class, blob.hash, &bytes.concat())?;
            }
        }
        writer.finish()?;
        for usage in names.iter().filter_map(|name| again.get(name)) {
            count(usage, report);
            self.remove(&pack_key(usage.name), options, report)?;
        }
        *self.index() = Index::default();
        Ok(())
    }

    fn remove(
        &self,
        key: &str,
        options: &GcOptions,
        report: &mut GcReport,
    ) -> Result<(), StoreError> {
        if !options.dry_run {
            self.backend.delete(key)?;
        }
        report.files.push(self.backend.place(key));
        Ok(())
    }

    /// Temporary files and condemnations of crashed runs. No grace period shortens their time: a run may be alive.
    fn sweep(&self, options: &GcOptions, report: &mut GcReport) -> Result<(), StoreError> {
        let before = system_time(options.now)
            .checked_sub(options.grace.max(LEASE))
            .unwrap_or(SystemTime::UNIX_EPOCH);
        report
            .files
            .extend(self.backend.sweep(before, options.dry_run)?);
        // Leases are removed by whoever asks for them.
        for entry in self.backend.list("condemned")? {
            if entry.modified < before {
                self.remove(&entry.key, options, report)?;
            }
        }
        Ok(())
    }
}

/// The packs worth deleting: dead, more than half dead, or small and many.
fn candidates(packs: Vec<Usage>) -> Vec<Usage> {
    let small = |usage: &Usage| !usage.young && usage.size < SMALL;
    let many = packs.iter().filter(|usage| small(usage)).count() > MANY;
    packs
        .into_iter()
        .filter(|usage| {
            !usage.young && (usage.mostly_dead() || usage.live.is_empty() || (many && small(usage)))
        })
        .collect()
}

fn count(usage: &Usage, report: &mut GcReport) {
    report.rewritten += u64::from(!usage.live.is_empty());
    // What is copied takes about the share of the file that it had.
    let all: u64 = usage
        .index
        .blobs
        .iter()
        .map(|blob| u64::from(blob.length))
        .sum();
    let kept = if all == 0 {
        0
    } else {
        u128::from(usage.size) * u128::from(usage.live_bytes()) / u128::from(all)
    };
    report.freed += usage
        .size
        .saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
}

fn refuse_broken(broken: &Broken, snapshot: &Snapshot) -> StoreError {
    let what = broken
        .iter()
        .next()
        .map(|(hash, what)| format!("{what} (blob {hash})"));
    let problem = format!(
        "{} cannot be read; nothing was deleted, `verify` says more",
        what.unwrap_or_default()
    );
    StoreError::corrupt(
        format!("snapshot {} ({})", snapshot.id.short(), snapshot.name()),
        problem,
    )
}

fn is_young(modified: SystemTime, options: &GcOptions) -> bool {
    // A file from the future is young too.
    !system_time(options.now)
        .duration_since(modified)
        .is_ok_and(|age| age >= options.grace)
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::from(time)
}
