//! Why there is no plan, in words that a user can act on.

use std::fmt;

use crate::catalog::{Id, Step};
use crate::diff::Delta;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The way there cannot be gone without losing rows or breaking something; all reasons at once.
    #[error("{}", list(.0))]
    Refused(Vec<Refusal>),
    /// The steps wait for each other: a bug in a kind, never the user's fault.
    #[error("a bug in Snapback: these steps wait for each other\n{}", cycle(.0))]
    Cycle(Vec<Step>),
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It would have to be dropped and made again, and holds rows.
    HoldsData {
        /// What.
        id: Id,
        /// The properties that cannot be altered.
        fields: Vec<String>,
    },
    /// It must be dropped or replaced, and something that stays uses it and can neither be moved nor made
    /// again.
    InUse {
        /// What must go.
        id: Id,
        /// What uses it.
        user: Id,
    },
    /// It must be altered, and the server refuses that while something uses it that cannot be made again.
    InTheWay {
        /// What must be altered.
        id: Id,
        /// What uses it.
        user: Id,
    },
    /// It must step aside under another name and its kind has no way to rename.
    NoName {
        /// What.
        id: Id,
    },
    /// The server has no way to give it the form that it has in the target.
    Impossible {
        /// What.
        id: Id,
        /// Why, as a sentence without its subject.
        why: &'static str,
    },
    /// Its kind has no steps for a difference that it sees.
    NoSteps {
        /// What.
        id: Id,
        /// The properties that differ.
        fields: Vec<String>,
    },
}

impl Refusal {
    /// Of what differs and has no steps.
    pub(super) fn no_steps(delta: &Delta) -> Self {
        Self::NoSteps {
            id: delta.id.clone(),
            fields: delta.change.fields().to_vec(),
        }
    }

    /// The object that it is about.
    pub fn id(&self) -> &Id {
        match self {
            Self::HoldsData { id, .. }
            | Self::InUse { id, .. }
            | Self::InTheWay { id, .. }
            | Self::NoName { id }
            | Self::Impossible { id, .. }
            | Self::NoSteps { id, .. } => id,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldsData { id, fields } => {
                write!(
                    f,
                    "{id} cannot be altered into what the target has{}, and replacing it would lose its rows; \
                     rename it or move its rows away first",
                    differing(fields)
                )
            }
            Self::InUse { id, user } => write!(
                f,
                "{id} has to be dropped or replaced, but {user} uses it and can be neither moved nor made again; \
                 drop {user} first, or take that use out of it"
            ),
            Self::InTheWay { id, user } => write!(
                f,
                "{id} cannot be altered while {user} uses it, and {user} cannot be made again; drop {user} first"
            ),
            Self::NoName { id } => write!(
                f,
                "{id} has to be replaced while rows still use it, and cannot be renamed out of the way; \
                 take it out of use first"
            ),
            Self::Impossible { id, why } => write!(f, "{id} {why}"),
            Self::NoSteps { id, fields } => write!(
                f,
                "a bug in Snapback: {id} differs{} and nothing is known that would change it",
                differing(fields)
            ),
        }
    }
}

fn differing(fields: &[String]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    format!(" (different: {})", fields.join(", "))
}

fn list(refusals: &[Refusal]) -> String {
    let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    lines.join("\n")
}

fn cycle(steps: &[Step]) -> String {
    let lines: Vec<String> = steps
        .iter()
        .map(|step| format!("  {}: {}", step.subject, step.sql))
        .collect();
    lines.join("\n")
}
