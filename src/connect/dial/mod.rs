//! Opening a connection: which servers, in which order, with which encryption, how long, how often.
//!
//! Follows `PQconnectPoll` in `fe-connect.c`; docs/CONNECTING.md says where it differs. Relies on `Connection::start`
//! for the conversation. Must not ask the user anything: a missing password is a typed error.

mod cancel;
mod error;
mod reach;
mod secure;

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable};
use snapback_proto::{ChannelBinding as Binding, Credentials, Startup};

use super::{
    Connection, Transport,
    config::{ChannelBinding, Config, Host, Ssl, SslMode, TargetSession},
    tls::{self, Tls},
};
pub(in crate::connect) use cancel::Route;
use error::Attempt as Tried;
use reach::Place;
use secure::{Encryption, Secured};

pub use cancel::Canceller;
pub use error::{Attempt, Cause, ConnectError};

/// Transient errors are tried again this often, after waiting about this long, then twice as long.
const RETRIES: usize = 2;
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl Connection {
    /// Opens a connection to the first of the configuration's servers that will do.
    ///
    /// Errors that may pass (connection refused, a server that starts up, a name that does not resolve) are tried
    /// three times in all. Those of configuration, TLS and authentication are final.
    pub async fn open(config: &Config) -> Result<Self, ConnectError> {
        let dialer = Dialer::new(config)?;
        let policy = ExponentialBuilder::default()
            .with_min_delay(FIRST_WAIT)
            .with_max_times(RETRIES)
            .with_jitter();
        (|| dialer.dial())
            .retry(policy)
            .when(ConnectError::is_transient)
            .await
    }

    /// Like [`Connection::open`], and tries only once.
    pub async fn open_once(config: &Config) -> Result<Self, ConnectError> {
        Dialer::new(config)?.dial().await
    }
}

/// One try of one server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without encryption.
    Plain,
    /// With TLS.
    Tls,
    /// With TLS if the server has it.
    TlsIfOffered,
}

struct Dialer<'a> {
    config: &'a Config,
    /// None when no server is to be spoken to through TLS.
    tls: Option<Tls>,
    startup: Startup,
}

impl<'a> Dialer<'a> {
    fn new(config: &'a Config) -> Result<Self, ConnectError> {
        let needed = config.ssl.mode != SslMode::Disable
            && config.hosts.iter().any(|host| host.socket_path().is_none());
        let mut startup = Startup::new(&config.user)
            .set("database", &config.dbname)
            .set("application_name", &config.application_name);
        if let Some(options) = &config.options {
            startup = startup.set("options", options);
        }
        Ok(Self {
            config,
            tls: needed.then(|| Tls::new(&config.ssl)).transpose()?,
            startup,
        })
    }

    /// Tries all servers once.
    async fn dial(&self) -> Result<Connection, ConnectError> {
        match self.config.target_session {
            TargetSession::PreferStandby => match self.try_hosts(TargetSession::Standby).await {
                Ok(connection) => Ok(connection),
                Err(attempts)
                    if attempts
                        .last()
                        .is_none_or(|last| last.cause.leaves_others()) =>
                {
                    self.try_hosts(TargetSession::Any).await
                }
                Err(attempts) => Err(attempts),
            },
            wanted => self.try_hosts(wanted).await,
        }
        .map_err(ConnectError::Servers)
    }

    /// The first server that is what is wanted, or why each was not.
    async fn try_hosts(&self, wanted: TargetSession) -> Result<Connection, Vec<Tried>> {
        let mut failed = Vec::new();
        let mut hosts: Vec<&Host> = self.config.hosts.iter().collect();
        self.shuffle(&mut hosts);
        for host in hosts {
            let mut places = match self.limited(reach::places(host)).await {
                Ok(places) => places,
                Err(cause) => {
                    failed.push(Tried {
                        server: host.to_string(),
                        cause,
                    });
                    continue;
                }
            };
            self.shuffle(&mut places);
            for place in places {
                match self.try_place(host, &place, wanted, &mut failed).await {
                    Some(connection) => return Ok(connection),
                    None if failed.last().is_some_and(|last| last.cause.leaves_others()) => {}
                    None => return Err(failed),
                }
            }
        }
        Err(failed)
    }

    /// `load_balance_hosts=random`. The standard library's hasher keys are random enough to spread load.
    fn shuffle<T>(&self, items: &mut [T]) {
        if self.config.shuffle_hosts {
            items.sort_by_cached_key(|_| RandomState::new().hash_one(()));
        }
    }

    /// One address, with each encryption that `sslmode` allows; what fails is added to `failed`.
    async fn try_place(
        &self,
        host: &Host,
        place: &Place,
        wanted: TargetSession,
        failed: &mut Vec<Tried>,
    ) -> Option<Connection> {
        let mut ways = self.ways(place).iter().copied().peekable();
        let mut retried = false;
        while let Some(way) = ways.next() {
            let mut used = way;
            let opened = self.limited(async {
                let mut connection = self.session(host, place, &mut used).await?;
                check_role(&mut connection, wanted).await?;
                Ok(connection)
            });
            let cause = match opened.await {
                Ok(connection) => return Some(connection),
                Err(cause) => cause,
            };
            let again = ways.peek().is_some_and(|next| *next != used) && cause.may_be_encryption();
            let mut server = describe(host, place);
            if again || retried {
                server.push_str(if used == Way::Plain {
                    " without TLS"
                } else {
                    " with TLS"
                });
            }
            failed.push(Tried { server, cause });
            if !again {
                return None;
            }
            retried = true;
        }
        None
    }

    /// What to try with one server, in order: the manual's table "SSL Mode Descriptions".
    fn ways(&self, place: &Place) -> &'static [Way] {
        if matches!(place, Place::Socket(_)) {
            return &[Way::Plain];
        }
        match self.config.ssl.mode {
            SslMode::Disable => &[Way::Plain],
            // What is not encrypted cannot be bound to its encryption.
            SslMode::Allow | SslMode::Prefer
                if self.config.ssl.channel_binding == ChannelBinding::Require =>
            {
                &[Way::Tls]
            }
            SslMode::Allow => &[Way::Plain, Way::Tls],
            SslMode::Prefer => &[Way::TlsIfOffered, Way::Plain],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Way::Tls],
        }
    }

    /// Reaches the server, encrypts, and begins the session. `way` becomes [`Way::Plain`] when the server has no TLS.
    async fn session(
        &self,
        host: &Host,
        place: &Place,
        way: &mut Way,
    ) -> Result<Connection, Cause> {
        let mut route = Route {
            server: describe(host, place),
            place: place.clone(),
            encryption: None,
            keepalives: self.config.keepalives.clone(),
            require_peer: self.config.require_peer.clone(),
        };
        let mut connection = match place {
            Place::Socket(path) => {
                let stream = reach::unix(path, self.config.require_peer.as_deref()).await?;
                self.start(
                    host,
                    stream,
                    self.unbound("a Unix-domain socket has no TLS")?,
                )
                .await?
            }
            Place::Address(address) => {
                let stream = reach::tcp(*address, &self.config.keepalives).await?;
                route.encryption = self.encryption(host, *address, *way)?;
                let secured = match &route.encryption {
                    Some(encryption) => encryption.begin(stream).await?,
                    None => Secured::Plain(stream),
                };
                match secured {
                    Secured::Plain(_) if *way == Way::Tls => {
                        return Err(Cause::NoTls(self.who_needs_tls()));
                    }
                    Secured::Plain(stream) => {
                        *way = Way::Plain;
                        route.encryption = None;
                        self.start(
                            host,
                            stream,
                            self.unbound("the connection is not encrypted")?,
                        )
                        .await?
                    }
                    Secured::Tls(stream) => {
                        let binding = self.binding(tls::channel_binding(&stream))?;
                        self.start(host, stream, binding).await?
                    }
                }
            }
        };
        connection.route = Some(route);
        Ok(connection)
    }

    fn encryption(
        &self,
        host: &Host,
        address: SocketAddr,
        way: Way,
    ) -> Result<Option<Encryption>, Cause> {
        match (way, &self.tls) {
            (Way::Tls | Way::TlsIfOffered, Some(tls)) => {
                Encryption::new(tls, host, address, self.config.ssl.mode).map(Some)
            }
            (Way::Plain, _) | (_, None) => Ok(None),
        }
    }

    fn who_needs_tls(&self) -> String {
        let Ssl {
            mode,
            channel_binding,
            ..
        } = self.config.ssl;
        if mode < SslMode::Require && channel_binding == ChannelBinding::Require {
            return "channel_binding=require".to_owned();
        }
        format!("sslmode={}", mode.name())
    }

    async fn start(
        &self,
        host: &Host,
        stream: impl Transport + 'static,
        channel_binding: Binding,
    ) -> Result<Connection, Cause> {
        let credential = self.config.credential(host);
        let credentials = Credentials {
            password: credential.map(|credential| credential.password.clone()),
            channel_binding,
        };
        Connection::start(stream, &self.startup, credentials, None)
            .await
            .map_err(|error| {
                Cause::at_start(error, credential.map(|credential| &credential.source))
            })
    }

    /// Channel binding for a connection that is not encrypted: none, or an error before anything secret is sent.
    fn unbound(&self, why: &'static str) -> Result<Binding, Cause> {
        match self.config.ssl.channel_binding {
            ChannelBinding::Disable | ChannelBinding::Prefer => Ok(Binding::Never),
            ChannelBinding::Require => Err(Cause::NoChannelBinding(why)),
        }
    }

    /// Channel binding for an encrypted connection; `data` is what the certificate gives for it.
    fn binding(&self, data: Option<Vec<u8>>) -> Result<Binding, Cause> {
        match (self.config.ssl.channel_binding, data) {
            (ChannelBinding::Disable, _) | (ChannelBinding::Prefer, None) => Ok(Binding::Never),
            (ChannelBinding::Prefer, Some(data)) => Ok(Binding::Prefer(data)),
            (ChannelBinding::Require, Some(data)) => Ok(Binding::Require(data)),
            (ChannelBinding::Require, None) => Err(Cause::NoChannelBinding(
                "the signature of the server's certificate has no hash that could be bound to",
            )),
        }
    }

    /// Waits for `what` no longer than `connect_timeout`.
    async fn limited<T>(&self, what: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
        match self.config.connect_timeout {
            None => what.await,
            Some(limit) => tokio::time::timeout(limit, what)
                .await
                .unwrap_or(Err(Cause::Timeout(limit))),
        }
    }
}

/// Whether the server is what `target_session_attrs` wants.
async fn check_role(connection: &mut Connection, wanted: TargetSession) -> Result<(), Cause> {
    const QUESTION: &str = "SELECT pg_catalog.pg_is_in_recovery()::text, \
                            pg_catalog.current_setting('transaction_read_only')";
    if wanted == TargetSession::Any {
        return Ok(());
    }
    let rows = connection
        .query(QUESTION, &[])
        .await
        .map_err(Cause::Question)?;
    let is = |column, value| rows.first().and_then(|row| row.get(column)) == Some(value);
    let (standby, read_only) = (is(0, "true"), is(1, "on"));
    let suits = match wanted {
        TargetSession::Any | TargetSession::PreferStandby => true,
        TargetSession::ReadWrite => !read_only,
        TargetSession::ReadOnly => read_only,
        TargetSession::Primary => !standby,
        TargetSession::Standby => standby,
    };
    if suits {
        Ok(())
    } else {
        Err(Cause::WrongRole(wanted))
    }
}

/// The server as errors name it, with the address behind a name.
fn describe(host: &Host, place: &Place) -> String {
    let address = match place {
        Place::Address(address) => address.ip().to_string(),
        Place::Socket(_) => return host.to_string(),
    };
    match host.tls_name() {
        Some(name) if name != address => format!("{host} ({address})"),
        Some(_) | None => host.to_string(),
    }
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the server closed the connection unexpectedly",
    )
}
