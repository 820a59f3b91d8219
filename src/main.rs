//! The binary: parse the arguments, run, map the outcome to an exit code. All of it is in [`snapback::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    snapback::cli::main()
}
