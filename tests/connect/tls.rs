//! TLS: who is believed, what binds the password to the channel, and what is said when it does not work.

use snapback::connect::{Authentication, Config, ConnectError, Connection};

use super::pki::{Authority, self_signed, server_params};
use super::{
    SECRET, ask, config, is_tls, open, refused, refused_saying, role, run, secured, sqlstate,
};
use crate::support::postgres::Server;

fn root(name: &str) -> String {
    secured().pki.named("sslrootcert", name)
}

/// The version of TLS that the session uses, by the server's own account.
fn version(connection: &mut Connection) -> String {
    super::ask(
        connection,
        "SELECT coalesce(version, 'none') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
}

/// The error of settings that cannot be used: exit code 2.
fn misconfigured(config: &Config) -> String {
    let error = run(Connection::open(config)).map(|_| ()).unwrap_err();
    assert!(matches!(error, ConnectError::Config(_)), "{error:?}");
    let shown = format!("{error}\n{error:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    error.to_string()
}

#[test]
fn the_right_certificate_for_the_right_name() {
    for host in ["localhost", "127.0.0.1"] {
        let more = format!("sslmode=verify-full {} host={host}", root("ca.crt"));
        let mut connection = open(&role("ann", &more));
        assert_eq!(connection.authentication(), Authentication::ScramSha256Plus);
        assert_eq!(version(&mut connection), "TLSv1.3");
    }
    // By name alone, resolved: perhaps first to ::1, where nobody listens.
    let port = secured().server.port();
    let by_name = format!(
        "postgres://ann:{SECRET}-ann@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={}",
        secured().pki.path("ca.crt").display()
    );
    open(&config(&by_name));
}

#[test]
fn the_wrong_name() {
    let as_other = |mode: &str| {
        role(
            "ann",
            &format!("sslmode={mode} {} host=db.example", root("ca.crt")),
        )
    };
    let error = refused_saying(
        &as_other("verify-full"),
        "the server's certificate is for localhost, 127.0.0.1, not for \"db.example\"",
    );
    assert!(is_tls(&error));
    assert!(error.to_string().contains("db.example:"), "{error}");
    open(&as_other("verify-ca"));
    open(&as_other("require"));
}

#[test]
fn an_unknown_authority() {
    for mode in ["verify-full", "verify-ca", "require", "prefer", "allow"] {
        // As in libpq, a root certificate that is there is used by the weaker modes too. Unlike there, a
        // certificate that does not hold is no reason to go on without one.
        let name = if mode == "allow" { "tlsonly" } else { "ann" };
        let error = refused_saying(
            &role(name, &format!("sslmode={mode} {}", root("other-ca.crt"))),
            "not signed by a trusted root",
        );
        assert!(is_tls(&error));
    }
    open(&role("ann", "sslmode=require"));
}

#[test]
fn the_roots_of_the_system_do_not_know_our_authority() {
    let system = role("ann", "sslrootcert=system");
    assert_eq!(
        system.sslmode(),
        snapback::connect::config::SslMode::VerifyFull
    );
    let error = run(Connection::open(&system)).unwrap_err().to_string();
    // A bare machine has no roots at all.
    assert!(
        error.contains("not signed by a trusted root") || error.contains("no trusted roots"),
        "{error}"
    );
}

#[test]
fn missing_or_damaged_files() {
    let pki = &secured().pki;
    pki.write("empty.crt", "nothing here\n");
    pki.write(
        "damaged.crt",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    );
    for (more, expected) in [
        (
            "sslmode=verify-full".to_owned(),
            "sslmode=verify-full needs trusted roots",
        ),
        (
            format!("sslmode=verify-ca {}", root("nowhere.crt")),
            "cannot read root certificate file",
        ),
        (
            format!("sslmode=require {}", root("nowhere.crt")),
            "nowhere.crt",
        ),
        (root("empty.crt"), "it holds no certificate in PEM form"),
        (root("damaged.crt"), "damaged.crt"),
        (
            pki.named("sslcert", "nowhere.crt"),
            "cannot read client certificate file",
        ),
        (
            pki.named("sslcrl", "nowhere.crl") + " " + &root("ca.crt"),
            "cannot read revocation file",
        ),
        (
            format!("{} sslkey=/nowhere.key", pki.named("sslcert", "ann.crt")),
            "cannot read private key file /nowhere.key",
        ),
    ] {
        let error = misconfigured(&role("ann", &more));
        assert!(
            error.starts_with("connection string (test): ") || more == "sslmode=verify-full",
            "{error}"
        );
        assert!(error.contains(expected), "{more}: {error}");
    }
    // Nothing is read where TLS is ruled out.
    open(&role(
        "ann",
        &format!("sslmode=disable {}", root("nowhere.crt")),
    ));
}

#[test]
fn a_server_without_tls() {
    let port = Server::shared().port();
    let plain = |more: &str| {
        config(&format!(
            "host=127.0.0.1 port={port} user=postgres dbname=postgres {more}"
        ))
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = refused(&plain(&format!("sslmode={mode} {}", root("ca.crt"))));
        let expected = format!("the server does not support TLS, which sslmode={mode} needs");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    refused_saying(
        &plain("channel_binding=require"),
        "which channel_binding=require needs",
    );
    // Asked once: without TLS there is no other way to ask.
    let error = refused_saying(&plain("user=stranger"), "role \"stranger\" does not exist");
    assert!(
        matches!(&error, ConnectError::Servers(tried) if tried.len() == 1),
        "{error}"
    );
    for mode in ["disable", "allow", "prefer"] {
        assert_eq!(
            version(&mut open(&plain(&format!("sslmode={mode}")))),
            "none"
        );
    }
}

#[test]
fn channel_binding_when_it_is_required() {
    let required = |name: &str, more: &str| role(name, &format!("channel_binding=require {more}"));
    for more in [
        "",
        "sslmode=require",
        &format!("sslmode=verify-full {}", root("ca.crt")),
    ] {
        assert_eq!(
            open(&required("ann", more)).authentication(),
            Authentication::ScramSha256Plus
        );
    }
    refused_saying(
        &required("ann", "sslmode=disable"),
        "channel_binding=require: the connection is not encrypted",
    );
    let socket = format!(
        "host={} hostaddr=''",
        secured().server.socket_folder().display()
    );
    refused_saying(
        &required("trusting", &socket),
        "a Unix-domain socket has no TLS",
    );
    // No weaker method is answered, however much the server asks for it.
    for (name, method) in [
        ("md5", "MD5"),
        ("clear", "cleartext"),
        ("trusting", "no authentication"),
    ] {
        let error = refused_saying(
            &required(name, "sslmode=require"),
            "channel binding is required",
        );
        assert!(error.to_string().contains(method), "{error}");
    }
}

#[test]
fn versions_of_tls() {
    for (limit, expected) in [
        ("ssl_max_protocol_version=TLSv1.2", "TLSv1.2"),
        ("ssl_min_protocol_version=TLSv1.3", "TLSv1.3"),
        ("ssl_min_protocol_version=TLSv1", "TLSv1.3"),
    ] {
        let mut connection = open(&role(
            "ann",
            &format!("sslmode=require channel_binding=require {limit}"),
        ));
        assert_eq!(version(&mut connection), expected);
    }
}

#[test]
fn client_certificates() {
    let pki = &secured().pki;
    let mut connection = open(&role(
        "withcert",
        &format!("sslmode=require {}", pki.client("withcert")),
    ));
    assert_eq!(connection.authentication(), Authentication::None);
    assert_eq!(
        super::ask(
            &mut connection,
            "SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ),
        "/CN=withcert"
    );

    let both = open(&role(
        "certandscram",
        &format!("sslmode=require {}", pki.client("certandscram")),
    ));
    assert_eq!(both.authentication(), Authentication::ScramSha256Plus);

    let none = refused(&role("withcert", "sslmode=require"));
    assert_eq!(sqlstate(&none), "28000", "{none}");
    assert!(
        none.to_string().contains("valid client certificate"),
        "{none}"
    );
    let other = refused(&role(
        "withcert",
        &format!("sslmode=require {}", pki.client("ann")),
    ));
    assert!(other.to_string().contains("withcert"), "{other}");
}

#[test]
fn a_client_certificate_the_server_does_not_trust() {
    let pki = &secured().pki;
    let stranger = Authority::new("Strangers").sign(&server_params(&["stranger"]));
    pki.write("stranger.crt", &stranger.certificate);
    pki.write("stranger.key", &stranger.key);
    let error = refused(&role(
        "ann",
        &format!("sslmode=require {}", pki.client("stranger")),
    ));
    assert!(is_tls(&error), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("the server does not trust who signed the client certificate"),
        "{error}"
    );
}

#[test]
fn key_files() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let pki = &secured().pki;
    let key = |name: &str| {
        role(
            "ann",
            &format!(
                "{} {}",
                pki.named("sslcert", "ann.crt"),
                pki.named("sslkey", name)
            ),
        )
    };
    let text = std::fs::read_to_string(pki.path("ann.key")).unwrap();

    pki.write("open.key", &text);
    set_permissions(pki.path("open.key"), Permissions::from_mode(0o644)).unwrap();
    assert!(misconfigured(&key("open.key")).contains("can be read by others"));
    pki.write(
        "encrypted.key",
        &text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    );
    assert!(misconfigured(&key("encrypted.key")).contains("is encrypted, which is not supported"));
    pki.write("no.key", "");
    assert!(misconfigured(&key("no.key")).contains("holds no private key"));
    assert!(
        misconfigured(&key("withcert.key"))
            .contains("the private key does not belong to the client certificate")
    );
}

#[test]
fn revoked_certificates() {
    let pki = &secured().pki;
    pki.write("none.crl", &pki.ca.revocation_list(&[99]));
    pki.write("server.crl", &pki.ca.revocation_list(&[7]));
    let listed = |crl: &str| {
        role(
            "ann",
            &format!(
                "sslmode=verify-full {} {}",
                root("ca.crt"),
                pki.named("sslcrl", crl)
            ),
        )
    };
    open(&listed("none.crl"));
    assert!(is_tls(&refused_saying(
        &listed("server.crl"),
        "was revoked"
    )));
}

#[test]
fn direct_tls_needs_a_server_that_has_it() {
    let direct = role("ann", "sslnegotiation=direct sslmode=require");
    if secured().server.major() >= 17 {
        assert_eq!(version(&mut open(&direct)), "TLSv1.3");
    } else {
        refused(&direct);
    }
}

mod imitation {
    //! Certificates that one server cannot all have: a listener that does the handshake and then closes.

    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;

    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd,
    };
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

    use super::*;
    use crate::connect::pki::Identity;

    /// The port of a listener that agrees to TLS, shows this certificate, and closes.
    fn serve(identity: &Identity) -> u16 {
        let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let server = Arc::new(server);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut socket in listener.incoming().map_while(Result::ok) {
                let mut request = [0; 8];
                if socket.read_exact(&mut request).is_err() || socket.write_all(b"S").is_err() {
                    continue;
                }
                let mut tls = rustls::ServerConnection::new(Arc::clone(&server)).unwrap();
                while tls.is_handshaking() && tls.complete_io(&mut socket).is_ok() {}
                let _ = tls.complete_io(&mut socket);
            }
        });
        port
    }

    /// What happens with this certificate, when `roots` are trusted.
    fn outcome(identity: &Identity, roots: &str, mode: &str) -> ConnectError {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.crt");
        std::fs::write(&file, roots).unwrap();
        let port = serve(identity);
        let file = file.display();
        refused(&config(&format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user=ann sslmode={mode} sslrootcert='{file}'"
        )))
    }

    fn expect(identity: &Identity, roots: &str, mode: &str, expected: &str) {
        let error = outcome(identity, roots, mode);
        assert!(
            is_tls(&error) && error.to_string().contains(expected),
            "{error}"
        );
    }

    /// TLS was fine: what then fails is that nobody is there.
    fn accepted(identity: &Identity, roots: &str, mode: &str) {
        let error = outcome(identity, roots, mode);
        assert!(
            error
                .to_string()
                .contains("the connection was lost before the session began"),
            "{error}"
        );
    }

    fn with(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
        let mut params = server_params(&["localhost"]);
        change(&mut params);
        params
    }

    #[test]
    fn out_of_date() {
        let ca = Authority::new("CA");
        let old = ca.sign(&with(|params| params.not_after = date_time_ymd(2020, 2, 3)));
        expect(
            &old,
            &ca.certificate,
            "verify-full",
            "the server's certificate expired on 2020-02-03",
        );
        let young = ca.sign(&with(|params| {
            params.not_before = date_time_ymd(2090, 2, 3);
        }));
        expect(
            &young,
            &ca.certificate,
            "verify-ca",
            "not valid before 2090-02-03",
        );
        accepted(&ca.sign(&with(|_| ())), &ca.certificate, "verify-full");
    }

    #[test]
    fn a_common_name_is_no_name() {
        let ca = Authority::new("CA");
        let nameless = ca.sign(&with(|params| {
            params.subject_alt_names.clear();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "localhost");
        }));
        expect(
            &nameless,
            &ca.certificate,
            "verify-full",
            "has no subject alternative name",
        );
        accepted(&nameless, &ca.certificate, "verify-ca");
    }

    #[test]
    fn a_certificate_for_clients_only() {
        let ca = Authority::new("CA");
        let client = ca.sign(&with(|params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }));
        expect(&client, &ca.certificate, "verify-ca", "is not for a server");
    }

    /// `openssl req -new -x509`, as the manual shows it, makes a server certificate that is its own authority.
    #[test]
    fn a_self_signed_certificate_named_as_the_root() {
        let authority_too = |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        };
        for params in [with(|_| ()), with(authority_too)] {
            let own = self_signed(&params);
            accepted(&own, &own.certificate, "verify-full");
            let other = self_signed(&params);
            let error = outcome(&own, &other.certificate, "verify-ca");
            assert!(is_tls(&error), "{error}");
        }
        let elsewhere = self_signed(&server_params(&["db.example"]));
        expect(
            &elsewhere,
            &elsewhere.certificate,
            "verify-full",
            "is for db.example, not for \"localhost\"",
        );
        accepted(&elsewhere, &elsewhere.certificate, "verify-ca");
        let old = self_signed(&with(|params| params.not_after = date_time_ymd(2020, 2, 3)));
        expect(&old, &old.certificate, "verify-ca", "has expired");
    }
}

#[test]
fn much_in_both_directions_does_not_deadlock() {
    let mut connection = open(&role("ann", "sslmode=require"));
    run(crate::wire::flood(&mut connection));
    // A row far larger than what TLS holds back, and a statement.
    let sql = format!(
        "SELECT repeat('x', 5000000) /* {} */",
        "y".repeat(5_000_000)
    );
    assert_eq!(ask(&mut connection, &sql).len(), 5_000_000);
}
