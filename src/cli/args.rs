//! The arguments of the program: the flags that every verb takes, and the list of verbs. A verb's own flags
//! are in its file.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand};

use super::output::{Color, Format, Talk};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "snapback",
    version,
    about = "Undo for Postgres, proven before it commits",
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What every verb takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
#[allow(clippy::doc_markdown, reason = "the help is plain text")]
pub struct Globals {
    /// The database: a URL or keywords, as for psql
    ///
    /// Without it: the URL of --env, else DATABASE_URL, else the PG* variables. The password may be in any of
    /// them, in ~/.pgpass, or is asked for.
    #[arg(short, long, global = true, value_name = "URL|KEYWORDS")]
    pub database_url: Option<String>,

    /// An environment of snapback.toml: its database and its rules
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,

    /// The folder where snapshots are kept [default: SNAPBACK_STORE, else .snapback]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub store: Option<PathBuf>,

    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,

    /// When to use colors
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,

    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet")]
    pub verbose: bool,
}

impl Globals {
    /// How much to say.
    pub fn talk(&self) -> Talk {
        match (self.quiet, self.verbose) {
            (true, _) => Talk::Quiet,
            (false, true) => Talk::Verbose,
            (false, false) => Talk::Normal,
        }
    }
}

/// What can be done, in the order of a day's work.
#[allow(missing_docs, reason = "the help of a verb is that of its `Args`")]
#[derive(Debug, Subcommand)]
pub enum Verb {
    Snapshot(super::snapshot::Args),
    Show(super::show::Args),
    Diff(super::diff::Args),
    Log(super::log::Args),
    Plan(super::plan::Args),
    Rollback(super::rollback::Args),
    Restore(super::restore::Args),
    Run(super::run::Args),
    Check(super::check::Args),
    Tag(super::tag::Args),
    Verify(super::verify::Args),
    Gc(super::gc::Args),
}

/// A duration with a unit, as Postgres writes them: `500ms`, `3s`, `2min`, `1h`.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    const WANTED: &str = "a number and a unit: 500ms, 3s, 2min or 1h";
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or(WANTED)?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| WANTED)?;
    let millis = match unit.trim_start() {
        "ms" => 1,
        "s" => 1000,
        "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return Err(WANTED),
    };
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or(WANTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration(" 3 s "), Ok(Duration::from_secs(3)));
        assert_eq!(duration("2min"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("1h"), Ok(Duration::from_hours(1)));
        for wrong in [
            "",
            "3",
            "s",
            "-1s",
            "1.5s",
            "3m",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
