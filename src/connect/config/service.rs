//! Connection service files: a named group of parameters in `pg_service.conf`.
//!
//! Follows `parseServiceInfo` in `fe-connect.c`: the user's file first, then the system's; the first group of that name
//! wins, and its parameters count where the connection string did not set them.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    environment::Environment,
    key::Key,
    settings::{ConfigError, Settings, Source, unknown_key},
};

/// Debian's build of libpq looks here when `PGSYSCONFDIR` is not set; upstream's default depends on the build.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";

/// Supplies the parameters of the service that `settings` or `PGSERVICE` names, if any.
pub(super) fn supply(
    settings: &mut Settings,
    environment: &Environment,
) -> Result<(), ConfigError> {
    environment.supply_one(Key::Service, "PGSERVICE", settings)?;
    let Some(service) = settings.get(Key::Service).cloned() else {
        return Ok(());
    };

    let mut read = Vec::new();
    for file in files(environment) {
        let text = match std::fs::read_to_string(&file.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !file.required => continue,
            Err(error) => {
                return Err(ConfigError::new(
                    &Source::ServiceFile(file.path, 0),
                    format!("cannot read it: {error}"),
                ));
            }
        };
        if supply_group(&text, &file.path, &service.value, settings)? {
            return Ok(());
        }
        read.push(file.path.display().to_string());
    }
    let looked = if read.is_empty() {
        "there is no service file".to_owned()
    } else {
        format!("looked in {}", read.join(", "))
    };
    Err(ConfigError::new(
        &service.source,
        format!("there is no service {:?}: {looked}", service.value),
    ))
}

struct File {
    path: PathBuf,
    /// Named by the user, so its absence is an error.
    required: bool,
}

fn files(environment: &Environment) -> Vec<File> {
    let own = match environment.variable("PGSERVICEFILE") {
        Some(path) => Some(File {
            path: path.into(),
            required: true,
        }),
        None => environment.home().map(|home| File {
            path: home.join(".pg_service.conf"),
            required: false,
        }),
    };
    let folder = environment
        .variable("PGSYSCONFDIR")
        .map_or_else(|| PathBuf::from(SYSTEM_FOLDER), PathBuf::from);
    own.into_iter()
        .chain([File {
            path: folder.join("pg_service.conf"),
            required: false,
        }])
        .collect()
}

/// Supplies the parameters of group `service` of one file; false when the file has no such group.
fn supply_group(
    text: &str,
    path: &Path,
    service: &str,
    settings: &mut Settings,
) -> Result<bool, ConfigError> {
    let mut found = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found {
                return Ok(true);
            }
            found = header
                .strip_prefix(service)
                .is_some_and(|rest| rest.starts_with(']'));
        } else if found {
            supply_line(
                line,
                &Source::ServiceFile(path.to_owned(), index + 1),
                settings,
            )?;
        }
    }
    Ok(found)
}

/// One `key=value`. The value is taken as it stands: no quotes, no escapes.
fn supply_line(line: &str, source: &Source, settings: &mut Settings) -> Result<(), ConfigError> {
    if line.starts_with("ldap") {
        return Err(ConfigError::new(
            source,
            "LDAP lookup of connection parameters is not supported",
        ));
    }
    let Some((name, value)) = line.split_once('=') else {
        return Err(ConfigError::new(
            source,
            "a line that is neither \"[name]\" nor \"key=value\"",
        ));
    };
    match Key::from_name(name) {
        Some(Key::Service) => Err(ConfigError::new(
            source,
            "a service cannot refer to another service",
        )),
        Some(key) => settings.supply(key, value.to_owned(), source),
        None => Err(unknown_key(name, source)),
    }
}
