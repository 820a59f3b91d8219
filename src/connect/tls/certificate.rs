//! The two facts about a certificate that rustls does not hand out: how it was signed, and when it is valid.
//!
//! A reader for just enough DER (X.690) to walk to those fields of an X.509 certificate (RFC 5280, section 4.1).
//! It checks no signature and decides nothing about trust. Any input gives an answer or none, never a panic.

use ring::digest;

/// DER tags.
mod tag {
    pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const SEQUENCE: u8 = 0x30;
    /// `[0]`, constructed: the version of a certificate, the hash of RSASSA-PSS parameters.
    pub(super) const CONTEXT_0: u8 = 0xa0;
}

/// The channel binding data `tls-server-end-point` (RFC 5929, section 4.1): the certificate's hash by the function that its
/// signature uses, but SHA-256 for MD5 and SHA-1. None when the signature has no such function (Ed25519) or an
/// unknown one.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Der(Der(certificate).read(tag::SEQUENCE)?);
    fields.read(tag::SEQUENCE)?;
    let algorithm = signature_digest(fields.read(tag::SEQUENCE)?)?;
    Some(digest::digest(algorithm, certificate).as_ref().to_vec())
}

/// The digest of an `AlgorithmIdentifier`: an object identifier and parameters.
fn signature_digest(identifier: &[u8]) -> Option<&'static digest::Algorithm> {
    let mut identifier = Der(identifier);
    Some(match identifier.read(tag::OBJECT_IDENTIFIER)? {
        // pkcs1 (1.2.840.113549.1.1): md5WithRSA .4, sha1WithRSA .5, sha256 .11, sha384 .12, sha512 .13
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last] => match last {
            0x04 | 0x05 | 0x0b => &digest::SHA256,
            0x0c => &digest::SHA384,
            0x0d => &digest::SHA512,
            0x0a => pss_digest(identifier)?,
            _ => return None,
        },
        // ecdsa-with-SHA1 (1.2.840.10045.4.1); ecdsa-with-SHA2 (1.2.840.10045.4.3): sha256 .2, sha384 .3, sha512 .4
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => &digest::SHA256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last] => match last {
            0x02 => &digest::SHA256,
            0x03 => &digest::SHA384,
            0x04 => &digest::SHA512,
            _ => return None,
        },
        _ => return None,
    })
}

/// The hash in the parameters of RSASSA-PSS (RFC 4055, section 3.1); left out means SHA-1.
fn pss_digest(mut parameters: Der<'_>) -> Option<&'static digest::Algorithm> {
    let mut parameters = Der(parameters.read(tag::SEQUENCE)?);
    let Some(hash) = parameters.read(tag::CONTEXT_0) else {
        return Some(&digest::SHA256);
    };
    let mut hash = Der(Der(hash).read(tag::SEQUENCE)?);
    // sha1 (1.3.14.3.2.26); nist hashes (2.16.840.1.101.3.4.2): sha256 .1, sha384 .2, sha512 .3
    Some(match hash.read(tag::OBJECT_IDENTIFIER)? {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => &digest::SHA256,
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last] => match last {
            0x01 => &digest::SHA256,
            0x02 => &digest::SHA384,
            0x03 => &digest::SHA512,
            _ => return None,
        },
        _ => return None,
    })
}

/// First and last moment of validity, each as `YYYYMMDDHHMMSS` in UTC, so that they compare as text.
pub(super) fn validity(certificate: &[u8]) -> Option<(String, String)> {
    let mut certificate = Der(Der(certificate).read(tag::SEQUENCE)?);
    let mut fields = Der(certificate.read(tag::SEQUENCE)?);
    // version (left out by version 1), serial number, signature algorithm, issuer.
    let first = fields.next()?;
    for _ in 0..(if first.tag == tag::CONTEXT_0 { 3 } else { 2 }) {
        fields.next()?;
    }
    let mut validity = Der(fields.read(tag::SEQUENCE)?);
    Some((time(&validity.next()?)?, time(&validity.next()?)?))
}

/// `UTCTime` with its two-digit year (50 to 99 are 19xx), or `GeneralizedTime`; RFC 5280, section 4.1.2.5.
fn time(element: &Element<'_>) -> Option<String> {
    let digits = std::str::from_utf8(element.content)
        .ok()?
        .strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (element.tag, digits.len()) {
        (tag::UTC_TIME, 12) => Some(format!(
            "{}{digits}",
            if digits >= "5" { "19" } else { "20" }
        )),
        (tag::GENERALIZED_TIME, 14) => Some(digits.to_owned()),
        _ => None,
    }
}

struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

/// What is left to read of a sequence of DER elements.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element; none at the end, or when its length is not in the data.
    fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&short, rest) = rest.split_first()?;
        let (length, rest) = if short < 0x80 {
            (usize::from(short), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            (
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                rest,
            )
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element { tag, content })
    }

    /// The content of the next element if it has this tag; else nothing is read.
    fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};
    use ring::digest;

    use super::{Der, Element, server_end_point, signature_digest, tag, time, validity};

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 2, 3);
        params.not_after = rcgen::date_time_ymd(2055, 6, 7);
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_hash_follows_the_signature() {
        for (algorithm, expected) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(&digest::SHA256)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(&digest::SHA384)),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let certificate = certificate(algorithm);
            let expected =
                expected.map(|algorithm| digest::digest(algorithm, &certificate).as_ref().to_vec());
            assert_eq!(server_end_point(&certificate), expected, "{algorithm:?}");
        }
    }

    /// Algorithm identifiers as OpenSSL writes them.
    #[test]
    fn algorithm_identifiers() {
        let rsa = |last: u8| {
            vec![
                0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last, 0x05, 0,
            ]
        };
        let pss = |parameters: &[u8]| {
            let mut identifier = rsa(0x0a);
            identifier.truncate(11);
            identifier.extend([0x30, u8::try_from(parameters.len()).unwrap()]);
            identifier.extend(parameters);
            identifier
        };
        let sha2 = |last: u8| {
            vec![
                0xa0, 15, 0x30, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last,
                0x05, 0,
            ]
        };
        for (identifier, expected) in [
            (rsa(4), Some(&digest::SHA256)),
            (rsa(5), Some(&digest::SHA256)),
            (rsa(11), Some(&digest::SHA256)),
            (rsa(12), Some(&digest::SHA384)),
            (rsa(13), Some(&digest::SHA512)),
            (rsa(14), None),
            (pss(&[]), Some(&digest::SHA256)),
            (pss(&sha2(2)), Some(&digest::SHA384)),
            (pss(&sha2(3)), Some(&digest::SHA512)),
            (pss(&sha2(9)), None),
            (
                vec![0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
                Some(&digest::SHA256),
            ),
            (
                vec![0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
                Some(&digest::SHA512),
            ),
        ] {
            assert_eq!(signature_digest(&identifier), expected, "{identifier:02x?}");
        }
    }

    #[test]
    fn times() {
        let (from, to) = validity(&certificate(&rcgen::PKCS_ECDSA_P256_SHA256)).unwrap();
        assert_eq!(
            (from.as_str(), to.as_str()),
            ("20010203000000", "20550607000000")
        );
        let utc = |text: &str| {
            time(&Element {
                tag: tag::UTC_TIME,
                content: text.as_bytes(),
            })
        };
        assert_eq!(utc("500101000000Z").as_deref(), Some("19500101000000"));
        assert_eq!(utc("491231235959Z").as_deref(), Some("20491231235959"));
        assert_eq!(utc("4912312359Z"), None);
        assert_eq!(utc("4912312359+1Z"), None);
    }

    #[test]
    fn lengths_that_lie() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 5, 1],
            &[0x30, 0x80],
            &[0x30, 0x84, 255, 255, 255, 255],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
        ] {
            assert!(Der(bytes).next().is_none(), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>(), at in 0_usize..400) {
            let _ = (server_end_point(&bytes), validity(&bytes));
            let mut damaged = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
            let at = at.min(damaged.len());
            damaged.splice(at..at, bytes);
            let _ = (server_end_point(&damaged), validity(&damaged));
        }
    }
}
