//! `run SCRIPT`: a script in one transaction, as `psql -1 -v ON_ERROR_STOP=1 -f` would run it.
//!
//! The server's grammar judges a file before anything runs. Nothing is asked and nothing proven: what the script does
//! is what the user wants. With a store the run is on record; with `snapshot` the state before is kept, so that there
//! is a way back.

use std::io;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use super::by_script;
use super::failure::{Failure, FailureKind};
use super::host::Host;
use super::rollback::wait_to_try_again;
use super::rollback_script;
use super::session::{self, with_cancel};
use super::transaction::{Failed, emergency, stop_if_asked, take_back};
use super::{record, snapshot};
use crate::apply::{self, ApplyError, Outcome, Settings};
use crate::catalog::scope::Scope;
use crate::connect::{Config, Connection, Error, Interrupt};
use crate::introspect::{self, Reading, Within};
use crate::script::run::{self as script, Sink, Summary};
use crate::script::{Source, Variables};
use crate::store::{self, Database, Operation, OperationId, Prepared, State, Store};

/// How a script is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the transaction waits for.
    pub settings: Settings,
    /// End with ROLLBACK.
    pub dry_run: bool,
    /// Keep the state before in the store.
    pub snapshot: bool,
    /// Variables for psql's `:name`.
    pub variables: Vec<(String, String)>,
    /// How often a transaction that lost a race for a lock is tried.
    pub tries: u32,
}

/// Who hears a script run.
pub trait Listener: Sink {
    /// It begins now, or once more, and has so many statements, when that is known.
    fn begins(&mut self, statements: Option<u64>);

    /// Whether it has passed on what the script said, so that nothing can begin once more.
    fn has_spoken(&self) -> bool;
}

/// What a script did.
#[derive(Debug)]
pub struct Ran {
    /// How many statements ran, and how many rows they touched.
    pub summary: Summary,
    /// The database's name.
    pub database: String,
    /// Whether it was rolled back as a dry run.
    pub dry_run: bool,
    /// From BEGIN to the end, in milliseconds.
    pub milliseconds: u64,
    /// The operation, when it is on record.
    pub operation: Option<OperationId>,
    /// Whether the state before was kept, as `before/<operation>`.
    pub has_way_back: bool,
    /// What needs attention although the script is committed.
    pub attention: Vec<String>,
}

/// Runs the script at `path`, or standard input when that is `-`.
pub async fn run(
    config: &Config,
    store: Option<&Store>,
    path: &Path,
    options: &Options,
    listener: &mut impl Listener,
    host: &impl Host,
) -> Result<Ran, Failure> {
    // A wrong name is known before anything is asked of a server.
    let source = open(path, host.interrupt())?;
    let mut connection = session::connect(config, host).await?;
    // What is no file can be read only once.
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let statements = if is_file {
        let again = prepared(open(path, host.interrupt())?, &connection, config, options);
        let checking = rollback_script::check(&mut connection, again);
        let report = tokio::select! {
            report = checking => report?,
            () = host.interrupt().wait() => return Err(Failure::interrupted()),
        };
        Some(report.statements)
    } else {
        None
    };
    let mut source = prepared(source, &connection, config, options);
    let mut run = Run {
        config,
        store,
        path,
        options,
        host,
        operation: OperationId::new(Timestamp::now()),
        kept: None,
    };
    let mut attempt = 1;
    let result = loop {
        listener.begins(statements);
        let failed = match run.attempt(&mut connection, source, listener).await {
            Ok(ran) => break Ok(ran),
            Err(failed) => failed,
        };
        let again = failed.transient && attempt < options.tries && is_file;
        if !again || listener.has_spoken() || host.interrupt().requested() {
            break Err(failed.failure);
        }
        apply::leave(&mut connection).await?;
        discard(store, run.kept.take(), host);
        wait_to_try_again(&failed.failure, attempt, options.tries, host).await;
        attempt += 1;
        source = prepared(open(path, host.interrupt())?, &connection, config, options);
    };
    if let Ok(ran) = &result
        && !ran.dry_run
    {
        if !ran.has_way_back {
            discard(store, run.kept, host);
        }
        return result;
    }
    if result
        .as_ref()
        .is_err_and(|failure| failure.kind == FailureKind::CommittedThenFailed)
    {
        return result;
    }
    if !connection.is_closed() {
        // If this fails the connection is gone, and the transaction with it.
        let _ = apply::leave(&mut connection).await;
    }
    discard(store, run.kept, host);
    result
}

/// Takes the state before out of the store again: it is the state now.
fn discard(store: Option<&Store>, kept: Option<Prepared>, host: &impl Host) {
    if let Some(store) = store {
        take_back(kept, store, host);
    }
}

/// Whether the transaction wrote anything: only then the server gave it an identifier.
async fn has_changed(connection: &mut Connection) -> Result<bool, Failure> {
    let rows = connection
        .query("SELECT pg_current_xact_id_if_assigned()", &[])
        .await?;
    Ok(rows.first().is_some_and(|row| row.get(0).is_some()))
}

fn open(path: &Path, interrupt: &Interrupt) -> Result<Source, Failure> {
    if path == Path::new("-") {
        let input = script::interruptible(io::stdin(), interrupt);
        return Ok(Source::from_reader("-", input));
    }
    Source::open(path).map_err(|error| Failure::usage(error.kind.to_string()))
}

/// The source with what psql would know, and the user's variables.
fn prepared(source: Source, connection: &Connection, config: &Config, options: &Options) -> Source {
    let mut source = script::prepare(source, connection, config.dbname(), config.user());
    let variables: &mut Variables = source.variables();
    for (name, value) in &options.variables {
        variables.set(name, value);
    }
    source
}

struct Run<'a, H> {
    config: &'a Config,
    store: Option<&'a Store>,
    path: &'a Path,
    options: &'a Options,
    host: &'a H,
    operation: OperationId,
    /// The state before, until it is known whether it is needed.
    kept: Option<Prepared>,
}

impl<H: Host> Run<'_, H> {
    async fn attempt(
        &mut self,
        connection: &mut Connection,
        source: Source,
        listener: &mut impl Listener,
    ) -> Result<Ran, Failed> {
        let (began, clock) = (Timestamp::now(), Instant::now());
        let canceller = connection.canceller();
        let entered = apply::enter(connection, &self.options.settings);
        with_cancel(&canceller, self.host.interrupt(), entered).await?;
        let role = session::current_role(connection).await?;
        let before = self.keep(connection).await?;
        let summary = script::run(connection, source, listener, self.host.interrupt())
            .await
            .map_err(by_script::failed)?;
        stop_if_asked(self.host)?;
        let mut ran = Ran {
            summary,
            database: self.config.dbname().to_owned(),
            dry_run: self.options.dry_run,
            milliseconds: 0,
            operation: None,
            has_way_back: false,
            attention: Vec::new(),
        };
        if self.options.dry_run {
            apply::fire_deferred(connection)
                .await
                .map_err(not_committed)?;
            ran.milliseconds = milliseconds(clock);
            return Ok(ran);
        }
        let changed = has_changed(connection).await?;
        let transaction = self.commit(connection, &mut ran).await?;
        ran.milliseconds = milliseconds(clock);
        if changed {
            ran.has_way_back = self.kept.is_some();
            let facts = Facts {
                began,
                role,
                transaction,
                before,
            };
            if let Err(error) = self.record(connection, &mut ran, facts).await {
                ran.attention
                    .push(format!("the run could not be recorded: {error}"));
            }
        }
        Ok(ran)
    }

    /// Reads the schema behind a savepoint, since the script must find its own settings, and stores it.
    async fn keep(&mut self, connection: &mut Connection) -> Result<Option<Reading>, Failure> {
        let (Some(store), true) = (self.store, self.options.snapshot) else {
            return Ok(None);
        };
        connection.execute("SAVEPOINT snapback_before").await?;
        let canceller = connection.canceller();
        let scope = Scope::default();
        let reading = introspect::read(connection, &scope, Within::Transaction);
        let reading = with_cancel(&canceller, self.host.interrupt(), reading).await?;
        connection
            .execute("ROLLBACK TO snapback_before; RELEASE snapback_before")
            .await?;
        self.kept = Some(emergency(store, &reading, &self.operation)?);
        Ok(Some(reading))
    }

    async fn commit(&self, connection: &mut Connection, ran: &mut Ran) -> Result<String, Failure> {
        let transaction = apply::transaction_id(connection).await?;
        let reconnect = async || {
            Connection::open(self.config)
                .await
                .map_err(|error| error.to_string())
        };
        match apply::commit(connection, &transaction, reconnect).await {
            Ok(Outcome::Committed) => {}
            Ok(Outcome::CommittedUnheard) => ran.attention.push(
                "the connection broke during COMMIT; the server was asked since and has committed"
                    .to_owned(),
            ),
            Err(ApplyError::Connection(error)) => return Err(not_committed(error)),
            Err(error) => return Err(error.into()),
        }
        Ok(transaction)
    }

    /// The entry in the operation log, when there is a store.
    async fn record(
        &self,
        connection: &mut Connection,
        ran: &mut Ran,
        facts: Facts,
    ) -> Result<(), Failure> {
        let Some(store) = self.store else {
            return Ok(());
        };
        let before = facts
            .before
            .as_ref()
            .zip(self.kept.as_ref())
            .map(|(reading, kept)| State {
                snapshot: Some(kept.written.id),
                root: kept.written.manifest.root,
                layout: Some(kept.written.manifest.layout),
                counts: record::counts(reading),
            });
        let database = match &facts.before {
            Some(reading) => snapshot::database(reading),
            None => self.database(connection).await?,
        };
        let script = if self.path == Path::new("-") {
            None
        } else {
            Some(rollback_script::record(self.path)?)
        };
        let operation = Operation {
            target: Some(store::Target {
                given: self.path.display().to_string(),
                snapshot: None,
                script,
            }),
            before,
            transaction: Some(facts.transaction),
            statements: ran.summary.statements,
            ..record::committed(
                self.operation.clone(),
                "run",
                (database, connection.server().version_num()),
                (facts.began, ran.milliseconds),
                &ran.attention,
                &facts.role,
            )
        };
        store.append_operation(&operation)?;
        ran.operation = Some(self.operation.clone());
        Ok(())
    }

    /// Which database this is. The script may have left the session in whatever state, or the connection broken.
    async fn database(&self, connection: &mut Connection) -> Result<Database, Failure> {
        if !connection.is_closed() {
            connection
                .execute("RESET ROLE; RESET SESSION AUTHORIZATION; RESET search_path")
                .await?;
            return session::database(connection).await;
        }
        session::database(&mut session::connect(self.config, self.host).await?).await
    }
}

/// What the entry in the log needs besides [`Ran`].
struct Facts {
    began: Timestamp,
    role: String,
    transaction: String,
    before: Option<Reading>,
}

/// What the server finds only at the end: deferred constraints and triggers.
fn not_committed(error: Error) -> Failure {
    match error {
        Error::Server { error, .. } if !error.is_fatal() => {
            Failure::rolled_back("the script ran, but the server refused COMMIT").server(*error)
        }
        error => error.into(),
    }
}

fn milliseconds(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}
