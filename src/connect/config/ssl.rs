//! The TLS parameters, typed: what protection the user asks for and which files hold keys and certificates.
//!
//! Reads no file: a file that is missing matters only when TLS is used (see `connect::tls`).

use std::path::{Path, PathBuf};

use super::{
    environment::Environment,
    key::Key,
    settings::{ConfigError, Settings, Source},
};

/// `sslmode`: how much protection the connection must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// Plain first, TLS when the server refuses that.
    Allow,
    /// TLS first, plain when the server has none.
    Prefer,
    /// TLS, the certificate unchecked unless there is a root certificate.
    Require,
    /// TLS and a certificate that a trusted root signed.
    VerifyCa,
    /// As `verify-ca`, and the certificate is for this host name.
    VerifyFull,
}

impl SslMode {
    const WORDS: &'static [&'static str] = &[
        "disable",
        "allow",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ];

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => SslMode::Disable,
            "allow" => SslMode::Allow,
            "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => return None,
        })
    }

    /// The value in a connection string.
    pub fn name(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}

/// `channel_binding`: whether authentication must be tied to the TLS channel (SCRAM-SHA-256-PLUS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Not even when the server offers it.
    Disable,
    /// When the server offers it.
    Prefer,
    /// No connection without it.
    Require,
}

/// The TLS versions that may be used. Below 1.2 there is nothing to choose: those are never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connect) enum TlsVersions {
    Tls12,
    Tls13,
    Both,
}

/// A file a parameter names, or the place where libpq looks when none does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) struct TlsFile {
    pub(in crate::connect) path: PathBuf,
    /// Who named it. `Source::Default`: nobody, and then it need not exist.
    pub(in crate::connect) source: Source,
}

/// Which certificate authorities are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) enum Roots {
    /// Those of the operating system.
    System(Source),
    /// Those in a file; none when the default file does not exist.
    File(TlsFile),
    /// None: no file named and no home folder.
    None,
}

/// All TLS parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) struct Ssl {
    pub(in crate::connect) mode: SslMode,
    /// Who chose the mode.
    pub(in crate::connect) mode_source: Source,
    /// TLS from the first byte (Postgres 17) instead of after a request.
    pub(in crate::connect) direct: bool,
    pub(in crate::connect) roots: Roots,
    pub(in crate::connect) cert: Option<TlsFile>,
    pub(in crate::connect) key: Option<TlsFile>,
    pub(in crate::connect) crl: Option<TlsFile>,
    /// Send the host name in the TLS handshake.
    pub(in crate::connect) sni: bool,
    pub(in crate::connect) versions: TlsVersions,
    pub(in crate::connect) channel_binding: ChannelBinding,
}

/// Gives the TLS parameters their types and checks that they fit together.
pub(super) fn ssl(settings: &Settings, environment: &Environment) -> Result<Ssl, ConfigError> {
    let file = |key, default| file(settings, key, default, environment.home());
    let roots = match settings.get(Key::Sslrootcert) {
        Some(setting) if setting.value == "system" => Roots::System(setting.source.clone()),
        _ => file(Key::Sslrootcert, "root.crt").map_or(Roots::None, Roots::File),
    };
    let default = if matches!(roots, Roots::System(_)) {
        SslMode::VerifyFull
    } else {
        SslMode::Prefer
    };
    let mode = settings.choose(Key::Sslmode, default, SslMode::WORDS, SslMode::parse)?;
    let direct = settings.choose(
        Key::Sslnegotiation,
        false,
        &["postgres", "direct"],
        |text| match text {
            "postgres" => Some(false),
            "direct" => Some(true),
            _ => None,
        },
    )?;
    let mode_source = settings
        .get(Key::Sslmode)
        .map_or(Source::Default, |setting| setting.source.clone());
    refuse_weak(mode, &mode_source, &roots, direct)?;
    Ok(Ssl {
        mode,
        mode_source,
        direct,
        roots,
        cert: file(Key::Sslcert, "postgresql.crt"),
        key: file(Key::Sslkey, "postgresql.key"),
        crl: file(Key::Sslcrl, "root.crl"),
        sni: settings.choose(Key::Sslsni, true, &["0", "1"], |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })?,
        versions: versions(settings)?,
        channel_binding: settings.choose(
            Key::ChannelBinding,
            ChannelBinding::Prefer,
            &["disable", "prefer", "require"],
            |text| match text {
                "disable" => Some(ChannelBinding::Disable),
                "prefer" => Some(ChannelBinding::Prefer),
                "require" => Some(ChannelBinding::Require),
                _ => None,
            },
        )?,
    })
}

/// Combinations in which one parameter takes back the protection that another asks for. As in libpq.
fn refuse_weak(
    mode: SslMode,
    mode_source: &Source,
    roots: &Roots,
    direct: bool,
) -> Result<(), ConfigError> {
    let refuse = |because: &str, instead: &str| {
        let message = format!(
            "sslmode={} is too weak for {because}; use {instead}",
            mode.name()
        );
        Err(ConfigError::new(mode_source, message))
    };
    if matches!(roots, Roots::System(_)) && mode != SslMode::VerifyFull {
        return refuse(
            "sslrootcert=system, which trusts anyone who has a public certificate",
            "verify-full",
        );
    }
    if direct && mode < SslMode::Require {
        return refuse("sslnegotiation=direct", "require, verify-ca or verify-full");
    }
    Ok(())
}

fn file(settings: &Settings, key: Key, default: &str, home: Option<&PathBuf>) -> Option<TlsFile> {
    match settings.get(key) {
        Some(setting) => Some(TlsFile {
            path: Path::new(&setting.value).to_owned(),
            source: setting.source.clone(),
        }),
        None => home.map(|home| TlsFile {
            path: home.join(".postgresql").join(default),
            source: Source::Default,
        }),
    }
}

fn versions(settings: &Settings) -> Result<TlsVersions, ConfigError> {
    const WORDS: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let parse = |text: &str| {
        WORDS
            .iter()
            .position(|word| word.eq_ignore_ascii_case(text))
    };
    let min = settings.choose(Key::SslMinProtocolVersion, 2, WORDS, parse)?;
    let max = settings.choose(Key::SslMaxProtocolVersion, 3, WORDS, parse)?;
    match (min.max(2), max) {
        (2, 3) => Ok(TlsVersions::Both),
        (2, 2) => Ok(TlsVersions::Tls12),
        (3, 3) => Ok(TlsVersions::Tls13),
        _ => {
            let source = settings
                .get(Key::SslMaxProtocolVersion)
                .map_or(Source::Default, |setting| setting.source.clone());
            Err(ConfigError::new(
                &source,
                "ssl_max_protocol_version leaves no TLS version: 1.2 and 1.3 are supported",
            ))
        }
    }
}
