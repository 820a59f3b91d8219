//! Every connection parameter that libpq knows: name, environment variable, and what Snapback does with it.
//!
//! Source: `PQconninfoOptions` in `fe-connect.c` and the manual, "Parameter Key Words". This is the only list of keys;
//! it holds no values and reads nothing.

/// What Snapback does with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// It has its full meaning.
    Used,
    /// It is accepted and changes nothing, for the reason in docs/CONNECTING.md. Never one that protects the user.
    Ignored,
    /// Only these values are accepted; any other asks for something Snapback does not do, and would be wrong to ignore.
    Only(&'static [&'static str], &'static str),
}

macro_rules! keys {
    ($($variant:ident $name:literal $env:expr, $policy:expr;)*) => {
        /// A connection parameter, by libpq's name for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(clippy::enum_variant_names, reason = "the names are libpq's")]
        pub(super) enum Key { $($variant),* }

        impl Key {
            /// All parameters, in the order of the list.
            pub(super) const ALL: &'static [Key] = &[$(Key::$variant),*];

            /// The name in a connection string and in a service file.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Key::$variant => $name),* }
            }

            /// The environment variable that supplies it.
            pub(super) const fn variable(self) -> Option<&'static str> {
                match self { $(Key::$variant => $env),* }
            }

            /// What Snapback does with it.
            pub(super) const fn policy(self) -> Policy {
                match self { $(Key::$variant => $policy),* }
            }
        }
    };
}

use Policy::{Ignored, Only, Used};

/// A value that means "not asked for" is accepted from programs that write every parameter.
const UNSET: &[&str] = &[""];

keys! {
    Service "service" Some("PGSERVICE"), Used;
    User "user" Some("PGUSER"), Used;
    Password "password" Some("PGPASSWORD"), Used;
    Passfile "passfile" Some("PGPASSFILE"), Used;
    Dbname "dbname" Some("PGDATABASE"), Used;
    Host "host" Some("PGHOST"), Used;
    Hostaddr "hostaddr" Some("PGHOSTADDR"), Used;
    Port "port" Some("PGPORT"), Used;
    ConnectTimeout "connect_timeout" Some("PGCONNECT_TIMEOUT"), Used;
    TargetSessionAttrs "target_session_attrs" Some("PGTARGETSESSIONATTRS"), Used;
    LoadBalanceHosts "load_balance_hosts" Some("PGLOADBALANCEHOSTS"), Used;
    ApplicationName "application_name" Some("PGAPPNAME"), Used;
    FallbackApplicationName "fallback_application_name" None, Used;
    Options "options" Some("PGOPTIONS"), Used;
    Keepalives "keepalives" None, Used;
    KeepalivesIdle "keepalives_idle" None, Used;
    KeepalivesInterval "keepalives_interval" None, Used;
    KeepalivesCount "keepalives_count" None, Used;
    TcpUserTimeout "tcp_user_timeout" None, Used;
    Sslmode "sslmode" Some("PGSSLMODE"), Used;
    Sslnegotiation "sslnegotiation" Some("PGSSLNEGOTIATION"), Used;
    Sslrootcert "sslrootcert" Some("PGSSLROOTCERT"), Used;
    Sslcert "sslcert" Some("PGSSLCERT"), Used;
    Sslkey "sslkey" Some("PGSSLKEY"), Used;
    Sslcrl "sslcrl" Some("PGSSLCRL"), Used;
    Sslsni "sslsni" Some("PGSSLSNI"), Used;
    SslMinProtocolVersion "ssl_min_protocol_version" Some("PGSSLMINPROTOCOLVERSION"), Used;
    SslMaxProtocolVersion "ssl_max_protocol_version" Some("PGSSLMAXPROTOCOLVERSION"), Used;
    ChannelBinding "channel_binding" Some("PGCHANNELBINDING"), Used;
    Requirepeer "requirepeer" Some("PGREQUIREPEER"), Used;

    Sslcertmode "sslcertmode" Some("PGSSLCERTMODE"),
        Only(&["", "allow"], "Snapback sends the client certificate when there is one and the server asks");
    Sslpassword "sslpassword" None, Only(UNSET, "Snapback cannot read an encrypted key file");
    Sslcrldir "sslcrldir" Some("PGSSLCRLDIR"), Only(UNSET, "Snapback reads one revocation file: sslcrl");
    RequireAuth "require_auth" Some("PGREQUIREAUTH"),
        Only(UNSET, "Snapback cannot restrict the method; channel_binding=require admits SCRAM over TLS only");
    Gssencmode "gssencmode" Some("PGGSSENCMODE"),
        Only(&["", "disable", "prefer"], "Snapback has no GSSAPI; use sslmode for encryption");
    MinProtocolVersion "min_protocol_version" Some("PGMINPROTOCOLVERSION"),
        Only(&["", "3.0"], "Snapback speaks protocol 3.0");
    Replication "replication" None,
        Only(&["", "false", "off", "no", "0"], "Snapback needs an ordinary connection");
    ScramClientKey "scram_client_key" None, Only(UNSET, "Snapback authenticates by password");
    ScramServerKey "scram_server_key" None, Only(UNSET, "Snapback authenticates by password");

    MaxProtocolVersion "max_protocol_version" Some("PGMAXPROTOCOLVERSION"), Ignored;
    ClientEncoding "client_encoding" Some("PGCLIENTENCODING"), Ignored;
    Sslcompression "sslcompression" Some("PGSSLCOMPRESSION"), Ignored;
    Sslkeylogfile "sslkeylogfile" None, Ignored;
    Krbsrvname "krbsrvname" Some("PGKRBSRVNAME"), Ignored;
    Gsslib "gsslib" Some("PGGSSLIB"), Ignored;
    Gssdelegation "gssdelegation" Some("PGGSSDELEGATION"), Ignored;
    OauthIssuer "oauth_issuer" None, Ignored;
    OauthClientId "oauth_client_id" None, Ignored;
    OauthClientSecret "oauth_client_secret" None, Ignored;
    OauthScope "oauth_scope" None, Ignored;
    Authtype "authtype" None, Ignored;
    Tty "tty" None, Ignored;
}

impl Key {
    /// The parameter of this name. Names are exact: libpq does not fold case.
    pub(super) fn from_name(name: &str) -> Option<Key> {
        Key::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// Whether the value must never be shown.
    pub(super) const fn is_secret(self) -> bool {
        matches!(
            self,
            Key::Password
                | Key::Sslpassword
                | Key::OauthClientSecret
                | Key::ScramClientKey
                | Key::ScramServerKey
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Policy};

    #[test]
    fn names_and_variables_are_unique() {
        for (i, a) in Key::ALL.iter().enumerate() {
            for b in Key::ALL.iter().skip(i + 1) {
                assert_ne!(a.name(), b.name());
                assert!(a.variable().is_none() || a.variable() != b.variable());
            }
        }
    }

    #[test]
    fn what_protects_the_user_is_never_ignored() {
        for name in [
            "sslcrl",
            "sslcrldir",
            "require_auth",
            "gssencmode",
            "requirepeer",
            "sslcertmode",
            "ssl_min_protocol_version",
        ] {
            let key = Key::from_name(name).map(Key::policy);
            assert!(key.is_some() && key != Some(Policy::Ignored), "{name}");
        }
    }
}
