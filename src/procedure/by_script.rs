//! By a script of the user's: the way of `rollback script.sql`.
//!
//! Nobody can tell from a text what it will do, so it is rehearsed under a savepoint: what it destroys is seen in the
//! catalog, allowed or refused, and saved, before it runs in earnest. The proof is that it did the same again, and
//! that it left nothing invalid behind.

use std::collections::BTreeSet;
use std::path::Path;

use super::by_plan::prove;
use super::failure::{Failure, Place};
use super::host::Host;
use super::rows;
use super::snapshot;
use super::transaction::{Acted, Failed, Stage, Way, stop_if_asked};
use crate::catalog::Id;
use crate::catalog::scope::Scope;
use crate::connect::Connection;
use crate::diff::{self, Change, Diff};
use crate::introspect::{self, Reading, Within};
use crate::plan::{Allow, Code, Hazard};
use crate::script::run::{self, Completed, RunError, Sink, Summary};
use crate::script::{Location, Source};
use crate::store::{self, SnapshotData};

/// The way of a script.
pub(super) struct ByScript<'a> {
    pub(super) path: &'a Path,
    pub(super) record: store::Script,
    pub(super) statements: u64,
    pub(super) database: &'a str,
    /// Hazards that were consented to.
    pub(super) allowed: Vec<Hazard>,
    /// Hazards that are allowed whatever they are about.
    pub(super) allow: &'a [Allow],
}

const REHEARSAL: &str = "snapback_rehearsal";

impl Way for ByScript<'_> {
    const COMMAND: &'static str = "rollback";

    fn scope(&self) -> Scope {
        Scope::default()
    }

    fn target(&self) -> store::Target {
        store::Target {
            given: self.record.name.clone(),
            snapshot: None,
            script: Some(self.record.clone()),
        }
    }

    fn allowed(&self) -> &[Hazard] {
        &self.allowed
    }

    /// Reads behind a savepoint, since the script must find its own settings.
    async fn look(&mut self, connection: &mut Connection) -> Result<Reading, Failed> {
        connection
            .execute(&format!("SAVEPOINT {REHEARSAL}"))
            .await?;
        let present = introspect::read(connection, &self.scope(), Within::Transaction).await?;
        connection
            .execute(&format!("ROLLBACK TO {REHEARSAL}"))
            .await?;
        Ok(present)
    }

    async fn act(
        &mut self,
        stage: &mut Stage<'_>,
        present: &Reading,
        host: &impl Host,
    ) -> Result<(Acted, SnapshotData), Failed> {
        let rehearsed = self.rehearse(stage.connection, host).await?;
        let effect = diff::compare(&present.catalog, &rehearsed.catalog);
        let hazards = lost(&effect);
        self.refuse_loss(&hazards)?;
        refuse_invalid(present, &rehearsed)?;
        let doomed: BTreeSet<&Id> = hazards.iter().map(|hazard| &hazard.id).collect();
        let saved = rows::save(stage, &doomed, present, host).await?;
        let summary = self.run(stage.connection, host).await?;
        stop_if_asked(host)?;
        let after = prove(stage.connection, &self.scope(), host).await?;
        let differences = diff::compare(&rehearsed.catalog, &after.catalog);
        if !differences.is_empty() {
            let list: Vec<String> = differences.deltas.iter().map(ToString::to_string).collect();
            return Err(Failure::rolled_back(format!(
                "the script did not do what it did in the rehearsal: {}",
                list.join("; ")
            ))
            .into());
        }
        let data = snapshot::encode(&after.catalog)?;
        let acted = Acted {
            after,
            proof: "rehearsed effect".to_owned(),
            steps: Vec::new(),
            statements: summary.statements,
            hazards,
            saved,
            filled: Vec::new(),
            layout: Vec::new(),
        };
        Ok((acted, data))
    }
}

impl ByScript<'_> {
    async fn rehearse(
        &self,
        connection: &mut Connection,
        host: &impl Host,
    ) -> Result<Reading, Failed> {
        host.note("rehearsing the script");
        self.run(connection, host).await?;
        let rehearsed = prove(connection, &self.scope(), host).await?;
        connection
            .execute(&format!("ROLLBACK TO {REHEARSAL}"))
            .await?;
        Ok(rehearsed)
    }

    async fn run(&self, connection: &mut Connection, host: &impl Host) -> Result<Summary, Failed> {
        let source = Source::open(self.path).map_err(|error| {
            place(
                Failure::rolled_back(error.kind.to_string()),
                &error.location,
            )
        })?;
        let user = connection
            .server()
            .parameter("session_authorization")
            .unwrap_or_default()
            .to_owned();
        let source = run::prepare(source, connection, self.database, &user);
        let mut ticks = Ticks {
            host,
            total: self.statements,
        };
        let ran = run::run(connection, source, &mut ticks, host.interrupt()).await;
        ran.map_err(failed)
    }

    fn refuse_loss(&self, hazards: &[Hazard]) -> Result<(), Failure> {
        let forbidden: Vec<Hazard> = hazards
            .iter()
            .filter(|hazard| !self.allow.iter().any(|allow| allow.covers(hazard)))
            .filter(|hazard| !self.allowed.iter().any(|allowed| allowed.id == hazard.id))
            .cloned()
            .collect();
        super::rollback::refuse_forbidden(&forbidden)
    }
}

/// Tables and columns that are gone.
fn lost(effect: &Diff) -> Vec<Hazard> {
    let gone = |id: &Id| {
        let removed = |other: &diff::Delta| {
            other.change == Change::Removed && !other.id.is_part() && other.id.same_root(id)
        };
        id.is_part() && effect.deltas.iter().any(removed)
    };
    effect
        .deltas
        .iter()
        .filter(|delta| {
            delta.change == Change::Removed && delta.id.kind.holds_data() && !gone(&delta.id)
        })
        .map(|delta| Hazard {
            code: Code::DataLoss,
            id: delta.id.clone(),
            text: format!("the script destroys {} and what it holds", delta.id),
        })
        .collect()
}

/// An index that became invalid is no schema anybody wanted.
fn refuse_invalid(before: &Reading, after: &Reading) -> Result<(), Failure> {
    let new: Vec<&str> = after
        .invalid_indexes
        .iter()
        .filter(|index| !before.invalid_indexes.contains(index))
        .map(String::as_str)
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(Failure::rolled_back(format!(
        "the script leaves invalid indexes behind: {}",
        new.join(", ")
    )))
}

/// The user's place in a script, with its line.
pub(super) fn place(failure: Failure, location: &Location) -> Failure {
    failure.place(Place {
        file: location.file.shown.clone(),
        line: location.place.line,
        column: location.place.column,
        source: location.line().unwrap_or_default(),
    })
}

/// What a script's failure is to the user.
pub(super) fn failed(error: RunError) -> Failed {
    let location = error.location().cloned();
    let transient = error
        .server()
        .is_some_and(|error| matches!(error.code.as_str(), "55P03" | "40P01" | "40001"));
    let failure = match error {
        RunError::Connection(error) => return crate::apply::ApplyError::from(error).into(),
        RunError::Interrupted => Failure::rolled_back("interrupted"),
        RunError::Statement { error, .. } => {
            Failure::rolled_back(error.message.clone()).server(*error)
        }
        RunError::Source(error) => Failure::rolled_back(error.kind.to_string()),
        RunError::Refused(refusal) => Failure::refused(refusal.to_string())
            .state("Nothing was changed: the transaction was rolled back."),
    };
    let failure = match &location {
        Some(location) => place(failure, location),
        None => failure,
    };
    Failed { failure, transient }
}

struct Ticks<'a, H> {
    host: &'a H,
    total: u64,
}

impl<H: Host> Sink for Ticks<'_, H> {
    fn completed(&mut self, done: &Completed<'_>) {
        self.host
            .progress(done.number, self.total.max(done.number), done.tag);
    }
}
