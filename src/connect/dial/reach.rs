//! Reaching a server: name resolution, sockets and their options.
//!
//! Speaks no protocol. Everything here may wait; the caller sets the limit.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use super::error::Cause;
use crate::connect::config::{Endpoint, Host, Keepalives, account};

/// Something a socket can be opened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A Unix-domain socket.
    Socket(PathBuf),
    /// TCP.
    Address(SocketAddr),
}

/// The places a host stands for: a name may have several addresses.
pub(super) async fn places(host: &Host) -> Result<Vec<Place>, Cause> {
    if let Some(path) = host.socket_path() {
        return Ok(vec![Place::Socket(path)]);
    }
    let addresses = match &host.endpoint {
        Endpoint::Socket(_) => Vec::new(),
        Endpoint::Address(address, _) => vec![SocketAddr::new(*address, host.port)],
        Endpoint::Name(name) => resolve(name, host.port).await?,
    };
    Ok(addresses.into_iter().map(Place::Address).collect())
}

async fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, Cause> {
    let error = match tokio::net::lookup_host((name, port)).await {
        Ok(found) => {
            let mut addresses: Vec<SocketAddr> = Vec::new();
            for address in found {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            if !addresses.is_empty() {
                return Ok(addresses);
            }
            io::Error::new(io::ErrorKind::NotFound, "it has no address")
        }
        Err(error) => error,
    };
    loopback(name, port).ok_or(Cause::Resolve(error))
}

/// RFC 6761, section 6.3: `localhost` is this machine, whoever resolves names. The C library needs /etc/hosts for it, which
/// a container from scratch does not have.
fn loopback(name: &str, port: u16) -> Option<Vec<SocketAddr>> {
    let addresses = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    name.eq_ignore_ascii_case("localhost").then(|| {
        addresses
            .map(|address| SocketAddr::new(address, port))
            .to_vec()
    })
}

/// Opens a TCP connection.
pub(super) async fn tcp(address: SocketAddr, keepalives: &Keepalives) -> Result<TcpStream, Cause> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(Cause::Unreachable)?;
    set_options(&stream, keepalives).map_err(Cause::Unreachable)?;
    Ok(stream)
}

fn set_options(stream: &TcpStream, keepalives: &Keepalives) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    if keepalives.on {
        let mut options = TcpKeepalive::new();
        if let Some(idle) = keepalives.idle {
            options = options.with_time(idle);
        }
        if let Some(interval) = keepalives.interval {
            options = options.with_interval(interval);
        }
        if let Some(count) = keepalives.count {
            options = options.with_retries(count);
        }
        socket.set_tcp_keepalive(&options)?;
    }
    #[cfg(target_os = "linux")]
    if let Some(timeout) = keepalives.user_timeout {
        socket.set_tcp_user_timeout(Some(timeout))?;
    }
    Ok(())
}

/// Opens a Unix-domain socket; the process behind it must run as `require_peer`, when that is given.
pub(super) async fn unix(path: &PathBuf, require_peer: Option<&str>) -> Result<UnixStream, Cause> {
    // Linux: an abstract name is written with an "@" and passed to the system with a zero byte.
    let stream = match path.to_str().and_then(|path| path.strip_prefix('@')) {
        Some(name) => UnixStream::connect(format!("\0{name}")).await,
        None => UnixStream::connect(path).await,
    }
    .map_err(Cause::Unreachable)?;
    if let Some(required) = require_peer {
        let uid = stream.peer_cred().map_err(Cause::Unreachable)?.uid();
        let found = account(uid).map_or_else(|| uid.to_string(), |account| account.name);
        if found != required {
            return Err(Cause::Peer {
                required: required.to_owned(),
                found,
            });
        }
    }
    Ok(stream)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        net::TcpListener, os::linux::net::SocketAddrExt, os::unix, path::PathBuf, time::Duration,
    };

    use socket2::SockRef;

    use super::{loopback, tcp, unix as open_unix};
    use crate::connect::config::Keepalives;

    #[test]
    fn localhost_needs_no_resolver() {
        let text = |name| {
            loopback(name, 7).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            text("LocalHost"),
            Some(vec!["127.0.0.1:7".to_owned(), "[::1]:7".to_owned()])
        );
        assert_eq!(text("localhost.example"), None);
    }

    #[tokio::test]
    async fn the_options_reach_the_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut keepalives = Keepalives {
            on: true,
            idle: Some(Duration::from_secs(7)),
            interval: Some(Duration::from_secs(3)),
            count: Some(5),
            user_timeout: Some(Duration::from_millis(1500)),
        };
        let stream = tcp(listener.local_addr().unwrap(), &keepalives)
            .await
            .unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(7));
        assert_eq!(
            socket.tcp_keepalive_interval().unwrap(),
            Duration::from_secs(3)
        );
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 5);
        assert_eq!(
            socket.tcp_user_timeout().unwrap(),
            Some(Duration::from_millis(1500))
        );

        keepalives.on = false;
        let stream = tcp(listener.local_addr().unwrap(), &keepalives)
            .await
            .unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap());
    }

    #[tokio::test]
    async fn a_socket_without_a_file() {
        let name = format!("snapback-test-{}/.s.PGSQL.5432", std::process::id());
        let address = unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let _listener = unix::net::UnixListener::bind_addr(&address).unwrap();
        open_unix(&PathBuf::from(format!("@{name}")), None)
            .await
            .unwrap();
    }
}
