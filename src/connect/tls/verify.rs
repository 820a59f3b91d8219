//! Decides whether a server's certificate is good enough for the `sslmode`.
//!
//! rustls' own verifier does the checking; this chooses how much of it counts. The signature of the handshake is
//! checked in every mode: channel binding relies on it even where the certificate itself is not checked.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime},
    server::{ParsedCertificate, VerifierBuilderError},
};

use super::certificate;

/// The trusted roots and what is checked against them.
#[derive(Debug)]
pub(super) struct Trust {
    chain: Arc<WebPkiServerVerifier>,
    /// The roots as they stand in the file.
    roots: Vec<CertificateDer<'static>>,
    /// The certificate must be for the host we called.
    name: bool,
}

impl Trust {
    /// Trusts `roots`, less what `crls` revoke.
    pub(super) fn new(
        roots: Vec<CertificateDer<'static>>,
        crls: Vec<CertificateRevocationListDer<'static>>,
        name: bool,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
            .with_crls(crls)
            .build()?;
        Ok(Self { chain, roots, name })
    }

    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.roots.contains(certificate) {
            // A self-signed certificate that the user named as the root, as the manual's "Creating Certificates"
            // makes it. It has no chain to check, and rustls would refuse it as an authority that acts as a server.
            check_validity(certificate, now)?;
            return if self.name {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, host)
            } else {
                Ok(())
            };
        }
        match self
            .chain
            .verify_server_cert(certificate, intermediates, host, ocsp, now)
        {
            Ok(_) => Ok(()),
            // The name is the last thing it checks: the chain is good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let (from, to) = certificate::validity(certificate).ok_or_else(bad)?;
    let now = i64::try_from(now.as_secs())
        .ok()
        .and_then(|now| jiff::Timestamp::from_second(now).ok())
        .ok_or_else(bad)?;
    let now = now.strftime("%Y%m%d%H%M%S").to_string();
    if now < from {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > to {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// rustls' question, answered by the `sslmode`.
#[derive(Debug)]
pub(super) struct Verifier {
    /// None: any certificate will do.
    pub(super) trust: Option<Trust>,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trust) = &self.trust {
            trust.check(end_entity, intermediates, server_name, ocsp_response, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
