//! Schemas that others wrote, which are not ours to copy: the folder `../shared` beside the checkout, where it is there.

use std::fs;
use std::path::PathBuf;
use std::sync::Once;

use super::postgres::Server;
use super::source::root;

/// Schemas of real applications, sorted; none where they are not at hand.
pub(crate) fn schemas() -> Vec<PathBuf> {
    let folder = root().join("../shared/schemas");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no {}: only our own corpus was used", folder.display());
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_sql = |path: &PathBuf| path.extension() == Some("sql".as_ref());
    let mut schemas: Vec<PathBuf> = paths.filter(is_sql).collect();
    assert!(!schemas.is_empty(), "{} is empty", folder.display());
    schemas.sort();
    schemas
}

/// The folder of pairs of schemas that other tools test themselves with.
pub(crate) fn pairs() -> Option<PathBuf> {
    let folder = root().join("../shared/pairs");
    folder.is_dir().then_some(folder)
}

/// What makes the roles that schemas and pairs name.
pub(crate) fn prelude() -> String {
    let file = pairs().map(|folder| folder.join("prelude.sql"));
    file.map_or_else(String::new, |file| fs::read_to_string(file).unwrap())
}

/// Makes those roles on the server that all tests share.
pub(crate) fn make_roles() {
    static MADE: Once = Once::new();
    MADE.call_once(|| drop(Server::shared().psql(&prelude())));
}
