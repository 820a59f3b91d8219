//! Everything that touches a socket: configuration, dialing, TLS, the connection.
