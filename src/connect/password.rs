//! A password in memory: can be used, cannot be printed.
//!
//! It must not implement `Display` or `Serialize`, and its `Debug` shows nothing of it, not even its length.

use std::fmt;

/// A password as the user gave it. Only [`Password::expose`] hands out the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the authentication exchange only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!(
            "{:?} {:#?}",
            Password::new("hunter2"),
            Some(Password::new("hunter2"))
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
