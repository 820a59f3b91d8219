//! What connection strings, service files, environment and password files mean; most cases are libpq's own
//! (`src/interfaces/libpq/t/001_uri.pl`, `006_service.pl`, and the manual).

#![allow(clippy::unwrap_used)]

mod sources;
mod strings;
mod values;

use super::{Config, ConfigError, Environment, Given, Key, Settings, parse};

const ORIGIN: &str = "--database-url";

/// The parameters of a connection string as `libpq_uri_regress` prints them, or the error's message.
fn parameters(text: &str) -> Result<String, String> {
    let mut settings = Settings::default();
    parse(
        Given {
            text,
            origin: ORIGIN,
        },
        &mut settings,
    )
    .map_err(|error| error.message().to_owned())?;
    let set = Key::ALL.iter().filter_map(|key| {
        settings
            .get(*key)
            .map(|set| format!("{}='{}'", key.name(), set.value))
    });
    Ok(set.collect::<Vec<_>>().join(" "))
}

fn environment() -> Environment {
    Environment::of::<&str, &str>([]).with_os_user("me")
}

fn resolve(text: &str) -> Result<Config, ConfigError> {
    resolve_in(text, &environment())
}

fn resolve_in(text: &str, environment: &Environment) -> Result<Config, ConfigError> {
    Config::resolve(
        Some(Given {
            text,
            origin: ORIGIN,
        }),
        environment,
    )
}

fn hosts(config: &Config) -> String {
    config
        .hosts()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn password(config: &Config) -> Option<&str> {
    config.hosts()[0]
        .credential
        .as_ref()
        .map(|credential| credential.password.expose())
}
