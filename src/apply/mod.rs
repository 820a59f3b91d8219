//! Runs a plan in one transaction: opens it behind the advisory lock, saves rows, runs steps, reads the result back
//! for the proof, commits and knows the outcome.
//!
//! Pieces only; `procedure` puts them in the order of the safety procedure. Must not decide whether something is
//! allowed, talk to a terminal or know of the store.

mod commit;
mod error;
mod gate;
mod run;

pub use commit::{Outcome, commit, transaction_id};
pub use error::ApplyError;
pub use gate::{
    FOR_PLAN, Settings, begin, enter, expect_no_rows, fire_deferred, leave, lock_table, pin_again,
    pin_for_plan,
};
pub use run::run_steps;
