//! Where the files of a store are: five operations over keys such as `packs/ab12.pack`.
//!
//! Calls block. A local folder is plain file I/O ([`local`]); everything else comes through the `object_store` crate ([`object`]), whose async
//! calls are driven here, so that the store above is synchronous. Keys are made by the store, never by a user: relative, `/` between
//! parts, no part that begins with `.`.

pub mod local;
pub mod object;

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

/// One file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, by the clock of the storage.
    pub modified: SystemTime,
}

/// Storage with five operations. All of them are durable when they return.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The bytes of `key`, or of the `range` of it (which must lie within it).
    fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, BackendError>;

    /// Writes `key` unless it exists; `false` when it did. All or nothing, also in a crash.
    fn put_if_absent(&self, key: &str, bytes: &[u8]) -> Result<bool, BackendError>;

    /// Replaces the content of `key` when it is `expected` (`None`: when it does not exist); `false` when it is something else.
    fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<bool, BackendError>;

    /// All files whose key begins with `folder/`, at any depth, sorted by key. A folder that does not exist is empty. `""` lists everything.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, BackendError>;

    /// Deletes `key`; no error when it is not there.
    fn delete(&self, key: &str) -> Result<(), BackendError>;

    /// How a person finds `key`: a path or URL. `""` is the store itself.
    fn place(&self, key: &str) -> String;

    /// Removes what crashed writes left, older than `before`; returns the places removed. `dry` only names them.
    fn sweep(&self, before: SystemTime, dry: bool) -> Result<Vec<String>, BackendError>;
}

/// A failure of the storage.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No such file.
    #[error("{place} does not exist")]
    NotFound {
        /// Path or URL.
        place: String,
    },
    /// No space left, or over quota.
    #[error("the disk is full: {place} could not be written and nothing of it was kept")]
    Full {
        /// Path or URL.
        place: String,
    },
    /// Not allowed.
    #[error("no permission to {action} {place}")]
    Denied {
        /// Path or URL.
        place: String,
        /// read, write, list, delete.
        action: &'static str,
    },
    /// Anything else.
    #[error("cannot {action} {place}: {source}")]
    Failed {
        /// Path or URL.
        place: String,
        /// read, write, list, delete.
        action: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BackendError {
    /// Sorts an I/O error.
    pub fn io(place: String, action: &'static str, source: std::io::Error) -> BackendError {
        use std::io::ErrorKind;
        match source.kind() {
            ErrorKind::NotFound => BackendError::NotFound { place },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                BackendError::Full { place }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                BackendError::Denied { place, action }
            }
            _ => BackendError::Failed {
                place,
                action,
                source: Box::new(source),
            },
        }
    }
}
