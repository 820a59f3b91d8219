//! `snapback restore REF`: into an empty database.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use super::change::{self, ChangeArgs};
use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use crate::procedure::failure::Failure;
use crate::procedure::restore;
use crate::procedure::rollback::Target;
use crate::store::Store;

/// Bring an empty database to a snapshot
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A snapshot; looked up in the whole store, since the database is a new one
    pub source: String,
    /// Accepted, since nothing is asked
    #[arg(short, long)]
    pub yes: bool,
    /// In transactions of so many statements; what stopped such a run, the same command goes on after it
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    pub batch: Option<NonZeroUsize>,
    /// Flags of every change
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "restoring");
    let options = args.change.options(&context.environment()?);
    let config = context.database()?;
    let store = Store::open(&context.store())?;
    let resolved = store.resolve(&args.source, None, Timestamp::now())?;
    let mut target = Target::load(&store, &args.source, resolved.id)?;
    target.mask = options.mask;
    let done = restore::run(&config, &store, &target, args.batch, &options, &host).await?;
    change::report("restore", &args.source, done, context)
}
