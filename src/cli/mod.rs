//! The command line: arguments, output, progress, prompts, exit codes. One file per verb.
//!
//! Must not: decide anything about a database. A verb's file turns arguments into a call of `procedure`, and
//! its result into words.

pub mod args;
pub mod change;
pub mod check;
pub mod context;
pub mod diff;
pub mod environment;
pub mod error;
pub mod exit;
pub mod gc;
pub mod host;
pub mod log;
pub mod output;
pub mod panic;
pub mod plan;
pub mod progress;
pub mod prompt;
pub mod restore;
pub mod rollback;
pub mod rows;
pub mod run;
pub mod show;
mod signals;
pub mod snapshot;
pub mod tag;
pub mod text;
pub mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::connect::Interrupt;
use crate::parallel;
use crate::procedure::failure::Failure;
use args::{Arguments, Verb};
use context::Context;
use exit::Exit;

/// The whole program.
pub fn main() -> ExitCode {
    panic::install();
    parallel::process_ends();
    let Arguments { globals, verb } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output and is no error; clap knows.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let (interrupter, interrupt) = Interrupt::new();
    signals::listen(interrupter);
    let context = Context::new(globals, interrupt);
    let code = match start(verb, &context) {
        Ok(exit) => exit.exit_code(),
        Err(failure) => {
            error::print(&failure, &context.output);
            failure.kind.exit_code()
        }
    };
    ExitCode::from(code)
}

fn start(verb: Verb, context: &Context) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::bug(format!("could not start the runtime: {error}")))?;
    runtime.block_on(dispatch(verb, context))
}

async fn dispatch(verb: Verb, context: &Context) -> Result<Exit, Failure> {
    match verb {
        Verb::Snapshot(args) => snapshot::run(args, context).await,
        Verb::Show(args) => show::run(args, context).await,
        Verb::Diff(args) => diff::run(args, context).await,
        Verb::Log(args) => log::run(args, context).await,
        Verb::Plan(args) => plan::run(args, context).await,
        Verb::Rollback(args) => rollback::run(args, context).await,
        Verb::Restore(args) => restore::run(args, context).await,
        Verb::Run(args) => run::run(args, context).await,
        Verb::Check(args) => check::run(args, context).await,
        Verb::Tag(args) => tag::run(args, context).await,
        Verb::Verify(args) => verify::run(&args, context),
        Verb::Gc(args) => gc::run(&args, context),
    }
}
