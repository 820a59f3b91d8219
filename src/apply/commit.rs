//! COMMIT, and what became of it.

use std::time::Duration;

use super::ApplyError;
use crate::connect::{Connection, Error};

/// How a COMMIT ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed, and the server said so.
    Committed,
    /// Committed; the connection broke before the server said so, and it was asked over a new one.
    CommittedUnheard,
}

/// How often, and how far apart, a server that is gone is asked about a transaction.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// The identifier of the open transaction (`xid8`), for [`commit`].
pub async fn transaction_id(connection: &mut Connection) -> Result<String, Error> {
    let rows = connection
        .query("SELECT pg_current_xact_id()::text", &[])
        .await?;
    Ok(rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned())
}

/// Commits. A COMMIT of a failed transaction answers `ROLLBACK` without an error, so the tag is read. When the connection breaks
/// meanwhile, `reconnect` opens new ones until one can say what became of `transaction`.
pub async fn commit(
    connection: &mut Connection,
    transaction: &str,
    reconnect: impl AsyncFn() -> Result<Connection, String>,
) -> Result<Outcome, ApplyError> {
    let error = match connection.execute("COMMIT").await {
        Ok(tags) if tags.last().is_some_and(|tag| tag.as_str() == "COMMIT") => {
            return Ok(Outcome::Committed);
        }
        Ok(_) => return Err(ApplyError::NotCommitted),
        Err(error) if !connection.is_closed() && error.server().is_some() => {
            return Err(error.into());
        }
        Err(error) => error,
    };
    let mut last = error.to_string();
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        match ask(transaction, &reconnect).await {
            Ok(Some(true)) => return Ok(Outcome::CommittedUnheard),
            Ok(Some(false)) => return Err(ApplyError::NotCommitted),
            Ok(None) => "it is still in progress".clone_into(&mut last),
            Err(reason) => last = reason,
        }
    }
    Err(ApplyError::Unknown {
        transaction: transaction.to_owned(),
        error: last,
    })
}

/// Whether the transaction committed; `None` while the server has not noticed that we are gone.
async fn ask(
    transaction: &str,
    reconnect: &impl AsyncFn() -> Result<Connection, String>,
) -> Result<Option<bool>, String> {
    let mut connection = reconnect().await?;
    let rows = connection
        .query(
            "SELECT pg_xact_status($1::text::xid8)",
            &[Some(transaction)],
        )
        .await
        .map_err(|error| error.to_string())?;
    match rows.first().and_then(|row| row.get(0)) {
        Some("committed") => Ok(Some(true)),
        Some("aborted") => Ok(Some(false)),
        _ => Ok(None),
    }
}
