//! Asking the server to cancel what a session does, over a connection of its own.
//!
//! Reaches the very address that the session reached, with the same TLS settings: another of the host's addresses
//! may be another server. Source: manual, "Canceling Requests in Progress".

use std::{fmt, time::Duration};

use bytes::BytesMut;
use snapback_proto::CancelKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{
    error::{Attempt, Cause, ConnectError},
    reach::{self, Place},
    secure::{Encryption, Secured},
};
use crate::connect::{Connection, config::Keepalives};

/// A cancel request is an answer to impatience: it does not wait longer than this, whatever `connect_timeout` says.
const LONGEST: Duration = Duration::from_secs(10);

/// How a session's server was reached.
#[derive(Clone)]
pub(in crate::connect) struct Route {
    pub(super) server: String,
    pub(super) place: Place,
    /// None: the session is not encrypted.
    pub(super) encryption: Option<Encryption>,
    pub(super) keepalives: Keepalives,
    pub(super) require_peer: Option<String>,
}

/// Cancels what a session does. Can be cloned, sent to another task, and used while the session waits.
#[derive(Clone)]
pub struct Canceller {
    target: Option<(Route, CancelKey)>,
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.target.as_ref().map(|(route, _)| &route.server);
        f.debug_struct("Canceller")
            .field("server", &server)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// What can cancel this session's statements, from anywhere, as often as needed.
    pub fn canceller(&self) -> Canceller {
        Canceller {
            target: self.route.clone().zip(self.cancel_key().cloned()),
        }
    }
}

impl Canceller {
    /// Asks the server to cancel, and waits until it has taken note. Whether anything was cancelled shows in the
    /// session: its statement fails with SQLSTATE 57014, or has already ended. False when the server gave no key
    /// (some poolers), so that it cannot be asked.
    pub async fn cancel(&self) -> Result<bool, ConnectError> {
        let Some((route, key)) = &self.target else {
            return Ok(false);
        };
        let sent = tokio::time::timeout(LONGEST, send(route, key)).await;
        match sent.unwrap_or(Err(Cause::Timeout(LONGEST))) {
            Ok(()) => Ok(true),
            Err(cause) => Err(ConnectError::Servers(vec![Attempt {
                server: route.server.clone(),
                cause,
            }])),
        }
    }
}

async fn send(route: &Route, key: &CancelKey) -> Result<(), Cause> {
    match (&route.place, &route.encryption) {
        (Place::Socket(path), _) => {
            request(reach::unix(path, route.require_peer.as_deref()).await?, key).await
        }
        (Place::Address(address), None) => {
            request(reach::tcp(*address, &route.keepalives).await?, key).await
        }
        (Place::Address(address), Some(encryption)) => {
            match encryption
                .begin(reach::tcp(*address, &route.keepalives).await?)
                .await?
            {
                Secured::Tls(stream) => request(stream, key).await,
                // The key would travel in the clear where the session does not.
                Secured::Plain(_) => Err(Cause::NoTls("the session to be cancelled".to_owned())),
            }
        }
    }
}

async fn request(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    key: &CancelKey,
) -> Result<(), Cause> {
    let mut message = BytesMut::new();
    key.write(&mut message);
    stream.write_all(&message).await.map_err(Cause::lost)?;
    stream.flush().await.map_err(Cause::lost)?;
    // The server closes without an answer once the signal is sent; how it closes does not matter.
    let _ = stream.read(&mut [0; 1]).await;
    Ok(())
}
