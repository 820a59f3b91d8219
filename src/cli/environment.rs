//! `snapback.toml`: named environments, each a database and how careful to be with it.
//!
//! ```toml
//! [env.prod]
//! url = { env = "PROD_URL" }       # or a string
//! confirm = "type"                 # or "yes", "none"
//! allow = ["data-loss:table public.old"]
//! lock_timeout = "3s"
//! exclude_schemas = ["audit"]
//! ```
//!
//! A key that is not known is an error: a misspelt safety must not be one that is off.

use std::time::Duration;

use clap::ValueEnum;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::args;
use super::snapshot::ProfileName;
use crate::nearest::nearest;
use crate::procedure::failure::{Failure, Place};

/// The file's name, in the current folder.
pub const FILE: &str = "snapback.toml";

const KEYS: [&str; 6] = [
    "url",
    "confirm",
    "allow",
    "lock_timeout",
    "exclude_schemas",
    "profile",
];

/// What an environment says about consent to a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// Somebody types it at a terminal; `--yes` is not enough.
    Type,
    /// Typed at a terminal, or `--yes`.
    #[default]
    Yes,
    /// Nobody is asked.
    None,
}

/// One `[env.NAME]`; with no `--env` everything is as in `default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The connection string, and what to call its origin in errors.
    pub url: Option<(String, String)>,
    /// Who has to agree to a change.
    pub confirm: Confirm,
    /// Hazards allowed here, as after `--allow`.
    pub allow: Vec<String>,
    /// How long to wait for a lock.
    pub lock_timeout: Option<Duration>,
    /// Schemas out of scope here.
    pub exclude_schemas: Vec<String>,
    /// The managed service that it is of.
    pub profile: Option<ProfileName>,
}

impl Environment {
    /// The environment `name` of a file whose text is `text`; `variable` looks up environment variables.
    pub fn parse(
        text: &str,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let file = File { text };
        let document = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            Failure::usage(format!("{FILE}: {}", error.message()))
                .place(Place::in_text(FILE, text, offset))
        })?;
        let mut sections = None;
        for (key, value) in document.get_ref() {
            match key.get_ref().as_ref() {
                "env" => sections = Some(file.table(value, "env")?),
                other => return Err(file.unknown(key, other, &["env"])),
            }
        }
        let names = || {
            sections
                .into_iter()
                .flat_map(|sections| sections.keys())
                .map(|key| key.get_ref().as_ref())
        };
        let section = sections
            .and_then(|sections| sections.get(name))
            .ok_or_else(|| {
                let failure = Failure::usage(format!("{FILE} has no environment {name:?}"));
                match nearest(name, names()) {
                    Some(near) => failure.next(format!("did you mean --env {near}?")),
                    None => failure.next(format!(
                        "it has: {}",
                        names().collect::<Vec<_>>().join(", ")
                    )),
                }
            })?;
        file.environment(file.table(section, name)?, variable)
    }
}

/// The text, for places in errors.
struct File<'t> {
    text: &'t str,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl File<'_> {
    fn environment(
        &self,
        table: &DeTable<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Environment, Failure> {
        let mut environment = Environment::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "url" => environment.url = Some(self.url(value, &variable)?),
                "confirm" => environment.confirm = self.confirm(value)?,
                "allow" => environment.allow = self.strings(value, "allow")?,
                "lock_timeout" => environment.lock_timeout = Some(self.duration(value)?),
                "exclude_schemas" => {
                    environment.exclude_schemas = self.strings(value, "exclude_schemas")?;
                }
                "profile" => environment.profile = Some(self.profile(value)?),
                other => return Err(self.unknown(key, other, &KEYS)),
            }
        }
        Ok(environment)
    }

    fn url(
        &self,
        value: &Value<'_>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(String, String), Failure> {
        const WANTED: &str =
            "url is a string, or { env = \"NAME\" } to take it from an environment variable";
        if let Some(url) = value.get_ref().as_str() {
            return Ok((url.to_owned(), FILE.to_owned()));
        }
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value, WANTED))?;
        let name = match table.iter().next() {
            Some((key, name)) if table.len() == 1 && key.get_ref() == "env" => name,
            _ => return Err(self.wrong(value, WANTED)),
        };
        let name = self.string(name, "env")?;
        let url = variable(name).ok_or_else(|| {
            self.wrong(
                value,
                &format!("the environment variable {name} is not set"),
            )
            .next(format!("set {name}, or give --database-url"))
        })?;
        Ok((url, name.to_owned()))
    }

    fn confirm(&self, value: &Value<'_>) -> Result<Confirm, Failure> {
        match value.get_ref().as_str() {
            Some("type") => Ok(Confirm::Type),
            Some("yes") => Ok(Confirm::Yes),
            Some("none") => Ok(Confirm::None),
            _ => Err(self.wrong(value, "confirm is \"type\", \"yes\" or \"none\"")),
        }
    }

    fn profile(&self, value: &Value<'_>) -> Result<ProfileName, Failure> {
        let name = self.string(value, "profile")?;
        ProfileName::from_str(name, false)
            .map_err(|_| self.wrong(value, "profile is \"supabase\", \"rds\" or \"none\""))
    }

    fn duration(&self, value: &Value<'_>) -> Result<Duration, Failure> {
        let text = self.string(value, "lock_timeout")?;
        args::duration(text).map_err(|error| self.wrong(value, &format!("lock_timeout: {error}")))
    }

    fn string<'v>(&self, value: &'v Value<'_>, key: &str) -> Result<&'v str, Failure> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong(value, &format!("{key} is a string")))
    }

    fn strings(&self, value: &Value<'_>, key: &str) -> Result<Vec<String>, Failure> {
        let list = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(value, &format!("{key} is a list of strings")))?;
        list.iter()
            .map(|item| self.string(item, key).map(str::to_owned))
            .collect()
    }

    fn table<'v, 'i>(&self, value: &'v Value<'i>, key: &str) -> Result<&'v DeTable<'i>, Failure> {
        value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(value, &format!("{key} is a table")))
    }

    fn unknown<T>(&self, key: &Spanned<T>, name: &str, known: &[&'static str]) -> Failure {
        let failure = Failure::usage(format!("{FILE}: unknown key {name:?}"))
            .place(Place::in_text(FILE, self.text, key.span().start));
        match nearest(name, known.iter().copied()) {
            Some(near) => failure.next(format!("did you mean {near:?}?")),
            None => failure.next(format!("known here: {}", known.join(", "))),
        }
    }

    fn wrong(&self, value: &Value<'_>, message: &str) -> Failure {
        Failure::usage(format!("{FILE}: {message}")).place(Place::in_text(
            FILE,
            self.text,
            value.span().start,
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Environment, Failure> {
        Environment::parse(text, "prod", |name| {
            (name == "PROD_URL").then(|| "postgres://p".to_owned())
        })
    }

    /// `line:column message` of a refusal, and what it suggests.
    fn refusal(text: &str) -> (String, String) {
        let failure = parse(text).unwrap_err();
        let place = failure
            .place
            .map(|place| format!("{}:{} ", place.line, place.column))
            .unwrap_or_default();
        (
            format!("{place}{}", failure.message),
            failure.next.join("; "),
        )
    }

    #[test]
    fn everything_known_is_read() {
        let text = r#"
            [env.test]
            url = "postgres://t"
            [env.prod]
            url = { env = "PROD_URL" }
            confirm = "type"
            allow = ["data-loss:table public.t"]
            lock_timeout = "1500ms"
            exclude_schemas = ["audit", "Old Stuff"]
            profile = "rds"
        "#;
        let expected = Environment {
            url: Some(("postgres://p".to_owned(), "PROD_URL".to_owned())),
            confirm: Confirm::Type,
            allow: vec!["data-loss:table public.t".to_owned()],
            lock_timeout: Some(Duration::from_millis(1500)),
            exclude_schemas: vec!["audit".to_owned(), "Old Stuff".to_owned()],
            profile: Some(ProfileName::Rds),
        };
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let (message, next) = refusal("[env.prod]\nconfrim = \"type\"\n");
        assert_eq!(
            (message.as_str(), next.as_str()),
            (
                "2:1 snapback.toml: unknown key \"confrim\"",
                "did you mean \"confirm\"?"
            )
        );
        assert_eq!(
            refusal("[environment.prod]\n").0,
            "1:2 snapback.toml: unknown key \"environment\""
        );
        assert_eq!(
            refusal("[env.prod]\nconfirm = true\n").0,
            "2:11 snapback.toml: confirm is \"type\", \"yes\" or \"none\""
        );
        assert_eq!(
            refusal("[env.prod]\nlock_timeout = \"3 parsecs\"\n").0,
            "2:16 snapback.toml: lock_timeout: a number and a unit: 500ms, 3s, 2min or 1h"
        );
        assert_eq!(
            refusal("[env.prod]\nurl = {env = \"NOT_SET\"}\n").0,
            "2:7 snapback.toml: the environment variable NOT_SET is not set"
        );
    }

    #[test]
    fn an_unknown_environment_gets_the_nearest() {
        assert_eq!(refusal("[env.prd]\n").1, "did you mean --env prd?");
        assert_eq!(refusal("[env.a]\n[env.staging]\n").1, "it has: a, staging");
        assert_eq!(refusal("").0, "snapback.toml has no environment \"prod\"");
    }

    #[test]
    fn a_fault_in_the_toml_has_its_place() {
        assert!(
            refusal("[env.prod]\nurl = \"x\n").0.starts_with("2:"),
            "{:?}",
            refusal("[env.prod]\nurl = \"x\n")
        );
    }
}
