//! What the values of parameters mean, and which are refused.

use std::time::Duration;

use super::{
    super::{ChannelBinding, Config, Environment, Source, SslMode, TargetSession, ssl::Roots},
    ORIGIN, hosts, password, resolve,
};

/// A password whose special characters were not encoded is cut at the wrong place; no piece of it may be shown.
#[test]
fn hosts_and_ports() {
    for (text, expected) in [
        (
            "",
            "socket /var/run/postgresql/.s.PGSQL.5432 socket /tmp/.s.PGSQL.5432",
        ),
        (
            "port=5433",
            "socket /var/run/postgresql/.s.PGSQL.5433 socket /tmp/.s.PGSQL.5433",
        ),
        ("host=/run/pg port=1", "socket /run/pg/.s.PGSQL.1"),
        ("host=@abstract", "socket @abstract/.s.PGSQL.5432"),
        ("host=a,b,c port=7", "a:7 b:7 c:7"),
        ("host=a,b port=1,2", "a:1 b:2"),
        ("host='a, b' port=',2'", "a:5432 b:2"),
        ("host=a hostaddr=127.0.0.1", "a:5432"),
        ("hostaddr=::1", "[::1]:5432"),
        ("postgres://[::1]:7,h:8", "[::1]:7 h:8"),
    ] {
        assert_eq!(hosts(&resolve(text).unwrap()), expected, "{text}");
    }
    for (text, expected) in [
        (
            "host=a,b hostaddr=127.0.0.1",
            "1 values of hostaddr for 2 values of host",
        ),
        ("host=a,b port=1,2,3", "3 port numbers for 2 hosts"),
        ("port=0", "invalid port number \"0\""),
        ("port=65536", "invalid port number"),
        ("port=5432x", "invalid port number"),
        ("hostaddr=localhost", "not a numeric IP address"),
    ] {
        let error = resolve(text).unwrap_err();
        assert_eq!(error.place(), &Source::Given(ORIGIN.to_owned()));
        assert!(error.message().contains(expected), "{text}: {error}");
    }
}

#[test]
fn defaults() {
    let config = resolve("").unwrap();
    assert_eq!(
        (config.user(), config.dbname(), config.application_name()),
        ("me", "me", "snapback")
    );
    assert_eq!(config.sslmode(), SslMode::Prefer);
    assert_eq!(config.connect_timeout, Some(Duration::from_secs(30)));
    assert_eq!(config.target_session, TargetSession::Any);
    assert!(config.keepalives.on && config.warnings().is_empty() && password(&config).is_none());

    assert_eq!(resolve("user=ann").unwrap().dbname(), "ann");
    assert_eq!(
        resolve("fallback_application_name=x")
            .unwrap()
            .application_name(),
        "x"
    );
    assert_eq!(
        resolve("application_name=y fallback_application_name=x")
            .unwrap()
            .application_name(),
        "y"
    );
    let nobody = Config::resolve(None, &Environment::default()).unwrap_err();
    assert!(nobody.to_string().contains("no user name"), "{nobody}");
}

#[test]
fn numbers_and_words() {
    let timeout = |text: &str| resolve(text).unwrap().connect_timeout;
    assert_eq!(timeout("connect_timeout=0"), None);
    assert_eq!(timeout("connect_timeout=-1"), None);
    assert_eq!(timeout("connect_timeout=1"), Some(Duration::from_secs(2)));
    assert_eq!(
        timeout("connect_timeout=' 10 '"),
        Some(Duration::from_secs(10))
    );
    let keepalives =
        resolve("keepalives=0 keepalives_idle=7 keepalives_count=0 tcp_user_timeout=1500")
            .unwrap()
            .keepalives;
    assert!(!keepalives.on && keepalives.count.is_none());
    assert_eq!(keepalives.idle, Some(Duration::from_secs(7)));
    assert_eq!(keepalives.user_timeout, Some(Duration::from_millis(1500)));
    assert_eq!(
        resolve("target_session_attrs=prefer-standby")
            .unwrap()
            .target_session,
        TargetSession::PreferStandby
    );
    assert_eq!(
        resolve("channel_binding=require")
            .unwrap()
            .ssl
            .channel_binding,
        ChannelBinding::Require
    );
    assert!(resolve("load_balance_hosts=random").unwrap().shuffle_hosts);

    for (text, expected) in [
        (
            "connect_timeout=10s",
            "invalid integer value \"10s\" for connect_timeout",
        ),
        ("keepalives_idle=99999999999", "invalid integer value"),
        ("sslmode=verfy-full", "did you mean verify-full?"),
        (
            "sslmode=Require",
            "expected disable, allow, prefer, require, verify-ca, verify-full; did you mean require?",
        ),
        ("target_session_attrs=readwrite", "did you mean read-write?"),
        (
            "channel_binding=yes",
            "invalid channel_binding value \"yes\"",
        ),
        ("sslsni=2", "invalid sslsni value"),
    ] {
        let error = resolve(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn tls_parameters_must_fit_together() {
    let config = resolve("sslrootcert=system").unwrap();
    assert_eq!(config.sslmode(), SslMode::VerifyFull);
    assert!(matches!(config.ssl.roots, Roots::System(_)));
    assert!(
        resolve("sslnegotiation=direct sslmode=require")
            .unwrap()
            .ssl
            .direct
    );
    for (text, expected) in [
        (
            "sslrootcert=system sslmode=verify-ca",
            "sslmode=verify-ca is too weak for sslrootcert=system",
        ),
        (
            "sslnegotiation=direct",
            "sslmode=prefer is too weak for sslnegotiation=direct",
        ),
        ("ssl_max_protocol_version=TLSv1.1", "leaves no TLS version"),
        (
            "ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
            "leaves no TLS version",
        ),
    ] {
        let error = resolve(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_not_supported_is_refused_not_ignored() {
    for text in [
        "require_auth=scram-sha-256",
        "gssencmode=require",
        "sslcrldir=/etc/crl",
        "sslcertmode=require",
        "sslpassword=x",
        "replication=database",
        "min_protocol_version=3.2",
    ] {
        let error = resolve(text).unwrap_err().to_string();
        assert!(error.contains("is not supported"), "{text}: {error}");
    }
    let harmless = "gssencmode=prefer sslcompression=1 client_encoding=LATIN1 krbsrvname=pg replication=false authtype=x";
    assert!(resolve(harmless).is_ok());
}
