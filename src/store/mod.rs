//! The content-addressed store of snapshots: append-only, verifiable, made of few and small kinds of files (docs/FORMAT.md).
//!
//! ```text
//! SnapshotData --> contents --> write --> pack --+
//!                      manifest, rows, oplog ----+--> backend (local folder, memory)
//!                      refs (labels, @~2, 3fa9) -+
//! verify, gc, compare, history <-------- index <-+
//! ```
//!
//! The store knows no kinds of objects: it holds canonical bytes under ids. It has no clock of its own in what it writes (times come
//! from the caller) and no terminal. All calls block; tokio is used only inside `backend::object`.

pub mod backend;
mod canon;
mod contents;
mod error;
mod gc;
mod hash;
mod index;
mod labels;
mod lease;
mod manifest;
mod oplog;
mod pack;
mod pieces;
mod refs;
mod resolve;
mod rows;
mod snapshot;
mod tree;
mod verify;
mod walk;
mod write;

use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backend::{Backend, BackendError};
use index::Index;

pub use canon::{NotCanonical, check as check_canonical};
pub use contents::Contents;
pub use error::{Corruption, StoreError};
pub use gc::{GcOptions, GcReport};
pub use hash::{Class, Hash, NotAHash, SnapshotId};
pub use lease::GRACE;
pub use manifest::{
    Database, DatabaseId, Manifest, OperationId, Origin, Scope, SnapshotMeta, Trees, check_manifest,
};
pub use oplog::{LogEntry, Operation, Outcome, Proof, SavedRows, Script, State, Step, Target, Who};
pub use pack::{MAX_BLOB, PackError, check_pack};
pub use pieces::Pieces;
pub use refs::{Candidate, LabelError, RefError, check_label, parse_age};
pub use resolve::{Resolved, Snapshot};
pub use rows::{RowsReader, RowsRecord, RowsSource, RowsWriter};
pub use snapshot::{Changed, Edges, Prepared, SnapshotData, StoredObject, TableLayout, Written};
pub use tree::check_node;
pub use verify::{Fault, VerifyReport};
pub use write::Added;

/// What `store.json` holds.
const STORE: &[u8] = b"{\"snapback\":\"store\",\"version\":1}";
const STORE_KEY: &str = "store.json";

/// A store that is open. It may be shared among threads; several processes may have it open and write to it.
#[derive(Debug)]
pub struct Store {
    backend: Arc<dyn Backend>,
    index: Mutex<Index>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in the folder `path`; never creates anything.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_on(Arc::new(backend::local::Local::new(path)))
    }

    /// Opens the store in the folder `path`; makes one when the folder is absent or empty.
    pub fn create_or_open(path: &Path) -> Result<Store, StoreError> {
        Store::create_or_open_on(Arc::new(backend::local::Local::new(path)))
    }

    /// A new store in memory.
    pub fn in_memory() -> Result<Store, StoreError> {
        Store::create_or_open_on(Arc::new(backend::object::Object::memory()?))
    }

    /// Opens the store on `backend`; never creates anything.
    pub fn open_on(backend: Arc<dyn Backend>) -> Result<Store, StoreError> {
        let place = backend.place("");
        match backend.get(STORE_KEY, None) {
            Ok(bytes) => check_store_file(&backend.place(STORE_KEY), &bytes)?,
            Err(BackendError::NotFound { .. }) => {
                return Err(match describe(&*backend) {
                    Found::Nothing => StoreError::NoStore { place },
                    Found::EmptyFolder => StoreError::NotAStore {
                        place,
                        found: "an empty folder".to_owned(),
                    },
                    Found::Something(found) => StoreError::NotAStore { place, found },
                });
            }
            Err(error) => {
                return Err(match describe(&*backend) {
                    Found::Something(found) if found == "a file" => {
                        StoreError::NotAStore { place, found }
                    }
                    _ => error.into(),
                });
            }
        }
        Ok(Store {
            backend,
            index: Mutex::new(Index::default()),
        })
    }

    /// Opens the store on `backend`; makes one when nothing is there.
    pub fn create_or_open_on(backend: Arc<dyn Backend>) -> Result<Store, StoreError> {
        match Store::open_on(Arc::clone(&backend)) {
            Err(StoreError::NoStore { .. }) => {}
            Err(StoreError::NotAStore { .. }) if describe(&*backend) == Found::EmptyFolder => {}
            done => return done,
        }
        backend.put_if_absent(STORE_KEY, STORE)?;
        Store::open_on(backend)
    }

    /// Where the store is: a path or URL.
    pub fn place(&self) -> String {
        self.backend.place("")
    }

    /// Whether files can be written and deleted here: what a preflight asks before it promises anything.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        lease::Lease::take(&self.backend).map(drop)
    }

    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        // An index is a cache: whatever a thread that panicked left in it is checked by hash.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_store_file(place: &str, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes == STORE {
        return Ok(());
    }
    let value: serde_json::Value = manifest::decode_file("store", place, bytes)?;
    Err(StoreError::corrupt(
        place.to_owned(),
        format!("unexpected content {value}"),
    ))
}

#[derive(PartialEq, Eq)]
enum Found {
    Nothing,
    EmptyFolder,
    Something(String),
}

/// What is at a place that is no store.
fn describe(backend: &dyn Backend) -> Found {
    let place = backend.place("");
    let path = Path::new(&place);
    if path.is_file() {
        return Found::Something("a file".to_owned());
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return match backend.list("") {
            Ok(entries) if entries.is_empty() => Found::Nothing,
            Ok(entries) => Found::Something(format!("{} other files", entries.len())),
            Err(_) => Found::Nothing,
        };
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().display().to_string())
        .collect();
    names.sort();
    // What a crash before `store.json` was complete leaves.
    names.retain(|name| name != ".lock" && !name.starts_with(".tmp-"));
    match &names[..] {
        [] => Found::EmptyFolder,
        [name] => Found::Something(format!("a folder with `{name}` in it")),
        [first, .., last] => Found::Something(format!(
            "a folder with {} entries, `{first}` to `{last}`",
            names.len()
        )),
    }
}

/// Random bits for names. The seeds of `RandomState` come from the operating system.
pub(crate) fn random32() -> u32 {
    let bits = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    u32::try_from(bits >> 32).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
