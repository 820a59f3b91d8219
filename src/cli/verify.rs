//! `snapback verify`: is the store what was written?

use std::io::{self, Write};

use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::output::{Report, style};
use super::text;
use crate::procedure::failure::Failure;
use crate::store::{Fault, Store, VerifyReport};

/// Read all of the store and compare every hash; changes nothing
#[derive(Debug, clap::Args)]
pub struct Args {}

#[derive(Debug, Serialize)]
struct Verified {
    store: String,
    files: u64,
    bytes: u64,
    snapshots: u64,
    operations: u64,
    blobs: u64,
    faults: Vec<FaultReport>,
}

#[derive(Debug, Serialize)]
struct FaultReport {
    file: String,
    problem: String,
    expected: Option<String>,
    actual: Option<String>,
    breaks: Vec<String>,
}

/// Runs it.
pub fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let Args {} = args;
    let store = Store::open(&context.store())?;
    let VerifyReport {
        files,
        bytes,
        snapshots,
        operations,
        blobs,
        faults,
    } = store.verify()?;
    let faults = faults.into_iter().map(report).collect();
    let verified = Verified {
        store: store.place(),
        files,
        bytes,
        snapshots,
        operations,
        blobs,
        faults,
    };
    context.output.report(&verified)?;
    Ok(if verified.faults.is_empty() {
        Exit::Done
    } else {
        Exit::Damaged
    })
}

fn report(fault: Fault) -> FaultReport {
    let Fault {
        file,
        problem,
        expected,
        actual,
        breaks,
    } = fault;
    let hex = |hash: Option<crate::store::Hash>| hash.map(|hash| hash.to_hex());
    FaultReport {
        file,
        problem,
        expected: hex(expected),
        actual: hex(actual),
        breaks,
    }
}

/// How many of the things that a damaged file breaks are shown to people.
const SHOWN: usize = 10;

impl Report for Verified {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (bad, good) = (style::BAD, style::GOOD);
        for fault in &self.faults {
            writeln!(out, "{bad}{}{bad:#}: {}", fault.file, fault.problem)?;
            for (what, hash) in [("expected", &fault.expected), ("found", &fault.actual)] {
                if let Some(hash) = hash {
                    writeln!(out, "  {what:<8} {hash}")?;
                }
            }
            for broken in fault.breaks.iter().take(SHOWN) {
                writeln!(out, "  breaks   {broken}")?;
            }
            if let Some(more @ 1..) = fault.breaks.len().checked_sub(SHOWN) {
                writeln!(out, "  and {} more", text::grouped(more as u64))?;
            }
        }
        let read = format!(
            "{}, {}: {}, {}, {}",
            text::count(self.files, "file", "files"),
            text::size(self.bytes),
            text::count(self.snapshots, "snapshot", "snapshots"),
            text::count(self.operations, "operation", "operations"),
            text::count(self.blobs, "blob", "blobs"),
        );
        match self.faults.len() as u64 {
            0 => writeln!(out, "{good}whole{good:#} {read}"),
            count => writeln!(
                out,
                "{bad}damaged{bad:#} {read}; {}",
                text::count(count, "fault", "faults")
            ),
        }
    }
}
