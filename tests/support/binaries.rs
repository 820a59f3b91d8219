//! Finds the programs of a Postgres installation: the server under test, and `psql` and `pg_dump`, which
//! are oracles for tests and never used by Snapback itself. Installs nothing: `make test` does.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOW_TO_GET_ONE: &str = "\
no Postgres server was found, and this test needs one (it is not skipped). Any of these helps:
    make setup                      installs one and says where
    SNAPBACK_PG_BIN=/path/to/bin    the folder that holds initdb, pg_ctl and postgres
    apt-get install postgresql      found under /usr/lib/postgresql";

/// The folder with `initdb`, `pg_ctl` and `postgres`: `SNAPBACK_PG_BIN`, else the one on `PATH`, else the
/// newest of Debian's, else the newest that `make setup` unpacked. `Err` says how to get one.
pub(crate) fn server_folder() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("SNAPBACK_PG_BIN").filter(|value| !value.is_empty()) {
        let folder = PathBuf::from(named);
        return if holds_server(&folder) {
            Ok(folder)
        } else {
            Err(format!(
                "SNAPBACK_PG_BIN={} holds no initdb, pg_ctl and postgres",
                folder.display()
            ))
        };
    }
    let on_path = path_folders()
        .into_iter()
        // A link on PATH leads to the folder that has all the programs.
        .filter_map(|folder| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_owned()));
    on_path
        .chain(newest_first("/usr/lib/postgresql", ""))
        .chain(
            caches()
                .iter()
                .flat_map(|cache| newest_first(cache, "postgres-")),
        )
        .find(|folder| holds_server(folder))
        .ok_or_else(|| HOW_TO_GET_ONE.to_owned())
}

/// The folder of the server of each major version that can be found.
pub(crate) fn by_version() -> BTreeMap<u32, PathBuf> {
    let unpacked = caches()
        .into_iter()
        .flat_map(|cache| newest_first(cache, "postgres-"));
    newest_first("/usr/lib/postgresql", "")
        .into_iter()
        .chain(unpacked)
        .filter(|folder| holds_server(folder))
        .map(|folder| (major(&folder), folder))
        .collect()
}

/// A client program such as `psql`: beside the server, else on `PATH`, else the newest of Debian's.
pub(crate) fn client(server_folder: &Path, name: &str) -> PathBuf {
    std::iter::once(server_folder.to_owned())
        .chain(path_folders())
        .chain(newest_first("/usr/lib/postgresql", ""))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!(
                "no {name} beside the server in {} nor on PATH: `make setup` installs it",
                server_folder.display()
            )
        })
}

/// The major version of the server in `folder`: 15 for `postgres (PostgreSQL) 15.18 (Debian ..)`.
pub(crate) fn major(folder: &Path) -> u32 {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let digits = |word: &str| {
        word.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    text.split_whitespace()
        .find_map(|word| digits(word).parse().ok())
        .unwrap_or_else(|| panic!("no version in {text:?}"))
}

fn holds_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// The caches that `scripts/setup` unpacks servers into: root's, and an ordinary user's.
fn caches() -> Vec<PathBuf> {
    let own = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    own.into_iter()
        .chain([PathBuf::from("/var/cache")])
        .map(|cache| cache.join("snapback"))
        .collect()
}

/// The `bin` folders of the installations in `parent` whose folder is called `<prefix><version>`.
fn newest_first(parent: impl AsRef<Path>, prefix: &str) -> Vec<PathBuf> {
    let version = |folder: &Path| -> Option<Vec<u32>> {
        let name = folder.file_name()?.to_str()?.strip_prefix(prefix)?;
        name.split('.').map(|part| part.parse().ok()).collect()
    };
    let mut found: Vec<_> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|folder| Some((version(&folder)?, folder.join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[test]
fn installations_are_tried_newest_first() {
    let parent = tempfile::tempdir().unwrap();
    for name in [
        "postgres-9.6",
        "postgres-15.19.0",
        "postgres-16.2",
        "postgres-tmp",
        "other-17",
    ] {
        std::fs::create_dir(parent.path().join(name)).unwrap();
    }
    let found: Vec<_> = newest_first(parent.path(), "postgres-")
        .iter()
        .map(|bin| {
            bin.strip_prefix(parent.path())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        found,
        [
            "postgres-16.2/bin",
            "postgres-15.19.0/bin",
            "postgres-9.6/bin"
        ]
    );
}
