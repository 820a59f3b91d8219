//! The list of servers to try: host names, addresses, socket folders and ports, matched up.
//!
//! Follows `pqConnectOptions2` in `fe-connect.c`. Resolves no names and opens nothing.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::{
    Credential,
    key::Key,
    settings::{ConfigError, Setting, Settings, Source},
};

/// Where a server's socket is when no host is given: Debian's folder, then upstream's `DEFAULT_PGSOCKET_DIR`.
pub(super) const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// One place where a server may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix-domain socket in this folder. A leading `@` means the abstract namespace (Linux).
    Socket(PathBuf),
    /// TCP to a host name; certificates are checked against it.
    Name(String),
    /// TCP to an address; the name, if given, is what certificates are checked against.
    Address(IpAddr, Option<String>),
}

/// A server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    /// The password for this server, if one was found.
    pub(in crate::connect) credential: Option<Credential>,
}

impl Host {
    /// The path of the Unix-domain socket.
    pub(in crate::connect) fn socket_path(&self) -> Option<PathBuf> {
        match &self.endpoint {
            Endpoint::Socket(folder) => Some(folder.join(format!(".s.PGSQL.{}", self.port))),
            Endpoint::Name(_) | Endpoint::Address(..) => None,
        }
    }

    /// The name a certificate must have.
    pub(in crate::connect) fn tls_name(&self) -> Option<&str> {
        match &self.endpoint {
            Endpoint::Socket(_) => None,
            Endpoint::Name(name) => Some(name),
            Endpoint::Address(_, name) => name.as_deref(),
        }
    }

    /// How a password file spells this host.
    pub(super) fn in_password_file(&self) -> String {
        match &self.endpoint {
            Endpoint::Socket(folder)
                if SOCKET_FOLDERS
                    .iter()
                    .any(|default| folder == Path::new(default)) =>
            {
                "localhost".to_owned()
            }
            Endpoint::Socket(folder) => folder.display().to_string(),
            Endpoint::Name(name) | Endpoint::Address(_, Some(name)) => name.clone(),
            Endpoint::Address(address, None) => address.to_string(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.socket_path() {
            return write!(f, "socket {}", path.display());
        }
        let name = self.in_password_file();
        if name.contains(':') {
            write!(f, "[{name}]:{}", self.port)
        } else {
            write!(f, "{name}:{}", self.port)
        }
    }
}

/// The servers to try, in order; never empty.
pub(super) fn hosts(settings: &Settings) -> Result<Vec<Host>, ConfigError> {
    let names = list(settings.get(Key::Host));
    let addresses = list(settings.get(Key::Hostaddr));
    if !names.is_empty()
        && !addresses.is_empty()
        && names.len() != addresses.len()
        && let Some(setting) = settings.get(Key::Hostaddr)
    {
        let message = format!(
            "{} values of hostaddr for {} values of host",
            addresses.len(),
            names.len()
        );
        return Err(ConfigError::new(&setting.source, message));
    }
    let count = names.len().max(addresses.len()).max(1);
    let ports = ports(settings.get(Key::Port), count)?;
    let mut hosts = Vec::new();
    for (index, port) in ports.into_iter().enumerate() {
        let name = names.get(index).copied().unwrap_or_default();
        let address = addresses.get(index).copied().unwrap_or_default();
        for endpoint in endpoints(name, address, settings)? {
            hosts.push(Host {
                endpoint,
                port,
                credential: None,
            });
        }
    }
    Ok(hosts)
}

fn list(setting: Option<&Setting>) -> Vec<&str> {
    setting.map_or_else(Vec::new, |setting| {
        setting.value.split(',').map(str::trim).collect()
    })
}

/// What one entry of the host list stands for: one place, or both default socket folders.
fn endpoints(name: &str, address: &str, settings: &Settings) -> Result<Vec<Endpoint>, ConfigError> {
    if !address.is_empty() {
        let source = settings
            .get(Key::Hostaddr)
            .map_or(Source::Default, |setting| setting.source.clone());
        let parsed = address.parse().map_err(|_| {
            ConfigError::new(
                &source,
                format!("hostaddr {address:?} is not a numeric IP address"),
            )
        })?;
        return Ok(vec![Endpoint::Address(
            parsed,
            (!name.is_empty()).then(|| name.to_owned()),
        )]);
    }
    if name.is_empty() {
        return Ok(SOCKET_FOLDERS
            .iter()
            .map(|folder| Endpoint::Socket(folder.into()))
            .collect());
    }
    if name.starts_with(['/', '@']) {
        return Ok(vec![Endpoint::Socket(name.into())]);
    }
    // An address given as the host needs no resolver, and is itself the name that a certificate must have.
    Ok(vec![match name.parse() {
        Ok(address) => Endpoint::Address(address, Some(name.to_owned())),
        Err(_) => Endpoint::Name(name.to_owned()),
    }])
}

/// One port per host: a single one counts for all.
fn ports(setting: Option<&Setting>, count: usize) -> Result<Vec<u16>, ConfigError> {
    let Some(setting) = setting else {
        return Ok(vec![DEFAULT_PORT; count]);
    };
    let ports = list(Some(setting))
        .into_iter()
        .map(|text| port(text, &setting.source))
        .collect::<Result<Vec<_>, _>>()?;
    match ports.as_slice() {
        [only] => Ok(vec![*only; count]),
        many if many.len() == count => Ok(ports),
        many => Err(ConfigError::new(
            &setting.source,
            format!("{} port numbers for {count} hosts", many.len()),
        )),
    }
}

fn port(text: &str, source: &Source) -> Result<u16, ConfigError> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    match text.parse() {
        Ok(port @ 1..) => Ok(port),
        Ok(0) | Err(_) => Err(ConfigError::new(
            source,
            format!("invalid port number {text:?}: expected 1 to 65535"),
        )),
    }
}
