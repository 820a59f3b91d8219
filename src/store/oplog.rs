//! The operation log: one file per run that changed a database, each with the hash of the one before (docs/FORMAT.md, "Operations").

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backend::BackendError;
use super::error::StoreError;
use super::hash::{Class, Hash, SnapshotId};
use super::manifest::{self, Database, DatabaseId, OperationId, VERSION};
use super::{Store, canon};

/// One run that changed a database. No field may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// The command: `rollback`, `undo`, `apply`, `run`, `restore`.
    pub command: String,
    /// The database it changed.
    pub database: Database,
    /// `server_version_num`.
    pub server: u32,
    /// Version of Snapback.
    pub tool: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Where it was to lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
    /// The state after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<State>,
    /// What was proven before COMMIT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// How it ended.
    pub outcome: Outcome,
    /// What failed after the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The server's transaction id (`pg_current_xact_id()`), digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Number of statements run.
    pub statements: u64,
    /// The steps of a plan; scripts are not copied here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Duration.
    pub milliseconds: u64,
    /// How long the locks were held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_milliseconds: Option<u64>,
    /// Hazards that the user allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// Rows saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<SavedRows>,
    /// Who ran it.
    #[serde(default, skip_serializing_if = "Who::is_nobody")]
    pub who: Who,
}

/// What an operation was to reach, or ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As the user wrote it.
    pub given: String,
    /// The snapshot it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotId>,
    /// The script it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

/// A script that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// File name.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// BLAKE3 without context, as `b3sum` prints it.
    pub hash: Hash,
}

/// The state of a schema before or after an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The snapshot of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotId>,
    /// Its root.
    pub root: Hash,
    /// Its layout hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Hash>,
    /// Objects by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// `root`, or the name of a masked root or check.
    pub kind: String,
    /// The hash it came to.
    pub hash: Hash,
}

/// How an operation ended. One that was rolled back is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// All well.
    #[serde(rename = "committed")]
    Committed,
    /// Committed, but a later step failed.
    #[serde(rename = "failed after commit")]
    FailedAfterCommit,
}

/// A step of a plan that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its SQL.
    pub sql: String,
    /// How long it took.
    pub microseconds: u64,
}

/// Rows that an operation saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRows {
    /// The hash of their record.
    pub record: Hash,
    /// What was destroyed.
    pub object: String,
    /// How many.
    pub count: u64,
}

/// Who ran an operation, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// User of the operating system.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Process id; 0 where there was none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pid: u32,
    /// Role in the database.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// `application_name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub application: String,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde wants"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Who {
    fn is_nobody(&self) -> bool {
        *self == Who::default()
    }
}

/// An operation in its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    snapback: String,
    version: u64,
    /// Its number, from 1.
    pub sequence: u64,
    /// Hash of the entry before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Hash>,
    /// What happened.
    pub operation: Operation,
}

fn key(database: &DatabaseId, sequence: u64) -> String {
    format!("operations/{database}/{sequence:08}.json")
}

/// The sequence number in a key.
fn sequence_of(key: &str) -> Option<u64> {
    key.rsplit_once('/')?.1.strip_suffix(".json")?.parse().ok()
}

impl LogEntry {
    fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = canon::encode(self).map_err(StoreError::unencodable)?;
        let hash = Class::Operation.hash(&bytes);
        bytes.extend_from_slice(format!("\n{hash}\n").as_bytes());
        Ok(bytes)
    }

    /// The entry in the file at `place`, and its hash.
    fn decode(place: &str, bytes: &[u8]) -> Result<(LogEntry, Hash), StoreError> {
        let cut = bytes
            .len()
            .checked_sub(66)
            .and_then(|cut| bytes.split_at_checked(cut));
        let Some((line, [b'\n', written @ .., b'\n'])) = cut else {
            return Err(StoreError::corrupt(
                place.to_owned(),
                "it does not end with its hash",
            ));
        };
        let written = std::str::from_utf8(written)
            .ok()
            .and_then(|text| text.parse::<Hash>().ok());
        let actual = Class::Operation.hash(line);
        match written {
            None => Err(StoreError::corrupt(
                place.to_owned(),
                "it does not end with its hash",
            )),
            Some(expected) if expected != actual => Err(StoreError::wrong_hash(
                place.to_owned(),
                "the operation has changed",
                expected,
                actual,
            )),
            Some(_) => Ok((manifest::decode_file("operation", place, line)?, actual)),
        }
    }
}

impl Store {
    /// Appends an operation to the log of its database.
    pub fn append_operation(&self, operation: &Operation) -> Result<LogEntry, StoreError> {
        let database = operation.database.id();
        for _ in 0..64 {
            let last = self.last_operation(&database)?;
            let entry = LogEntry {
                snapback: "operation".to_owned(),
                version: VERSION,
                sequence: last.map_or(1, |(sequence, _)| sequence + 1),
                previous: last.map(|(_, hash)| hash),
                operation: operation.clone(),
            };
            if self
                .backend
                .put_if_absent(&key(&database, entry.sequence), &entry.encode()?)?
            {
                return Ok(entry);
            }
        }
        Err(StoreError::Contended("the operation log".to_owned()))
    }

    fn last_operation(&self, database: &DatabaseId) -> Result<Option<(u64, Hash)>, StoreError> {
        let listed = self.backend.list(&format!("operations/{database}"))?;
        let Some(last) = listed
            .iter()
            .filter_map(|entry| sequence_of(&entry.key))
            .max()
        else {
            return Ok(None);
        };
        let (_, hash) = self.read_operation(database, last)?;
        Ok(Some((last, hash)))
    }

    fn read_operation(
        &self,
        database: &DatabaseId,
        sequence: u64,
    ) -> Result<(LogEntry, Hash), StoreError> {
        let key = key(database, sequence);
        let place = self.backend.place(&key);
        let bytes = match self.backend.get(&key, None) {
            Err(BackendError::NotFound { .. }) => {
                return Err(StoreError::MissingFile { file: place });
            }
            read => read?,
        };
        let (entry, hash) = LogEntry::decode(&place, &bytes)?;
        if entry.sequence != sequence || entry.operation.database.id() != *database {
            return Err(StoreError::corrupt(
                place,
                "it is another entry than its name says",
            ));
        }
        Ok((entry, hash))
    }

    /// The operations of a database, newest first; the chain of hashes is checked.
    pub fn operations(&self, database: &DatabaseId) -> Result<Vec<LogEntry>, StoreError> {
        let listed = self.backend.list(&format!("operations/{database}"))?;
        let Some(last) = listed
            .iter()
            .filter_map(|entry| sequence_of(&entry.key))
            .max()
        else {
            return Ok(Vec::new());
        };
        let mut entries = Vec::new();
        let mut previous = None;
        for sequence in 1..=last {
            let (entry, hash) = self.read_operation(database, sequence)?;
            if entry.previous != previous {
                let problem = "it does not follow the entry before it";
                return Err(StoreError::corrupt(
                    self.backend.place(&key(database, sequence)),
                    problem,
                ));
            }
            previous = Some(hash);
            entries.push(entry);
        }
        entries.reverse();
        Ok(entries)
    }

    /// The databases that have operations on record.
    pub(crate) fn logged_databases(&self) -> Result<Vec<DatabaseId>, StoreError> {
        let listed = self.backend.list("operations")?;
        let names = listed.iter().filter_map(|entry| {
            entry
                .key
                .strip_prefix("operations/")?
                .split_once('/')?
                .0
                .parse()
                .ok()
        });
        let mut databases: Vec<DatabaseId> = names.collect();
        databases.dedup();
        Ok(databases)
    }
}
