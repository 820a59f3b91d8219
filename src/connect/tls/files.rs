//! The PEM files that TLS parameters name: roots, client certificate, its key, revocations.
//!
//! A file that the user named must exist; libpq's default places count when they do. Errors name the file and who
//! named it, and never show what is in a key file.

use std::{fs::Metadata, io, path::Path};

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem, pem::PemObject,
};

use crate::connect::config::{ConfigError, Roots, Source, Ssl, SslMode, TlsFile};

/// The trusted roots; none when the mode asks for none and no file is there.
pub(super) fn roots(ssl: &Ssl) -> Result<Option<Vec<CertificateDer<'static>>>, ConfigError> {
    match &ssl.roots {
        Roots::System(source) => system_roots(source).map(Some),
        Roots::File(file) if exists(file, "root certificate")? => certificates(file).map(Some),
        Roots::File(_) | Roots::None if ssl.mode < SslMode::VerifyCa => Ok(None),
        roots => {
            let place = if let Roots::File(file) = roots {
                format!("there is no root certificate file {}", file.path.display())
            } else {
                "there is no home folder to look for a root certificate in".to_owned()
            };
            let message = format!(
                "sslmode={} needs trusted roots, and {place}; name a file with sslrootcert=, or use sslrootcert=system",
                ssl.mode.name()
            );
            Err(ConfigError::new(&ssl.mode_source, message))
        }
    }
}

fn system_roots(source: &Source) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found = rustls_native_certs::load_native_certs();
    if !found.certs.is_empty() {
        return Ok(found.certs);
    }
    let why = found
        .errors
        .first()
        .map_or_else(String::new, |error| format!(" ({error})"));
    let message = format!(
        "sslrootcert=system: this system has no trusted roots{why}; install ca-certificates, set SSL_CERT_FILE, or name a file"
    );
    Err(ConfigError::new(source, message))
}

/// The client certificate with its chain, and its key; none when there is no file.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(super) fn identity(ssl: &Ssl) -> Result<Option<Identity>, ConfigError> {
    let Some(cert) = &ssl.cert else {
        return Ok(None);
    };
    if !exists(cert, "client certificate")? {
        return Ok(None);
    }
    let missing = |path: &Path| {
        let message = format!(
            "client certificate {} has no key: there is no file {}",
            cert.path.display(),
            path.display()
        );
        ConfigError::new(&cert.source, message)
    };
    let Some(key) = &ssl.key else {
        return Err(missing(Path::new("sslkey")));
    };
    if !exists(key, "private key")? {
        return Err(missing(&key.path));
    }
    Ok(Some((certificates(cert)?, private_key(key)?)))
}

/// The revocation lists; empty when there is no file.
pub(super) fn crls(ssl: &Ssl) -> Result<Vec<CertificateRevocationListDer<'static>>, ConfigError> {
    match &ssl.crl {
        Some(file) if exists(file, "revocation")? => items(file, "revocation list"),
        Some(_) | None => Ok(Vec::new()),
    }
}

/// Whether the file is there. One that somebody named has to be.
fn exists(file: &TlsFile, what: &str) -> Result<bool, ConfigError> {
    match std::fs::metadata(&file.path) {
        Ok(_) => Ok(true),
        Err(error) if file.source == Source::Default && is_absence(&error) => Ok(false),
        Err(error) => Err(ConfigError::new(
            &file.source,
            format!("cannot read {what} file {}: {error}", file.path.display()),
        )),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn certificates(file: &TlsFile) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    items(file, "certificate")
}

/// All PEM sections of one kind; at least one.
fn items<T: PemObject>(file: &TlsFile, what: &str) -> Result<Vec<T>, ConfigError> {
    let bad = |why: &dyn std::fmt::Display| {
        ConfigError::new(
            &file.source,
            format!("cannot use {}: {why}", file.path.display()),
        )
    };
    let bytes = std::fs::read(&file.path).map_err(|error| bad(&error))?;
    let items = T::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| bad(&error))?;
    if items.is_empty() {
        return Err(bad(&format_args!("it holds no {what} in PEM form")));
    }
    Ok(items)
}

fn private_key(file: &TlsFile) -> Result<PrivateKeyDer<'static>, ConfigError> {
    let bad = |why: &str| {
        ConfigError::new(
            &file.source,
            format!("private key file {} {why}", file.path.display()),
        )
    };
    let cannot_read = |error: io::Error| bad(&format!("cannot be read: {error}"));
    let metadata = std::fs::metadata(&file.path).map_err(cannot_read)?;
    if !metadata.is_file() {
        return Err(bad("is not a plain file"));
    }
    if is_open_to_others(&metadata) {
        return Err(bad(
            "can be read by others: it needs mode 0600 or less, or 0640 or less when it belongs to root",
        ));
    }
    let bytes = std::fs::read(&file.path).map_err(cannot_read)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound if is_encrypted(&bytes) => {
            bad("is encrypted, which is not supported")
        }
        pem::Error::NoItemsFound => bad("holds no private key in PEM form"),
        _ => bad("is damaged"),
    })
}

fn is_encrypted(pem: &[u8]) -> bool {
    pem.split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"-----BEGIN ENCRYPTED"))
}

/// libpq's rule (`fe-secure-openssl.c`): root may share its key with a group, nobody else with anyone.
#[cfg(unix)]
fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & if metadata.uid() == 0 { 0o037 } else { 0o077 } != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}
