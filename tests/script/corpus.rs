//! The corpus of scripts: how each splits, and how each bad one is refused.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use snapback::script::{Item, Report, Source, classify, offline};

use crate::support::others;
use crate::support::source::root;

/// The scripts in `corpus/script/<kind>`, by name.
pub(super) fn files(kind: &str) -> Vec<PathBuf> {
    let folder = root().join("corpus/script").join(kind);
    let entries = fs::read_dir(&folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut scripts: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "sql"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no scripts in {}", folder.display());
    scripts
}

/// Real schemas that we refuse, and why.
const REFUSED: [(&str, &str); 2] = [
    ("adventureworks.sql", "the script says that it is in latin1"),
    (
        "bareos.sql",
        "this BEGIN does not stand at the start of the script",
    ),
];

/// Schemas of real applications, which are not ours to copy; none where they are not at hand. Those that we refuse
/// are left out.
pub(super) fn real_schemas() -> Vec<PathBuf> {
    let mut scripts = others::schemas();
    scripts.retain(|path| !REFUSED.iter().any(|(name, _)| path.ends_with(name)));
    scripts
}

#[test]
fn real_schemas_that_we_refuse_are_refused_for_the_known_reason() {
    for path in others::schemas() {
        let Some((_, reason)) = REFUSED.iter().find(|(name, _)| path.ends_with(name)) else {
            continue;
        };
        let report = offline(Source::open(&path).unwrap()).unwrap();
        assert!(findings(&report).contains(reason), "{}", findings(&report));
    }
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The pieces of a script, a line each.
fn pieces(path: &Path) -> String {
    let mut source = Source::open(path).unwrap();
    let (mut shown, mut data) = (String::new(), 0);
    loop {
        match source.next() {
            Ok(Some(Item::Statement { statement, .. })) => {
                let span = statement.span;
                let command = classify(statement.text).command;
                let text: String = statement.text.chars().take(60).collect();
                writeln!(shown, "{} to {} {command}: {text:?}", span.start, span.end).unwrap();
            }
            Ok(Some(Item::CopyData(bytes))) => data += bytes.len(),
            Ok(Some(Item::CopyEnd)) => {
                writeln!(shown, "{data} bytes of data").unwrap();
                data = 0;
            }
            Ok(Some(Item::Echo(echo))) => writeln!(shown, "echo {:?}", echo.text).unwrap(),
            Ok(None) => return shown,
            Err(error) => {
                writeln!(shown, "error at {}: {}", error.location.place, error.kind).unwrap();
                return shown;
            }
        }
    }
}

fn findings(report: &Report) -> String {
    let mut shown = String::new();
    for finding in &report.findings {
        let hint = finding
            .hint
            .as_deref()
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        let (place, code) = (finding.location.place, finding.code);
        writeln!(
            shown,
            "{:?} {code} at {place}: {}{hint}",
            finding.severity, finding.message
        )
        .unwrap();
    }
    shown
}

#[test]
fn good_scripts_split_as_recorded_and_pass() {
    for path in files("ok") {
        let report = offline(Source::open(&path).unwrap()).unwrap();
        assert!(report.passes(), "{}: {}", path.display(), findings(&report));
        insta::with_settings!({snapshot_path => "../snapshots/script", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("ok-{}", name(&path)), pieces(&path));
        });
    }
}

#[test]
fn bad_scripts_are_refused_as_recorded() {
    for path in files("err") {
        let report = offline(Source::open(&path).unwrap()).unwrap();
        assert!(!report.passes(), "{} passes", path.display());
        let shown = findings(&report).replace(path.parent().unwrap().to_str().unwrap(), "F");
        insta::with_settings!({snapshot_path => "../snapshots/script", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("err-{}", name(&path)), shown);
        });
    }
}
