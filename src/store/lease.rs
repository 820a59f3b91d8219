//! How writers and deleters of packs stay out of each other's way without waiting (docs/FORMAT.md, "Writing").
//!
//! A writer holds a lease before it looks which blobs exist; a deleter condemns before it looks who holds a lease. So one of the two sees the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::backend::{Backend, BackendError};
use super::error::StoreError;
use super::hash::Hash;

/// How long a lease, a condemnation or a temporary file counts as in use. No grace period that a user gives shortens it: the
/// run that made it may be alive.
pub(crate) const LEASE: Duration = Duration::from_hours(24);

/// How young files are that `gc` leaves alone, unless told otherwise.
pub const GRACE: Duration = Duration::from_hours(24);

/// A writer at work. Released when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    backend: Arc<dyn Backend>,
    key: String,
}

impl Lease {
    /// Announces a writer.
    pub(crate) fn take(backend: &Arc<dyn Backend>) -> Result<Lease, StoreError> {
        let process = std::process::id();
        loop {
            let key = format!(
                "leases/{process}-{:08x}{:08x}.json",
                super::random32(),
                super::random32()
            );
            let content = format!("{{\"snapback\":\"lease\",\"version\":1,\"process\":{process}}}");
            if backend.put_if_absent(&key, content.as_bytes())? {
                return Ok(Lease {
                    backend: Arc::clone(backend),
                    key,
                });
            }
        }
    }

    /// Must be asked before anything is published that relies on blobs of others.
    pub(crate) fn still_held(&self) -> Result<(), StoreError> {
        match self.backend.get(&self.key, None) {
            Ok(_) => Ok(()),
            Err(BackendError::NotFound { .. }) => Err(StoreError::LeaseLost),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // If it fails, the lease looks like a crash and expires.
        let _ = self.backend.delete(&self.key);
    }
}

/// The pack that a condemnation with this key is about.
fn condemned_pack(key: &str) -> Option<Hash> {
    key.strip_prefix("condemned/")?
        .split_once('-')?
        .0
        .parse()
        .ok()
}

/// The packs that somebody is about to delete, or was when it crashed.
pub(crate) fn condemned(backend: &dyn Backend) -> Result<BTreeSet<Hash>, StoreError> {
    let listed = backend.list("condemned")?;
    Ok(listed
        .iter()
        .filter_map(|entry| condemned_pack(&entry.key))
        .collect())
}

/// Packs that this process has condemned.
pub(crate) struct Condemned<'b> {
    backend: &'b dyn Backend,
    keys: Vec<String>,
}

impl<'b> Condemned<'b> {
    /// Condemns `packs`, so that no writer relies on them from now on.
    pub(crate) fn new(
        backend: &'b dyn Backend,
        packs: &[Hash],
    ) -> Result<Condemned<'b>, StoreError> {
        let mut condemned = Condemned {
            backend,
            keys: Vec::new(),
        };
        for pack in packs {
            // A name of our own: another deleter that withdraws lifts its condemnation only.
            let key = format!("condemned/{pack}-{:08x}.json", super::random32());
            condemned.keys.push(key.clone());
            backend.put_if_absent(&key, b"{\"snapback\":\"condemned\",\"version\":1}")?;
        }
        Ok(condemned)
    }

    /// Whether a writer may rely on them: somebody else holds a lease. Leases that are older than [`LEASE`] are removed.
    pub(crate) fn others_write(
        &self,
        own: Option<&Lease>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut others = false;
        for entry in self.backend.list("leases")? {
            if own.is_some_and(|own| own.key == entry.key) {
                continue;
            }
            // A lease from the future is a clock that differs, not a crash.
            if now
                .duration_since(entry.modified)
                .is_ok_and(|age| age >= LEASE)
            {
                self.backend.delete(&entry.key)?;
            } else {
                others = true;
            }
        }
        Ok(others)
    }
}

impl Drop for Condemned<'_> {
    fn drop(&mut self) {
        for key in &self.keys {
            // If it fails, writers ignore the pack until a later gc sweeps it.
            let _ = self.backend.delete(key);
        }
    }
}
