//! `snapback plan REF`: the way to a snapshot, without going it.

use std::io::{self, Write};

use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Report, style};
use super::text;
use crate::catalog::Step;
use crate::plan::Hazard;
use crate::procedure::failure::Failure;
use crate::procedure::rollback::{self, Preview, Target};
use crate::procedure::session;
use crate::store::Store;

/// Print the steps that would bring the database to a snapshot, and what they may cost; runs nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A snapshot
    pub target: String,
    /// Print a script that can be run
    #[arg(long)]
    pub sql: bool,
    /// What does not count
    #[command(flatten)]
    pub mask: super::diff::MaskArgs,
}

#[derive(Debug, Serialize)]
struct StepReport {
    object: String,
    sql: String,
    lock: &'static str,
    rewrites: bool,
    scans: bool,
}

#[derive(Debug, Serialize)]
struct PlanReport {
    target: String,
    database: String,
    root: String,
    steps: Vec<StepReport>,
    hazards: Vec<Hazard>,
    layout_differs: Vec<String>,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "reading");
    let store = Store::open(&context.store())?;
    let mut connection = session::connect(&context.database()?, &host).await?;
    let mut target = Target::find(&mut connection, &store, &args.target).await?;
    target.mask = args.mask.mask();
    let preview = rollback::preview(&mut connection, &target, &host).await?;
    if args.sql {
        let heading = format!(
            "From {} to {} ({}).",
            preview.present.database.name,
            target.given,
            target.id.short()
        );
        let script = preview.script(&heading);
        context
            .output
            .results(|out| out.write_all(script.as_bytes()))?;
        return Ok(Exit::Done);
    }
    show(&preview, &target, context)
}

/// Prints a plan.
pub(super) fn show(preview: &Preview, target: &Target, context: &Context) -> Result<Exit, Failure> {
    let layout = preview
        .plan
        .diff
        .layout
        .iter()
        .map(|layout| layout.id.to_string());
    context.output.report(&PlanReport {
        target: target.given.clone(),
        database: preview.present.database.name.clone(),
        root: target.manifest.root.to_string(),
        steps: preview.plan.steps.iter().map(step).collect(),
        hazards: preview.plan.hazards.clone(),
        layout_differs: layout.collect(),
    })?;
    Ok(Exit::Done)
}

fn step(step: &Step) -> StepReport {
    StepReport {
        object: step.subject.to_string(),
        sql: step.sql.clone(),
        lock: step.lock.name(),
        rewrites: step.rewrites,
        scans: step.scans,
    }
}

impl Report for PlanReport {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (strong, warn) = (style::STRONG, style::WARN);
        if self.steps.is_empty() {
            return writeln!(
                out,
                "{} is at {} already: nothing to do",
                self.database, self.target
            );
        }
        let steps = text::count(self.steps.len() as u64, "step", "steps");
        writeln!(
            out,
            "{strong}{} to {}{strong:#}: {steps}",
            self.database, self.target
        )?;
        for step in &self.steps {
            writeln!(out, "  {};", step.sql.replace('\n', "\n  "))?;
        }
        for hazard in &self.hazards {
            writeln!(out, "{warn}{}{warn:#} {}", hazard.code, hazard.text)?;
        }
        for table in &self.layout_differs {
            writeln!(
                out,
                "layout {table}: its columns will stand in another order"
            )?;
        }
        Ok(())
    }
}
