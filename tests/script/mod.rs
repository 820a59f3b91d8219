//! Scripts against a real server: what `run` does is what psql does, what `check` says is what the server says.

mod check;
mod corpus;
mod run;
