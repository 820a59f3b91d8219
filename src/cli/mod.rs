//! The command line: arguments, output, progress, prompts, exit codes. One file per verb.
