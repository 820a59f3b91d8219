//! Connection settings: from a URL, a keyword/value string, a service file, the environment and a password file, to one
//! typed [`Config`].
//!
//! Precedence is libpq's (`conninfo_add_defaults` in `fe-connect.c`): connection string, service, environment,
//! built-in value. The user's guide is docs/CONNECTING.md. Reads files, opens no connection, and never puts a password into an
//! error or a `Debug` text.

mod environment;
mod host;
mod key;
mod keyword;
mod passfile;
mod service;
mod settings;
mod ssl;
#[cfg(test)]
mod tests;
mod url;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use key::Key;
use settings::Settings;

pub use environment::Environment;
pub use host::{Endpoint, Host};
pub use settings::{ConfigError, Source};
pub use ssl::{ChannelBinding, SslMode};

pub(in crate::connect) use environment::account;
pub(in crate::connect) use ssl::{Roots, Ssl, TlsFile, TlsVersions};

use super::Password;

/// libpq waits for ever by default. A tool that runs unattended in pipelines should not; `connect_timeout=0` does.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection string as the user gave it.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// URL, keyword/value string, or just a database name, as psql takes them.
    pub text: &'a str,
    /// What the user calls it, for errors: `--database-url`, `DATABASE_URL`.
    pub origin: &'a str,
}

/// A password and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) struct Credential {
    pub(in crate::connect) password: Password,
    pub(in crate::connect) source: Source,
}

/// `target_session_attrs`: which of several servers will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetSession {
    /// The first that answers.
    Any,
    /// One that accepts writes.
    ReadWrite,
    /// One that does not.
    ReadOnly,
    /// One that is not in recovery.
    Primary,
    /// One in recovery.
    Standby,
    /// One in recovery, else any.
    PreferStandby,
}

/// TCP keepalive settings; none means the operating system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) struct Keepalives {
    pub(in crate::connect) on: bool,
    pub(in crate::connect) idle: Option<Duration>,
    pub(in crate::connect) interval: Option<Duration>,
    pub(in crate::connect) count: Option<u32>,
    pub(in crate::connect) user_timeout: Option<Duration>,
}

/// Everything needed to open a connection. Its `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct Config {
    pub(in crate::connect) hosts: Vec<Host>,
    pub(in crate::connect) user: String,
    pub(in crate::connect) dbname: String,
    pub(in crate::connect) application_name: String,
    pub(in crate::connect) options: Option<String>,
    pub(in crate::connect) target_session: TargetSession,
    pub(in crate::connect) shuffle_hosts: bool,
    /// For one server: reaching it, TLS and authentication together. None: for ever.
    pub(in crate::connect) connect_timeout: Option<Duration>,
    pub(in crate::connect) keepalives: Keepalives,
    pub(in crate::connect) ssl: Ssl,
    pub(in crate::connect) require_peer: Option<String>,
    typed_password: Arc<OnceLock<Credential>>,
    warnings: Vec<String>,
}

impl Config {
    /// Finds the settings for a connection: from `given`, the service it names, `environment`, and the password file.
    pub fn resolve(
        given: Option<Given<'_>>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let mut settings = Settings::default();
        if let Some(given) = given {
            parse(given, &mut settings)?;
        }
        service::supply(&mut settings, environment)?;
        environment.supply(&mut settings)?;
        Self::typed(&settings, environment)
    }

    fn typed(settings: &Settings, environment: &Environment) -> Result<Self, ConfigError> {
        let user = user(settings, environment)?;
        let application_name = settings
            .text(Key::ApplicationName)
            .or_else(|| settings.text(Key::FallbackApplicationName))
            .unwrap_or(env!("CARGO_PKG_NAME"));
        let mut config = Self {
            hosts: host::hosts(settings)?,
            dbname: settings
                .text(Key::Dbname)
                .map_or_else(|| user.clone(), str::to_owned),
            user,
            application_name: application_name.to_owned(),
            options: settings.text(Key::Options).map(str::to_owned),
            target_session: target_session(settings)?,
            shuffle_hosts: settings.choose(
                Key::LoadBalanceHosts,
                false,
                &["disable", "random"],
                |text| match text {
                    "disable" => Some(false),
                    "random" => Some(true),
                    _ => None,
                },
            )?,
            connect_timeout: connect_timeout(settings)?,
            keepalives: keepalives(settings)?,
            ssl: ssl::ssl(settings, environment)?,
            require_peer: settings.text(Key::Requirepeer).map(str::to_owned),
            typed_password: Arc::default(),
            warnings: Vec::new(),
        };
        config.find_passwords(settings, environment);
        Ok(config)
    }

    /// One password for every server, else the password file's for each.
    fn find_passwords(&mut self, settings: &Settings, environment: &Environment) {
        if let Some(setting) = settings.get(Key::Password) {
            let credential = Credential {
                password: Password::new(&setting.value),
                source: setting.source.clone(),
            };
            for host in &mut self.hosts {
                host.credential = Some(credential.clone());
            }
            return;
        }
        let (path, named) = match settings.text(Key::Passfile) {
            Some(path) => (PathBuf::from(path), true),
            None => match environment.home() {
                Some(home) => (home.join(".pgpass"), false),
                None => return,
            },
        };
        let text = match passfile::read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => {
                if named {
                    self.warnings
                        .push(format!("password file {} does not exist", path.display()));
                }
                return;
            }
            Err(warning) => return self.warnings.push(warning),
        };
        for host in &mut self.hosts {
            let name = host.in_password_file();
            let entry = passfile::Entry {
                host: &name,
                port: host.port,
                dbname: &self.dbname,
                user: &self.user,
            };
            host.credential = passfile::find(&text, &entry)
                .filter(|password| !password.expose().is_empty())
                .map(|password| Credential {
                    password,
                    source: Source::PasswordFile(path.clone()),
                });
        }
    }

    /// Keeps a password that the user typed, for the servers for which none was found. All clones of these settings have
    /// it from now on, so that a later connection does not ask again. Only the first counts.
    pub fn remember_password(&self, password: Password) {
        let source = Source::Terminal;
        let _ = self.typed_password.set(Credential { password, source });
    }

    /// The password for one of the servers.
    pub(in crate::connect) fn credential<'a>(&'a self, host: &'a Host) -> Option<&'a Credential> {
        host.credential
            .as_ref()
            .or_else(|| self.typed_password.get())
    }

    /// The same settings for another database of the same server. Passwords stay those found for the first.
    #[must_use]
    pub fn with_dbname(mut self, dbname: impl Into<String>) -> Self {
        self.dbname = dbname.into();
        self
    }

    /// The servers to try, in order; never empty.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The database to connect to.
    pub fn dbname(&self) -> &str {
        &self.dbname
    }

    /// The user to connect as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the server shows in `pg_stat_activity`.
    pub fn application_name(&self) -> &str {
        &self.application_name
    }

    /// How much protection is asked for.
    pub fn sslmode(&self) -> SslMode {
        self.ssl.mode
    }

    /// What the user should know about files that were not used.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl fmt::Display for Config {
    /// `database "shop" as user "ann" on db1:5432, db2:5432`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {:?} as user {:?} on ", self.dbname, self.user)?;
        for (index, host) in self.hosts.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{host}")?;
        }
        Ok(())
    }
}

/// Reads a connection string in whichever of the three forms it has.
fn parse(given: Given<'_>, settings: &mut Settings) -> Result<(), ConfigError> {
    let source = Source::Given(given.origin.to_owned());
    if let Some(rest) = url::after_scheme(given.text) {
        return url::parse(rest, settings, &source);
    }
    if let Some((scheme, _)) = given.text.split_once("://")
        && !scheme.contains(['=', ' '])
    {
        return Err(ConfigError::new(
            &source,
            format!("{scheme}:// is not supported: expected postgresql:// or postgres://"),
        ));
    }
    if given.text.contains('=') {
        return keyword::parse(given.text, settings, &source);
    }
    settings.assign(Key::Dbname, given.text.to_owned(), &source)
}

fn user(settings: &Settings, environment: &Environment) -> Result<String, ConfigError> {
    settings.text(Key::User).or_else(|| environment.os_user()).map(str::to_owned).ok_or_else(|| {
        ConfigError::new(
            &Source::Default,
            "no user name: none was given (user=, PGUSER) and the operating system has no name for this user id",
        )
    })
}

fn target_session(settings: &Settings) -> Result<TargetSession, ConfigError> {
    let words = &[
        "any",
        "read-write",
        "read-only",
        "primary",
        "standby",
        "prefer-standby",
    ];
    settings.choose(Key::TargetSessionAttrs, TargetSession::Any, words, |text| {
        Some(match text {
            "any" => TargetSession::Any,
            "read-write" => TargetSession::ReadWrite,
            "read-only" => TargetSession::ReadOnly,
            "primary" => TargetSession::Primary,
            "standby" => TargetSession::Standby,
            "prefer-standby" => TargetSession::PreferStandby,
            _ => return None,
        })
    })
}

/// Seconds; zero or less means for ever; one second is rounded up to two, as in libpq.
fn connect_timeout(settings: &Settings) -> Result<Option<Duration>, ConfigError> {
    Ok(match settings.integer(Key::ConnectTimeout)? {
        None => Some(DEFAULT_TIMEOUT),
        Some(..=0) => None,
        Some(seconds) => Some(Duration::from_secs(
            u64::from(seconds.unsigned_abs()).max(2),
        )),
    })
}

fn keepalives(settings: &Settings) -> Result<Keepalives, ConfigError> {
    let positive = |key| {
        settings.integer(key).map(|number| {
            number
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| *n > 0)
        })
    };
    let seconds = |key| positive(key).map(|number| number.map(|n| Duration::from_secs(n.into())));
    Ok(Keepalives {
        on: settings.integer(Key::Keepalives)? != Some(0),
        idle: seconds(Key::KeepalivesIdle)?,
        interval: seconds(Key::KeepalivesInterval)?,
        count: positive(Key::KeepalivesCount)?,
        user_timeout: positive(Key::TcpUserTimeout)?.map(|n| Duration::from_millis(n.into())),
    })
}
