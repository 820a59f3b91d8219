//! The way into and out of the one transaction: its settings and the advisory lock.
//!
//! Everything is set for the transaction only: a session setting would leak through a pooler.

use std::time::Duration;

use super::ApplyError;
use crate::catalog::quote::literal;
use crate::connect::{Connection, Error};
use crate::introspect::{PIN, TRANSACTION_TIMEOUT};

/// What a transaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `lock_timeout`: how long a statement waits for a lock.
    pub lock_timeout: Duration,
    /// `statement_timeout`; `None` for no limit.
    pub statement_timeout: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(5),
            statement_timeout: None,
        }
    }
}

/// The advisory lock that keeps two runs apart; held to the end of the transaction, so that nothing strands it.
const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtext('snapback:rollback'))";

/// Who holds it. A bigint key is split into `classid` (high half) and `objid` (low half), `objsubid` 1.
const HOLDER: &str = "\
SELECT format('pid %s (%s) since %s', a.pid, coalesce(nullif(a.application_name, ''), 'no application name'), \
to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')) \
FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
AND ((l.classid::int8 << 32) | l.objid::int8) = hashtext('snapback:rollback')::int8 LIMIT 1";

/// Opens the transaction. READ COMMITTED, since a REPEATABLE READ snapshot would be older than the lock.
pub async fn begin(connection: &mut Connection, settings: &Settings) -> Result<(), Error> {
    let timeout = settings
        .statement_timeout
        .map_or(0, |timeout| timeout.as_millis());
    let version = connection.server().version_num();
    // What a role may take for its transactions is not meant for us.
    let transaction_timeout = if version >= TRANSACTION_TIMEOUT {
        "SET LOCAL transaction_timeout = 0;"
    } else {
        ""
    };
    let sql = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
         {transaction_timeout}
         SET LOCAL lock_timeout = {};
         SET LOCAL statement_timeout = {timeout};
         SET LOCAL idle_in_transaction_session_timeout = 0",
        settings.lock_timeout.as_millis()
    );
    connection.execute(&sql).await?;
    Ok(())
}

/// Opens the transaction and takes the lock.
pub async fn enter(connection: &mut Connection, settings: &Settings) -> Result<(), ApplyError> {
    refuse_read_only(connection).await?;
    begin(connection, settings).await?;
    let rows = connection.query(TRY_LOCK, &[]).await?;
    if rows.first().and_then(|row| row.get(0)) == Some("t") {
        return Ok(());
    }
    let holder = connection.query(HOLDER, &[]).await?;
    let holder = holder.first().and_then(|row| row.get(0)).map(str::to_owned);
    leave(connection).await?;
    Err(ApplyError::Locked { holder })
}

async fn refuse_read_only(connection: &mut Connection) -> Result<(), ApplyError> {
    let sql = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')";
    let rows = connection.query(sql, &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    if row.get(0) == Some("t") {
        return Err(ApplyError::ReadOnly("a standby"));
    }
    Ok(())
}

/// Takes the lock that destroying the table takes anyway, so that no row written later is missed. `table` is quoted
/// and qualified.
pub async fn lock_table(connection: &mut Connection, table: &str) -> Result<(), ApplyError> {
    let sql = format!("LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE");
    match connection.execute(&sql).await {
        Ok(_) => Ok(()),
        Err(Error::Server { error, .. }) if !error.is_fatal() => Err(ApplyError::Unlockable {
            table: table.to_owned(),
            error,
        }),
        Err(error) => Err(error.into()),
    }
}

/// What the steps of a plan rely on besides [`PIN`].
pub const FOR_PLAN: &[(&str, &str)] = &[
    ("check_function_bodies", "off"),
    ("default_tablespace", ""),
    ("default_table_access_method", "heap"),
];

/// Sets what the steps of a plan rely on.
pub async fn pin_for_plan(connection: &mut Connection) -> Result<(), Error> {
    let set = |(name, value): &(&str, &str)| format!("SET LOCAL {name} = {}; ", literal(value));
    let settings: String = FOR_PLAN.iter().map(set).collect();
    connection.execute(&format!("{settings}{PIN}")).await?;
    Ok(())
}

/// Tells the server that there are no rows in what the steps make: else it thinks about workers for each index, which
/// takes a twentieth of the time of a large restore.
pub async fn expect_no_rows(connection: &mut Connection) -> Result<(), Error> {
    let sql = "SET LOCAL max_parallel_maintenance_workers = 0";
    connection.execute(sql).await?;
    Ok(())
}

/// Runs the deferred triggers now: pending ones make ALTER, DROP and CREATE INDEX fail (55006).
pub async fn fire_deferred(connection: &mut Connection) -> Result<(), Error> {
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
    Ok(())
}

/// The settings once more, and no other role, whatever a script did to them.
pub async fn pin_again(connection: &mut Connection) -> Result<(), Error> {
    connection
        .execute(&format!("RESET ROLE; RESET SESSION AUTHORIZATION; {PIN}"))
        .await?;
    Ok(())
}

/// Ends the transaction without a trace.
pub async fn leave(connection: &mut Connection) -> Result<(), Error> {
    connection.execute("ROLLBACK").await?;
    Ok(())
}
