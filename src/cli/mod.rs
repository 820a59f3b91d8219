//! The command line: arguments, output, progress, prompts, exit codes. One file per verb.
//!
//! Must not: decide anything about a database. A verb's file turns arguments into a call of `procedure`, and
//! its result into words.

pub mod args;
pub mod context;
pub mod environment;
pub mod error;
pub mod exit;
pub mod output;
pub mod panic;
pub mod progress;
pub mod prompt;
mod signals;
pub mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::connect::Interrupt;
use crate::procedure::failure::Failure;
use args::{Arguments, Verb};
use context::Context;
use exit::Exit;

/// The whole program.
pub fn main() -> ExitCode {
    panic::install();
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
    let code = match run(verb, &context) {
        Ok(exit) => exit.exit_code(),
        Err(failure) => {
            error::print(&failure, &context.output);
            failure.kind.exit_code()
        }
    };
    ExitCode::from(code)
}

fn run(verb: Verb, _context: &Context) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::bug(format!("could not start the runtime: {error}")))?;
    runtime.block_on(async { match verb {} })
}
