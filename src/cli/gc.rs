//! `snapback gc`: takes out of the store what nothing needs.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::output::{Report, style};
use super::text;
use crate::procedure::failure::Failure;
use crate::store::{GcOptions, GcReport, Store, parse_age};

/// Find what nothing in the store needs, and with --yes delete it
///
/// Keeps every snapshot unless --expire is given, and then those with a label, those of operations, and the one that
/// each operation took before it began.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Delete; without it, only say what would be deleted
    #[arg(short, long)]
    pub yes: bool,
    /// Delete nothing younger than this
    #[arg(long, value_name = "AGE", default_value = "24h", value_parser = age)]
    pub grace: Duration,
    /// Also delete snapshots that are older than this and have no label
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub expire: Option<Duration>,
}

fn age(text: &str) -> Result<Duration, &'static str> {
    parse_age(text).ok_or("a length of time: 2h, 3d or 4w")
}

#[derive(Debug, Serialize)]
struct Collected {
    dry_run: bool,
    snapshots: Vec<String>,
    files: Vec<String>,
    packs_rewritten: u64,
    bytes_freed: u64,
    snapshots_kept: u64,
    busy: bool,
}

/// Runs it.
pub fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let &Args { yes, grace, expire } = args;
    let store = Store::open(&context.store())?;
    let options = GcOptions {
        now: Timestamp::now(),
        grace,
        dry_run: !yes,
        expire,
    };
    let GcReport {
        snapshots,
        files,
        rewritten,
        freed,
        kept,
        busy,
    } = store.gc(&options)?;
    let collected = Collected {
        dry_run: !yes,
        snapshots: snapshots.iter().map(ToString::to_string).collect(),
        files,
        packs_rewritten: rewritten,
        bytes_freed: freed,
        snapshots_kept: kept,
        busy,
    };
    context.output.report(&collected)?;
    if busy {
        context.output.warn(
            "another run writes to this store, so packs were left alone; try again when it is done",
        );
    }
    Ok(Exit::Done)
}

impl Report for Collected {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (verb, dim) = (
            if self.dry_run {
                "would delete"
            } else {
                "deleted"
            },
            style::DIM,
        );
        for snapshot in &self.snapshots {
            writeln!(
                out,
                "{verb} snapshot {}",
                snapshot.get(..12).unwrap_or_default()
            )?;
        }
        for file in &self.files {
            writeln!(out, "{verb} {dim}{file}{dim:#}")?;
        }
        let kept = text::count(self.snapshots_kept, "snapshot", "snapshots");
        if self.snapshots.is_empty() && self.files.is_empty() {
            return writeln!(out, "nothing to delete; {kept} kept");
        }
        let freed = text::size(self.bytes_freed);
        if self.dry_run {
            writeln!(
                out,
                "{freed} would be freed, {kept} kept; `snapback gc --yes` with the same flags does it"
            )
        } else {
            writeln!(out, "{freed} freed, {kept} kept")
        }
    }
}
