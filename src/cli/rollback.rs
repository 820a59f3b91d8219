//! `snapback rollback TARGET`: TARGET is a ref or a rollback script.

use std::path::Path;

use super::change::{self, ChangeArgs, Changed};
use super::context::Context;
use super::environment::{Confirm, Environment};
use super::exit::Exit;
use super::host::Terminal;
use crate::plan::Allow;
use crate::procedure::failure::Failure;
use crate::procedure::rollback::{self, Ended, Options};
use crate::procedure::rollback_script;
use crate::procedure::transaction::Done;
use crate::store::Store;
use clap::ValueEnum;

/// Bring the database back to a snapshot, keeping rows; commits only if the result is proven equal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A snapshot (label, id, `@`, `@~1`, `@{2h}`, `before/<operation>`) or a rollback script (`./undo.sql`)
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
    let options = options(&args, &environment)?;
    let config = context.database()?;
    if let Some(path) = script(&args.target) {
        if options.preflight_only {
            return super::check::one(path, context).await;
        }
        // The emergency snapshot needs a store; a script needs none that exists already.
        let store = Store::create_or_open(&context.store())?;
        let done = rollback_script::run(&config, &store, path, &options, &host).await?;
        return report(&args.target, done, context);
    }
    let store = Store::open(&context.store())?;
    let ended = rollback::run(&config, &store, &args.target, &options, &host).await?;
    let (target, preview) = match ended {
        Ended::Ran(done) => return report(&args.target, *done, context),
        Ended::Looked(looked) => *looked,
    };
    if options.preflight_only {
        return super::plan::show(&preview, &target, context);
    }
    let nothing = Changed::nothing("rollback", &target, &preview.present.database.name);
    context.output.report(&nothing)?;
    Ok(Exit::Done)
}

/// What both flags and environment allow.
fn options(args: &Args, environment: &Environment) -> Result<Options, Failure> {
    let mut options = args.change.options(environment);
    options.yes = match environment.confirm {
        Confirm::Type => false,
        Confirm::Yes => args.yes || args.mode == Mode::Yolo,
        Confirm::None => true,
    };
    options.preflight_only = args.mode == Mode::Preflight;
    options.allow.clone_from(&args.allow);
    for text in &environment.allow {
        options
            .allow
            .push(change::allow(text).map_err(Failure::usage)?);
    }
    options.max_save = args.max_save;
    options.no_save = args.no_save;
    Ok(options)
}

/// A file argument contains `/` or ends in `.sql`.
fn script(target: &str) -> Option<&Path> {
    let automatic = target.starts_with("before/") || target.starts_with("after/");
    let path = Path::new(target);
    let is_sql = path.extension().is_some_and(|extension| extension == "sql");
    ((target.contains('/') && !automatic) || is_sql).then_some(path)
}

fn report(given: &str, done: Done, context: &Context) -> Result<Exit, Failure> {
    change::report("rollback", given, done, context)
}
