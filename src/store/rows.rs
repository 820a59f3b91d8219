//! Rows saved before they are destroyed: a stream of COPY text, cut by content into chunks (docs/FORMAT.md, "Rows").
//!
//! The store does not look into the stream. Memory is bounded whatever its length.

use fastcdc::v2020::FastCDC;
use serde::{Deserialize, Serialize};

use super::backend::BackendError;
use super::error::StoreError;
use super::hash::{Class, Hash, SnapshotId};
use super::manifest::{self, VERSION};
use super::snapshot::Prepared;
use super::write::BlobWriter;
use super::{Store, canon};

const MIN_CHUNK: usize = 128 * 1024;
const AVERAGE_CHUNK: usize = 512 * 1024;
const MAX_CHUNK: usize = 2 * 1024 * 1024;

/// The buffer is cut when it holds this much: as many chunks at once as keep the moving of the rest cheap.
const BUFFER: usize = 4 * MAX_CHUNK;

/// Content of a pack of rows, at most: 16 MiB. With the compressed copy and the buffer this is what a save holds in memory.
const PACK: usize = 16 * 1024 * 1024;

/// Where rows come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsSource {
    /// Id of what is destroyed: a table or a column.
    pub object: String,
    /// Id of the table.
    pub table: String,
    /// Columns of the stream, in order.
    pub columns: Vec<String>,
    /// Those of them that find a row again, when only a column is destroyed.
    pub key: Vec<String>,
}

/// A record of saved rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsRecord {
    snapback: String,
    version: u64,
    /// The snapshot that describes the table as it was.
    pub snapshot: SnapshotId,
    /// Id of what was destroyed.
    pub object: String,
    /// Id of the table.
    pub table: String,
    /// Columns of the stream, in order.
    pub columns: Vec<String>,
    /// Those of them that find a row again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Number of rows.
    pub count: u64,
    /// Length of the stream.
    pub bytes: u64,
    /// The stream, cut.
    pub chunks: Vec<Hash>,
}

/// Writes the rows of one source. Dropped before [`RowsWriter::finish`], nothing refers to what it wrote, and discarding the snapshot deletes it.
pub struct RowsWriter<'s> {
    store: &'s Store,
    prepared: &'s mut Prepared,
    source: RowsSource,
    writer: BlobWriter<'s>,
    buffer: Vec<u8>,
    chunks: Vec<Hash>,
    bytes: u64,
}

impl Store {
    /// Begins to save rows that belong to a prepared snapshot.
    pub fn save_rows<'s>(
        &'s self,
        prepared: &'s mut Prepared,
        source: RowsSource,
    ) -> Result<RowsWriter<'s>, StoreError> {
        let writer = BlobWriter::new(self, PACK)?;
        Ok(RowsWriter {
            store: self,
            prepared,
            source,
            writer,
            buffer: Vec::new(),
            chunks: Vec::new(),
            bytes: 0,
        })
    }

    /// The records of the rows saved with a snapshot, with their hashes, by object and table.
    pub fn rows_of(&self, snapshot: SnapshotId) -> Result<Vec<(Hash, RowsRecord)>, StoreError> {
        let mut records = Vec::new();
        for entry in self.backend.list(&format!("rows/{snapshot}"))? {
            let place = self.backend.place(&entry.key);
            let Some(hash) = record_hash(&entry.key) else {
                continue;
            };
            match self.backend.get(&entry.key, None) {
                Ok(bytes) => {
                    records.push((hash, RowsRecord::decode(hash, snapshot, &place, &bytes)?));
                }
                Err(BackendError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        records.sort_by(|a, b| (&a.1.object, &a.1.table).cmp(&(&b.1.object, &b.1.table)));
        Ok(records)
    }

    /// Reads saved rows back, chunk by chunk.
    pub fn load_rows(&self, record: &RowsRecord) -> RowsReader<'_> {
        RowsReader {
            store: self,
            chunks: record.chunks.clone().into_iter(),
            left: record.bytes,
        }
    }
}

/// The hash in the key of a record.
pub(crate) fn record_hash(key: &str) -> Option<Hash> {
    key.rsplit_once('/')?.1.strip_suffix(".json")?.parse().ok()
}

impl RowsRecord {
    pub(crate) fn decode(
        hash: Hash,
        snapshot: SnapshotId,
        place: &str,
        bytes: &[u8],
    ) -> Result<RowsRecord, StoreError> {
        let actual = Class::Rows.hash(bytes);
        if actual != hash {
            return Err(StoreError::wrong_hash(
                place.to_owned(),
                "the record has changed",
                hash,
                actual,
            ));
        }
        let record: RowsRecord = manifest::decode_file("rows", place, bytes)?;
        if record.snapshot != snapshot {
            return Err(StoreError::corrupt(
                place.to_owned(),
                "it belongs to another snapshot than its folder says",
            ));
        }
        Ok(record)
    }
}

impl RowsWriter<'_> {
    /// Appends to the stream.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = BUFFER.saturating_sub(self.buffer.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() >= BUFFER {
                // What is left may still grow to a whole chunk.
                self.cut(MAX_CHUNK)?;
            }
        }
        Ok(())
    }

    /// Bytes appended so far.
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Cuts chunks off the front of the buffer while it holds at least `keep` bytes (and some).
    fn cut(&mut self, keep: usize) -> Result<(), StoreError> {
        let buffer = std::mem::take(&mut self.buffer);
        let cutter = FastCDC::new(&buffer, MIN_CHUNK, AVERAGE_CHUNK, MAX_CHUNK);
        let mut rest = &buffer[..];
        while !rest.is_empty() && rest.len() >= keep {
            let (_, end) = cutter.cut(buffer.len() - rest.len(), rest.len());
            let length = end
                .saturating_sub(buffer.len() - rest.len())
                .clamp(1, rest.len());
            let (chunk, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            let hash = Class::Chunk.hash(chunk);
            self.writer.add(Class::Chunk, hash, chunk)?;
            self.chunks.push(hash);
            rest = after;
        }
        self.buffer = rest.to_vec();
        Ok(())
    }

    /// Ends the stream of `count` rows and publishes its record. Durable when it returns.
    pub fn finish(mut self, count: u64) -> Result<(Hash, RowsRecord), StoreError> {
        self.cut(0)?;
        self.writer.finish()?;
        let RowsSource {
            object,
            table,
            columns,
            key,
        } = std::mem::take(&mut self.source);
        let record = RowsRecord {
            snapback: "rows".to_owned(),
            version: VERSION,
            snapshot: self.prepared.written.id,
            object,
            table,
            columns,
            key,
            count,
            bytes: self.bytes,
            chunks: std::mem::take(&mut self.chunks),
        };
        let bytes = canon::encode(&record).map_err(StoreError::unencodable)?;
        let hash = Class::Rows.hash(&bytes);
        self.store
            .backend
            .put_if_absent(&format!("rows/{}/{hash}.json", record.snapshot), &bytes)?;
        Ok((hash, record))
    }
}

impl Drop for RowsWriter<'_> {
    fn drop(&mut self) {
        self.prepared.packs.append(&mut self.writer.packs);
    }
}

/// Saved rows, read back: an iterator over pieces of the stream, each checked.
pub struct RowsReader<'s> {
    store: &'s Store,
    chunks: std::vec::IntoIter<Hash>,
    left: u64,
}

impl Iterator for RowsReader<'_> {
    type Item = Result<Vec<u8>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let hash = self.chunks.next()?;
        let mut read = match self
            .store
            .index()
            .read(&*self.store.backend, &[(Class::Chunk, hash)])
        {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        let bytes = read.pop().unwrap_or_default();
        let left = self.left.checked_sub(bytes.len() as u64);
        let ended = self.chunks.as_slice().is_empty();
        match left {
            Some(left) if !ended || left == 0 => {
                self.left = left;
                Some(Ok(bytes))
            }
            _ => Some(Err(StoreError::bad_blob(
                Class::Chunk,
                hash,
                "the chunks are not as long as their record says",
            ))),
        }
    }
}
