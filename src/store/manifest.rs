//! Manifests: the file that describes one snapshot (docs/FORMAT.md, "Manifests"), and the words that it shares with the operation log.
//!
//! Pure, but for [`OperationId::new`], which draws four random digits.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, Unit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::canon;
use super::error::StoreError;
use super::hash::{Class, Hash, SnapshotId};
use crate::catalog::database::Beside;
use crate::catalog::secret::Secrets;

/// The version of the JSON files that this program writes, and the newest that it reads.
pub(crate) const VERSION: u64 = 1;

/// Which database: its name may change, this does not. Written `<system>-<oid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId {
    /// `system_identifier` of `pg_control_system()`.
    pub system: u64,
    /// `oid` in `pg_database`.
    pub oid: u32,
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.system, self.oid)
    }
}

impl FromStr for DatabaseId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<DatabaseId, &'static str> {
        let wrong = "a database is <system identifier>-<oid>";
        let (system, oid) = text.split_once('-').ok_or(wrong)?;
        let id = DatabaseId {
            system: system.parse().map_err(|_| wrong)?,
            oid: oid.parse().map_err(|_| wrong)?,
        };
        // One spelling: no `+`, no leading zero.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(wrong)
        }
    }
}

/// A database as manifests and operations name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// `system_identifier`; a string in JSON, since it does not fit the integers of JavaScript.
    #[serde(with = "digits")]
    pub system: u64,
    /// `oid` in `pg_database`.
    pub oid: u32,
    /// Its name at that time.
    pub name: String,
}

impl Database {
    /// What identifies it.
    pub fn id(&self) -> DatabaseId {
        DatabaseId {
            system: self.system,
            oid: self.oid,
        }
    }
}

/// A number as a string of digits.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde wants"
    )]
    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The name of an operation: `op-<UTC time>-<4 hex>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(String);

impl OperationId {
    /// A new id for an operation that starts at `time`.
    pub fn new(time: Timestamp) -> OperationId {
        OperationId(format!(
            "op-{}-{:04x}",
            time.strftime("%Y%m%dT%H%M%SZ"),
            super::random32() & 0xffff
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for OperationId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<OperationId, &'static str> {
        let wrong = "an operation id is op-<UTC time>-<4 hex>";
        let (time, tail) = text
            .strip_prefix("op-")
            .and_then(|rest| rest.split_once('-'))
            .ok_or(wrong)?;
        let digits = time
            .strip_suffix('Z')
            .and_then(|time| time.split_once('T'))
            .ok_or(wrong)?;
        let number =
            |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        let hex = tail.len() == 4 && tail.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if number(digits.0, 8) && number(digits.1, 6) && hex {
            Ok(OperationId(text.to_owned()))
        } else {
            Err(wrong)
        }
    }
}

/// Who wanted a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", content = "operation", rename_all = "lowercase")]
pub enum Origin {
    /// A user: `snapback snapshot`.
    User,
    /// The emergency snapshot before an operation: pinned, `gc` never removes it.
    Before(OperationId),
    /// The state after an operation.
    After(OperationId),
}

impl Origin {
    /// The automatic name, `before/<operation>` or `after/<operation>`.
    pub fn name(&self) -> Option<String> {
        match self {
            Origin::User => None,
            Origin::Before(operation) => Some(format!("before/{operation}")),
            Origin::After(operation) => Some(format!("after/{operation}")),
        }
    }
}

/// What a snapshot covers, as the user gave it. All empty: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// `--schema`: only these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// `--exclude-schema`: not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Not what these roles own: those of a managed service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_roles: Vec<String>,
}

impl Scope {
    fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// What a manifest says besides its hashes: all of it comes from the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMeta {
    /// When it was taken. The store rounds it to microseconds.
    pub time: Timestamp,
    /// Who wanted it.
    #[serde(flatten)]
    pub origin: Origin,
    /// The label it was given when taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The database.
    pub database: Database,
    /// `server_version_num`.
    pub server: u32,
    /// What it covers.
    #[serde(default, skip_serializing_if = "Scope::is_everything")]
    pub scope: Scope,
    /// Objects by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// Objects in scope that no kind models, by name, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmodeled: Vec<String>,
    /// Indexes that are invalid and so not part of the schema, by name, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid_indexes: Vec<String>,
    /// Roles that the schema names, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Extensions that it needs, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
    /// Tablespaces that it names, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tablespaces: Vec<String>,
    /// What the database has besides its schema.
    #[serde(flatten)]
    pub beside: Beside,
    /// Ids of objects in which a secret was replaced by a marker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<String>,
    /// Secrets that the user wanted to be kept.
    #[serde(default, skip_serializing_if = "Secrets::is_empty")]
    pub secrets: Secrets,
    /// What the catalog reader recorded to see cheaply that nothing changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprint: BTreeMap<String, String>,
    /// Version of Snapback.
    pub tool: String,
}

impl SnapshotMeta {
    /// The least that a snapshot needs; the other fields are public.
    pub fn new(time: Timestamp, origin: Origin, database: Database, server: u32) -> SnapshotMeta {
        SnapshotMeta {
            time,
            origin,
            label: None,
            database,
            server,
            scope: Scope::default(),
            counts: BTreeMap::new(),
            unmodeled: Vec::new(),
            invalid_indexes: Vec::new(),
            roles: Vec::new(),
            extensions: Vec::new(),
            tablespaces: Vec::new(),
            beside: Beside::default(),
            redacted: Vec::new(),
            secrets: Secrets::default(),
            fingerprint: BTreeMap::new(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    snapback: String,
    version: u64,
    /// What the caller said.
    #[serde(flatten)]
    pub meta: SnapshotMeta,
    /// The newest earlier snapshot of this database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SnapshotId>,
    /// Hash of the objects tree.
    pub root: Hash,
    /// Hash of the layout tree.
    pub layout: Hash,
    /// Hash of the edges tree.
    pub edges: Hash,
}

impl Manifest {
    pub(crate) fn new(
        mut meta: SnapshotMeta,
        parent: Option<SnapshotId>,
        trees: Trees,
    ) -> Result<Manifest, StoreError> {
        meta.time = meta
            .time
            .round(Unit::Microsecond)
            .map_err(|error| StoreError::Input(error.to_string()))?;
        let Trees {
            root,
            layout,
            edges,
        } = trees;
        Ok(Manifest {
            snapback: "manifest".to_owned(),
            version: VERSION,
            meta,
            parent,
            root,
            layout,
            edges,
        })
    }

    /// The canonical bytes and the id that they have.
    pub(crate) fn encode(&self) -> Result<(SnapshotId, Vec<u8>), StoreError> {
        let bytes = canon::encode(self).map_err(StoreError::unencodable)?;
        Ok((SnapshotId(Class::Manifest.hash(&bytes)), bytes))
    }

    /// Decodes the manifest `id` from the file at `place`.
    pub(crate) fn decode(
        id: SnapshotId,
        place: &str,
        bytes: &[u8],
    ) -> Result<Manifest, StoreError> {
        let actual = Class::Manifest.hash(bytes);
        if actual != id.0 {
            return Err(StoreError::wrong_hash(
                place.to_owned(),
                "the manifest has changed",
                id.0,
                actual,
            ));
        }
        decode_file("manifest", place, bytes)
    }

    /// Where it lies; names sort by time.
    pub(crate) fn key(&self, id: SnapshotId) -> String {
        format!(
            "snapshots/{}/{}-{id}.json",
            self.meta.database.id(),
            name_time(self.meta.time)
        )
    }

    /// The three tops.
    pub(crate) fn trees(&self) -> Trees {
        Trees {
            root: self.root,
            layout: self.layout,
            edges: self.edges,
        }
    }

    /// Whether `gc` must never remove it.
    pub fn pinned(&self) -> bool {
        matches!(self.meta.origin, Origin::Before(_))
    }
}

/// The tops of the three trees of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trees {
    /// The objects: the root.
    pub root: Hash,
    /// Column order of tables.
    pub layout: Hash,
    /// Dependencies.
    pub edges: Hash,
}

/// A time as names of manifests have it: sorts as text.
pub(crate) fn name_time(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%S%.6fZ").to_string()
}

/// Decodes a JSON file of ours: canonical, of the right kind, not newer than this program.
pub(crate) fn decode_file<T: DeserializeOwned>(
    kind: &str,
    place: &str,
    bytes: &[u8],
) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Header {
        snapback: String,
        version: u64,
    }
    let corrupt = |problem: String| StoreError::corrupt(place.to_owned(), problem);
    canon::check(bytes).map_err(|error| corrupt(error.to_string()))?;
    let header: Header =
        serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))?;
    if header.snapback != kind {
        return Err(corrupt(format!(
            "it says `{}` where `{kind}` must be",
            header.snapback
        )));
    }
    if header.version > VERSION {
        return Err(StoreError::Newer {
            file: place.to_owned(),
            found: header.version,
            supported: VERSION,
        });
    }
    serde_json::from_slice(bytes).map_err(|error| corrupt(error.to_string()))
}

/// Checks the bytes of a manifest without its id: the fuzz target's entry. What decodes is written back as it was.
pub fn check_manifest(bytes: &[u8]) -> Result<(), StoreError> {
    let manifest: Manifest = decode_file("manifest", "manifest", bytes)?;
    manifest.encode().map(|_| ())
}
