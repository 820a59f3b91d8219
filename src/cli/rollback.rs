//! `snapback rollback TARGET`, where TARGET is a ref.

use clap::ValueEnum;
use jiff::Timestamp;

use super::change::{self, ChangeArgs, Changed};
use super::context::Context;
use super::environment::Confirm;
use super::exit::Exit;
use super::host::Terminal;
use crate::plan::Allow;
use crate::procedure::failure::Failure;
use crate::procedure::rollback::{self, Ended, Target};
use crate::procedure::session;
use crate::store::Store;

/// Bring the database back to a snapshot, keeping rows; commits only if the result is proven equal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A snapshot (label, id, `@`, `@~1`, `@{2h}`, `before/<operation>`)
    pub target: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Allow what a step may cost, for all objects or one: data-loss, unproven, ...
    #[arg(long, value_name = "CODE[:ID]", value_parser = change::allow)]
    pub allow: Vec<Allow>,
    /// How much to ask
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Save at most so many bytes of rows before they are destroyed
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub max_save: u64,
    /// Do not save rows that are destroyed
    #[arg(long)]
    pub no_save: bool,
    /// Flags of every change
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Ask before the transaction
    #[default]
    Interactive,
    /// Ask nothing, and say what was decided
    Yolo,
    /// Look, say what would happen, and stop before the transaction
    Preflight,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "rolling back");
    let environment = context.environment()?;
    let config = context.database()?;
    let store = Store::open(&context.store())?;
    let mut connection = session::connect(&config, &host).await?;
    let database = session::database(&mut connection).await?;
    drop(connection);
    let resolved = store.resolve(&args.target, Some(&database.id()), Timestamp::now())?;
    let target = Target::load(&store, &args.target, resolved.id)?;
    let mut options = args.change.options();
    options.yes = match environment.confirm {
        Confirm::Type => false,
        Confirm::Yes => args.yes || args.mode == Mode::Yolo,
        Confirm::None => true,
    };
    options.preflight_only = args.mode == Mode::Preflight;
    options.allow = args.allow;
    for text in &environment.allow {
        options
            .allow
            .push(change::allow(text).map_err(Failure::usage)?);
    }
    options.max_save = args.max_save;
    options.no_save = args.no_save;
    let report = match rollback::run(&config, &store, &target, &options, &host).await? {
        Ended::NothingToDo => Changed::nothing("rollback", &target, &database.name),
        Ended::Looked(preview) => {
            return super::plan::show(&preview, &target, context);
        }
        Ended::Ran(done) => {
            context.output.report(&Changed::new(
                "rollback",
                &target,
                &database.name,
                &done,
                context,
            ))?;
            return committed(&done);
        }
    };
    context.output.report(&report)?;
    Ok(Exit::Done)
}

/// Exit code 5 when the change is committed and something after it was not.
pub(super) fn committed(done: &crate::procedure::transaction::Done) -> Result<Exit, Failure> {
    if done.after.is_some() || done.dry_run {
        return Ok(Exit::Done);
    }
    Err(Failure::new(
        crate::procedure::failure::FailureKind::CommittedThenFailed,
        "the change is committed, but what comes after it failed",
    )
    .state("The change is committed and proven."))
}
