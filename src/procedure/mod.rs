//! The commands as library calls, in the order of the safety procedure; no terminal, no process exit.

pub mod failure;
