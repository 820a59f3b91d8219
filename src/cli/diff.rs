//! `snapback diff A [B]`: how two schemas differ, object by object and as SQL.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::context::Context;
use super::exit::Exit;
use super::host::Terminal;
use super::output::{Report, style};
use crate::catalog::database::Difference;
use crate::diff::{self, Count, Delta, Layout, Mask, Rename};
use crate::procedure::compare::{self, Place, Side, Sources};
use crate::procedure::failure::Failure;
use crate::store::Store;

/// Show how two schemas differ
///
/// A and B are snapshots, or `db` for the database as it is now.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The old side
    #[arg(value_name = "A")]
    pub old: String,
    /// The new side
    #[arg(value_name = "B", default_value = "db")]
    pub new: String,
    /// Exit with 1 when they differ
    #[arg(long)]
    pub exit_code: bool,
    /// What does not count
    #[command(flatten)]
    pub mask: MaskArgs,
}

/// Flags for what does not count in a comparison.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct MaskArgs {
    /// Leave out who owns what
    #[arg(long)]
    pub no_owner: bool,
    /// Leave out who may do what
    #[arg(long)]
    pub no_privileges: bool,
    /// Leave out comments
    #[arg(long)]
    pub no_comments: bool,
}

impl MaskArgs {
    /// As the library takes them.
    pub fn mask(self) -> Mask {
        Mask {
            owner: self.no_owner,
            privileges: self.no_privileges,
            comments: self.no_comments,
        }
    }
}

#[derive(Debug, Serialize)]
struct SideReport {
    given: String,
    described: String,
}

#[derive(Debug, Serialize)]
struct Sql {
    object: String,
    diff: String,
}

#[derive(Debug, Serialize)]
struct DiffReport {
    old: SideReport,
    new: SideReport,
    equal: bool,
    counts: BTreeMap<&'static str, Count>,
    changes: Vec<Delta>,
    layout: Vec<Layout>,
    renames: Vec<Rename>,
    sql: Vec<Sql>,
    beside: Vec<Difference>,
}

/// Runs it.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Failure> {
    let host = Terminal::new(context, "reading");
    let (old, new) = (Place::parse(&args.old)?, Place::parse(&args.new)?);
    let live = old == Place::Live || new == Place::Live;
    let config = if live || context.names_database() {
        Some(context.database()?)
    } else {
        None
    };
    let store = match (&old, &new) {
        (Place::Live, Place::Live) => None,
        _ => Some(Store::open(&context.store())?),
    };
    let sources = Sources {
        config: config.as_ref(),
        store: store.as_ref(),
        host: &host,
    };
    let (old, new) = sources.two(&old, &new).await?;
    let majors = [&old, &new].map(|side| side.catalog.version() / 10_000);
    if majors[0] != majors[1] {
        context.output.warn(format!(
            "the schemas are from servers of versions {} and {}, which may print the same expression differently",
            majors[0], majors[1]
        ));
    }
    let comparison = compare::compare(&old, &new, args.mask.mask());
    let counts = comparison.diff.counts();
    let report = DiffReport {
        equal: comparison.diff.is_empty(),
        counts: counts
            .into_iter()
            .map(|(kind, count)| (kind.label(), count))
            .collect(),
        old: side(&old),
        new: side(&new),
        changes: comparison.diff.deltas,
        layout: comparison.diff.layout,
        renames: comparison.diff.renames,
        sql: comparison
            .changes
            .into_iter()
            .map(|change| Sql {
                object: change.id.to_string(),
                diff: change.sql,
            })
            .collect(),
        beside: comparison.beside,
    };
    context.output.report(&report)?;
    Ok(if args.exit_code && !report.equal {
        Exit::Found
    } else {
        Exit::Done
    })
}

fn side(side: &Side) -> SideReport {
    SideReport {
        given: side.given.clone(),
        described: side.described.clone(),
    }
}

impl Report for DiffReport {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let (strong, warn) = (style::STRONG, style::WARN);
        let (old, new) = (&self.old, &self.new);
        writeln!(
            out,
            "{strong}{} ({}) and {} ({}){strong:#}",
            old.given, old.described, new.given, new.described
        )?;
        if self.equal {
            writeln!(out, "  no difference")?;
        }
        for delta in &self.changes {
            let style = match delta.change {
                diff::Change::Added => style::GOOD,
                diff::Change::Removed => style::BAD,
                diff::Change::Changed(_) => style::WARN,
            };
            writeln!(out, "{style}{delta}{style:#}")?;
        }
        for layout in &self.layout {
            writeln!(out, "{warn}{layout}{warn:#}")?;
        }
        for rename in &self.renames {
            writeln!(out, "{rename}")?;
        }
        for sql in &self.sql {
            writeln!(out)?;
            for line in sql.diff.lines() {
                paint(line, out)?;
            }
        }
        self.beside(out)
    }
}

impl DiffReport {
    /// What is outside the root.
    fn beside(&self, out: &mut dyn Write) -> io::Result<()> {
        let strong = style::STRONG;
        if !self.beside.is_empty() {
            writeln!(
                out,
                "{strong}besides the schema, of the database itself{strong:#}"
            )?;
        }
        for Difference { what, old, new, .. } in &self.beside {
            for (sign, value) in [("-", old), ("+", new)] {
                if let Some(value) = value {
                    paint(
                        &format!("{sign} {what}: {}", value.replace(['\n', '\r'], " ")),
                        out,
                    )?;
                }
            }
        }
        Ok(())
    }
}

fn paint(line: &str, out: &mut dyn Write) -> io::Result<()> {
    let style = match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => style::STRONG,
        [b'-', ..] => style::BAD,
        [b'+', ..] => style::GOOD,
        [b'@', ..] => style::HINT,
        _ => return writeln!(out, "{line}"),
    };
    writeln!(out, "{style}{line}{style:#}")
}
