//! What a failure of the store is to the user: which exit code, and what to do.

use super::failure::{Failure, FailureKind};
use crate::store::backend::BackendError;
use crate::store::{LabelError, StoreError};

const UNTOUCHED: &str = "Nothing was changed.";

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NoStore { .. } => Self::unreachable(message)
                .next("`snapback snapshot` makes one; --store and SNAPBACK_STORE name another."),
            StoreError::Ref(_) | StoreError::NoSnapshot(_) => {
                Self::usage(message).next("`snapback log` lists the snapshots.")
            }
            StoreError::Label(LabelError::Taken { .. }) | StoreError::Input(_) => {
                Self::refused(message)
            }
            StoreError::Label(LabelError::Invalid { .. } | LabelError::Unknown(_)) => {
                Self::usage(message)
            }
            StoreError::Backend(BackendError::Full { .. })
            | StoreError::Contended(_)
            | StoreError::LeaseLost => Self::new(FailureKind::RolledBack, message).state(UNTOUCHED),
            StoreError::Corrupt(_)
            | StoreError::MissingBlob { .. }
            | StoreError::MissingFile { .. } => Self::unreachable(message)
                .next("`snapback verify` says what is damaged and what that breaks."),
            StoreError::NotAStore { .. } | StoreError::Newer { .. } | StoreError::Backend(_) => {
                Self::unreachable(message)
            }
        }
    }
}
