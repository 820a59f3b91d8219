//! A store in a local folder, with plain blocking file I/O.
//!
//! Not `object_store`'s `LocalFileSystem`: that one cannot compare and swap, and gives files the mode that the umask leaves. Every
//! write goes to a temporary file in the target folder, is fsynced, gets its name, and the folder is fsynced.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::{Backend, BackendError, Entry};

/// What the names of unfinished writes begin with.
const TEMPORARY: &str = ".tmp-";

/// A folder of the local file system.
#[derive(Debug)]
pub struct Local {
    root: PathBuf,
}

impl Local {
    /// The folder `root`, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Local {
        Local { root: root.into() }
    }

    fn path(&self, key: &str) -> PathBuf {
        if key.is_empty() {
            self.root.clone()
        } else {
            self.root.join(key)
        }
    }

    fn error(&self, key: &str, action: &'static str, source: io::Error) -> BackendError {
        BackendError::io(self.place(key), action, source)
    }

    /// Writes `bytes` to a new temporary file beside `path`, fsynced.
    fn stage(path: &Path, bytes: &[u8]) -> io::Result<Staged> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_folder(folder)?;
        let staged = Staged {
            path: folder.join(temporary_name()),
            folder: folder.to_owned(),
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&staged.path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(staged)
    }

    /// The lock that makes read, compare and rename one step among processes. Released when the file is closed.
    fn lock(&self) -> io::Result<File> {
        make_folder(&self.root)?;
        let path = self.root.join(".lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        file.lock()?;
        Ok(file)
    }

    fn publish_new(&self, staged: &Staged, path: &Path) -> io::Result<bool> {
        match fs::hard_link(&staged.path, path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            // A file system without hard links (FAT, some container mounts): look and rename under the lock.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Unsupported | ErrorKind::PermissionDenied
                ) =>
            {
                let _lock = self.lock()?;
                if path.try_exists()? {
                    return Ok(false);
                }
                fs::rename(&staged.path, path)?;
            }
            Err(error) => return Err(error),
        }
        sync_folder(&staged.folder)?;
        Ok(true)
    }

    fn swap(&self, path: &Path, expected: Option<&[u8]>, new: &[u8]) -> io::Result<bool> {
        let _lock = self.lock()?;
        let found = match fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if found.as_deref() != expected {
            return Ok(false);
        }
        let staged = Self::stage(path, new)?;
        fs::rename(&staged.path, path)?;
        sync_folder(&staged.folder)?;
        Ok(true)
    }

    /// Calls `visit` with every file below `folder`, hidden ones too.
    fn walk(
        folder: &Path,
        visit: &mut dyn FnMut(&Path, &fs::DirEntry) -> io::Result<()>,
    ) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                Self::walk(&path, visit)?;
            } else {
                visit(&path, &entry)?;
            }
        }
        Ok(())
    }
}

/// A temporary file; removed when dropped, whatever became of it (after a rename there is nothing to remove).
struct Staged {
    path: PathBuf,
    folder: PathBuf,
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A name that no other writer uses at the same time, on this machine or on one that shares the folder.
fn temporary_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{TEMPORARY}{}-{count}-{:08x}",
        std::process::id(),
        crate::store::random32()
    )
}

/// Makes `folder` and what is missing above it, mode 0700, and fsyncs the folders that got a new entry.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("."));
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => sync_folder(above),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

fn read_range(path: &Path, range: Option<Range<u64>>) -> io::Result<Vec<u8>> {
    let Some(range) = range else {
        return fs::read(path);
    };
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let length = range.end.saturating_sub(range.start);
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(io::Error::new(
            ErrorKind::UnexpectedEof,
            "the file is shorter than it must be",
        ));
    }
    Ok(bytes)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

impl Backend for Local {
    fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, BackendError> {
        read_range(&self.path(key), range).map_err(|error| self.error(key, "read", error))
    }

    fn put_if_absent(&self, key: &str, bytes: &[u8]) -> Result<bool, BackendError> {
        let path = self.path(key);
        let put = Self::stage(&path, bytes).and_then(|staged| self.publish_new(&staged, &path));
        put.map_err(|error| self.error(key, "write", error))
    }

    fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<bool, BackendError> {
        self.swap(&self.path(key), expected, new)
            .map_err(|error| self.error(key, "write", error))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, BackendError> {
        let mut entries = Vec::new();
        let walked = Self::walk(&self.path(folder), &mut |path, entry| {
            let Some(key) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) else {
                return Ok(());
            };
            if is_hidden(path) {
                return Ok(());
            }
            match entry.metadata() {
                Ok(found) => {
                    entries.push(Entry {
                        key: key.to_owned(),
                        size: found.len(),
                        modified: found.modified()?,
                    });
                    Ok(())
                }
                // Deleted since the folder was read.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
        });
        walked.map_err(|error| self.error(folder, "list", error))?;
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    fn delete(&self, key: &str) -> Result<(), BackendError> {
        let path = self.path(key);
        let deleted = match fs::remove_file(&path) {
            Ok(()) => sync_folder(path.parent().unwrap_or(Path::new("."))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        deleted.map_err(|error| self.error(key, "delete", error))
    }

    fn place(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn sweep(&self, before: SystemTime, dry: bool) -> Result<Vec<String>, BackendError> {
        let mut removed = Vec::new();
        let walked = Self::walk(&self.root, &mut |path, entry| {
            let temporary = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()));
            if !temporary
                || entry
                    .metadata()
                    .and_then(|found| found.modified())
                    .is_ok_and(|time| time >= before)
            {
                return Ok(());
            }
            if !dry {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            removed.push(path.display().to_string());
            Ok(())
        });
        walked.map_err(|error| self.error("", "clean", error))?;
        removed.sort();
        Ok(removed)
    }
}
