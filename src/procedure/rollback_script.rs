//! `rollback script.sql`: a script of the user's, checked by the server's grammar, rehearsed, and run in one guarded
//! transaction.

use std::path::Path;
use std::sync::Arc;

use super::by_script::{ByScript, place};
use super::consent::{Consent, Question};
use super::failure::{Failure, FailureKind};
use super::host::Host;
use super::rollback::{Options, refuse_forbidden, retried};
use super::session;
use super::transaction::Done;
use crate::catalog::Catalog;
use crate::catalog::scope::Scope;
use crate::connect::{Config, Connection};
use crate::introspect::{Reading, Within};
use crate::plan::{Code, Hazard};
use crate::script::{self, Destroyed, Finding, Report, Severity, Source};
use crate::store::{self, Hash, Store};

/// The whole procedure.
pub async fn run(
    config: &Config,
    store: &Store,
    path: &Path,
    options: &Options,
    host: &impl Host,
) -> Result<Done, Failure> {
    let record = record(path)?;
    let mut connection = session::connect(config, host).await?;
    store.check_writable()?;
    let source = Source::open(path)
        .map_err(|error| place(Failure::refused(error.kind.to_string()), &error.location))?;
    let report = check(&mut connection, source).await?;
    let present =
        session::reading(&mut connection, &Scope::default(), Within::Nothing, host).await?;
    host.note(&format!(
        "{}: {} statements, {} bytes",
        record.name, report.statements, record.bytes
    ));
    let allowed = consent(&connection, &report, &present, &record, options, host).await?;
    let mut way = ByScript {
        path,
        record,
        statements: report.statements,
        database: &present.database.name,
        allowed,
        allow: &options.allow,
    };
    retried(config, connection, store, options, &mut way, host).await
}

/// What the operation log says of a script: the text itself is the user's.
pub(super) fn record(path: &Path) -> Result<store::Script, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::refused(format!("could not read {}: {error}", path.display()))
    };
    let mut hasher = Hasher::default();
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let bytes = std::io::copy(&mut file, &mut hasher).map_err(unreadable)?;
    Ok(store::Script {
        name: path.display().to_string(),
        bytes,
        hash: hasher.finish(),
    })
}

/// BLAKE3 of what is written to it.
#[derive(Default)]
struct Hasher(blake3::Hasher);

impl Hasher {
    fn finish(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}

impl std::io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Grammar and transaction rules, by the server; the first error ends it.
pub(super) async fn check(connection: &mut Connection, source: Source) -> Result<Report, Failure> {
    let file = Arc::clone(source.main_file());
    let report = script::online(connection, source).await?;
    match report
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error)
    {
        Some(finding) => Err(broken(finding)),
        None if report.statements == 0 => {
            Err(Failure::refused(format!("{} has no statement", file.shown))
                .state("Nothing was changed."))
        }
        None => Ok(report),
    }
}

fn broken(finding: &Finding) -> Failure {
    let failure = Failure::new(FailureKind::Refused, finding.message.clone())
        .state("Nothing was changed: nothing ran.");
    let failure = match &finding.hint {
        Some(hint) => failure.next(hint.clone()),
        None => failure,
    };
    place(failure, &finding.location)
}

async fn consent(
    connection: &Connection,
    report: &Report,
    present: &Reading,
    record: &store::Script,
    options: &Options,
    host: &impl Host,
) -> Result<Vec<Hazard>, Failure> {
    let announced: Vec<Hazard> = report
        .destroys
        .iter()
        .filter_map(|(_, destroyed)| hazard(&present.catalog, destroyed))
        .collect();
    let (allowed, forbidden): (Vec<Hazard>, Vec<Hazard>) = announced
        .into_iter()
        .partition(|hazard| options.allow.iter().any(|allow| allow.covers(hazard)));
    if options.dry_run {
        return Ok(allowed.into_iter().chain(forbidden).collect());
    }
    if options.yes {
        refuse_forbidden(&forbidden)?;
        return Ok(allowed);
    }
    let what = format!("run {} ({} statements)", record.name, report.statements);
    let question = Question {
        what: &what,
        database: &session::describe(connection, present),
        steps: usize::try_from(report.statements).unwrap_or(usize::MAX),
        hazards: &allowed,
        forbidden: &forbidden,
    };
    match host.ask(&question).await? {
        Consent::Given => Ok(allowed.into_iter().chain(forbidden).collect()),
        Consent::Refused => Err(Failure::refused("not confirmed").state("Nothing was changed.")),
    }
}

/// What the text says it destroys, when it holds data and is found in the present: a preview of what the rehearsal shows.
fn hazard(catalog: &Catalog, destroyed: &Destroyed) -> Option<Hazard> {
    let object = catalog.objects().iter().find(|object| {
        let full = object.id.sql();
        object.id.kind.holds_data()
            && (full == destroyed.name || full.strip_prefix("public.") == Some(&destroyed.name))
    })?;
    Some(Hazard {
        code: Code::DataLoss,
        id: object.id.clone(),
        text: format!("the script destroys {} and what it holds", object.id),
    })
}
