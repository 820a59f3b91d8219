//! The Postgres wire protocol, sans-IO.
