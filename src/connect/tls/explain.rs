//! TLS errors in words that say what to do. Pure.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible, pki_types::UnixTime};

/// One sentence without a full stop.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => received(*alert),
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            "the server offers neither TLS 1.2 nor 1.3".to_owned()
        }
        Error::InvalidMessage(_) => {
            "the server did not answer with TLS: is this a Postgres server?".to_owned()
        }
        Error::InconsistentKeys(_) => {
            "the private key does not belong to the client certificate".to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the server's certificate is not signed by a trusted root (sslrootcert)".to_owned()
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let expected = expected.to_str();
            if presented.is_empty() {
                return format!(
                    "the server's certificate is not for \"{expected}\": it has no subject alternative name (a common name is not enough)"
                );
            }
            let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
            format!(
                "the server's certificate is for {}, not for \"{expected}\"",
                names.join(", ")
            )
        }
        CertificateError::NotValidForName => {
            "the server's certificate is for another host name".to_owned()
        }
        CertificateError::Expired => "the server's certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate expired on {}", day(*not_after))
        }
        CertificateError::NotValidYet => "the server's certificate is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!(
                "the server's certificate is not valid before {}; is the clock right?",
                day(*not_before)
            )
        }
        CertificateError::Revoked => "the server's certificate was revoked (sslcrl)".to_owned(),
        CertificateError::UnknownRevocationStatus => {
            "the revocation list (sslcrl) does not cover the server's certificate".to_owned()
        }
        CertificateError::BadSignature => {
            "a signature in the server's certificate chain is wrong".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for a server (extended key usage)".to_owned()
        }
        other => format!("the server's certificate cannot be used: {other}"),
    }
}

/// rustls writes `DnsName("db.example")` and `IpAddress(127.0.0.1)`.
fn bare(name: &str) -> &str {
    let inside = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

fn received(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "the server asks for a client certificate (sslcert, sslkey)".to_owned()
        }
        AlertDescription::UnknownCA => {
            "the server does not trust who signed the client certificate".to_owned()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => {
            "the server does not accept the client certificate".to_owned()
        }
        AlertDescription::CertificateExpired => "the client certificate has expired".to_owned(),
        AlertDescription::CertificateRevoked => "the client certificate was revoked".to_owned(),
        AlertDescription::ProtocolVersion => {
            "the server offers no TLS version that was allowed".to_owned()
        }
        AlertDescription::HandshakeFailure => {
            "the server has no cipher in common with us".to_owned()
        }
        AlertDescription::NoApplicationProtocol => {
            "the server does not speak the Postgres protocol in direct TLS".to_owned()
        }
        other => format!("the server ended TLS with the alert {other:?}"),
    }
}

/// The date, in UTC.
fn day(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "an impossible date".to_owned(),
            |time| time.strftime("%Y-%m-%d").to_string(),
        )
}
