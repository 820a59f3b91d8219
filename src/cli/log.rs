//! `snapback log`: what the store knows of a database, newest first.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Report, style};
use super::text;
use crate::procedure::failure::Failure;
use crate::procedure::history::{self, Event};
use crate::procedure::session;
use crate::store::{DatabaseId, LogEntry, Operation, Origin, Outcome, Snapshot, Store};

/// List snapshots and operations, newest first
///
/// Of the database that is named, or else of all in the store. The snapshots that an operation takes by itself are
/// shown with --all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The history of one object, such as "table public.users": in which snapshots it is new, changed or gone
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Also snapshots that operations took
    #[arg(long)]
    all: bool,
}

/// The database that is named, if one is.
pub(super) async fn database(context: &Context) -> Result<Option<DatabaseId>, Failure> {
    if !context.names_database() {
        return Ok(None);
    }
    let host = Terminal::new(context, "reading");
    let mut connection = session::connect(&context.database()?, &host).await?;
    Ok(Some(session::database(&mut connection).await?.id()))
}

/// See the module.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let store = Store::open(&context.store())?;
    let database = database(context).await?;
    let snapshots = store.snapshots(database.as_ref())?;
    if let Some(object) = args.object {
        let changes = changes(&store, &snapshots, &object)?;
        context.output.report(&History { object, changes })?;
        return Ok(Exit::Done);
    }
    let operations = operations(&store, database, &snapshots)?;
    let mut entries: Vec<Entry> = operations.iter().map(Entry::operation).collect();
    let shown = |snapshot: &&Snapshot| match &snapshot.manifest.meta.origin {
        _ if !snapshot.labels.is_empty() => true,
        Origin::User => true,
        // Of a run that was killed the emergency snapshot is all there is.
        Origin::Before(id) => args.all || !operations.iter().any(|entry| entry.operation.id == *id),
        Origin::After(_) => args.all,
    };
    entries.extend(snapshots.iter().filter(shown).map(Entry::snapshot));
    // Operations were put first: of two things at the same second, the operation came later.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
    context.output.report(&Log { entries })?;
    Ok(Exit::Done)
}

fn operations(
    store: &Store,
    database: Option<DatabaseId>,
    snapshots: &[Snapshot],
) -> Result<Vec<LogEntry>, Failure> {
    let databases: BTreeSet<DatabaseId> = match database {
        Some(database) => BTreeSet::from([database]),
        None => snapshots
            .iter()
            .map(|snapshot| snapshot.manifest.meta.database.id())
            .collect(),
    };
    let mut found = Vec::new();
    for database in databases {
        found.extend(store.operations(&database)?);
    }
    Ok(found)
}

#[derive(Serialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    time: Timestamp,
    database: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum What {
    Snapshot {
        id: String,
        name: String,
        labels: Vec<String>,
        root: String,
        objects: u64,
        automatic: bool,
    },
    Operation {
        id: String,
        command: String,
        target: Option<String>,
        statements: u64,
        milliseconds: u64,
        root_before: Option<String>,
        root_after: Option<String>,
        saved_rows: u64,
        committed: bool,
        note: Option<String>,
        who: String,
    },
}

impl Entry {
    fn snapshot(snapshot: &Snapshot) -> Self {
        let manifest = &snapshot.manifest;
        Self {
            time: manifest.meta.time,
            database: manifest.meta.database.name.clone(),
            what: What::Snapshot {
                id: snapshot.id.to_string(),
                name: snapshot.name(),
                labels: snapshot.labels.clone(),
                root: manifest.root.to_string(),
                objects: manifest.meta.counts.values().sum(),
                automatic: manifest.meta.origin.name().is_some(),
            },
        }
    }

    fn operation(entry: &LogEntry) -> Self {
        let operation: &Operation = &entry.operation;
        Self {
            time: operation.finished,
            database: operation.database.name.clone(),
            what: What::Operation {
                id: operation.id.to_string(),
                command: operation.command.clone(),
                target: operation.target.as_ref().map(|target| target.given.clone()),
                statements: operation.statements,
                milliseconds: operation.milliseconds,
                root_before: operation
                    .before
                    .as_ref()
                    .map(|state| state.root.to_string()),
                root_after: operation.after.as_ref().map(|state| state.root.to_string()),
                saved_rows: operation.rows.iter().map(|rows| rows.count).sum(),
                committed: match operation.outcome {
                    Outcome::Committed | Outcome::FailedAfterCommit => true,
                },
                note: operation.note.clone(),
                who: who(operation),
            },
        }
    }
}

/// `ada@laptop`; the user's name is not always known.
fn who(operation: &Operation) -> String {
    let who = &operation.who;
    if who.user.is_empty() {
        return who.host.clone();
    }
    format!("{}@{}", who.user, who.host)
}

impl Report for Log {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.entries.is_empty() {
            return writeln!(
                out,
                "nothing yet: `snapback snapshot LABEL` takes the first snapshot"
            );
        }
        let databases: BTreeSet<&str> = self
            .entries
            .iter()
            .map(|entry| entry.database.as_str())
            .collect();
        for entry in &self.entries {
            let (dim, strong) = (style::DIM, style::STRONG);
            write!(out, "{dim}{}{dim:#}  ", second(entry.time))?;
            if databases.len() > 1 {
                write!(out, "{}  ", entry.database)?;
            }
            match &entry.what {
                What::Snapshot {
                    id,
                    name,
                    labels,
                    root,
                    objects,
                    automatic: _,
                } => {
                    let id = short(id);
                    let names = if labels.is_empty() {
                        name.clone()
                    } else {
                        labels.join(", ")
                    };
                    let names = if names == id {
                        String::new()
                    } else {
                        format!(" {names}")
                    };
                    let objects = text::count(*objects, "object", "objects");
                    writeln!(
                        out,
                        "snapshot {strong}{id}{names}{strong:#}: {objects}, root {}",
                        short(root)
                    )?;
                }
                What::Operation { .. } => entry.what.operation(out)?,
            }
        }
        Ok(())
    }
}

impl What {
    fn operation(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self::Operation {
            id,
            command,
            target,
            statements,
            milliseconds,
            saved_rows,
            note,
            who,
            ..
        } = self
        else {
            return Ok(());
        };
        let (strong, warn) = (style::STRONG, style::WARN);
        let target = target
            .as_ref()
            .map_or_else(String::new, |target| format!(" {target}"));
        let statements = text::count(*statements, "statement", "statements");
        let time = text::duration(Duration::from_millis(*milliseconds));
        let saved = match saved_rows {
            0 => String::new(),
            rows => format!(", {} saved", text::count(*rows, "row", "rows")),
        };
        writeln!(
            out,
            "{strong}{command}{target}{strong:#}: {statements} in {time}{saved}, by {who} ({id})"
        )?;
        match note {
            Some(note) => writeln!(out, "    {warn}attention:{warn:#} {note}"),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct History {
    object: String,
    changes: Vec<Version>,
}

/// A snapshot in which an object is not as in the one before.
#[derive(Serialize)]
struct Version {
    time: Timestamp,
    snapshot: String,
    name: String,
    change: &'static str,
}

/// Newest first.
fn changes(store: &Store, snapshots: &[Snapshot], object: &str) -> Result<Vec<Version>, Failure> {
    let found = history::of_object(store, snapshots, object)?;
    if found.is_empty() {
        return Err(
            Failure::usage(format!("no snapshot has an object called {object:?}"))
                .next("`snapback show @` lists what there is."),
        );
    }
    let version = |(event, snapshot): (Event, &Snapshot)| Version {
        time: snapshot.manifest.meta.time,
        snapshot: snapshot.id.to_string(),
        name: snapshot.name(),
        change: event.name(),
    };
    Ok(found.into_iter().map(version).collect())
}

impl Report for History {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Version {
            time,
            snapshot,
            name,
            change,
        } in &self.changes
        {
            let (dim, style) = (
                style::DIM,
                match *change {
                    "new" => style::GOOD,
                    "gone" => style::BAD,
                    _ => style::WARN,
                },
            );
            let id = short(snapshot);
            let name = if name == id {
                String::new()
            } else {
                format!(" {name}")
            };
            writeln!(
                out,
                "{dim}{}{dim:#}  {style}{change:7}{style:#} in {id}{name}",
                second(*time)
            )?;
        }
        Ok(())
    }
}

/// `2026-11-22 15:31:24 UTC`.
fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn short(hash: &str) -> &str {
    super::change::short(hash)
}
