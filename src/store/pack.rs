//! Packs: files that hold many blobs, blobs first, index last (docs/FORMAT.md, "Packs").
//!
//! Pure: bytes in, bytes out. Where packs lie and which of them hold a blob is the business of `index.rs`.

use std::borrow::Cow;
use std::ops::Range;

use zstd::bulk::Compressor;

use super::hash::{Class, Hash};
use crate::parallel;

/// A frame is closed at the first blob that would take its content over this: 64 KiB.
pub(crate) const FRAME: usize = 64 * 1024;

/// The longest content of a frame, so the largest blob: 64 MiB.
pub const MAX_BLOB: usize = 64 * 1024 * 1024;

/// Header of the zstd skippable frame that hides the index from `zstd -dc` (RFC 8878, 3.1.2).
const SKIPPABLE: [u8; 4] = [0x50, 0x2A, 0x4D, 0x18];
const HEADER: usize = 8;

const MAGIC: [u8; 8] = *b"snapback";
const VERSION: u32 = 1;

/// Length of the footer.
pub(crate) const FOOTER: usize = 16;

const FRAME_ENTRY: usize = 8;
const BLOB_ENTRY: usize = 45;

/// zstd's own default: at a higher level a snapshot would be bound by compression.
const LEVEL: i32 = 3;

/// Where a blob lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlobEntry {
    pub(crate) hash: Hash,
    pub(crate) class: Class,
    pub(crate) frame: u32,
    pub(crate) offset: u32,
    pub(crate) length: u32,
}

impl BlobEntry {
    /// The bytes of this blob in the content of its frame.
    pub(crate) fn range(&self) -> Range<usize> {
        let start = self.offset as usize;
        start..start + self.length as usize
    }
}

/// Where a frame lies in the file, and how long its content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameEntry {
    pub(crate) start: u64,
    pub(crate) stored: u32,
    pub(crate) content: u32,
}

/// The index of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackIndex {
    /// BLAKE3 of all bytes before the skippable frame.
    pub(crate) frames_hash: Hash,
    pub(crate) frames: Vec<FrameEntry>,
    pub(crate) blobs: Vec<BlobEntry>,
}

/// Why a pack's end is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The file is shorter than its parts.
    #[error("it is truncated")]
    Truncated,
    /// The last eight bytes are wrong.
    #[error("it does not end like a pack")]
    NoMagic,
    /// Written by a newer Snapback.
    #[error("it has format version {0}, this program reads up to {VERSION}")]
    Newer(u32),
    /// The index contradicts itself or the file.
    #[error("its index is inconsistent: {0}")]
    Inconsistent(&'static str),
    /// The index is not the one that the name promises.
    #[error("its index has the hash {actual}, its name says {expected}")]
    WrongName {
        /// The pack's name.
        expected: Hash,
        /// The hash of the index found.
        actual: Hash,
    },
}

/// A pack ready to be written: its name, its bytes, its index.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) name: Hash,
    pub(crate) bytes: Vec<u8>,
    pub(crate) index: PackIndex,
}

/// The content of one frame: blobs, which stand in it back to back.
#[derive(Default)]
pub(crate) struct Frame<'d> {
    blobs: Vec<(Class, Hash, Cow<'d, [u8]>)>,
    length: usize,
}

impl<'d> Frame<'d> {
    /// Whether a blob of `length` bytes belongs into the next frame.
    fn is_full_for(&self, length: usize) -> bool {
        !self.blobs.is_empty() && self.length + length > FRAME
    }

    /// Adds a blob of at most [`MAX_BLOB`] bytes.
    pub(crate) fn push(&mut self, class: Class, hash: Hash, bytes: Cow<'d, [u8]>) {
        self.length += bytes.len();
        self.blobs.push((class, hash, bytes));
    }

    fn compress(self, with: &mut Compressing<'_>) -> std::io::Result<CompressedFrame> {
        let Compressing {
            compressor,
            content,
        } = with;
        content.clear();
        content.reserve(self.length);
        let mut blobs = Vec::with_capacity(self.blobs.len());
        for (class, hash, bytes) in self.blobs {
            blobs.push((class, hash, narrow(content.len()), narrow(bytes.len())));
            content.extend_from_slice(&bytes);
        }
        Ok(CompressedFrame {
            stored: compressor.compress(content)?,
            content: narrow(content.len()),
            blobs,
        })
    }
}

/// Adds a blob to the last of these frames, or to a new one behind it.
pub(crate) fn add<'d>(frames: &mut Vec<Frame<'d>>, class: Class, hash: Hash, bytes: Cow<'d, [u8]>) {
    match frames.last_mut() {
        Some(frame) if !frame.is_full_for(bytes.len()) => frame.push(class, hash, bytes),
        _ => {
            let mut frame = Frame::default();
            frame.push(class, hash, bytes);
            frames.push(frame);
        }
    }
}

/// What a thread compresses frames with; making it takes as long as compressing a small frame.
struct Compressing<'c> {
    compressor: Compressor<'c>,
    content: Vec<u8>,
}

impl Compressing<'_> {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            compressor: Compressor::new(LEVEL)?,
            content: Vec::new(),
        })
    }
}

/// A frame as it goes into the file.
pub(crate) struct CompressedFrame {
    stored: Vec<u8>,
    content: u32,
    blobs: Vec<(Class, Hash, u32, u32)>,
}

/// Compresses frames, on two threads or more when there is enough to do.
pub(crate) fn compress_all(frames: Vec<Frame<'_>>) -> std::io::Result<Vec<CompressedFrame>> {
    let compress = |with: &mut std::io::Result<Compressing<'_>>, frame: Frame<'_>| match with {
        Ok(with) => frame.compress(with),
        Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
    };
    let compressed = parallel::map_with(frames, 8, Compressing::new, compress);
    compressed.into_iter().collect()
}

/// Puts frames together to a pack.
#[derive(Default)]
pub(crate) struct PackBuilder {
    bytes: Vec<u8>,
    frames: Vec<FrameEntry>,
    blobs: Vec<BlobEntry>,
}

impl PackBuilder {
    pub(crate) fn push(&mut self, frame: &CompressedFrame) {
        let number = narrow(self.frames.len());
        let start = self.bytes.len() as u64;
        self.frames.push(FrameEntry {
            start,
            stored: narrow(frame.stored.len()),
            content: frame.content,
        });
        self.bytes.extend_from_slice(&frame.stored);
        let entries = frame
            .blobs
            .iter()
            .map(|&(class, hash, offset, length)| BlobEntry {
                hash,
                class,
                frame: number,
                offset,
                length,
            });
        self.blobs.extend(entries);
    }

    pub(crate) fn finish(mut self) -> Pack {
        self.blobs.sort_unstable_by_key(|blob| blob.hash);
        let index = PackIndex {
            frames_hash: Hash::plain(&self.bytes),
            frames: self.frames,
            blobs: self.blobs,
        };
        let encoded = index.encode();
        let name = Class::Pack.hash(&encoded);
        let mut bytes = self.bytes;
        bytes.extend_from_slice(&SKIPPABLE);
        bytes.extend_from_slice(&narrow(encoded.len() + FOOTER).to_le_bytes());
        bytes.extend_from_slice(&encoded);
        bytes.extend_from_slice(&narrow(encoded.len()).to_le_bytes());
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        Pack { name, bytes, index }
    }
}

/// Lengths in a pack are below 4 GiB by construction ([`MAX_BLOB`], and packs are cut well before).
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl PackIndex {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(
            40 + self.frames.len() * FRAME_ENTRY + self.blobs.len() * BLOB_ENTRY,
        );
        out.extend_from_slice(&self.frames_hash.0);
        out.extend_from_slice(&narrow(self.frames.len()).to_le_bytes());
        out.extend_from_slice(&narrow(self.blobs.len()).to_le_bytes());
        for frame in &self.frames {
            out.extend_from_slice(&frame.stored.to_le_bytes());
            out.extend_from_slice(&frame.content.to_le_bytes());
        }
        for blob in &self.blobs {
            out.extend_from_slice(&blob.hash.0);
            // Only classes with a code are put into packs.
            out.push(blob.class.code().unwrap_or_default());
            out.extend_from_slice(&blob.frame.to_le_bytes());
            out.extend_from_slice(&blob.offset.to_le_bytes());
            out.extend_from_slice(&blob.length.to_le_bytes());
        }
        out
    }

    /// How many bytes of the end of a pack hold its index, header and footer; `tail` is the end, at least [`FOOTER`] bytes.
    pub(crate) fn tail_length(tail: &[u8]) -> Result<u64, PackError> {
        let footer = tail.last_chunk::<FOOTER>().ok_or(PackError::Truncated)?;
        let mut reader = Bytes(footer);
        let (length, version) = (reader.u32()?, reader.u32()?);
        if reader.0 != MAGIC {
            return Err(PackError::NoMagic);
        }
        if version > VERSION {
            return Err(PackError::Newer(version));
        }
        if version != VERSION {
            return Err(PackError::Inconsistent("version"));
        }
        Ok((HEADER + FOOTER) as u64 + u64::from(length))
    }

    /// Decodes the index of the pack `name`, a file of `size` bytes, from its `tail` (exactly [`Self::tail_length`] bytes).
    pub(crate) fn decode_tail(name: Hash, size: u64, tail: &[u8]) -> Result<PackIndex, PackError> {
        let before = size
            .checked_sub(tail.len() as u64)
            .ok_or(PackError::Truncated)?;
        let (header, rest) = tail.split_at_checked(HEADER).ok_or(PackError::Truncated)?;
        let encoded = rest
            .len()
            .checked_sub(FOOTER)
            .and_then(|length| rest.get(..length))
            .ok_or(PackError::Truncated)?;
        if !header.starts_with(&SKIPPABLE) || !header.ends_with(&narrow(rest.len()).to_le_bytes()) {
            return Err(PackError::Inconsistent("header of the index"));
        }
        let actual = Class::Pack.hash(encoded);
        if actual != name {
            return Err(PackError::WrongName {
                expected: name,
                actual,
            });
        }
        Self::decode(encoded, before)
    }

    /// Decodes an index; `before` is the length of the frames.
    fn decode(encoded: &[u8], before: u64) -> Result<PackIndex, PackError> {
        let mut reader = Bytes(encoded);
        let frames_hash = Hash(reader.array()?);
        let (frame_count, blob_count) = (reader.u32()? as usize, reader.u32()? as usize);
        if reader.0.len() as u64
            != frame_count as u64 * FRAME_ENTRY as u64 + blob_count as u64 * BLOB_ENTRY as u64
        {
            return Err(PackError::Inconsistent("number of entries"));
        }
        let mut start = 0;
        let mut frames = Vec::with_capacity(frame_count);
        for _ in 0..frame_count {
            let frame = FrameEntry {
                start,
                stored: reader.u32()?,
                content: reader.u32()?,
            };
            if frame.content as usize > MAX_BLOB {
                return Err(PackError::Inconsistent("a frame that is too long"));
            }
            start += u64::from(frame.stored);
            frames.push(frame);
        }
        if start != before {
            return Err(PackError::Inconsistent("length of the frames"));
        }
        let mut blobs = Vec::with_capacity(blob_count);
        for _ in 0..blob_count {
            blobs.push(reader.blob(&frames)?);
        }
        if !blobs.is_sorted_by_key(|blob| blob.hash) {
            return Err(PackError::Inconsistent("order of the blobs"));
        }
        Ok(PackIndex {
            frames_hash,
            frames,
            blobs,
        })
    }

    /// The content of frame `number` from its stored bytes.
    pub(crate) fn open_frame(&self, number: u32, stored: &[u8]) -> Result<Vec<u8>, String> {
        let frame = self.frames.get(number as usize).ok_or("no such frame")?;
        let length = frame.content as usize;
        let content =
            zstd::bulk::decompress(stored, length).map_err(|error| format!("zstd: {error}"))?;
        if content.len() != length {
            return Err(format!(
                "a frame of {} bytes where {length} were written",
                content.len()
            ));
        }
        Ok(content)
    }
}

/// Checks a whole pack without its name: the fuzz target's entry. Decodes every frame and hashes every blob.
pub fn check_pack(bytes: &[u8]) -> Result<usize, String> {
    let length = PackIndex::tail_length(bytes).map_err(|error| error.to_string())?;
    let cut = (bytes.len() as u64)
        .checked_sub(length)
        .and_then(|cut| usize::try_from(cut).ok())
        .ok_or("truncated")?;
    let (frames, tail) = bytes.split_at_checked(cut).ok_or("truncated")?;
    let encoded = tail.get(HEADER..tail.len() - FOOTER).ok_or("truncated")?;
    let name = Class::Pack.hash(encoded);
    let index = PackIndex::decode_tail(name, bytes.len() as u64, tail)
        .map_err(|error| error.to_string())?;
    let mut contents = Vec::new();
    for (number, frame) in index.frames.iter().enumerate() {
        let start = usize::try_from(frame.start).map_err(|error| error.to_string())?;
        let stored = frames
            .get(start..start + frame.stored as usize)
            .ok_or("truncated")?;
        contents.push(index.open_frame(narrow(number), stored)?);
    }
    for blob in &index.blobs {
        let content = contents
            .get(blob.frame as usize)
            .and_then(|content| content.get(blob.range()));
        let content = content.ok_or("a blob outside its frame")?;
        if blob.class.hash(content) != blob.hash {
            return Err(format!("blob {} has another hash", blob.hash));
        }
    }
    Ok(index.blobs.len())
}

/// Little-endian numbers from the front of a slice.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackError> {
        let (first, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(PackError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn u32(&mut self) -> Result<u32, PackError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn blob(&mut self, frames: &[FrameEntry]) -> Result<BlobEntry, PackError> {
        let hash = Hash(self.array()?);
        let [code] = self.array()?;
        let class = Class::from_code(code).ok_or(PackError::Inconsistent("class of a blob"))?;
        let entry = BlobEntry {
            hash,
            class,
            frame: self.u32()?,
            offset: self.u32()?,
            length: self.u32()?,
        };
        let end = u64::from(entry.offset) + u64::from(entry.length);
        match frames.get(entry.frame as usize) {
            Some(frame) if end <= u64::from(frame.content) => Ok(entry),
            _ => Err(PackError::Inconsistent("a blob outside its frame")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(blobs: &[Vec<u8>]) -> Pack {
        let mut frames = Vec::new();
        for bytes in blobs {
            let hash = Class::Object.hash(bytes);
            add(&mut frames, Class::Object, hash, bytes.into());
        }
        let mut builder = PackBuilder::default();
        for frame in compress_all(frames).unwrap() {
            builder.push(&frame);
        }
        builder.finish()
    }

    fn blobs() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_tail_gives_the_index(blobs in blobs()) {
            let pack = pack(&blobs);
            let length = PackIndex::tail_length(&pack.bytes).unwrap();
            let tail = &pack.bytes[pack.bytes.len() - usize::try_from(length).unwrap()..];
            let index = PackIndex::decode_tail(pack.name, pack.bytes.len() as u64, tail).unwrap();
            prop_assert_eq!(&index, &pack.index);
            prop_assert_eq!(check_pack(&pack.bytes), Ok(blobs.len()));
        }

        #[test]
        fn any_flipped_bit_is_noticed(blobs in blobs(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut pack = pack(&blobs);
            let at = at.index(pack.bytes.len());
            pack.bytes[at] ^= 1_u8 << bit;
            prop_assert!(noticed(&pack), "byte {}", at);
        }

        #[test]
        fn any_bytes_are_no_crash(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(check_pack(&bytes).is_err());
        }
    }

    /// What `verify` does: the name, the index, the hash of the frames.
    fn noticed(pack: &Pack) -> bool {
        let Ok(length) = PackIndex::tail_length(&pack.bytes) else {
            return true;
        };
        let Some(cut) = pack
            .bytes
            .len()
            .checked_sub(usize::try_from(length).unwrap())
        else {
            return true;
        };
        let (frames, tail) = pack.bytes.split_at(cut);
        match PackIndex::decode_tail(pack.name, pack.bytes.len() as u64, tail) {
            Ok(index) => index.frames_hash != Hash::plain(frames),
            Err(_) => true,
        }
    }

    #[test]
    fn many_frames_on_many_threads_keep_their_order() {
        let blobs: Vec<Vec<u8>> = (0_u32..5000).map(|n| n.to_le_bytes().repeat(100)).collect();
        let pack = pack(&blobs);
        assert!(pack.index.frames.len() >= 30, "{}", pack.index.frames.len());
        assert_eq!(check_pack(&pack.bytes), Ok(5000));
        let joined = zstd::stream::decode_all(&pack.bytes[..]).unwrap();
        assert_eq!(joined, blobs.concat(), "zstd -dc prints all blobs");
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut pack = pack(&[b"x".to_vec()]);
        let at = pack.bytes.len() - 12;
        pack.bytes[at] = 2;
        assert_eq!(
            PackIndex::tail_length(&pack.bytes),
            Err(PackError::Newer(2))
        );
    }
}
