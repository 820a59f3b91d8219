//! The transaction rules of a script: it runs inside one transaction that is not its own.
//!
//! A script may say BEGIN at its start and COMMIT at its end; the pair is taken off, since the run has its own.
//! Whatever else would end, shape or leave the transaction is refused, with its place and the reason. Pure.

use super::classify::{Class, Control, Transaction};
use super::location::Location;

/// What becomes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It runs.
    Run,
    /// It is the script's own outer BEGIN or COMMIT, or sets an encoding that the connection does not have. It is
    /// left out.
    Absorb,
}

/// A statement that does not fit into one transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Refusal {
    /// Where it is.
    pub location: Location,
    /// Why it does not fit.
    pub kind: RefusalKind,
}

/// Why a statement does not fit into one transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The server would refuse it there.
    #[error("{command} cannot run inside a transaction: {reason}")]
    Outside {
        /// Such as `CREATE DATABASE`.
        command: String,
        /// In a few words.
        reason: &'static str,
    },
    /// COMMIT with more behind it.
    #[error(
        "this {command} ends its transaction in the middle of the script: more follows at {next}"
    )]
    Middle {
        /// COMMIT or END.
        command: String,
        /// What follows.
        next: Location,
    },
    /// BEGIN behind other statements, or a second one.
    #[error(
        "this BEGIN does not stand at the start of the script: the whole script is one transaction already"
    )]
    LateBegin,
    /// BEGIN with modes.
    #[error(
        "this BEGIN asks for a transaction mode of its own; a run is READ COMMITTED, READ WRITE"
    )]
    Modes,
    /// COMMIT AND CHAIN.
    #[error("AND CHAIN begins a second transaction; the whole script is one")]
    Chain,
    /// COMMIT without BEGIN.
    #[error(
        "this {0} has no BEGIN before it: the whole script is one transaction, which ends after the last statement"
    )]
    NoBegin(String),
    /// BEGIN without COMMIT.
    #[error("this BEGIN has no COMMIT at the end of the script")]
    NoCommit,
    /// ROLLBACK.
    #[error("this {0} ends its transaction and takes back what the script did")]
    Rollback(String),
    /// PREPARE TRANSACTION.
    #[error("PREPARE TRANSACTION ends the transaction and leaves its fate to somebody else")]
    Prepare,
    /// SET TRANSACTION.
    #[error(
        "SET TRANSACTION changes the mode of the transaction; a run is READ COMMITTED, READ WRITE"
    )]
    SetTransaction,
}

/// Follows a script's own transaction statements.
#[derive(Clone, Debug, Default)]
pub struct Gate(State);

#[derive(Clone, Debug, Default)]
enum State {
    /// Nothing but settings so far: BEGIN may come.
    #[default]
    Start,
    /// Without BEGIN.
    Plain,
    /// Between the script's own BEGIN, which stands there, and its COMMIT.
    Inside(Location),
    /// Behind the script's own COMMIT, which stands there.
    Ended(String, Location),
}

impl Gate {
    /// Says what becomes of the next statement of the script.
    pub fn admit(&mut self, class: &Class, location: &Location) -> Result<Admission, Refusal> {
        let refuse = |kind| {
            Err(Refusal {
                location: location.clone(),
                kind,
            })
        };
        if let State::Ended(command, end) = &self.0 {
            let kind = RefusalKind::Middle {
                command: command.clone(),
                next: location.clone(),
            };
            return Err(Refusal {
                location: end.clone(),
                kind,
            });
        }
        if class.encoding.is_some() {
            return Ok(Admission::Absorb); // what is sent is UTF-8, whatever the script says
        }
        let control = match class.transaction {
            Transaction::Inside => {
                let setting = matches!(class.command.as_str(), "SET" | "RESET" | "SHOW" | "SELECT");
                if matches!(self.0, State::Start) && !setting {
                    self.0 = State::Plain;
                }
                return Ok(Admission::Run);
            }
            Transaction::Outside(reason) => {
                return refuse(RefusalKind::Outside {
                    command: class.command.clone(),
                    reason,
                });
            }
            Transaction::Control(control) => control,
        };
        let command = class.command.clone();
        match control {
            Control::Begin { modes: true } => refuse(RefusalKind::Modes),
            Control::Begin { modes: false } => {
                if !matches!(self.0, State::Start) {
                    return refuse(RefusalKind::LateBegin);
                }
                self.0 = State::Inside(location.clone());
                Ok(Admission::Absorb)
            }
            Control::Commit { chain: true } => refuse(RefusalKind::Chain),
            Control::Commit { chain: false } => {
                if !matches!(self.0, State::Inside(_)) {
                    return refuse(RefusalKind::NoBegin(command));
                }
                self.0 = State::Ended(command, location.clone());
                Ok(Admission::Absorb)
            }
            Control::Rollback => refuse(RefusalKind::Rollback(command)),
            Control::Prepare => refuse(RefusalKind::Prepare),
            Control::Set => refuse(RefusalKind::SetTransaction),
        }
    }

    /// Says whether the script may end here.
    pub fn finish(&self) -> Result<(), Refusal> {
        match &self.0 {
            State::Inside(begin) => Err(Refusal {
                location: begin.clone(),
                kind: RefusalKind::NoCommit,
            }),
            State::Start | State::Plain | State::Ended(..) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::classify::classify;
    use super::super::{FileName, Place};
    use super::*;

    /// The admissions of statements that stand on lines 1, 2, ..., or the line and words of the refusal.
    fn admit(statements: &[&str]) -> Result<Vec<Admission>, String> {
        let file = Arc::new(FileName {
            shown: "s".to_owned(),
            path: None,
        });
        let describe = |refusal: Refusal| format!("{}: {refusal}", refusal.location);
        let mut gate = Gate::default();
        let mut seen = Vec::new();
        for (line, statement) in (1..).zip(statements) {
            let place = Place {
                line,
                ..Place::START
            };
            let location = Location {
                file: Arc::clone(&file),
                place,
            };
            seen.push(
                gate.admit(&classify(statement), &location)
                    .map_err(describe)?,
            );
        }
        gate.finish().map_err(describe)?;
        Ok(seen)
    }

    #[test]
    fn an_outer_pair_is_taken_off() {
        use Admission::{Absorb, Run};
        assert_eq!(
            admit(&["SET a = 1", "BEGIN", "CREATE TABLE t ()", "COMMIT"]),
            Ok(vec![Run, Absorb, Run, Absorb])
        );
        assert_eq!(
            admit(&["START TRANSACTION", "END"]),
            Ok(vec![Absorb, Absorb])
        );
        assert_eq!(
            admit(&["SAVEPOINT a", "ROLLBACK TO a", "RELEASE a"]),
            Ok(vec![Run, Run, Run])
        );
        assert_eq!(admit(&[]), Ok(vec![]));
    }

    #[test]
    fn anything_else_about_transactions_is_refused() {
        let refused = |statements: &[&str], words: &str| {
            let refusal = admit(statements).err().unwrap_or_default();
            assert!(refusal.contains(words), "{statements:?}: {refusal}");
        };
        refused(
            &["BEGIN", "COMMIT", "CREATE TABLE t ()"],
            "s:2:1: this COMMIT ends its transaction in the middle of the script: more follows at s:3:1",
        );
        refused(
            &["BEGIN", "COMMIT", "BEGIN", "COMMIT"],
            "s:2:1: this COMMIT ends its transaction in the middle",
        );
        refused(
            &["CREATE TABLE t ()", "COMMIT"],
            "s:2:1: this COMMIT has no BEGIN",
        );
        refused(
            &["CREATE TABLE t ()", "BEGIN", "COMMIT"],
            "s:2:1: this BEGIN does not stand at the start",
        );
        refused(&["BEGIN", "BEGIN", "COMMIT"], "s:2:1: this BEGIN does not");
        refused(&["BEGIN", "a"], "s:1:1: this BEGIN has no COMMIT");
        refused(&["BEGIN", "ROLLBACK"], "s:2:1: this ROLLBACK ends");
        refused(&["BEGIN READ ONLY"], "mode of its own");
        refused(&["BEGIN", "COMMIT AND CHAIN"], "AND CHAIN");
        refused(&["PREPARE TRANSACTION 'x'"], "PREPARE TRANSACTION ends");
        refused(&["SET TRANSACTION READ ONLY"], "SET TRANSACTION changes");
        refused(&["VACUUM"], "s:1:1: VACUUM cannot run inside a transaction");
    }
}
