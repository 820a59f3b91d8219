//! TLS to a Postgres server: rustls with ring, set up from the `ssl*` parameters.
//!
//! Knows nothing of sockets or of the startup conversation: `dial` decides when to use it.

mod certificate;
mod explain;
mod files;
mod verify;

use std::{io, net::IpAddr, sync::Arc};

use rustls::{
    ClientConfig,
    crypto::{CryptoProvider, ring},
    pki_types::ServerName,
    version,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::config::{ConfigError, Source, Ssl, SslMode, TlsVersions};
use verify::{Trust, Verifier};

/// The protocol name of RFC 7301 that Postgres 17 asks for in direct TLS (manual, "SSL Session Encryption").
const ALPN: &[u8] = b"postgresql";

/// The TLS handshake failed, or was refused. The text says why, for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TlsError {
    message: String,
    distrust: bool,
}

impl TlsError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            distrust: false,
        }
    }

    /// Whether the server's certificate was checked and found wrong.
    pub(super) fn is_distrust(&self) -> bool {
        self.distrust
    }

    /// The TLS error that an I/O error carries, if it is one: rustls reports through `io::Error`, and a server that
    /// refuses a client certificate says so only at the first read after the handshake.
    pub(super) fn inside(error: &io::Error) -> Option<Self> {
        let error: &rustls::Error = error.get_ref()?.downcast_ref()?;
        let distrust = matches!(error, rustls::Error::InvalidCertificate(_));
        Some(Self {
            message: explain::explain(error),
            distrust,
        })
    }
}

/// A TLS client, ready to use for any of a configuration's servers.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    direct: bool,
}

impl Tls {
    /// Reads the files that `ssl` names.
    pub(super) fn new(ssl: &Ssl) -> Result<Self, ConfigError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier {
            trust: trust(ssl, &provider)?,
            provider: Arc::clone(&provider),
        };
        let versions: &[&rustls::SupportedProtocolVersion] = match ssl.versions {
            TlsVersions::Tls12 => &[&version::TLS12],
            TlsVersions::Tls13 => &[&version::TLS13],
            TlsVersions::Both => &[&version::TLS12, &version::TLS13],
        };
        let unusable = |source: &Source, error: rustls::Error| {
            ConfigError::new(
                source,
                format!(
                    "the TLS parameters cannot be used: {}",
                    explain::explain(&error)
                ),
            )
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| unusable(&Source::Default, error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match files::identity(ssl)? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
                let source = ssl
                    .cert
                    .as_ref()
                    .map_or(Source::Default, |cert| cert.source.clone());
                unusable(&source, error)
            })?,
        };
        config.enable_sni = ssl.sni;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self {
            config: Arc::new(config),
            direct: ssl.direct,
        })
    }

    /// Whether TLS begins with the first byte, without a request.
    pub(super) fn is_direct(&self) -> bool {
        self.direct
    }

    /// Does the handshake. An error of the network, not of TLS, is the outer `io::Error`.
    pub(super) async fn handshake<S>(
        &self,
        stream: S,
        name: ServerName<'static>,
    ) -> io::Result<Result<TlsStream<S>, TlsError>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = match TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
        {
            Ok(stream) => stream,
            Err(error) => return TlsError::inside(&error).map(Err).ok_or(error),
        };
        if self.direct && stream.get_ref().1.alpn_protocol() != Some(ALPN) {
            // Without it, an attacker could lead us to another protocol's TLS server (ALPACA); libpq refuses too.
            let message =
                "the server did not agree to speak the Postgres protocol in direct TLS (no ALPN)";
            return Ok(Err(TlsError::new(message)));
        }
        Ok(Ok(stream))
    }
}

fn trust(ssl: &Ssl, provider: &Arc<CryptoProvider>) -> Result<Option<Trust>, ConfigError> {
    let Some(roots) = files::roots(ssl)? else {
        return Ok(None);
    };
    Trust::new(
        roots,
        files::crls(ssl)?,
        ssl.mode == SslMode::VerifyFull,
        Arc::clone(provider),
    )
    .map(Some)
    .map_err(|error| {
        ConfigError::new(
            &ssl.mode_source,
            format!("the root certificates or the revocation list cannot be used: {error}"),
        )
    })
}

/// The name that the certificate must have, and that goes into the handshake: the host's, else its address.
pub(super) fn server_name(
    host: Option<&str>,
    address: IpAddr,
    mode: SslMode,
) -> Result<ServerName<'static>, TlsError> {
    let Some(host) = host else {
        return Ok(ServerName::from(address));
    };
    match ServerName::try_from(host.to_owned()) {
        Ok(name) => Ok(name),
        // The name is not checked in these modes, so one that DNS does not allow is no reason to fail.
        Err(_) if mode < SslMode::VerifyFull => Ok(ServerName::from(address)),
        Err(_) => Err(TlsError::new(format!(
            "{host:?} is not a name that a certificate can have"
        ))),
    }
}

/// The channel binding data of the server's certificate; none when its signature has no hash function.
pub(super) fn channel_binding<S>(stream: &TlsStream<S>) -> Option<Vec<u8>> {
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    certificate::server_end_point(certificate)
}
