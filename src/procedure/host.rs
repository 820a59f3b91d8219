//! What a procedure asks of whoever runs it: words, progress, consent, the user's interrupt. A terminal answers in one
//! way, a test in another; procedures know neither.

use super::consent::{Consent, Question};
use super::failure::Failure;
use crate::connect::{Interrupt, Password};

/// The other side of a procedure.
#[allow(
    async_fn_in_trait,
    reason = "callers are in this crate and run on one thread"
)]
pub trait Host {
    /// Something worth knowing, one sentence.
    fn note(&self, words: &str);

    /// Something that needs attention, one sentence.
    fn warn(&self, words: &str);

    /// `done` of `total` pieces of work are done; `part` names the last one. `total` may change from call to call when
    /// a new piece of work begins.
    fn progress(&self, done: u64, total: u64, part: &str);

    /// Asks before a database is changed.
    async fn ask(&self, question: &Question<'_>) -> Result<Consent, Failure>;

    /// Asks for `user`'s password; `None` when nobody can be asked.
    fn password(&self, user: &str) -> Result<Option<Password>, Failure>;

    /// The user's wish to stop.
    fn interrupt(&self) -> &Interrupt;
}
