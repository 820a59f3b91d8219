//! A connection, a reading, and what the user is told when either fails.

use std::time::Duration;

use super::failure::{Failure, FailureKind};
use super::host::Host;
use crate::apply::ApplyError;
use crate::catalog::scope::Scope;
use crate::connect::{Canceller, Config, ConnectError, Connection, Error, Interrupt};
use crate::introspect::{self, IntrospectError, Reading, Within};
use crate::store::Database;

/// Connects; asks for the password when the server wants one and there is none.
pub async fn connect(config: &Config, host: &impl Host) -> Result<Connection, Failure> {
    let error = match until_interrupted(host, Connection::open(config)).await? {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    if error.needs_password()
        && let Some(password) = host.password(config.user())?
    {
        config.remember_password(password);
        return until_interrupted(host, Connection::open(config))
            .await?
            .map_err(Failure::from);
    }
    Err(error.into())
}

/// Like [`connect`], with a second connection to read a large schema with, when the server gives one without ado.
pub async fn connect_twice(
    config: &Config,
    host: &impl Host,
) -> Result<(Connection, Option<Connection>), Failure> {
    match tokio::join!(connect(config, host), Connection::open_once(config)) {
        (Ok(first), second) => Ok((first, second.ok())),
        // The second one may have got the last that there was.
        (Err(_), Ok(only)) if !host.interrupt().requested() => Ok((only, None)),
        (Err(error), _) => Err(error),
    }
}

/// Work that can be dropped at any time, since nothing hangs on it yet.
async fn until_interrupted<T>(
    host: &impl Host,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        () = host.interrupt().wait() => Err(Failure::interrupted()),
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let kind = match &error {
            ConnectError::Config(_) => FailureKind::Usage,
            ConnectError::Servers(_) => FailureKind::Unreachable,
        };
        let failure = Self::new(kind, error.to_string());
        match error.server_error() {
            Some(server) => failure.server(server.clone()),
            None => failure,
        }
    }
}

/// Reads the schema, or stops when the user wants it.
pub async fn reading(
    connection: &mut Connection,
    scope: &Scope,
    within: Within,
    host: &impl Host,
) -> Result<Reading, Failure> {
    reading_beside(connection, None, scope, within, host).await
}

/// Like [`reading`], with a second connection that the server works for meanwhile.
pub async fn reading_beside(
    connection: &mut Connection,
    beside: Option<&mut Connection>,
    scope: &Scope,
    within: Within,
    host: &impl Host,
) -> Result<Reading, Failure> {
    let canceller = connection.canceller();
    let read = introspect::read_beside(connection, beside, scope, within);
    let reading = with_cancel(&canceller, host.interrupt(), read).await;
    if within == Within::Nothing && host.interrupt().requested() {
        return Err(Failure::interrupted());
    }
    reading.map_err(Failure::from)
}

/// How often a cancel request is sent until the work has ended: one that arrives between two statements is lost.
const INSIST: Duration = Duration::from_millis(200);

/// Drives work to its end. When the user interrupts, the server is asked to cancel, again and again, and the work ends
/// with what the server answers: so it is always known in which state it ended.
pub async fn with_cancel<T>(
    canceller: &Canceller,
    interrupt: &Interrupt,
    work: impl Future<Output = T>,
) -> T {
    let insist = async {
        interrupt.wait().await;
        loop {
            // That it cannot be delivered shows in the work itself.
            let _ = canceller.cancel().await;
            tokio::time::sleep(INSIST).await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        () = insist => std::future::pending().await,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Lost(_) | Error::Protocol(_) => FailureKind::Unreachable,
            Error::NotUtf8 { .. } => FailureKind::Refused,
            Error::Server { error, .. } if error.is_fatal() => FailureKind::Unreachable,
            Error::Server { .. } => FailureKind::RolledBack,
        };
        let failure = Failure::new(kind, error.to_string());
        match error {
            Error::Server { error, .. } => {
                Failure::new(kind, "the server refused a statement of Snapback's own")
                    .server(*error)
            }
            Error::Lost(_) | Error::Protocol(_) | Error::NotUtf8 { .. } => failure,
        }
    }
}

impl From<IntrospectError> for Failure {
    fn from(error: IntrospectError) -> Self {
        match error {
            IntrospectError::Connection(error) => match error {
                Error::Server { error, .. } if error.code == "42501" => {
                    Failure::refused("this role may not read all of the catalog").server(*error)
                }
                other => other.into(),
            },
            IntrospectError::Row { .. } => Failure::bug(error.to_string()),
            IntrospectError::NotUtf8 { .. } => Failure::refused(error.to_string()),
            IntrospectError::Restless { .. } => {
                Failure::new(FailureKind::RolledBack, error.to_string())
                    .state("Nothing was changed.")
                    .next("Try again when the schema is at rest.")
            }
        }
    }
}

/// The SQLSTATE of a lock timeout (manual, appendix "Error Codes").
const LOCK_NOT_AVAILABLE: &str = "55P03";
const WAIT_LONGER: &str =
    "Let the sessions end that hold the lock, or wait longer for it: --lock-timeout 30s";

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        let words = error.to_string();
        match error {
            ApplyError::Connection(error) => error.into(),
            ApplyError::Locked { .. } => Failure::refused(words)
                .state("Nothing was changed.")
                .next("Try again when it has ended."),
            ApplyError::ReadOnly(_) => Failure::refused(words)
                .state("Nothing was changed.")
                .next("Connect to the primary, or add target_session_attrs=primary."),
            ApplyError::Unlockable { table, error } => {
                let failure = Failure::rolled_back(format!("{table} could not be locked"));
                let failure = if error.code == LOCK_NOT_AVAILABLE {
                    failure.next(WAIT_LONGER)
                } else {
                    failure
                };
                failure.server(*error)
            }
            ApplyError::Step {
                number,
                subject,
                sql,
                error,
            } => {
                let failure = Failure::rolled_back(format!("step {number}, {subject}: {sql}"));
                let failure = match error.code.as_str() {
                    // not_null_violation
                    "23502" => failure.next(format!(
                        "Rows have no value for {subject}, and neither a default nor the store has one: give them values first"
                    )),
                    // out_of_memory: "out of shared memory"
                    "53200" => failure.next(
                        "Set max_locks_per_transaction higher and restart the server; a restore can do with less: --batch 1000",
                    ),
                    LOCK_NOT_AVAILABLE => failure.next(WAIT_LONGER),
                    _ => failure,
                };
                failure.server(*error)
            }
            ApplyError::NotOne { .. } => Failure::bug(words),
            ApplyError::NotCommitted => Failure::rolled_back(words),
            ApplyError::Unknown {
                ref transaction, ..
            } => {
                let ask =
                    format!("When the server is back: SELECT pg_xact_status('{transaction}')");
                Failure::new(FailureKind::CommittedThenFailed, words)
                    .state("The change is committed whole or not at all; which, is not known.")
                    .next(ask)
            }
        }
    }
}

/// The role that statements run as.
pub async fn current_role(connection: &mut Connection) -> Result<String, Failure> {
    let rows = connection.query("SELECT current_user", &[]).await?;
    Ok(rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned())
}

/// The database for a person: `shop (PostgreSQL 15.4)`.
pub fn describe(connection: &Connection, reading: &Reading) -> String {
    let version = connection
        .server()
        .parameter("server_version")
        .unwrap_or("?");
    format!(
        "{} (PostgreSQL {})",
        reading.database.name,
        version.split(' ').next().unwrap_or(version)
    )
}

/// Which database this is.
pub async fn database(connection: &mut Connection) -> Result<Database, Failure> {
    let sql = "SELECT (SELECT system_identifier::text FROM pg_control_system()), oid, datname FROM pg_database \
         WHERE datname = current_database()";
    let rows = connection.query(sql, &[]).await?;
    let text = |column| {
        rows.first()
            .and_then(|row| row.get(column))
            .unwrap_or_default()
    };
    Ok(Database {
        system: text(0).parse().unwrap_or_default(),
        oid: text(1).parse().unwrap_or_default(),
        name: text(2).to_owned(),
    })
}
