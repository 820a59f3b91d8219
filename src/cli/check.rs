//! `snapback check`: says what is wrong with scripts, without running any of them.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::Context;
use super::error::caret;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{self, Output, style};
use super::text::count;
use crate::procedure::failure::{Failure, Place};
use crate::procedure::session;
use crate::script::check::{self, Finding, Severity};
use crate::script::run::{interruptible, prepare};
use crate::script::{self, Destroyed, Location, Lock, Source};

/// Check scripts without running them
///
/// Says whether each script splits into statements, whether their grammar is right, whether they fit into one
/// transaction, and what they would destroy and lock. With a database its server judges the grammar, which is the
/// authority; without one, or with --offline, the parsers in this program. Exit code 1 when a script has an error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scripts; - is standard input
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
    /// Ask no server, even if there is one
    #[arg(long)]
    offline: bool,
}

/// Judges one script by the server's grammar: what `rollback --mode preflight` has to say of a script.
pub(super) async fn one(script: &Path, context: &Context) -> Result<Exit, Failure> {
    let args = Args {
        scripts: vec![script.to_owned()],
        offline: false,
    };
    run(args, context).await
}

/// See the module.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let checked = if context.names_database() && !args.offline {
        online(&args.scripts, context).await?
    } else {
        offline(&args.scripts, context)?
    };
    if context.interrupt.requested() {
        return Err(Failure::interrupted());
    }
    let passes = checked.iter().all(|script| script.report.passes());
    let scripts = checked.iter().map(Script::of).collect();
    context.output.report(&Report { passes, scripts })?;
    Ok(if passes { Exit::Done } else { Exit::Found })
}

struct Checked {
    file: String,
    /// Whether a server judged it.
    online: bool,
    report: check::Report,
}

fn offline(scripts: &[PathBuf], context: &Context) -> Result<Vec<Checked>, Failure> {
    let check = |script: &PathBuf| {
        let report = check::offline(open(script, context)?)
            .map_err(|error| Failure::unreachable(format!("could not start the check: {error}")))?;
        Ok(Checked {
            file: script.display().to_string(),
            online: false,
            report,
        })
    };
    scripts.iter().map(check).collect()
}

async fn online(scripts: &[PathBuf], context: &Context) -> Result<Vec<Checked>, Failure> {
    // All of them, so that a wrong name is known before anything is asked.
    let sources = scripts
        .iter()
        .map(|script| open(script, context))
        .collect::<Result<Vec<_>, _>>()?;
    let config = context.database()?;
    let mut connection = session::connect(&config, &Terminal::new(context, "checking")).await?;
    let mut checked = Vec::new();
    for (script, source) in scripts.iter().zip(sources) {
        let source = prepare(source, &connection, config.dbname(), config.user());
        let report = tokio::select! {
            report = script::online(&mut connection, source) => report?,
            () = context.interrupt.wait() => return Err(Failure::interrupted()),
        };
        checked.push(Checked {
            file: script.display().to_string(),
            online: true,
            report,
        });
    }
    Ok(checked)
}

/// Opens a script that the user named; `-` is standard input.
fn open(script: &Path, context: &Context) -> Result<Source, Failure> {
    if script == Path::new("-") {
        say_when_it_is_typed(script, &context.output);
        let input = interruptible(io::stdin(), &context.interrupt);
        return Ok(Source::from_reader("-", input));
    }
    Source::open(script).map_err(|error| Failure::usage(error.kind.to_string()))
}

/// A script that is typed at a terminal ends when the user says so.
pub(super) fn say_when_it_is_typed(script: &Path, output: &Output) {
    if script == Path::new("-") && io::stdin().is_terminal() {
        output.note("reading the script from the terminal: end it with Ctrl-D");
    }
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
    /// Whether a server judged the grammar.
    online: bool,
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
        let Checked {
            file,
            online,
            report,
        } = checked;
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
            online: *online,
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
            let when = if self.online {
                "before it runs"
            } else {
                "without a server"
            };
            write!(out, ", {} cannot be judged {when}", self.unknown)?;
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
