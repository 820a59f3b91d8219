//! A backend in memory that can be damaged, aged, filled up, and made to fail at the n-th call.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::store::Store;
use crate::store::backend::{Backend, BackendError, Entry};

/// Files in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    files: Mutex<BTreeMap<String, (Vec<u8>, SystemTime)>>,
}

impl Memory {
    pub(super) fn store() -> (Arc<Memory>, Store) {
        let memory = Arc::new(Memory::default());
        let store = Store::create_or_open_on(memory.clone()).unwrap();
        (memory, store)
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }

    pub(super) fn bytes(&self, key: &str) -> Vec<u8> {
        self.files.lock().unwrap()[key].0.clone()
    }

    pub(super) fn set(&self, key: &str, bytes: Vec<u8>) {
        let mut files = self.files.lock().unwrap();
        files.insert(key.to_owned(), (bytes, SystemTime::now()));
    }

    /// Makes all files older.
    pub(super) fn age(&self, by: Duration) {
        for (_, modified) in self.files.lock().unwrap().values_mut() {
            *modified -= by;
        }
    }

    /// All files with their content.
    pub(super) fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.files.lock().unwrap();
        files
            .iter()
            .map(|(key, file)| (key.clone(), file.0.clone()))
            .collect()
    }

    pub(super) fn copy(&self) -> Arc<Memory> {
        Arc::new(Memory {
            files: Mutex::new(self.files.lock().unwrap().clone()),
        })
    }
}

impl Backend for Memory {
    fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, BackendError> {
        let files = self.files.lock().unwrap();
        let (bytes, _) = files.get(key).ok_or_else(|| BackendError::NotFound {
            place: self.place(key),
        })?;
        match range {
            None => Ok(bytes.clone()),
            Some(range) => {
                let (start, end) = (
                    usize::try_from(range.start).unwrap(),
                    usize::try_from(range.end).unwrap(),
                );
                let short = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                let part = bytes
                    .get(start..end)
                    .ok_or_else(|| BackendError::io(self.place(key), "read", short()))?;
                Ok(part.to_vec())
            }
        }
    }

    fn put_if_absent(&self, key: &str, bytes: &[u8]) -> Result<bool, BackendError> {
        self.compare_and_swap(key, None, bytes)
    }

    fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<bool, BackendError> {
        let mut files = self.files.lock().unwrap();
        if files.get(key).map(|file| &file.0[..]) != expected {
            return Ok(false);
        }
        files.insert(key.to_owned(), (new.to_vec(), SystemTime::now()));
        Ok(true)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, BackendError> {
        let files = self.files.lock().unwrap();
        let inside = |key: &str| {
            folder.is_empty()
                || key
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let listed = files
            .iter()
            .filter(|(key, _)| inside(key))
            .map(|(key, (bytes, modified))| Entry {
                key: key.clone(),
                size: bytes.len() as u64,
                modified: *modified,
            });
        Ok(listed.collect())
    }

    fn delete(&self, key: &str) -> Result<(), BackendError> {
        self.files.lock().unwrap().remove(key);
        Ok(())
    }

    fn place(&self, key: &str) -> String {
        format!("mem/{key}")
    }

    fn sweep(&self, _before: SystemTime, _dry: bool) -> Result<Vec<String>, BackendError> {
        Ok(Vec::new())
    }
}

/// What is done around each call to the backend.
pub(super) trait Around: std::fmt::Debug + Send + Sync {
    /// Makes a call, or does not; `writes` says whether it needs space.
    fn call<T>(
        &self,
        writes: bool,
        run: impl FnOnce() -> Result<T, BackendError>,
    ) -> Result<T, BackendError>;
}

/// Files with something around each call.
#[derive(Debug)]
pub(super) struct Watched<A> {
    pub(super) files: Arc<Memory>,
    pub(super) around: A,
}

impl<A: Around> Backend for Watched<A> {
    fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, BackendError> {
        self.around.call(false, || self.files.get(key, range))
    }

    fn put_if_absent(&self, key: &str, bytes: &[u8]) -> Result<bool, BackendError> {
        self.around
            .call(true, || self.files.put_if_absent(key, bytes))
    }

    fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<bool, BackendError> {
        self.around
            .call(true, || self.files.compare_and_swap(key, expected, new))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, BackendError> {
        self.around.call(false, || self.files.list(folder))
    }

    fn delete(&self, key: &str) -> Result<(), BackendError> {
        self.around.call(false, || self.files.delete(key))
    }

    fn place(&self, key: &str) -> String {
        self.files.place(key)
    }

    fn sweep(&self, before: SystemTime, dry: bool) -> Result<Vec<String>, BackendError> {
        self.around.call(false, || self.files.sweep(before, dry))
    }
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The process dies before the call has an effect.
    Before,
    /// The process dies after it, so the caller never hears of it.
    After,
    /// Writes find no space; deletes and reads work.
    Full,
}

/// Fails from the n-th call on.
#[derive(Debug)]
pub(super) struct Failing {
    failure: Failure,
    left: AtomicUsize,
}

impl Failing {
    pub(super) fn on(files: Arc<Memory>, failure: Failure, calls: usize) -> Arc<Watched<Failing>> {
        let left = AtomicUsize::new(calls);
        let around = Failing { failure, left };
        Arc::new(Watched { files, around })
    }

    /// Whether the failure was reached.
    pub(super) fn failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

impl Around for Failing {
    fn call<T>(
        &self,
        writes: bool,
        run: impl FnOnce() -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        if self.failure == Failure::Full && !writes {
            return run();
        }
        let left = self.left.load(Ordering::SeqCst);
        if left > 1 {
            self.left.store(left - 1, Ordering::SeqCst);
            return run();
        }
        self.left.store(0, Ordering::SeqCst);
        let place = "mem".to_owned();
        if self.failure == Failure::Full {
            return Err(BackendError::Full { place });
        }
        if left == 1 && self.failure == Failure::After {
            run()?;
        }
        Err(BackendError::io(
            place,
            "reach",
            std::io::Error::other("crashed"),
        ))
    }
}
