//! Checks a script without running it: does it split, is its grammar right, does it fit into one transaction,
//! what would it destroy and lock?
//!
//! [`offline`] asks the parsers in this program; `online` has the same report with the server's own
//! grammar as the judge. Reads the script and what it includes, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::classify::{Class, Destroyed, Lock, classify, object_kind, skip_modifiers};
use super::destroy::qualified;
use super::gate::{Gate, Refusal, RefusalKind};
use super::judge::{STACK, Verdict, judge};
use super::location::{FileName, Location};
use super::place::Place;
use super::source::{Item, Source, SourceError, SourceErrorKind};
use super::statement::Statement;
use super::tokens::Tokens;

/// How many findings are kept; more are counted.
const MOST_FINDINGS: usize = 1_000;

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many statements there are, a COPY with its data being one.
    pub statements: u64,
    /// How many of them have the right grammar.
    pub valid: u64,
    /// How many cannot be judged before they run.
    pub unknown: u64,
    /// How many are broken.
    pub broken: u64,
    /// What there is to say, in the order of the script.
    pub findings: Vec<Finding>,
    /// How many further findings were left out.
    pub left_out: u64,
    /// What the script destroys.
    pub destroys: Vec<(Location, Destroyed)>,
    /// What it keeps others out of, without the tables that it makes itself.
    pub locks: Vec<(Location, Lock)>,
}

impl Report {
    /// Whether the script can run, as far as this check can say.
    pub fn passes(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The script cannot run.
    Error,
    /// It may not do what was meant.
    Warning,
    /// Good to know.
    Note,
}

/// One thing to say about a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for programs: `syntax`, `split`, `transaction`, `command`, `include`, `unsure`,
    /// `drop-without-if-exists`, `empty`.
    pub code: &'static str,
    /// Where.
    pub location: Location,
    /// What, in one sentence without a full stop.
    pub message: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
    /// SQLSTATE, when the server says so.
    pub sqlstate: Option<String>,
}

/// Checks a script with the parsers in this program. An error means that no thread could be had for them.
pub fn offline(source: Source) -> std::io::Result<Report> {
    let thread = std::thread::Builder::new()
        .name("check".to_owned())
        .stack_size(STACK);
    let walk = move || walk(source);
    let report = thread.spawn(walk)?.join();
    report.map_err(|_| std::io::Error::other("the check ended unexpectedly"))
}

fn walk(mut source: Source) -> Report {
    let mut inspector = Inspector::default();
    loop {
        match source.next() {
            Ok(Some(Item::Statement { statement, file })) => {
                let number = inspector.statement(&statement, file);
                match judge(statement.text, statement.standard_strings) {
                    Verdict::Valid => inspector.valid(),
                    Verdict::Unknown(reason) => {
                        let at = location(file, statement.span.start);
                        inspector.unknown(number, at, reason);
                    }
                    Verdict::Broken(fault) => {
                        let at = location(file, statement.place_at(fault.at));
                        inspector.broken(number, at, fault.message, fault.hint, None);
                    }
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => return inspector.finish(source.main_file()),
            Err(error) => return inspector.broken_off(&error),
        }
    }
}

pub(super) fn location(file: &Arc<FileName>, place: Place) -> Location {
    Location {
        file: Arc::clone(file),
        place,
    }
}

/// Gathers a report, statement by statement. Verdicts may come later than the statements.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    gate: Gate,
    refused: bool,
    report: Report,
    /// The findings, each with the number of its statement.
    findings: Vec<(u64, Finding)>,
    /// The relations that the script makes.
    made: BTreeSet<String>,
}

impl Inspector {
    /// Takes the next statement and says its number.
    pub(super) fn statement(&mut self, statement: &Statement<'_>, file: &Arc<FileName>) -> u64 {
        let number = self.report.statements;
        self.report.statements += 1;
        let class = classify(statement.text);
        let at = location(file, statement.span.start);
        // What follows a refusal would be refused for the same reason.
        if !self.refused
            && let Err(refusal) = self.gate.admit(&class, &at)
        {
            self.refuse(number, refusal);
        }
        self.effects(number, statement.text, class, &at);
        number
    }

    fn refuse(&mut self, number: u64, refusal: Refusal) {
        // A statement that cannot run inside says nothing about the next ones.
        self.refused = !matches!(refusal.kind, RefusalKind::Outside { .. });
        let message = refusal.to_string();
        self.add(
            number,
            Severity::Error,
            "transaction",
            refusal.location,
            message,
        );
    }

    fn effects(&mut self, number: u64, text: &str, class: Class, at: &Location) {
        let Class {
            command,
            transaction: _,
            encoding: _,
            destroys,
            locks,
        } = class;
        for destroyed in destroys {
            if command.starts_with("DROP") && !destroyed.if_exists && destroyed.kind != "owned by" {
                let message = format!(
                    "this fails if there is no {} {}",
                    destroyed.kind, destroyed.name
                );
                let code = "drop-without-if-exists";
                if let Some(finding) = self.add(number, Severity::Note, code, at.clone(), message) {
                    finding.hint = Some("IF EXISTS lets the script be run again".to_owned());
                }
            }
            self.report.destroys.push((at.clone(), destroyed));
        }
        for lock in locks {
            if !self.made.contains(&lock.relation) {
                self.report.locks.push((at.clone(), lock));
            }
        }
        self.made.extend(made_relation(text));
    }

    pub(super) fn valid(&mut self) {
        self.report.valid += 1;
    }

    pub(super) fn unknown(&mut self, number: u64, at: Location, reason: String) {
        self.report.unknown += 1;
        self.add(number, Severity::Note, "unsure", at, reason);
    }

    pub(super) fn broken(
        &mut self,
        number: u64,
        at: Location,
        message: String,
        hint: Option<String>,
        sqlstate: Option<String>,
    ) {
        self.report.broken += 1;
        if let Some(finding) = self.add(number, Severity::Error, "syntax", at, message) {
            finding.hint = hint;
            finding.sqlstate = sqlstate;
        }
    }

    /// The script cannot be read on.
    pub(super) fn broken_off(mut self, error: &SourceError) -> Report {
        let code = match error.kind {
            SourceErrorKind::Split(_) => "split",
            SourceErrorKind::Command(_) => "command",
            SourceErrorKind::Open { .. } | SourceErrorKind::Loop(_) => "include",
        };
        let at = error.location.clone();
        self.add(u64::MAX, Severity::Error, code, at, error.kind.to_string());
        self.report()
    }

    /// The script is read to its end.
    pub(super) fn finish(mut self, file: &Arc<FileName>) -> Report {
        if !self.refused
            && let Err(refusal) = self.gate.finish()
        {
            self.refuse(u64::MAX, refusal);
        }
        if self.report.statements == 0 {
            let message = "there is no statement in this script".to_owned();
            let at = location(file, Place::START);
            self.add(0, Severity::Warning, "empty", at, message);
        }
        self.report()
    }

    fn report(mut self) -> Report {
        self.findings.sort_by_key(|(number, _)| *number);
        self.report.findings = self
            .findings
            .into_iter()
            .map(|(_, finding)| finding)
            .collect();
        self.report
    }

    /// Adds a finding. Notes give way when there are too many; an error is always kept, once.
    fn add(
        &mut self,
        number: u64,
        severity: Severity,
        code: &'static str,
        location: Location,
        message: String,
    ) -> Option<&mut Finding> {
        if self.findings.len() >= MOST_FINDINGS && self.has_error_if(severity) {
            self.report.left_out += 1;
            return None;
        }
        let finding = Finding {
            severity,
            code,
            location,
            message,
            hint: None,
            sqlstate: None,
        };
        self.findings.push((number, finding));
        self.findings.last_mut().map(|(_, finding)| finding)
    }

    /// Whether leaving out a finding of this severity would not hide that the check failed.
    fn has_error_if(&self, severity: Severity) -> bool {
        let is_error = |(_, finding): &(u64, Finding)| finding.severity == Severity::Error;
        severity != Severity::Error || self.findings.iter().any(is_error)
    }
}

/// The relation that CREATE TABLE, VIEW, MATERIALIZED VIEW or SEQUENCE makes.
fn made_relation(text: &str) -> Option<String> {
    let mut tokens = Tokens::new(text);
    if !tokens.eat("create") {
        return None;
    }
    skip_modifiers(&mut tokens);
    let kind = object_kind(&mut tokens)?;
    let relation = [
        "TABLE",
        "VIEW",
        "MATERIALIZED VIEW",
        "SEQUENCE",
        "FOREIGN TABLE",
    ];
    if !relation.contains(&kind.as_str()) {
        return None;
    }
    tokens.eat_all(&["if", "not", "exists"]);
    qualified(&mut tokens)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(script: &str) -> Report {
        offline(Source::from_reader(
            "s",
            std::io::Cursor::new(script.to_owned()),
        ))
        .unwrap()
    }

    fn findings(script: &str) -> Vec<String> {
        let line = |finding: &Finding| {
            format!(
                "{} {} {}: {}",
                finding.location,
                finding.code,
                finding.message,
                finding.hint.as_deref().unwrap_or("")
            )
        };
        check(script).findings.iter().map(line).collect()
    }

    #[test]
    fn a_good_script_passes() {
        let report =
            check("BEGIN;\n-- x\nCREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\n\\.\nCOMMIT;\n");
        assert!(report.passes());
        assert_eq!(
            (report.statements, report.valid, report.findings.len()),
            (4, 4, 0)
        );
    }

    #[test]
    fn findings_come_in_the_order_of_the_script() {
        insta::assert_snapshot!(
            findings("DROP TABLE a;\nCREAT TABLE b ();\nVACUUM;\nCOMMIT;\nSELECT 'x\n;").join("\n")
        );
    }

    #[test]
    fn an_empty_script_is_said_to_be_empty() {
        assert_eq!(
            findings("-- nothing\n;\n"),
            ["s:1:1 empty there is no statement in this script: "]
        );
        assert!(check("").passes());
    }

    #[test]
    fn effects_are_listed_without_what_the_script_makes_itself() {
        let report = check(
            "CREATE TABLE a (b int); ALTER TABLE a ADD c int; ALTER TABLE d DROP e; DROP TABLE IF EXISTS f;",
        );
        let destroyed: Vec<_> = report
            .destroys
            .iter()
            .map(|(_, gone)| gone.name.as_str())
            .collect();
        assert_eq!(destroyed, ["d.e", "f"]);
        let locked: Vec<_> = report
            .locks
            .iter()
            .map(|(_, lock)| lock.relation.as_str())
            .collect();
        assert_eq!(locked, ["d", "f"]);
    }

    #[test]
    fn many_findings_are_counted_and_an_error_is_never_left_out() {
        let report =
            check(&("DROP TABLE a;".repeat(1_500) + "SELEC 1;" + &"DROP TABLE a;".repeat(5)));
        assert_eq!((report.findings.len(), report.left_out), (1_001, 505));
        assert!(!report.passes());
    }
}
