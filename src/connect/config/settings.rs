//! Parameters as text, each with the place it came from, and the error that names that place.
//!
//! A later stage gives the values their types. Nothing here prints a value of a secret parameter.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    path::PathBuf,
};

use super::key::{Key, Policy};
use crate::nearest::nearest;

/// Where a parameter's value was found. Shown to the user in errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A connection string; the text says which one: `--database-url`, `DATABASE_URL`.
    Given(String),
    /// An environment variable.
    Environment(String),
    /// A line of a connection service file.
    ServiceFile(PathBuf, usize),
    /// A password file.
    PasswordFile(PathBuf),
    /// Typed by the user when asked.
    Terminal,
    /// Nobody said anything: the built-in value.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Given(name) => write!(f, "connection string ({name})"),
            Source::Environment(name) => write!(f, "environment variable {name}"),
            Source::ServiceFile(path, 0) => write!(f, "service file {}", path.display()),
            Source::ServiceFile(path, line) => {
                write!(f, "service file {}, line {line}", path.display())
            }
            Source::PasswordFile(path) => write!(f, "password file {}", path.display()),
            Source::Terminal => f.write_str("terminal"),
            Source::Default => f.write_str("default"),
        }
    }
}

/// The connection settings are wrong: nothing was sent to any server. Exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    place: Source,
    message: String,
}

impl ConfigError {
    pub(in crate::connect) fn new(place: &Source, message: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            message: message.into(),
        }
    }

    /// Where the bad value stands.
    pub fn place(&self) -> &Source {
        &self.place
    }

    /// What is wrong with it, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// One parameter's text and where it came from.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) source: Source,
}

/// The parameters collected so far. The first to set one wins, except inside one connection string, where the last does.
#[derive(Clone, Default)]
pub(super) struct Settings(BTreeMap<Key, Setting>);

impl Settings {
    /// Takes the parameters of a connection string: a repeated key replaces the earlier one, as libpq does.
    pub(super) fn assign(
        &mut self,
        key: Key,
        value: String,
        source: &Source,
    ) -> Result<(), ConfigError> {
        self.0.insert(key, checked(key, value, source)?);
        Ok(())
    }

    /// Takes a parameter from a source of lower rank: it counts only when nothing set it before.
    pub(super) fn supply(
        &mut self,
        key: Key,
        value: String,
        source: &Source,
    ) -> Result<(), ConfigError> {
        if let Entry::Vacant(vacant) = self.0.entry(key) {
            vacant.insert(checked(key, value, source)?);
        }
        Ok(())
    }

    /// The parameter, when it was set to something. As in libpq an empty value means "not set".
    pub(super) fn get(&self, key: Key) -> Option<&Setting> {
        self.0.get(&key).filter(|setting| !setting.value.is_empty())
    }

    /// The text of a parameter, when it was set to something.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        self.get(key).map(|setting| setting.value.as_str())
    }

    /// Reads a parameter with `parse`; when that gives nothing, the error names the accepted words.
    pub(super) fn choose<T>(
        &self,
        key: Key,
        default: T,
        words: &'static [&'static str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let Some(setting) = self.get(key) else {
            return Ok(default);
        };
        parse(&setting.value).ok_or_else(|| {
            let mut message = format!(
                "invalid {} value {:?}: expected {}",
                key.name(),
                setting.value,
                words.join(", ")
            );
            message.push_str(&did_you_mean(&setting.value, words.iter().copied()));
            ConfigError::new(&setting.source, message)
        })
    }

    /// Reads a whole number, with the blanks around it that libpq's `parse_int_param` allows.
    pub(super) fn integer(&self, key: Key) -> Result<Option<i32>, ConfigError> {
        let Some(setting) = self.get(key) else {
            return Ok(None);
        };
        setting.value.trim().parse().map(Some).map_err(|_| {
            ConfigError::new(
                &setting.source,
                format!(
                    "invalid integer value {:?} for {}",
                    setting.value,
                    key.name()
                ),
            )
        })
    }
}

/// Applies the key's policy to a value, whatever source it has.
fn checked(key: Key, value: String, source: &Source) -> Result<Setting, ConfigError> {
    if value.contains('\0') {
        return Err(ConfigError::new(
            source,
            format!("{} contains a zero byte", key.name()),
        ));
    }
    if let Policy::Only(accepted, why) = key.policy()
        && !accepted.contains(&value.as_str())
    {
        let shown = if key.is_secret() {
            key.name().to_owned()
        } else {
            format!("{}={value}", key.name())
        };
        return Err(ConfigError::new(
            source,
            format!("{shown} is not supported: {why}"),
        ));
    }
    Ok(Setting {
        value,
        source: source.clone(),
    })
}

/// "No such parameter", with the nearest name there is.
pub(super) fn unknown_key(name: &str, source: &Source) -> ConfigError {
    let near = did_you_mean(name, Key::ALL.iter().map(|key| key.name()));
    ConfigError::new(
        source,
        format!("unknown connection parameter {name:?}{near}"),
    )
}

fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
