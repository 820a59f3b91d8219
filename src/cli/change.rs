//! What `rollback` and `restore` share: their flags, and the report of a change.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::args::duration;
use super::context::Context;
use super::diff::MaskArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::output::{Report, style};
use super::text;
use crate::catalog::Id;
use crate::catalog::id::as_text;
use crate::diff::{Change, Diff};
use crate::plan::Allow;
use crate::procedure::Settings;
use crate::procedure::failure::{Failure, FailureKind};
use crate::procedure::rollback::{Options, Target};
use crate::procedure::transaction::Done;

/// Flags of every verb that changes a database by a plan.
#[derive(Clone, Debug, clap::Args)]
pub struct ChangeArgs {
    /// Do all of it and end with ROLLBACK: nothing is changed, and everything is known
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for a lock [default: that of --env, else 5s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub lock_timeout: Option<Duration>,
    /// How long a statement may take
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub statement_timeout: Option<Duration>,
    /// How often to try when a lock is not to be had
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub tries: u32,
    /// What does not count
    #[command(flatten)]
    pub mask: MaskArgs,
}

impl ChangeArgs {
    /// As the procedure takes them.
    pub fn options(&self, environment: &Environment) -> Options {
        let lock_timeout = self.lock_timeout.or(environment.lock_timeout);
        Options {
            dry_run: self.dry_run,
            settings: Settings {
                lock_timeout: lock_timeout.unwrap_or(Settings::default().lock_timeout),
                statement_timeout: self.statement_timeout,
            },
            tries: self.tries,
            mask: self.mask.mask(),
            ..Options::default()
        }
    }
}

/// `--allow CODE[:ID]`.
pub fn allow(text: &str) -> Result<Allow, String> {
    text.parse()
        .map_err(|error: crate::plan::hazard::UnknownHazard| error.to_string())
}

#[derive(Debug, Serialize)]
struct Step {
    #[serde(serialize_with = "as_text")]
    object: Id,
    sql: String,
    microseconds: u64,
}

#[derive(Debug, Serialize)]
struct Rows {
    object: String,
    rows: u64,
}

/// What a change came to.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_field_names, reason = "the names of the JSON fields")]
pub struct Changed {
    #[serde(skip)]
    verb: &'static str,
    target: String,
    database: String,
    changed: bool,
    dry_run: bool,
    operation: Option<String>,
    root_before: Option<String>,
    root: String,
    proof: String,
    statements: u64,
    steps: Vec<Step>,
    effect: Diff,
    saved: Vec<Rows>,
    filled: Vec<Rows>,
    layout_differs: Vec<String>,
    locks: Vec<String>,
    milliseconds: u64,
    attention: Vec<String>,
    undo: Option<String>,
}

impl Changed {
    /// The report of a change that ran, or would have.
    pub fn new(verb: &'static str, given: &str, done: Done, context: &Context) -> Self {
        let rows = |object: String, rows| Rows { object, rows };
        let undo = (!done.dry_run).then(|| context.command(&undo(&done)));
        let steps = done.steps.into_iter().map(|(step, microseconds)| Step {
            object: step.subject,
            sql: step.sql,
            microseconds,
        });
        Self {
            verb,
            target: given.to_owned(),
            database: done.database,
            changed: !done.dry_run,
            dry_run: done.dry_run,
            operation: (!done.dry_run).then(|| done.operation.to_string()),
            root_before: Some(done.root_before.to_string()),
            root: done.root.to_string(),
            proof: done.proof,
            statements: done.statements,
            steps: steps.collect(),
            effect: done.effect,
            saved: done
                .saved
                .into_iter()
                .map(|saved| rows(saved.object, saved.count))
                .collect(),
            filled: done
                .filled
                .iter()
                .map(|(id, count)| rows(id.to_string(), *count))
                .collect(),
            layout_differs: done
                .layout
                .iter()
                .map(|layout| layout.id.to_string())
                .collect(),
            locks: done
                .locks
                .iter()
                .map(|(relation, mode)| format!("{relation} {mode}"))
                .collect(),
            milliseconds: done.milliseconds,
            attention: done.attention,
            undo,
        }
    }

    /// The report when there was nothing to do.
    pub fn nothing(verb: &'static str, target: &Target, database: &str) -> Self {
        Self {
            verb,
            target: target.given.clone(),
            database: database.to_owned(),
            changed: false,
            dry_run: false,
            operation: None,
            root_before: None,
            root: target.manifest.root.to_string(),
            proof: "root".to_owned(),
            statements: 0,
            steps: Vec::new(),
            effect: Diff::default(),
            saved: Vec::new(),
            filled: Vec::new(),
            layout_differs: Vec::new(),
            locks: Vec::new(),
            milliseconds: 0,
            attention: Vec::new(),
            undo: None,
        }
    }
}

/// The command that takes a change back. What it added goes with it, and that is a loss of its own that needs leave.
fn undo(done: &Done) -> String {
    let loses = done
        .effect
        .deltas
        .iter()
        .any(|delta| delta.change == Change::Added && delta.id.kind.holds_data());
    let allow = if loses { " --allow data-loss" } else { "" };
    format!("rollback before/{}{allow}", done.operation)
}

/// Prints the report of a change. Exit code 5 when it is committed and something after it failed.
pub fn report(
    verb: &'static str,
    given: &str,
    done: Done,
    context: &Context,
) -> Result<Exit, Failure> {
    let complete = done.dry_run || done.after.is_some();
    context
        .output
        .report(&Changed::new(verb, given, done, context))?;
    if complete {
        return Ok(Exit::Done);
    }
    Err(Failure::new(
        FailureKind::CommittedThenFailed,
        "the change is committed, but not all of it is on record",
    )
    .state("The change is committed and proven."))
}

/// Longer lists are for `--format json`.
const SHOWN: usize = 40;

impl Report for Changed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (strong, good, warn, hint) = (style::STRONG, style::GOOD, style::WARN, style::HINT);
        if self.statements == 0 {
            return writeln!(
                out,
                "{} is at {} already: nothing to do",
                self.database, self.target
            );
        }
        self.changes(out)?;
        let statements = text::count(self.statements, "statement", "statements");
        let time = text::duration(Duration::from_millis(self.milliseconds));
        if self.dry_run {
            writeln!(
                out,
                "{strong}dry run{strong:#}: {statements} in {time}, proven, then rolled back: nothing was changed"
            )?;
            for lock in &self.locks {
                writeln!(out, "  lock    {lock}")?;
            }
        } else {
            writeln!(
                out,
                "{good}{}{good:#} of {} to {}: {statements} in {time}, committed",
                self.verb, self.database, self.target
            )?;
        }
        match self.proof.as_str() {
            "root" => writeln!(out, "  proven  root {} is the target's", short(&self.root))?,
            masked if masked.starts_with("root") => {
                writeln!(out, "  proven  {masked} is the target's")?;
            }
            proof => writeln!(out, "  proven  {proof}; root {}", short(&self.root))?,
        }
        for rows in &self.saved {
            writeln!(
                out,
                "  saved   {} of {}",
                text::count(rows.rows, "row", "rows"),
                rows.object
            )?;
        }
        for rows in &self.filled {
            writeln!(
                out,
                "  filled  {} of {} from the store",
                text::count(rows.rows, "row", "rows"),
                rows.object
            )?;
        }
        for table in &self.layout_differs {
            writeln!(
                out,
                "  layout  {table}: a column that came back stands at the end"
            )?;
        }
        for words in &self.attention {
            writeln!(out, "{warn}attention:{warn:#} {words}")?;
        }
        match &self.undo {
            Some(undo) => writeln!(out, "take it back: {hint}{undo}{hint:#}"),
            None => Ok(()),
        }
    }
}

impl Changed {
    /// The steps of a short plan, or what a script changed.
    fn changes(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.steps.is_empty() {
            for delta in self.effect.deltas.iter().take(SHOWN) {
                writeln!(out, "  {delta}")?;
            }
            return more(out, self.effect.deltas.len());
        }
        for step in self.steps.iter().take(SHOWN) {
            writeln!(out, "  {};", step.sql.replace('\n', "\n  "))?;
        }
        more(out, self.steps.len())
    }
}

fn more(out: &mut dyn Write, length: usize) -> io::Result<()> {
    match length.checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(rest) => writeln!(
            out,
            "  .. and {} more (--format json has all)",
            text::grouped(rest as u64)
        ),
    }
}

/// The first 12 hex digits.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
