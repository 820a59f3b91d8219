//! A store behind the `object_store` crate: memory today, object storage of cloud providers by configuration.
//!
//! The async calls run on a runtime of their own, so that they can be waited for from any thread, whatever runtime that one is in.

use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion,
};

use super::{Backend, BackendError, Entry};

/// A store in an `object_store`.
#[derive(Debug)]
pub struct Object {
    store: Arc<dyn ObjectStore>,
    runtime: tokio::runtime::Runtime,
    /// What places begin with: a URL without its last slash.
    url: String,
}

impl Object {
    /// The store at `url`, reached through `store`.
    pub fn new(store: Arc<dyn ObjectStore>, url: &str) -> Result<Object, BackendError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| BackendError::io(url.to_owned(), "reach", error))?;
        Ok(Object {
            store,
            runtime,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// A new, empty store in memory, gone with the value.
    pub fn memory() -> Result<Object, BackendError> {
        Object::new(Arc::new(InMemory::new()), "memory:")
    }

    /// Waits for `future` on another thread: this one may be inside a runtime, where blocking on a second one is refused.
    fn wait<T: Send>(
        &self,
        future: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let thread =
            std::thread::scope(|scope| scope.spawn(|| self.runtime.block_on(future)).join());
        thread.unwrap_or_else(|_| {
            Err(Error::Generic {
                store: "object_store",
                source: "its thread panicked".into(),
            })
        })
    }

    fn error(&self, key: &str, action: &'static str, error: Error) -> BackendError {
        let place = self.place(key);
        match error {
            Error::NotFound { .. } => BackendError::NotFound { place },
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                BackendError::Denied { place, action }
            }
            error => BackendError::Failed {
                place,
                action,
                source: Box::new(error),
            },
        }
    }

    /// `false` when the condition of the put did not hold.
    fn put(&self, key: &str, bytes: &[u8], mode: PutMode) -> Result<bool, BackendError> {
        let path = Path::from(key);
        let payload = bytes.to_vec().into();
        match self.wait(self.store.put_opts(&path, payload, mode.into())) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(self.error(key, "write", error)),
        }
    }
}

impl Backend for Object {
    fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, BackendError> {
        let path = Path::from(key);
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let read = async { self.store.get_opts(&path, options).await?.bytes().await };
        let bytes = self
            .wait(read)
            .map_err(|error| self.error(key, "read", error))?;
        Ok(bytes.to_vec())
    }

    fn put_if_absent(&self, key: &str, bytes: &[u8]) -> Result<bool, BackendError> {
        self.put(key, bytes, PutMode::Create)
    }

    fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<bool, BackendError> {
        let Some(expected) = expected else {
            return self.put_if_absent(key, new);
        };
        let path = Path::from(key);
        let read = async {
            let found = self.store.get(&path).await?;
            let version = UpdateVersion {
                e_tag: found.meta.e_tag.clone(),
                version: found.meta.version.clone(),
            };
            Ok((found.bytes().await?, version))
        };
        match self.wait(read) {
            Ok((bytes, version)) if bytes == expected => {
                self.put(key, new, PutMode::Update(version))
            }
            Ok(_) | Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.error(key, "read", error)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, BackendError> {
        let prefix = (!folder.is_empty()).then(|| Path::from(folder));
        let found = self.wait(self.store.list(prefix.as_ref()).try_collect::<Vec<_>>());
        let found = found.map_err(|error| self.error(folder, "list", error))?;
        let mut entries: Vec<Entry> = found
            .into_iter()
            .map(|meta| Entry {
                key: meta.location.to_string(),
                size: meta.size,
                modified: meta.last_modified.into(),
            })
            .collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    fn delete(&self, key: &str) -> Result<(), BackendError> {
        let path = Path::from(key);
        match self.wait(self.store.delete(&path)) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error(key, "delete", error)),
        }
    }

    fn place(&self, key: &str) -> String {
        if key.is_empty() {
            self.url.clone()
        } else {
            format!("{}/{key}", self.url)
        }
    }

    // A put is all or nothing there: no unfinished writes are visible.
    fn sweep(&self, _before: SystemTime, _dry: bool) -> Result<Vec<String>, BackendError> {
        Ok(Vec::new())
    }
}
