//! `snapback tag LABEL [REF]`: names for snapshots.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::log;
use super::output::{Report, style};
use crate::procedure::failure::Failure;
use crate::store::{Database, DatabaseId, Store};

/// Give a snapshot a label
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The label: letters, digits, `.`, `_`, `-`
    pub label: String,
    /// The snapshot
    #[arg(default_value = "@")]
    pub target: String,
    /// Take the label away from the snapshot that has it
    #[arg(long = "move")]
    pub move_label: bool,
    /// Remove the label; the snapshot stays
    #[arg(long, conflicts_with_all = ["target", "move_label"])]
    pub delete: bool,
}

#[derive(Debug, Serialize)]
struct Tagged {
    label: String,
    snapshot: String,
    deleted: bool,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let store = Store::open(&context.store())?;
    let database = log::database(context).await?;
    let (snapshot, deleted) = if args.delete {
        let database = owner(&store, &args.label, database)?;
        (store.remove_label(&database, &args.label)?, true)
    } else {
        let found = store.resolve(&args.target, database.as_ref(), Timestamp::now())?;
        // A label belongs to the database that the snapshot is of.
        let database = found.manifest.meta.database.id();
        store.set_label(&database, &args.label, found.id, args.move_label)?;
        (found.id, false)
    };
    context.output.report(&Tagged {
        label: args.label,
        snapshot: snapshot.to_string(),
        deleted,
    })?;
    Ok(Exit::Done)
}

/// The database whose label this is.
fn owner(store: &Store, label: &str, database: Option<DatabaseId>) -> Result<DatabaseId, Failure> {
    if let Some(database) = database {
        return Ok(database);
    }
    let mut owners: Vec<Database> = Vec::new();
    for snapshot in store.snapshots(None)? {
        if snapshot.labels.iter().any(|has| has == label) {
            owners.push(snapshot.manifest.meta.database);
        }
    }
    match &owners[..] {
        [owner] => Ok(owner.id()),
        [] => Err(Failure::usage(format!(
            "no snapshot has the label `{label}`"
        ))),
        several => {
            let mut names: Vec<&str> = several
                .iter()
                .map(|database| database.name.as_str())
                .collect();
            names.sort_unstable();
            let failure = Failure::usage(format!(
                "several databases have a label `{label}`: {}",
                names.join(", ")
            ));
            Err(failure.next("Name the database with --database-url."))
        }
    }
}

impl Report for Tagged {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (strong, short) = (style::STRONG, self.snapshot.get(..12).unwrap_or_default());
        if self.deleted {
            writeln!(
                out,
                "snapshot {short} is no longer {strong}{}{strong:#}",
                self.label
            )
        } else {
            writeln!(out, "snapshot {short} is {strong}{}{strong:#}", self.label)
        }
    }
}
