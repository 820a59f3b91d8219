//! Everything that touches a socket: configuration, dialing, TLS, the connection.

#[expect(
    dead_code,
    unused_imports,
    reason = "what dial and tls read, which come next"
)]
pub mod config;
pub mod password;

pub use config::{Config, ConfigError, Environment, Given};
pub use password::Password;
