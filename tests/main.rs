//! The one integration test binary: a module per area, with what they share under `support`.
//! One binary links once and starts one Postgres server; `cargo test --test main <area>` runs one area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test says what went wrong by panicking"
)]

mod catalog;
mod cli;
mod connect;
mod introspect;
mod plan;
mod replay;
mod rollback;
mod script;
#[cfg(feature = "static-test")]
mod static_binary;
mod support;
mod tidy;
mod versions;
mod wire;
