//! Hashes of the store: BLAKE3 with one `derive_key` context per class of content (docs/FORMAT.md, "Hashes").
//!
//! Pure. Nothing here knows what the bytes mean; the class only keeps bytes of one class from being taken for another.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the hashed bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Canonical bytes of one root object.
    Object,
    /// Node of the objects tree.
    Tree,
    /// Node of the layout tree.
    Layout,
    /// Node of the edges tree.
    Edges,
    /// Piece of saved rows.
    Chunk,
    /// A manifest file.
    Manifest,
    /// A rows record file.
    Rows,
    /// First line of an operation file.
    Operation,
    /// Index of a pack.
    Pack,
    /// An id, hashed only to choose its bucket in a tree.
    Bucket,
}

/// A BLAKE3 hasher that has absorbed the context of one class; deriving it anew would cost a compression per blob.
type Ready = LazyLock<blake3::Hasher>;

static OBJECT: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 object"));
static TREE: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 tree"));
static LAYOUT: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 layout"));
static EDGES: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 edges"));
static CHUNK: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 chunk"));
static MANIFEST: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 manifest"));
static ROWS: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 rows"));
static OPERATION: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 operation"));
static PACK: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 pack"));
static BUCKET: Ready = LazyLock::new(|| blake3::Hasher::new_derive_key("snapback v1 bucket"));

impl Class {
    /// The hash of `bytes` as content of this class.
    pub fn hash(self, bytes: &[u8]) -> Hash {
        let ready = match self {
            Class::Object => &OBJECT,
            Class::Tree => &TREE,
            Class::Layout => &LAYOUT,
            Class::Edges => &EDGES,
            Class::Chunk => &CHUNK,
            Class::Manifest => &MANIFEST,
            Class::Rows => &ROWS,
            Class::Operation => &OPERATION,
            Class::Pack => &PACK,
            Class::Bucket => &BUCKET,
        };
        let mut hasher = (**ready).clone();
        hasher.update(bytes);
        Hash(*hasher.finalize().as_bytes())
    }

    /// The code of this class in a pack's index; `None` for what is never in a pack.
    pub(crate) fn code(self) -> Option<u8> {
        match self {
            Class::Object => Some(1),
            Class::Tree => Some(2),
            Class::Layout => Some(3),
            Class::Edges => Some(4),
            Class::Chunk => Some(5),
            Class::Manifest | Class::Rows | Class::Operation | Class::Pack | Class::Bucket => None,
        }
    }

    /// The class with this code.
    pub(crate) fn from_code(code: u8) -> Option<Class> {
        [
            Class::Object,
            Class::Tree,
            Class::Layout,
            Class::Edges,
            Class::Chunk,
        ]
        .into_iter()
        .find(|class| class.code() == Some(code))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Object => "object",
            Class::Tree => "tree",
            Class::Layout => "layout",
            Class::Edges => "edges",
            Class::Chunk => "chunk",
            Class::Manifest => "manifest",
            Class::Rows => "rows",
            Class::Operation => "operation",
            Class::Pack => "pack",
            Class::Bucket => "bucket",
        })
    }
}

/// A BLAKE3 hash. Written as 64 lowercase hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// BLAKE3 without a context: what `b3sum FILE` prints.
    pub fn plain(bytes: &[u8]) -> Hash {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// The hash as 64 lowercase hex digits.
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The `position`-th hex digit (0 to 63) as a number.
    pub(crate) fn digit(&self, position: usize) -> u8 {
        let byte = self.0.get(position / 2).copied().unwrap_or(0);
        if position.is_multiple_of(2) {
            byte >> 4
        } else {
            byte & 15
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// Text that is not 64 lowercase hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lowercase hexadecimal digits")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Hash, NotAHash> {
        let lowercase = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !lowercase {
            return Err(NotAHash);
        }
        let hash = blake3::Hash::from_hex(text).map_err(|_| NotAHash)?;
        Ok(Hash(*hash.as_bytes()))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The id of a snapshot: the hash of its manifest (not of its root: equal schemas share a root).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(pub Hash);

impl SnapshotId {
    /// The first 12 digits: enough for people, in logs and prompts.
    pub fn short(&self) -> String {
        let mut hex = self.0.to_hex();
        hex.truncate(12);
        hex
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SnapshotId {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<SnapshotId, NotAHash> {
        text.parse().map(SnapshotId)
    }
}

/// Hashes are random already: a map over them needs no second hashing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByHash;

/// Takes the last eight bytes written as the hash.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByHashState(u64);

impl BuildHasher for ByHash {
    type Hasher = ByHashState;

    fn build_hasher(&self) -> ByHashState {
        ByHashState(0)
    }
}

impl Hasher for ByHashState {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length prefix of an array: says nothing.
    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_collide() {
        let classes = [
            Class::Object,
            Class::Tree,
            Class::Layout,
            Class::Edges,
            Class::Chunk,
            Class::Manifest,
            Class::Rows,
            Class::Operation,
            Class::Pack,
            Class::Bucket,
        ];
        let mut hashes: Vec<Hash> = classes.iter().map(|class| class.hash(b"same")).collect();
        hashes.push(Hash::plain(b"same"));
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), classes.len() + 1);
    }

    #[test]
    fn the_context_is_the_documented_one() {
        let expected = blake3::derive_key("snapback v1 object", b"{}");
        assert_eq!(Class::Object.hash(b"{}"), Hash(expected));
    }

    #[test]
    fn text_and_back() {
        let hash = Class::Object.hash(b"x");
        assert_eq!(hash.to_hex().parse::<Hash>().unwrap(), hash);
        assert!(hash.to_hex().to_uppercase().parse::<Hash>().is_err());
        assert!("abc".parse::<Hash>().is_err());
        assert_eq!(
            hash.digit(0),
            u8::from_str_radix(&hash.to_hex()[0..1], 16).unwrap()
        );
        assert_eq!(
            hash.digit(63),
            u8::from_str_radix(&hash.to_hex()[63..64], 16).unwrap()
        );
    }
}
