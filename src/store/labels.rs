//! Labels: files of one line, changed by compare-and-swap only (docs/FORMAT.md, "Labels").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backend::BackendError;
use super::error::StoreError;
use super::hash::SnapshotId;
use super::manifest::{self, DatabaseId, VERSION};
use super::refs::{self, LabelError};
use super::{Store, canon};

/// A label file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelFile {
    snapback: String,
    version: u64,
    snapshot: SnapshotId,
}

/// Every label of a store: by database and name.
pub(crate) type Labels = BTreeMap<(DatabaseId, String), SnapshotId>;

impl Store {
    /// The labels of a database, or of all.
    pub(crate) fn labels(&self, database: Option<&DatabaseId>) -> Result<Labels, StoreError> {
        let folder = database.map_or("labels".to_owned(), |database| format!("labels/{database}"));
        let mut labels = Labels::new();
        for entry in self.backend.list(&folder)? {
            let name = entry
                .key
                .strip_prefix("labels/")
                .and_then(|key| key.strip_suffix(".json"));
            let Some((database, label)) = name.and_then(|name| name.split_once('/')) else {
                continue;
            };
            let Ok(database) = database.parse() else {
                continue;
            };
            if let Some(id) = self.label(&database, label)? {
                labels.insert((database, label.to_owned()), id);
            }
        }
        Ok(labels)
    }

    /// The snapshot that has this label.
    fn label(&self, database: &DatabaseId, label: &str) -> Result<Option<SnapshotId>, StoreError> {
        let key = label_key(database, label);
        match self.backend.get(&key, None) {
            Ok(bytes) => decode_label(&self.backend.place(&key), &bytes).map(Some),
            Err(BackendError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The snapshot that the label file at `key` names.
    pub(crate) fn label_at(&self, key: &str) -> Result<SnapshotId, StoreError> {
        decode_label(&self.backend.place(key), &self.backend.get(key, None)?)
    }

    /// Refuses a label that names a snapshot. One whose snapshot is gone (a crash in the middle of a discard) is free.
    pub(crate) fn label_is_free(
        &self,
        database: &DatabaseId,
        label: &str,
    ) -> Result<(), StoreError> {
        match self.label(database, label)? {
            Some(snapshot) if self.exists(snapshot)? => Err(LabelError::Taken {
                label: label.to_owned(),
                snapshot,
            }
            .into()),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn exists(&self, id: SnapshotId) -> Result<bool, StoreError> {
        Ok(self.listing(None)?.iter().any(|listed| listed.id == id))
    }

    /// Gives `label` to a snapshot of `database`. With `take`, from whichever snapshot has it.
    pub fn set_label(
        &self,
        database: &DatabaseId,
        label: &str,
        id: SnapshotId,
        take: bool,
    ) -> Result<(), StoreError> {
        refs::check_label(label)?;
        if !self.exists(id)? {
            return Err(StoreError::NoSnapshot(id));
        }
        // Another process may move it between reading and swapping: then look again.
        for _ in 0..8 {
            let held = self.label(database, label)?;
            if held == Some(id) {
                return Ok(());
            }
            if !take {
                self.label_is_free(database, label)?;
            }
            match self.put_label(database, label, id, held) {
                Err(StoreError::Label(LabelError::Taken { .. })) => {}
                done => return done,
            }
        }
        Err(StoreError::Contended(format!("label `{label}`")))
    }

    /// Gives a label to a snapshot if it is what `held` says (or names a snapshot that is gone).
    pub(crate) fn put_label(
        &self,
        database: &DatabaseId,
        label: &str,
        id: SnapshotId,
        held: Option<SnapshotId>,
    ) -> Result<(), StoreError> {
        let key = label_key(database, label);
        let new = encode_label(id)?;
        let held = held.map(encode_label).transpose()?;
        if self.backend.compare_and_swap(&key, held.as_deref(), &new)? {
            return Ok(());
        }
        match self.label(database, label)? {
            Some(dead) if !self.exists(dead)? => {
                let dead = encode_label(dead)?;
                if self.backend.compare_and_swap(&key, Some(&dead), &new)? {
                    return Ok(());
                }
                Err(StoreError::Contended(format!("label `{label}`")))
            }
            Some(snapshot) => Err(LabelError::Taken {
                label: label.to_owned(),
                snapshot,
            }
            .into()),
            None => Err(StoreError::Contended(format!("label `{label}`"))),
        }
    }

    /// Removes a label; the snapshot stays.
    pub fn remove_label(
        &self,
        database: &DatabaseId,
        label: &str,
    ) -> Result<SnapshotId, StoreError> {
        let id = self
            .label(database, label)?
            .ok_or_else(|| LabelError::Unknown(label.to_owned()))?;
        self.backend.delete(&label_key(database, label))?;
        Ok(id)
    }

    /// Removes a label if the snapshot `id` has it.
    pub(crate) fn remove_label_of(
        &self,
        database: &DatabaseId,
        label: &str,
        id: SnapshotId,
    ) -> Result<(), StoreError> {
        if self.label(database, label)? == Some(id) {
            self.backend.delete(&label_key(database, label))?;
        }
        Ok(())
    }
}

fn label_key(database: &DatabaseId, label: &str) -> String {
    format!("labels/{database}/{label}.json")
}

fn encode_label(snapshot: SnapshotId) -> Result<Vec<u8>, StoreError> {
    let file = LabelFile {
        snapback: "label".to_owned(),
        version: VERSION,
        snapshot,
    };
    canon::encode(&file).map_err(StoreError::unencodable)
}

fn decode_label(place: &str, bytes: &[u8]) -> Result<SnapshotId, StoreError> {
    let file: LabelFile = manifest::decode_file("label", place, bytes)?;
    if encode_label(file.snapshot)? == bytes {
        Ok(file.snapshot)
    } else {
        Err(StoreError::corrupt(
            place.to_owned(),
            "it is not the only spelling of a label",
        ))
    }
}
