//! A certificate authority made for one run of the tests, and what it signs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// A certificate and its key, as PEM texts.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// The files of the tests' public key infrastructure.
pub(crate) struct Pki {
    folder: tempfile::TempDir,
    pub(crate) ca: Authority,
    pub(crate) server: Identity,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = Authority::new("Snapback test CA");
        let server = ca.sign(&server_params(&["localhost", "127.0.0.1"]));
        let pki = Self { folder, ca, server };
        pki.write("ca.crt", &pki.ca.certificate);
        pki.write("other-ca.crt", &Authority::new("Another CA").certificate);
        for name in ["withcert", "certandscram", "ann"] {
            let client = pki.ca.sign(&client_params(name));
            pki.write(&format!("{name}.crt"), &client.certificate);
            pki.write(&format!("{name}.key"), &client.key);
        }
        pki
    }

    /// The path of a file; it need not exist.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A parameter that names a file: `sslrootcert='/tmp/x/ca.crt'`.
    pub(crate) fn named(&self, key: &str, name: &str) -> String {
        format!("{key}='{}'", self.path(name).display())
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        write_private(&self.path(name), text);
    }

    /// The parameters for a client certificate.
    pub(crate) fn client(&self, name: &str) -> String {
        format!(
            "{} {}",
            self.named("sslcert", &format!("{name}.crt")),
            self.named("sslkey", &format!("{name}.key"))
        )
    }
}

pub(crate) fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Parameters of a certificate for these names and addresses.
pub(crate) fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "server");
    params.serial_number = Some(SerialNumber::from(7_u64));
    params
}

fn client_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Who signs certificates.
pub(crate) struct Authority {
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// An authority with a P-256 key of its own.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = client_params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate that this authority signs.
    pub(crate) fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity {
            certificate,
            key: key.serialize_pem(),
        }
    }

    /// A list by which this authority revokes the certificates with these serial numbers.
    pub(crate) fn revocation_list(&self, revoked: &[u64]) -> String {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2090, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// A certificate that vouches for itself.
pub(crate) fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    Identity {
        certificate,
        key: key.serialize_pem(),
    }
}
