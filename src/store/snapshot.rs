//! Snapshots: writing, reading, comparing, discarding.

use super::Store;
use super::backend::BackendError;
use super::canon;
use super::contents::Contents;
use super::error::StoreError;
use super::hash::{Class, Hash, SnapshotId};
use super::index::pack_key;
use super::lease::Condemned;
use super::manifest::{DatabaseId, Manifest, Origin, SnapshotMeta};
use super::refs;
use super::tree::{self, Source, Tree};
use super::write::{Added, BlobWriter};
use crate::catalog::Str;

/// Content of a pack of a snapshot, at most: 64 MiB.
const PACK: usize = 64 * 1024 * 1024;

/// A root object as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredObject {
    /// Schema it is in; empty for what belongs to no schema.
    pub schema: String,
    /// Its id, unique in the snapshot.
    pub id: String,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    hash: Hash,
}

impl StoredObject {
    /// Checks that the bytes are canonical, and hashes them.
    pub fn new(schema: String, id: String, bytes: Vec<u8>) -> Result<Self, StoreError> {
        canon::check(&bytes).map_err(|error| StoreError::Input(format!("`{id}` is {error}")))?;
        Ok(Self::canonical(schema, id, bytes))
    }

    /// Hashes bytes that are canonical because of who wrote them: `serde_json`, from what has no fractions.
    pub fn canonical(schema: String, id: String, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(canon::check(&bytes), Ok(()), "{id}");
        let hash = Class::Object.hash(&bytes);
        Self {
            schema,
            id,
            bytes,
            hash,
        }
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// The column order of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableLayout {
    /// Schema of the table.
    pub schema: String,
    /// Id of the table.
    pub table: String,
    /// Its columns, in order.
    pub columns: Vec<Str>,
}

/// What a root object and its parts depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edges {
    /// Schema of the object.
    pub schema: String,
    /// Its id.
    pub from: String,
    to: Vec<String>,
}

impl Edges {
    /// The dependencies of an object, in the catalog's text (`catalog::edges`), in any order.
    pub fn new(schema: String, from: String, mut to: Vec<String>) -> Self {
        to.sort_unstable();
        to.dedup();
        Self { schema, from, to }
    }

    /// The dependencies, sorted, each once.
    pub fn to(&self) -> &[String] {
        &self.to
    }
}

/// What a snapshot holds. Given to be written in any order; comes back sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotData {
    /// The root objects.
    pub objects: Vec<StoredObject>,
    /// Column orders.
    pub layout: Vec<TableLayout>,
    /// Dependencies.
    pub edges: Vec<Edges>,
}

/// What a snapshot that was written is.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its id.
    pub id: SnapshotId,
    /// Its manifest.
    pub manifest: Manifest,
    /// What was new to the store.
    pub added: Added,
}

/// An object that differs between two snapshots, as the hashes of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its schema.
    pub schema: String,
    /// Its id.
    pub id: String,
    /// Its hash in the first; `None`: it is not there.
    pub before: Option<Hash>,
    /// Its hash in the second.
    pub after: Option<Hash>,
}

/// A snapshot whose run may still fail. It is complete and durable; [`Store::discard`] takes it back with all that was
/// written for it, and dropping this value keeps it.
#[derive(Debug)]
pub struct Prepared {
    /// What was written.
    pub written: Written,
    /// Packs written for it.
    pub(crate) packs: Vec<Hash>,
    /// Manifests and rows records of others when it began: whoever came later may rely on its packs.
    others: Vec<String>,
}

impl Store {
    /// Writes a snapshot.
    pub fn write_snapshot(
        &self,
        data: &SnapshotData,
        meta: SnapshotMeta,
    ) -> Result<Written, StoreError> {
        self.write_contents(&Contents::new(data)?, meta)
    }

    /// Writes a snapshot whose content is hashed already.
    pub fn write_contents(
        &self,
        contents: &Contents<'_>,
        meta: SnapshotMeta,
    ) -> Result<Written, StoreError> {
        let prepared = self.write(meta, Given::New(contents));
        prepared.map(|prepared| prepared.written)
    }

    /// Writes a snapshot that can be taken back: the emergency snapshot of an operation. It is durable when this returns.
    pub fn prepare(&self, data: &SnapshotData, meta: SnapshotMeta) -> Result<Prepared, StoreError> {
        self.write(meta, Given::New(&Contents::new(data)?))
    }

    /// Writes a snapshot with the content of an earlier one, for when the catalog reader knows that nothing has changed. `None`:
    /// somebody has discarded the earlier one.
    pub fn repeat_snapshot(
        &self,
        earlier: SnapshotId,
        meta: SnapshotMeta,
    ) -> Result<Option<Prepared>, StoreError> {
        match self.write(meta, Given::Earlier(earlier)) {
            Err(_) if !self.exists(earlier)? => Ok(None),
            done => done.map(Some),
        }
    }

    fn write(&self, meta: SnapshotMeta, content: Given<'_>) -> Result<Prepared, StoreError> {
        let database = meta.database.id();
        if let Some(label) = &meta.label {
            refs::check_label(label)?;
            self.label_is_free(&database, label)?;
        }
        let mut writer = BlobWriter::new(self, PACK)?;
        // Before any manifest is read: then the blobs of one that is there exist, and nobody deletes them while the lease counts.
        let safe = writer.condemned()?.is_empty();
        let others = self.dependents()?;
        let parent = self.newest(&database)?;
        let trees = match content {
            Given::New(contents) => contents.trees(),
            Given::Earlier(earlier) => self.manifest(earlier)?.trees(),
        };
        let unchanged = parent
            .as_ref()
            .is_some_and(|parent| parent.1.trees() == trees);
        let stored = unchanged || matches!(content, Given::Earlier(_));
        match content {
            _ if safe && stored => {}
            Given::New(contents) => contents.add_to(&mut writer)?,
            Given::Earlier(earlier) => {
                let data = self.read_snapshot(earlier)?;
                Contents::new(&data)?.add_to(&mut writer)?;
            }
        }
        writer.finish()?;
        let parent_id = parent.map(|parent| parent.0);

        let manifest = Manifest::new(meta, parent_id, trees)?;
        let (id, bytes) = manifest.encode()?;
        let key = manifest.key(id);
        self.backend.put_if_absent(&key, &bytes)?;
        if let Some(label) = &manifest.meta.label
            && let Err(error) = self.put_label(&database, label, id, None)
        {
            // Somebody else took the label in the meantime: no snapshot without the name it was asked for.
            self.backend.delete(&key)?;
            return Err(error);
        }
        let written = Written {
            id,
            manifest,
            added: writer.stats,
        };
        Ok(Prepared {
            written,
            packs: std::mem::take(&mut writer.packs),
            others,
        })
    }

    /// Takes a prepared snapshot back: its manifest, its rows records and, when nobody else can rely on them, its packs (else
    /// `gc` will).
    pub fn discard(&self, prepared: Prepared) -> Result<(), StoreError> {
        let Prepared {
            written,
            packs,
            others,
        } = prepared;
        let own_rows = format!("rows/{}", written.id);
        if let Some(label) = &written.manifest.meta.label {
            self.remove_label_of(&written.manifest.meta.database.id(), label, written.id)?;
        }
        self.backend.delete(&written.manifest.key(written.id))?;
        for entry in self.backend.list(&own_rows)? {
            self.backend.delete(&entry.key)?;
        }
        if packs.is_empty() {
            return Ok(());
        }
        let condemned = Condemned::new(&*self.backend, &packs)?;
        if condemned.others_write(None, std::time::SystemTime::now())? {
            return Ok(());
        }
        // Whoever relied on these packs published after `others` was listed.
        if self
            .dependents()?
            .iter()
            .any(|key| others.binary_search(key).is_err())
        {
            return Ok(());
        }
        for pack in &packs {
            self.backend.delete(&pack_key(*pack))?;
        }
        *self.index() = super::index::Index::default();
        Ok(())
    }

    /// Keys of everything that refers to blobs, sorted.
    fn dependents(&self) -> Result<Vec<String>, StoreError> {
        let mut keys: Vec<String> = Vec::new();
        for folder in ["rows", "snapshots"] {
            keys.extend(
                self.backend
                    .list(folder)?
                    .into_iter()
                    .map(|entry| entry.key),
            );
        }
        Ok(keys)
    }

    /// The manifest of a snapshot.
    pub fn manifest(&self, id: SnapshotId) -> Result<Manifest, StoreError> {
        let entry = self
            .listing(None)?
            .into_iter()
            .find(|listed| listed.id == id);
        self.read_manifest(&entry.ok_or(StoreError::NoSnapshot(id))?)
    }

    /// All that a snapshot holds.
    pub fn read_snapshot(&self, id: SnapshotId) -> Result<SnapshotData, StoreError> {
        let trees = self.manifest(id)?.trees();
        let mut layout = Vec::new();
        for (schema, entries) in self.tree(Class::Layout).entries::<Vec<Str>>(trees.layout)? {
            layout.extend(entries.into_iter().map(|(table, columns)| TableLayout {
                schema: schema.clone(),
                table,
                columns,
            }));
        }
        let mut edges = Vec::new();
        for (schema, entries) in self
            .tree(Class::Edges)
            .entries::<Vec<String>>(trees.edges)?
        {
            edges.extend(entries.into_iter().map(|(from, to)| Edges {
                schema: schema.clone(),
                from,
                to,
            }));
        }
        Ok(SnapshotData {
            objects: self.objects(id, |_, _| true)?,
            layout,
            edges,
        })
    }

    /// The objects of a snapshot for which `wanted(schema, id)` holds, sorted by schema and id. Bytes of the others are not read.
    pub fn objects(
        &self,
        id: SnapshotId,
        mut wanted: impl FnMut(&str, &str) -> bool,
    ) -> Result<Vec<StoredObject>, StoreError> {
        let root = self.manifest(id)?.root;
        let mut found = Vec::new();
        for (schema, entries) in self.tree(Class::Tree).entries::<Hash>(root)? {
            let entries = entries.into_iter().filter(|(id, _)| wanted(&schema, id));
            found.extend(entries.map(|(id, hash)| (schema.clone(), id, hash)));
        }
        let blobs: Vec<(Class, Hash)> = found
            .iter()
            .map(|(_, _, hash)| (Class::Object, *hash))
            .collect();
        let bytes = self.index().read(&*self.backend, &blobs)?;
        let objects = found.into_iter().zip(bytes);
        let objects = objects.map(|((schema, id, hash), bytes)| StoredObject {
            schema,
            id,
            bytes,
            hash,
        });
        Ok(objects.collect())
    }

    /// One object of a snapshot; `None` when it is not there.
    pub fn object(&self, id: SnapshotId, object: &str) -> Result<Option<StoredObject>, StoreError> {
        let Some((schema, hash)) = self.object_hash(self.manifest(id)?.root, object)? else {
            return Ok(None);
        };
        let bytes = self.object_bytes(hash)?;
        Ok(Some(StoredObject {
            schema,
            id: object.to_owned(),
            bytes,
            hash,
        }))
    }

    /// The schema and the hash of an object under a root.
    pub(crate) fn object_hash(
        &self,
        root: Hash,
        object: &str,
    ) -> Result<Option<(String, Hash)>, StoreError> {
        self.tree(Class::Tree).lookup(root, object)
    }

    /// The canonical bytes of the object with this hash, as [`Changed`] gives it.
    pub fn object_bytes(&self, hash: Hash) -> Result<Vec<u8>, StoreError> {
        self.blob(Class::Object, hash)
    }

    /// What differs from one snapshot to another, sorted by schema and id. Descends only where hashes differ.
    pub fn compare(
        &self,
        before: SnapshotId,
        after: SnapshotId,
    ) -> Result<Vec<Changed>, StoreError> {
        let (before, after) = (self.manifest(before)?.root, self.manifest(after)?.root);
        let found = self.tree(Class::Tree).compare::<Hash>(before, after)?;
        let changed = |d: tree::Difference<Hash>| Changed {
            schema: d.schema,
            id: d.id,
            before: d.before,
            after: d.after,
        };
        Ok(found.into_iter().map(changed).collect())
    }

    /// Tables whose column order differs from one snapshot to another, or that only one of them has: ids, sorted.
    pub fn compare_layout(
        &self,
        before: SnapshotId,
        after: SnapshotId,
    ) -> Result<Vec<String>, StoreError> {
        let (before, after) = (self.manifest(before)?.layout, self.manifest(after)?.layout);
        let found = self
            .tree(Class::Layout)
            .compare::<Vec<String>>(before, after)?;
        Ok(found.into_iter().map(|difference| difference.id).collect())
    }

    /// Whether it has no snapshot of any database.
    pub fn has_no_snapshot(&self) -> Result<bool, StoreError> {
        Ok(self.listing(None)?.is_empty())
    }

    /// The newest snapshot of a database, of any origin.
    pub fn newest(
        &self,
        database: &DatabaseId,
    ) -> Result<Option<(SnapshotId, Manifest)>, StoreError> {
        let Some(listed) = self.listing(Some(database))?.into_iter().next() else {
            return Ok(None);
        };
        match self.read_manifest(&listed) {
            Ok(manifest) => Ok(Some((listed.id, manifest))),
            // Discarded since; or damaged, which must not keep anybody from taking a new snapshot.
            Err(StoreError::Corrupt(_) | StoreError::Backend(BackendError::NotFound { .. })) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn tree(&self, class: Class) -> Tree<'_, Store> {
        Tree {
            class,
            source: self,
        }
    }
}

impl Source for Store {
    fn blob(&self, class: Class, hash: Hash) -> Result<Vec<u8>, StoreError> {
        let read = self.index().read(&*self.backend, &[(class, hash)])?;
        read.into_iter()
            .next()
            .ok_or(StoreError::MissingBlob { class, hash })
    }
}

/// What a snapshot that is written holds.
#[derive(Clone, Copy)]
enum Given<'d> {
    New(&'d Contents<'d>),
    /// What an earlier snapshot holds.
    Earlier(SnapshotId),
}

/// Whether the snapshot is one that a user took.
pub(crate) fn by_user(manifest: &Manifest) -> bool {
    matches!(manifest.meta.origin, Origin::User)
}
