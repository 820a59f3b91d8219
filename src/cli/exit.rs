//! The exit code of a verb that did what it was asked. All others are a `FailureKind`'s.

/// How a verb ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0.
    Done,
    /// Exit code 1: it was asked to look for something and found it (`diff --exit-code`).
    Found,
    /// Exit code 6: it was asked to check the store and found damage.
    Damaged,
}

impl Exit {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Damaged => 6,
        }
    }
}
