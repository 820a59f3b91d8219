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

/// Adds blobs. Content is cut into a pack at `limit` bytes, so this is about what it holds in memory.
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
    frames: Vec<Frame>,
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
            frames: vec![Frame::default()],
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

    /// Adds a blob, unless the store has it.
    pub(crate) fn add(&mut self, class: Class, hash: Hash, bytes: &[u8]) -> Result<(), StoreError> {
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
            return Ok(());
        }
        if self.content + bytes.len() > self.limit {
            self.flush()?;
        }
        if self
            .frames
            .last()
            .is_none_or(|frame| frame.is_full_for(bytes.len()))
        {
            self.frames.push(Frame::default());
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.push(class, hash, bytes);
        }
        self.content += bytes.len();
        self.stats.blobs += 1;
        self.stats.objects += u64::from(class == Class::Object);
        Ok(())
    }

    /// Writes what was added as a pack.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        let frames: Vec<Frame> = self
            .frames
            .drain(..)
            .filter(|frame| !frame.is_empty())
            .collect();
        self.content = 0;
        if frames.is_empty() {
            return Ok(());
        }
        let zstd = |error| StoreError::Input(format!("zstd: {error}"));
        let mut compressed = pack::compress_all(frames).map_err(zstd)?;
        let mut pack = build(&compressed);
        if self.condemned.contains(&pack.name) {
            // The same blobs in the same order: with this name it would be deleted.
            compressed.push(unique().compress().map_err(zstd)?);
            pack = build(&compressed);
        }
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
fn unique() -> Frame {
    let random: Vec<u8> = std::iter::repeat_with(random32)
        .take(4)
        .flat_map(u32::to_le_bytes)
        .collect();
    let mut frame = Frame::default();
    frame.push(Class::Chunk, Class::Chunk.hash(&random), &random);
    frame
}
