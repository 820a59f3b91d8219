//! Which pack holds a blob, and reading it: the indexes of all packs, merged, and the frames read last.
//!
//! Every blob is checked against its hash before it leaves this file.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::backend::{Backend, BackendError};
use super::error::{Corruption, StoreError};
use super::hash::{ByHash, Class, Hash};
use super::pack::{PackError, PackIndex};

/// How much of a pack's end is read at first: the whole index of a pack of up to about 1,400 blobs.
const TAIL: u64 = 64 * 1024;

/// Frames kept after use. Frames of small blobs are about 64 KiB, so this is a few MiB.
const KEPT_FRAMES: usize = 64;

/// A frame longer than this holds one large blob and is not kept.
const KEPT_LENGTH: usize = 256 * 1024;

/// Adjacent frames are read together up to this many bytes.
const READ: u64 = 8 * 1024 * 1024;

/// Number of a pack, number of a frame in it.
type FrameId = (u32, u32);

/// A frame and its content.
type Opened = (FrameId, Arc<Vec<u8>>);

/// Where a blob is: number of its pack, number of its entry there.
#[derive(Clone, Copy)]
struct Location {
    pack: u32,
    blob: u32,
}

struct LoadedPack {
    name: Hash,
    index: PackIndex,
}

/// The packs of a store, as far as they have been looked at.
#[derive(Default)]
pub(crate) struct Index {
    loaded: bool,
    packs: Vec<LoadedPack>,
    names: BTreeSet<Hash>,
    blobs: HashMap<Hash, Location, ByHash>,
    frames: VecDeque<Opened>,
    /// Packs whose index cannot be read; for the error when a blob is not found.
    damaged: Vec<Corruption>,
}

/// The key of a pack.
pub(crate) fn pack_key(name: Hash) -> String {
    format!("packs/{name}.pack")
}

/// The name of the pack with this key.
pub(crate) fn pack_name(key: &str) -> Option<Hash> {
    key.strip_prefix("packs/")?
        .strip_suffix(".pack")?
        .parse()
        .ok()
}

/// Reads the index of the pack `name`, a file of `size` bytes.
pub(crate) fn read_index(
    backend: &dyn Backend,
    name: Hash,
    size: u64,
) -> Result<PackIndex, StoreError> {
    let key = pack_key(name);
    let bad = |error: PackError| match error {
        PackError::Newer(found) => StoreError::Newer {
            file: backend.place(&key),
            found: found.into(),
            supported: super::manifest::VERSION,
        },
        PackError::WrongName { expected, actual } => StoreError::wrong_hash(
            backend.place(&key),
            "its index has changed",
            expected,
            actual,
        ),
        error => StoreError::corrupt(backend.place(&key), error.to_string()),
    };
    let first = size.min(TAIL);
    let mut tail = backend.get(&key, Some(size - first..size))?;
    let length = PackIndex::tail_length(&tail).map_err(bad)?;
    if length > size {
        return Err(bad(PackError::Truncated));
    }
    if length > first {
        tail = backend.get(&key, Some(size - length..size))?;
    }
    let skip = tail
        .len()
        .saturating_sub(usize::try_from(length).unwrap_or(usize::MAX));
    PackIndex::decode_tail(name, size, tail.get(skip..).unwrap_or_default()).map_err(bad)
}

impl Index {
    /// Looks for packs that are new since the last time, and forgets those that are gone.
    pub(crate) fn refresh(&mut self, backend: &dyn Backend) -> Result<(), StoreError> {
        let listed = backend.list("packs")?;
        let present: BTreeSet<Hash> = listed
            .iter()
            .filter_map(|entry| pack_name(&entry.key))
            .collect();
        if !self.names.is_subset(&present) {
            *self = Index::default();
        }
        self.damaged.clear();
        for entry in listed {
            let Some(name) = pack_name(&entry.key) else {
                continue;
            };
            if self.names.contains(&name) {
                continue;
            }
            match read_index(backend, name, entry.size) {
                Ok(index) => self.add(name, index),
                // Deleted by gc since the listing.
                Err(StoreError::Backend(BackendError::NotFound { .. })) => {}
                // Only what needs this pack fails.
                Err(StoreError::Corrupt(corruption)) => self.damaged.push(*corruption),
                Err(error) => return Err(error),
            }
        }
        self.loaded = true;
        Ok(())
    }

    /// Adds a pack that was read or written.
    pub(crate) fn add(&mut self, name: Hash, index: PackIndex) {
        if !self.names.insert(name) {
            return;
        }
        let pack = u32::try_from(self.packs.len()).unwrap_or(u32::MAX);
        self.blobs.reserve(index.blobs.len());
        for (blob, entry) in (0_u32..).zip(&index.blobs) {
            self.blobs.insert(entry.hash, Location { pack, blob });
        }
        self.packs.push(LoadedPack { name, index });
    }

    /// Whether a pack that is not in `condemned` holds this blob, as far as the index was loaded.
    pub(crate) fn has(&self, hash: Hash, condemned: &BTreeSet<Hash>) -> bool {
        let pack = self
            .blobs
            .get(&hash)
            .and_then(|location| self.packs.get(location.pack as usize));
        pack.is_some_and(|pack| !condemned.contains(&pack.name))
    }

    /// The pack that holds a blob.
    pub(crate) fn pack_of(&self, hash: Hash) -> Option<Hash> {
        let location = self.blobs.get(&hash)?;
        self.packs.get(location.pack as usize).map(|pack| pack.name)
    }

    /// The blobs of `wanted`, in the order asked for; each must be of the class given.
    pub(crate) fn read(
        &mut self,
        backend: &dyn Backend,
        wanted: &[(Class, Hash)],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let fresh = !self.loaded;
        if fresh {
            self.refresh(backend)?;
        }
        match self.read_known(backend, wanted) {
            // Written, or moved to another pack by gc, since the index was read.
            Err(
                StoreError::MissingBlob { .. } | StoreError::Backend(BackendError::NotFound { .. }),
            ) => {
                self.refresh(backend)?;
                self.read_known(backend, wanted)
            }
            done => done,
        }
        .map_err(|error| self.blame(error))
    }

    /// A blob that is not found may be in a pack that cannot be read: then that pack is what is wrong.
    fn blame(&self, error: StoreError) -> StoreError {
        match (error, self.damaged.first()) {
            (StoreError::MissingBlob { class, hash }, Some(damage)) => {
                let others = match self.damaged.len() - 1 {
                    0 => String::new(),
                    more => format!(" ({more} more packs are damaged)"),
                };
                let problem = format!(
                    "{}, so {class} {hash} cannot be read{others}",
                    damage.problem
                );
                StoreError::Corrupt(Box::new(Corruption {
                    problem,
                    ..damage.clone()
                }))
            }
            (error, _) => error,
        }
    }

    fn read_known(
        &mut self,
        backend: &dyn Backend,
        wanted: &[(Class, Hash)],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        // What to take from which frame, in the order of the files.
        let mut takes = Vec::with_capacity(wanted.len());
        for (position, (class, hash)) in wanted.iter().enumerate() {
            let missing = StoreError::MissingBlob {
                class: *class,
                hash: *hash,
            };
            let Some(location) = self.blobs.get(hash) else {
                return Err(missing);
            };
            let entry = self
                .packs
                .get(location.pack as usize)
                .and_then(|p| p.index.blobs.get(location.blob as usize));
            match entry {
                Some(entry) if entry.class == *class => {
                    takes.push(((location.pack, entry.frame), *entry, position));
                }
                _ => return Err(missing),
            }
        }
        takes.sort_unstable_by_key(|(frame, entry, _)| (*frame, entry.offset));

        let mut read = vec![Vec::new(); wanted.len()];
        let mut frames: Vec<FrameId> = takes.iter().map(|take| take.0).collect();
        frames.dedup();
        let mut takes = takes.into_iter().peekable();
        for run in self.runs(&frames) {
            for (frame, content) in self.open_frames(backend, run)? {
                while let Some((_, entry, position)) = takes.next_if(|take| take.0 == frame) {
                    let bytes = content.get(entry.range()).unwrap_or_default();
                    let actual = entry.class.hash(bytes);
                    if actual != entry.hash {
                        let problem = format!("a blob of class {} has changed", entry.class);
                        return Err(StoreError::wrong_hash(
                            self.place(backend, frame.0),
                            problem,
                            entry.hash,
                            actual,
                        ));
                    }
                    if let Some(slot) = read.get_mut(position) {
                        *slot = bytes.to_vec();
                    }
                }
            }
        }
        Ok(read)
    }

    /// Splits sorted frames into runs that one read gets.
    fn runs<'f>(&self, frames: &'f [FrameId]) -> Vec<&'f [FrameId]> {
        let mut read = 0;
        let runs = frames.chunk_by(|a, b| {
            let stored = self
                .packs
                .get(b.0 as usize)
                .and_then(|pack| pack.index.frames.get(b.1 as usize));
            read += stored.map_or(0, |frame| u64::from(frame.stored));
            let together = a.0 == b.0 && a.1 + 1 == b.1 && read < READ;
            if !together {
                read = 0;
            }
            together
        });
        runs.collect()
    }

    fn place(&self, backend: &dyn Backend, pack: u32) -> String {
        self.packs
            .get(pack as usize)
            .map(|pack| backend.place(&pack_key(pack.name)))
            .unwrap_or_default()
    }

    /// The contents of adjacent frames of one pack.
    fn open_frames(
        &mut self,
        backend: &dyn Backend,
        run: &[FrameId],
    ) -> Result<Vec<Opened>, StoreError> {
        if let [frame] = run
            && let Some(kept) = self.frames.iter().find(|kept| kept.0 == *frame)
        {
            return Ok(vec![kept.clone()]);
        }
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(Vec::new());
        };
        let Some(pack) = self.packs.get(first.0 as usize) else {
            return Ok(Vec::new());
        };
        let entries = pack
            .index
            .frames
            .get(first.1 as usize..=last.1 as usize)
            .unwrap_or_default();
        let start = entries.first().map_or(0, |frame| frame.start);
        let length: u64 = entries.iter().map(|frame| u64::from(frame.stored)).sum();
        let bytes = backend.get(&pack_key(pack.name), Some(start..start + length))?;

        let mut rest = &bytes[..];
        let mut opened = Vec::with_capacity(run.len());
        for (frame, entry) in run.iter().zip(entries) {
            let (stored, after) = rest
                .split_at_checked(entry.stored as usize)
                .unwrap_or((rest, &[]));
            rest = after;
            let content = pack.index.open_frame(frame.1, stored);
            let content = content.map_err(|problem| {
                let broken = pack.index.blobs.iter().find(|blob| blob.frame == frame.1);
                let file = backend.place(&pack_key(pack.name));
                match broken {
                    Some(blob) => {
                        StoreError::wrong_hash(file, problem, blob.hash, Hash::plain(stored))
                    }
                    None => StoreError::corrupt(file, problem),
                }
            })?;
            opened.push((*frame, Arc::new(content)));
        }
        self.keep(&opened);
        Ok(opened)
    }

    fn keep(&mut self, opened: &[Opened]) {
        // A long run is a scan: its frames will not be asked for again soon.
        if opened.len() > KEPT_FRAMES / 4 {
            return;
        }
        for frame in opened.iter().filter(|frame| frame.1.len() <= KEPT_LENGTH) {
            if self.frames.len() == KEPT_FRAMES {
                self.frames.pop_front();
            }
            self.frames.push_back(frame.clone());
        }
    }
}
