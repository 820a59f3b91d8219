//! From a TCP connection to one that is encrypted, or known not to be.
//!
//! Source: manual, "SSL Session Encryption".

use std::net::SocketAddr;

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use snapback_proto::startup;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::error::Cause;
use crate::connect::{
    config::{Host, SslMode},
    tls::{self, Tls},
};

/// What the connection became.
pub(super) enum Secured {
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
    /// The server has no TLS: the same connection, nothing said on it but that.
    Plain(TcpStream),
}

/// A server's TLS, for the session and later for a request to cancel what it does.
#[derive(Clone)]
pub(super) struct Encryption {
    pub(super) tls: Tls,
    pub(super) name: ServerName<'static>,
}

impl Encryption {
    pub(super) fn new(
        tls: &Tls,
        host: &Host,
        address: SocketAddr,
        mode: SslMode,
    ) -> Result<Self, Cause> {
        let name = tls::server_name(host.tls_name(), address.ip(), mode).map_err(Cause::Tls)?;
        Ok(Self {
            tls: tls.clone(),
            name,
        })
    }

    /// Asks for TLS, unless it begins directly, and does the handshake.
    pub(super) async fn begin(&self, mut stream: TcpStream) -> Result<Secured, Cause> {
        if !self.tls.is_direct() && !request(&mut stream).await? {
            return Ok(Secured::Plain(stream));
        }
        let stream = self
            .tls
            .handshake(stream, self.name.clone())
            .await
            .map_err(Cause::lost)?
            .map_err(Cause::Tls)?;
        Ok(Secured::Tls(Box::new(stream)))
    }
}

/// Asks the server whether it goes on with TLS.
async fn request(stream: &mut TcpStream) -> Result<bool, Cause> {
    let mut request = BytesMut::new();
    startup::ssl_request(&mut request);
    stream.write_all(&request).await.map_err(Cause::lost)?;
    // One read takes all that has come: more than the one byte means that somebody is tampering (CVE-2021-23222).
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).await.map_err(Cause::lost)?;
    match answer.get(..length) {
        Some([]) | None => Err(Cause::Lost(super::closed())),
        Some(answer) => startup::tls_answer(answer).map_err(Cause::Protocol),
    }
}
