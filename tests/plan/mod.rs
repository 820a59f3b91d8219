//! Plans on a real server: run, read again, equal, rows kept; there and back.

mod corpus;
mod cost;
mod hazards;
mod mutations;
mod pairs;
mod proof;
