//! `snapback check`: says what is wrong with scripts, without running any of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::Context;
use super::error::caret;
use super::exit::Exit;
use super::output::{self, style};
use super::text::count;
use crate::procedure::failure::{Failure, Place};
use crate::script::check::{self, Finding, Severity};
use crate::script::{Destroyed, Location, Lock, Source};

/// Check scripts without running them
///
/// Says whether each script splits into statements, whether their grammar is right, whether they fit into one
/// transaction, and what they would destroy and lock. Exit code 1 when a script has an error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scripts; - is standard input
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
}

/// See the module.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let checked: Vec<_> = args
        .scripts
        .iter()
        .map(|script| check_one(script))
        .collect::<Result<_, _>>()?;
    let passes = checked.iter().all(|script| script.report.passes());
    let scripts = checked.iter().map(Script::of).collect();
    context.output.report(&Report { passes, scripts })?;
    Ok(if passes { Exit::Done } else { Exit::Found })
}

struct Checked {
    file: String,
    report: check::Report,
}

fn check_one(script: &Path) -> Result<Checked, Failure> {
    let source = open(script)?;
    let report = check::offline(source)
        .map_err(|error| Failure::unreachable(format!("could not start the check: {error}")))?;
    Ok(Checked {
        file: script.display().to_string(),
        report,
    })
}

/// Opens a script that the user named; `-` is standard input.
pub(super) fn open(script: &Path) -> Result<Source, Failure> {
    if script == Path::new("-") {
        return Ok(Source::from_reader("-", io::stdin()));
    }
    Source::open(script).map_err(|error| Failure::usage(error.kind.to_string()))
}

/// The place of a script as failures show it.
pub(super) fn place(location: &Location) -> Place {
    Place {
        file: location.file.shown.clone(),
        line: location.place.line,
        column: location.place.column,
        source: location.line().unwrap_or_default(),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    passes: bool,
    scripts: Vec<Script<'a>>,
}

#[derive(Serialize)]
struct Script<'a> {
    file: &'a str,
    passes: bool,
    statements: u64,
    valid: u64,
    unknown: u64,
    broken: u64,
    findings: Vec<JsonFinding<'a>>,
    /// Findings beyond those listed.
    left_out: u64,
    destroys: Vec<JsonDestroyed<'a>>,
    locks: Vec<JsonLock<'a>>,
    #[serde(skip)]
    report: &'a check::Report,
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: u64,
    column: u64,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonDestroyed<'a> {
    kind: &'a str,
    name: &'a str,
    cascade: bool,
    if_exists: bool,
    #[serde(flatten)]
    place: JsonPlace<'a>,
}

#[derive(Serialize)]
struct JsonLock<'a> {
    mode: &'static str,
    relation: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
}

impl<'a> JsonPlace<'a> {
    fn of(location: &'a Location) -> Self {
        Self {
            file: &location.file.shown,
            line: location.place.line,
            column: location.place.column,
        }
    }
}

impl<'a> Script<'a> {
    fn of(checked: &'a Checked) -> Self {
        let Checked { file, report } = checked;
        let finding = |finding: &'a Finding| JsonFinding {
            severity: word(finding.severity),
            code: finding.code,
            message: &finding.message,
            place: JsonPlace::of(&finding.location),
            hint: finding.hint.as_deref(),
            sqlstate: finding.sqlstate.as_deref(),
        };
        let destroyed = |(at, destroyed): &'a (Location, Destroyed)| JsonDestroyed {
            kind: &destroyed.kind,
            name: &destroyed.name,
            cascade: destroyed.cascade,
            if_exists: destroyed.if_exists,
            place: JsonPlace::of(at),
        };
        let lock = |(at, lock): &'a (Location, Lock)| JsonLock {
            mode: lock.mode.name(),
            relation: &lock.relation,
            place: JsonPlace::of(at),
        };
        Self {
            file,
            passes: report.passes(),
            statements: report.statements,
            valid: report.valid,
            unknown: report.unknown,
            broken: report.broken,
            findings: report.findings.iter().map(finding).collect(),
            left_out: report.left_out,
            destroys: report.destroys.iter().map(destroyed).collect(),
            locks: report.locks.iter().map(lock).collect(),
            report,
        }
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

impl output::Report for Report<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.scripts.iter().try_for_each(|script| script.human(out))
    }
}

impl Script<'_> {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.report.findings {
            write_finding(finding, out)?;
        }
        if self.left_out > 0 {
            writeln!(
                out,
                "... and {} more\n",
                count(self.left_out, "finding", "findings")
            )?;
        }
        self.effects(out)?;
        let (style, verdict) = if self.passes {
            (style::GOOD, "ok")
        } else {
            (style::ERROR, "broken")
        };
        write!(
            out,
            "{style}{verdict}{style:#} {}: {}",
            self.file,
            count(self.statements, "statement", "statements")
        )?;
        if self.broken > 0 {
            write!(out, ", {} broken", self.broken)?;
        }
        if self.unknown > 0 {
            write!(out, ", {} cannot be judged without a server", self.unknown)?;
        }
        writeln!(out)
    }

    /// What the script does to what is there already.
    fn effects(&self, out: &mut dyn Write) -> io::Result<()> {
        let (bad, warn) = (style::BAD, style::WARN);
        for JsonDestroyed {
            kind,
            name,
            cascade,
            if_exists: _,
            place,
        } in &self.destroys
        {
            let more = if *cascade {
                " and what depends on it"
            } else {
                ""
            };
            writeln!(
                out,
                "{bad}destroys{bad:#} {kind} {name}{more} (line {})",
                place.line
            )?;
        }
        for JsonLock {
            mode,
            relation,
            place,
        } in &self.locks
        {
            writeln!(
                out,
                "{warn}locks{warn:#} {relation} in {mode} mode (line {})",
                place.line
            )?;
        }
        if !self.destroys.is_empty() || !self.locks.is_empty() {
            writeln!(out)?;
        }
        Ok(())
    }
}

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let style = match finding.severity {
        Severity::Error => style::ERROR,
        Severity::Warning => style::WARN,
        Severity::Note => style::DIM,
    };
    writeln!(
        out,
        "{style}{}:{style:#} {}",
        word(finding.severity),
        finding.message
    )?;
    caret(&place(&finding.location), out)?;
    if let Some(sqlstate) = &finding.sqlstate {
        writeln!(out, "  SQLSTATE {sqlstate}")?;
    }
    if let Some(hint) = &finding.hint {
        let style = style::HINT;
        writeln!(out, "{style}=>{style:#} {hint}")?;
    }
    writeln!(out)
}
