//! Adding blobs: what no pack holds yet is put into frames and packs.
//!
//! A writer holds a lease for as long as it lives. What refers to its blobs must be published before it is dropped.

use std::collections::{BTreeSet, HashSet};

use super::error::StoreError;
use super::hash::{ByHash, Class, Hash};
use super::index::pack_key;
use super::lease::{self, Lease};
use super::pack::{self, CompressedFrame, Frame, MAX_BLOB, Pack, PackBuilder};
use super::{Store, random32};

/// What a write added to the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Root objects that the store did not have.
    pub objects: u64,
    /// Blobs of any class that it did not have.
    pub blobs: u64,
    /// Bytes that the new packs take.
    pub bytes: u64,
}

/// How many frames wait to be compressed together, on several threads.
const WAITING: usize = 32;

/// Adds blobs. Content is cut into a pack at `limit` bytes, so this is more than what it holds in memory.
pub(crate) struct BlobWriter<'s> {
    store: &'s Store,
    lease: Lease,
    limit: usize,
    condemned: BTreeSet<Hash>,
    /// Whether `condemned` was read.
    looked: bool,
    /// Whether the store's index was refreshed.
    known: bool,
    added: HashSet<Hash, ByHash>,
    compressed: Vec<CompressedFrame>,
    /// Those that are not compressed yet; the last one may take more.
    waiting: Vec<Frame<'static>>,
    content: usize,
    /// Packs that were not there before.
    pub(crate) packs: Vec<Hash>,
    pub(crate) stats: Added,
}

impl<'s> BlobWriter<'s> {
    /// Takes a lease. Nothing else is read or written before the first blob.
    pub(crate) fn new(store: &'s Store, limit: usize) -> Result<BlobWriter<'s>, StoreError> {
        Ok(BlobWriter {
            store,
            lease: Lease::take(&store.backend)?,
            limit,
            condemned: BTreeSet::new(),
            looked: false,
            known: false,
            added: HashSet::default(),
            compressed: Vec::new(),
            waiting: Vec::new(),
            content: 0,
            packs: Vec::new(),
            stats: Added::default(),
        })
    }

    /// The lease under which it writes.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Packs that were condemned after the lease was put. Whoever condemns later sees the lease and withdraws.
    pub(crate) fn condemned(&mut self) -> Result<&BTreeSet<Hash>, StoreError> {
        if !self.looked {
            self.condemned = lease::condemned(&*self.store.backend)?;
            self.looked = true;
        }
        Ok(&self.condemned)
    }

    /// Adds a blob, unless the store has it. It waits to be compressed together with others.
    pub(crate) fn add(&mut self, class: Class, hash: Hash, bytes: &[u8]) -> Result<(), StoreError> {
        if !self.takes(class, hash, bytes)? {
            return Ok(());
        }
        if self.content + bytes.len() > self.limit {
            self.flush()?;
        }
        if self.waiting.len() > WAITING {
            let last = self.waiting.pop();
            self.compress_waiting()?;
            self.waiting.extend(last);
        }
        self.content += bytes.len();
        pack::add(&mut self.waiting, class, hash, bytes.to_vec().into());
        Ok(())
    }

    /// Adds blobs, unless the store has them, without a copy of them all.
    pub(crate) fn add_all<'d>(
        &mut self,
        blobs: impl IntoIterator<Item = (Class, Hash, &'d [u8])>,
    ) -> Result<(), StoreError> {
        self.compress_waiting()?;
        let mut frames = Vec::new();
        for (class, hash, bytes) in blobs {
            if !self.takes(class, hash, bytes)? {
                continue;
            }
            if self.content + bytes.len() > self.limit {
                self.compress(std::mem::take(&mut frames))?;
                self.flush()?;
            }
            self.content += bytes.len();
            pack::add(&mut frames, class, hash, bytes.into());
        }
        self.compress(frames)
    }

    /// Whether a blob is new; then it counts as added.
    fn takes(&mut self, class: Class, hash: Hash, bytes: &[u8]) -> Result<bool, StoreError> {
        if !self.known {
            self.condemned()?;
            // After the condemnations were read: the order is what makes it safe.
            self.store.index().refresh(&*self.store.backend)?;
            self.known = true;
        }
        if bytes.len() > MAX_BLOB {
            let problem = format!(
                "a {class} of {} bytes; the limit is {MAX_BLOB}",
                bytes.len()
            );
            return Err(StoreError::Input(problem));
        }
        if self.store.index().has(hash, &self.condemned) || !self.added.insert(hash) {
            return Ok(false);
        }
        self.stats.blobs += 1;
        self.stats.objects += u64::from(class == Class::Object);
        Ok(true)
    }

    fn compress_waiting(&mut self) -> Result<(), StoreError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.compress(waiting)
    }

    fn compress(&mut self, frames: Vec<Frame<'_>>) -> Result<(), StoreError> {
        let compressed = pack::compress_all(frames);
        let compressed = compressed.map_err(|error| StoreError::Input(format!("zstd: {error}")))?;
        self.compressed.extend(compressed);
        Ok(())
    }

    /// Writes what was added as a pack.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        self.compress_waiting()?;
        self.content = 0;
        if self.compressed.is_empty() {
            return Ok(());
        }
        let mut pack = build(&self.compressed);
        if self.condemned.contains(&pack.name) {
            // The same blobs in the same order: with this name it would be deleted.
            self.compress(vec![unique()])?;
            pack = build(&self.compressed);
        }
        self.compressed.clear();
        // When it exists, its index and so its content are these, and others rely on it.
        let new = self
            .store
            .backend
            .put_if_absent(&pack_key(pack.name), &pack.bytes)?;
        if new {
            self.stats.bytes += pack.bytes.len() as u64;
            self.packs.push(pack.name);
        }
        self.store.index().add(pack.name, pack.index);
        Ok(())
    }

    /// Writes the last pack and makes sure that the lease still counts: now what refers to the blobs may be published.
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        self.lease.still_held()
    }
}

fn build(frames: &[CompressedFrame]) -> Pack {
    let mut builder = PackBuilder::default();
    for frame in frames {
        builder.push(frame);
    }
    builder.finish()
}

/// A frame that makes the name of its pack one that no other pack has: a chunk of random bytes that nothing refers to.
fn unique() -> Frame<'static> {
    let random: Vec<u8> = std::iter::repeat_with(random32)
        .take(4)
        .flat_map(u32::to_le_bytes)
        .collect();
    let mut frame = Frame::default();
    frame.push(Class::Chunk, Class::Chunk.hash(&random), random.into());
    frame
}
