//! The cases of `corpus/migrate`, and which of them the server under test can run. What is left out is printed with the
//! reason, and a server may lack only what is known of it.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::postgres::{Database, Server};
use super::source::root;

/// What the servers of `make matrix` (scripts/servers) are built without.
const LACKS: [(u32, &[Feature]); 6] = [
    (13, &[Feature::Lz4]),
    (14, &[Feature::Icu]),
    (15, &[Feature::Icu]),
    (16, &[Feature::Icu]),
    (17, &[Feature::Icu]),
    (18, &[Feature::Icu]),
];

/// What a server can be built without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Feature {
    Icu,
    Lz4,
}

impl Feature {
    /// Whether the server that is tested with has it.
    pub(crate) fn is_here(self) -> bool {
        let sql = match self {
            // Not by its provider: `unicode` is there since 16, whatever the server is built with.
            Self::Icu => "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')",
            Self::Lz4 => {
                "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals))"
            }
        };
        Server::shared().psql(sql) == "t"
    }
}

/// What `shape.toml` says of a case; see corpus/migrate/README.md.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Shape {
    /// Texts that no statement of either plan contains.
    pub(crate) forbid: Vec<String>,
    /// Texts of which each is in some statement of the plan from a to b.
    pub(crate) require: Vec<String>,
    /// A text of the reason for which there is no plan from a to b.
    pub(crate) refused: Option<String>,
    /// The first major version that can load it.
    since: u32,
    /// What the server must be built with.
    needs: Vec<Feature>,
}

/// A folder of the corpus.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    folder: PathBuf,
}

impl Case {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The text of one of its files; empty when it has no such file.
    pub(crate) fn sql(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// A new database with one of its files loaded.
    pub(crate) fn load(&self, name: &str) -> Result<Database<'static>, String> {
        let database = Database::new();
        database.try_psql(&self.sql(name))?;
        Ok(database)
    }
}

/// The cases that the shared server can run; `SNAPBACK_CASE` picks those whose name has it.
pub(crate) fn cases() -> Vec<Case> {
    let wanted = std::env::var("SNAPBACK_CASE").unwrap_or_default();
    let mut cases: Vec<Case> = fs::read_dir(root().join("corpus/migrate"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.is_dir())
        .map(|folder| Case {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            shape: match fs::read_to_string(folder.join("shape.toml")) {
                Ok(text) => toml::from_str(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
                Err(_) => Shape::default(),
            },
            folder,
        })
        .filter(|case| case.name.contains(&wanted))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    let major = Server::shared().major();
    let missing: Vec<Feature> = [Feature::Icu, Feature::Lz4]
        .into_iter()
        .filter(|feature| !feature.is_here())
        .collect();
    let known = LACKS.iter().find(|(version, _)| *version == major);
    let known = known.map_or(&[][..], |(_, features)| features);
    let surprise = missing.iter().find(|feature| !known.contains(feature));
    assert!(
        surprise.is_none(),
        "a server {major} without {surprise:?}: cases would be left out"
    );
    cases.retain(|case| {
        let old = case.shape.since > major;
        let lacked = case.shape.needs.iter().find(|need| missing.contains(need));
        if old {
            eprintln!(
                "left out on {major}: {} (since {})",
                case.name, case.shape.since
            );
        } else if let Some(feature) = lacked {
            eprintln!("left out on {major}: {} (needs {feature:?})", case.name);
        }
        !old && lacked.is_none()
    });
    assert!(!cases.is_empty());
    cases
}
