//! The binary: parse the arguments, run, map the outcome to an exit code. Nothing else lives here.

fn main() {}
