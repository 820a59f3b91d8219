//! What can go wrong in the store, typed. Every variant says enough to act: which file, what was expected, what was found.

use super::backend::BackendError;
use super::hash::{Class, Hash, SnapshotId};
use super::refs::{LabelError, RefError};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing at this place.
    #[error("there is no store at {place}")]
    NoStore {
        /// Where it was looked for.
        place: String,
    },
    /// Something else is at this place.
    #[error("{place} is not a Snapback store: it is {found}")]
    NotAStore {
        /// Where it was looked for.
        place: String,
        /// What is there.
        found: String,
    },
    /// Written by a newer Snapback.
    #[error("{file} has format version {found}; this program reads up to version {supported}")]
    Newer {
        /// The file.
        file: String,
        /// The version it has.
        found: u64,
        /// The newest version that this program reads.
        supported: u64,
    },
    /// The content of a file is not what was written.
    #[error("{0}")]
    Corrupt(Box<Corruption>),
    /// A blob is in no pack.
    #[error("the store is damaged: {class} {hash} is in none of its packs")]
    MissingBlob {
        /// What it is.
        class: Class,
        /// Its hash.
        hash: Hash,
    },
    /// A file that something refers to is not there.
    #[error("the store is damaged: {file} is missing")]
    MissingFile {
        /// The file.
        file: String,
    },
    /// No snapshot has this id.
    #[error("there is no snapshot {0} in this store")]
    NoSnapshot(SnapshotId),
    /// The caller gave what cannot be stored.
    #[error("cannot be stored: {0}")]
    Input(String),
    /// A label that cannot be given.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// A ref that names no snapshot, or more than one.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The storage failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// Too many others changed the same thing at the same time.
    #[error("{0}: other runs keep changing it; try again")]
    Contended(String),
    /// `gc` took this run for a crashed one.
    #[error(
        "this run was idle for longer than gc's grace period and its lease was removed; nothing was published"
    )]
    LeaseLost,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} is corrupt: {problem}{}", self.hashes())]
pub struct Corruption {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub problem: String,
    /// The hash it must have.
    pub expected: Option<Hash>,
    /// The hash it has.
    pub actual: Option<Hash>,
}

impl Corruption {
    fn hashes(&self) -> String {
        match (self.expected, self.actual) {
            (Some(expected), Some(actual)) => {
                format!(" (expected hash {expected}, found {actual})")
            }
            (Some(expected), None) => format!(" (expected hash {expected})"),
            (None, _) => String::new(),
        }
    }
}

impl StoreError {
    /// `file` is damaged in a way that is no hash mismatch.
    pub(crate) fn corrupt(file: String, problem: impl Into<String>) -> StoreError {
        let problem = problem.into();
        StoreError::Corrupt(Box::new(Corruption {
            file,
            problem,
            expected: None,
            actual: None,
        }))
    }

    /// `file` has another hash than it must have.
    pub(crate) fn wrong_hash(
        file: String,
        problem: impl Into<String>,
        expected: Hash,
        actual: Hash,
    ) -> StoreError {
        let problem = problem.into();
        StoreError::Corrupt(Box::new(Corruption {
            file,
            problem,
            expected: Some(expected),
            actual: Some(actual),
        }))
    }

    /// A blob has its hash, but not the form of its class: it was written wrong.
    pub(crate) fn bad_blob(class: Class, hash: Hash, problem: impl Into<String>) -> StoreError {
        StoreError::corrupt(format!("{class} {hash}"), problem)
    }

    /// A value of ours that `serde_json` cannot write.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the signature that map_err wants"
    )]
    pub(crate) fn unencodable(error: serde_json::Error) -> StoreError {
        StoreError::Input(error.to_string())
    }
}
