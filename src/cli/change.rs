//! What `rollback` and `restore` share: their flags, and the report of a change.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::args::duration;
use super::context::Context;
use super::output::{Report, style};
use super::text;
use crate::apply::Settings;
use crate::plan::Allow;
use crate::procedure::failure::Failure;
use crate::procedure::rollback::{Options, Target};
use crate::procedure::transaction::Done;
use crate::store::{Resolved, Store};

/// Flags of every verb that changes a database by a plan.
#[derive(Clone, Debug, clap::Args)]
pub struct ChangeArgs {
    /// Do all of it and end with ROLLBACK: nothing is changed, and everything is known
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for a lock
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub lock_timeout: Duration,
    /// How long a statement may take
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub statement_timeout: Option<Duration>,
    /// How often to try when a lock is not to be had
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub tries: u32,
}

impl ChangeArgs {
    /// As the procedure takes them.
    pub fn options(&self) -> Options {
        Options {
            dry_run: self.dry_run,
            settings: Settings {
                lock_timeout: self.lock_timeout,
                statement_timeout: self.statement_timeout,
            },
            tries: self.tries,
            ..Options::default()
        }
    }
}

/// `--allow CODE[:ID]`.
pub fn allow(text: &str) -> Result<Allow, String> {
    text.parse()
        .map_err(|error: crate::plan::hazard::UnknownHazard| error.to_string())
}

/// A snapshot by the name that a user gave it, as far as no database is needed for it.
pub fn target(store: &Store, resolved: &Resolved, given: &str) -> Result<Target, Failure> {
    Target::load(store, given, resolved.id)
}

#[derive(Debug, Serialize)]
struct Step {
    object: String,
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
    proven: bool,
    steps: Vec<Step>,
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
    pub fn new(
        verb: &'static str,
        target: &Target,
        database: &str,
        done: &Done,
        context: &Context,
    ) -> Self {
        let rows = |object: String, rows| Rows { object, rows };
        let steps = done.steps.iter().map(|(step, time)| Step {
            object: step.subject.to_string(),
            sql: step.sql.clone(),
            microseconds: *time,
        });
        Self {
            verb,
            target: target.given.clone(),
            database: database.to_owned(),
            changed: !done.dry_run,
            dry_run: done.dry_run,
            operation: (!done.dry_run).then(|| done.operation.to_string()),
            root_before: Some(done.root_before.to_string()),
            root: done.root.to_string(),
            proven: true,
            steps: steps.collect(),
            saved: done
                .saved
                .iter()
                .map(|saved| rows(saved.object.clone(), saved.count))
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
            attention: done.attention.clone(),
            undo: (!done.dry_run)
                .then(|| context.command(&format!("rollback before/{}", done.operation))),
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
            proven: true,
            steps: Vec::new(),
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

impl Report for Changed {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (strong, good, warn, hint) = (style::STRONG, style::GOOD, style::WARN, style::HINT);
        if self.steps.is_empty() {
            return writeln!(
                out,
                "{} is at {} already: nothing to do",
                self.database, self.target
            );
        }
        for step in &self.steps {
            writeln!(out, "  {}", step.sql.replace('\n', "\n  "))?;
        }
        let steps = text::count(self.steps.len() as u64, "step", "steps");
        let time = text::duration(Duration::from_millis(self.milliseconds));
        if self.dry_run {
            writeln!(
                out,
                "{strong}dry run{strong:#}: {steps} in {time}, proven, then rolled back: nothing was changed"
            )?;
            for lock in &self.locks {
                writeln!(out, "  lock    {lock}")?;
            }
        } else {
            writeln!(
                out,
                "{good}{} of {} to {}{good:#}: {steps} in {time}",
                self.verb, self.database, self.target
            )?;
        }
        writeln!(out, "  proven  root {} is the target's", short(&self.root))?;
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
                "  filled  {} into {} from the store",
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

/// The first 12 hex digits.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
