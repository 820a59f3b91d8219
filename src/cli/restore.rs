//! `snapback restore REF`: into an empty database.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use super::change::{self, ChangeArgs};
use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use crate::catalog::roles::RoleNames;
use crate::parallel;
use crate::procedure::failure::Failure;
use crate::procedure::restore;
use crate::procedure::roles::Missing;
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
    /// Put one role in the place of another, wherever the snapshot names it; can be given several times
    #[arg(long, value_name = "OLD=NEW", value_parser = map_role)]
    pub map_role: Vec<(String, String)>,
    /// Make the roles that do not exist, without the right to log in
    #[arg(long)]
    pub create_roles: bool,
    /// Flags of every change
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "restoring");
    let mut options = args.change.options(&context.environment()?);
    options.missing_roles = if args.create_roles {
        Missing::Made
    } else {
        Missing::RefusedUnlessTold
    };
    let config = context.database()?;
    let store = Store::open(&context.store())?;
    let resolved = store.resolve(&args.source, None, Timestamp::now())?;
    let mut target = Target::load(&store, &args.source, resolved.id)?;
    target.mask = options.mask;
    target.rename_roles(&names(args.map_role)?)?;
    let done = restore::run(&config, &store, &target, args.batch, &options, &host).await?;
    parallel::let_go(target);
    change::report("restore", &args.source, done, context)
}

/// `OLD=NEW`.
fn map_role(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err("two roles are wanted: OLD=NEW".to_owned()),
    }
}

fn names(pairs: Vec<(String, String)>) -> Result<RoleNames, Failure> {
    let mut names = RoleNames::new();
    for (old, new) in pairs {
        if let Some(other) = names.insert(old.clone(), new.clone())
            && other != new
        {
            let words = format!("--map-role: {old} is to be both {other} and {new}");
            return Err(Failure::usage(words));
        }
    }
    Ok(names)
}
