//! What a verb gets besides its own arguments: output, the user's interrupt, and, worked out when asked for,
//! the database, the environment's rules and the store.

use std::env;
use std::path::PathBuf;

use super::args::Globals;
use super::environment::{self, Environment};
use super::output::Output;
use crate::connect::{self, Config, Given, Interrupt};
use crate::procedure::failure::Failure;

/// The store's folder when nothing names one.
const STORE: &str = ".snapback";

/// See the module.
pub struct Context {
    globals: Globals,
    /// Where words go.
    pub output: Output,
    /// Ctrl-C.
    pub interrupt: Interrupt,
}

impl Context {
    pub(super) fn new(globals: Globals, interrupt: Interrupt) -> Self {
        let output = Output::new(globals.format, globals.color, globals.talk());
        Self {
            globals,
            output,
            interrupt,
        }
    }

    /// The rules of `--env`; those of no environment without it.
    pub fn environment(&self) -> Result<Environment, Failure> {
        let Some(name) = &self.globals.env else {
            return Ok(Environment::default());
        };
        let text = std::fs::read_to_string(environment::FILE).map_err(|error| {
            Failure::usage(format!(
                "--env {name}: could not read {} here: {error}",
                environment::FILE
            ))
        })?;
        Environment::parse(&text, name, |variable| env::var(variable).ok())
    }

    /// How to reach the database: `--database-url`, else the environment's URL, else `DATABASE_URL`, else what
    /// libpq would do.
    pub fn database(&self) -> Result<Config, Failure> {
        let environment_url = self.environment()?.url;
        let variable = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        let given = match (&self.globals.database_url, &environment_url, &variable) {
            (Some(text), _, _) => Some(Given {
                text,
                origin: "--database-url",
            }),
            (None, Some((text, origin)), _) => Some(Given { text, origin }),
            (None, None, Some(text)) => Some(Given {
                text,
                origin: "DATABASE_URL",
            }),
            (None, None, None) => None,
        };
        let config = Config::resolve(given, &connect::Environment::of_process())
            .map_err(|error| Failure::usage(error.to_string()))?;
        for warning in config.warnings() {
            self.output.warn(warning);
        }
        Ok(config)
    }

    /// Whether the user named a database at all, by flag, environment or variable; a verb that can do without
    /// one asks this first.
    pub fn names_database(&self) -> bool {
        const VARIABLES: [&str; 5] = [
            "DATABASE_URL",
            "PGHOST",
            "PGHOSTADDR",
            "PGDATABASE",
            "PGSERVICE",
        ];
        self.globals.database_url.is_some()
            || self.globals.env.is_some()
            || VARIABLES
                .iter()
                .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// A command that the user can type, with the flags that this one was given to find the database and the store.
    /// A connection string may hold a password and is never repeated.
    pub fn command(&self, words: &str) -> String {
        let mut command = format!("snapback {words}");
        if let Some(env) = &self.globals.env {
            command.extend([" --env ", env]);
        }
        if let Some(store) = &self.globals.store {
            command.extend([" --store ", &store.display().to_string()]);
        }
        command
    }

    /// The store's folder: `--store`, else `SNAPBACK_STORE`, else `.snapback` here.
    pub fn store(&self) -> PathBuf {
        let variable = || {
            env::var_os("SNAPBACK_STORE")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        self.globals
            .store
            .clone()
            .or_else(variable)
            .unwrap_or_else(|| PathBuf::from(STORE))
    }
}
