//! House rules that a compiler does not know, each a test that names file, line and what to do instead.
//! Reads the source as text; `support::source` blanks out comments and literals first, so words
//! in them do not count.

use std::collections::BTreeSet;
use std::fs;

use crate::support::source::{self, root};

const LONGEST_FILE: usize = 800;

/// Which folders of `src/` a folder may import: the arrows of ARCHITECTURE.md. The first prefix that fits counts.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("catalog/", &[]),
    ("connect/", &[]),
    ("diff/", &["catalog"]),
    ("store/", &["catalog"]),
    ("render/", &["catalog"]),
    ("plan/", &["diff", "catalog"]),
    ("introspect/", &["catalog", "connect"]),
    ("apply/", &["connect", "plan", "introspect", "catalog"]),
    ("script/run", &["connect"]),
    ("script/online", &["connect"]),
    ("script/", &[]),
    (
        "procedure/",
        &[
            "catalog",
            "connect",
            "diff",
            "store",
            "render",
            "plan",
            "introspect",
            "apply",
            "script",
        ],
    ),
    (
        "cli/",
        &[
            "procedure",
            "catalog",
            "connect",
            "diff",
            "plan",
            "render",
            "script",
            "store",
        ],
    ),
];

/// Who may wait on something: the rest is pure and can be tested without a runtime.
const MAY_USE_TOKIO: &[&str] = &[
    "connect/",
    "introspect/",
    "apply/",
    "script/run",
    "script/online",
    "store/backend",
    "procedure/",
    "cli/",
];

/// Crates that would bring in libpq or a second TLS.
const FORBIDDEN_CRATES: &[&str] = &[
    "pq-sys",
    "libpq",
    "libpq-sys",
    "openssl",
    "openssl-sys",
    "native-tls",
    "aws-lc-sys",
    "aws-lc-rs",
];

#[test]
fn folders_import_only_what_the_architecture_allows() {
    let mut wrong = Vec::new();
    for file in source::files(&["src"]) {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(prefix, _)| file.is_under(prefix)) else {
            continue;
        };
        let own = file.folder();
        for (line, imported) in source::crate_paths(file.code()) {
            if imported != own && is_folder(imported) && !allowed.contains(&imported) {
                wrong.push(format!(
                    "{}:{line}: `{own}` must not use `crate::{imported}`; it may use: {allowed:?}",
                    file.path
                ));
            }
        }
    }
    report(
        &wrong,
        "move the code to where the arrow points, or pass the value in (ARCHITECTURE.md)",
    );
}

#[test]
fn the_wire_protocol_is_spoken_in_connect_only() {
    let mut wrong = Vec::new();
    for file in source::files(&["src"])
        .iter()
        .filter(|file| !file.is_under("connect/"))
    {
        wrong.extend(file.lines_with("snapback_proto"));
    }
    report(&wrong, "use `crate::connect`, which has all socket I/O");
}

#[test]
fn only_the_rooms_that_wait_use_tokio() {
    let mut wrong = Vec::new();
    for file in source::files(&["src", "proto/src"]) {
        if file.path.starts_with("proto")
            || !MAY_USE_TOKIO.iter().any(|prefix| file.is_under(prefix))
        {
            wrong.extend(file.lines_with("tokio"));
        }
    }
    report(
        &wrong,
        "keep it sans-IO: take bytes or values and return them",
    );
}

#[test]
fn the_stages_name_no_kind() {
    let kinds = kind_names();
    let mut wrong = Vec::new();
    for file in source::files(&["src/diff", "src/plan", "src/store", "src/render"]) {
        for (line, literal) in source::literals(file.text_before_tests()) {
            let first_words = |kind: &String| {
                literal
                    .strip_prefix(kind.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            };
            if kinds.iter().any(first_words) {
                wrong.push(format!("{}:{line}: \"{literal}\"", file.path));
            }
        }
    }
    report(
        &wrong,
        "say it as a constant or a method of `Kind`, in the kind's own file",
    );
}

#[test]
fn kinds_see_all_their_fields() {
    let mut wrong = Vec::new();
    for file in source::files(&["src/catalog"]) {
        let code = file.code_before_tests();
        for (at, _) in code.match_indices("..") {
            if code[at + 2..].trim_start().starts_with('}') && !code[..at].ends_with('.') {
                wrong.push(format!("{}:{}", file.path, source::line_of(code, at)));
            }
        }
    }
    report(
        &wrong,
        "name every field instead of `..`: a new field must not compile until encode, create and change have seen it",
    );
}

#[test]
fn files_are_of_a_size_to_be_read() {
    let mut wrong = Vec::new();
    for file in source::files(&["src", "proto", "tests", "benches", "fuzz"]) {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!(
                "{}: {lines} lines, at most {LONGEST_FILE}",
                file.path
            ));
        }
    }
    let lines = fs::read_to_string(root().join("src/main.rs"))
        .unwrap()
        .lines()
        .count();
    if lines >= 60 {
        wrong.push(format!("src/main.rs: {lines} lines, fewer than 60"));
    }
    report(&wrong, "split the file by what its parts are about");
}

#[test]
fn every_file_says_what_it_is() {
    let mut wrong = Vec::new();
    for file in source::files(&["src", "proto", "tests", "benches", "fuzz"]) {
        if !file.text.starts_with("//! ") {
            wrong.push(file.path.clone());
        }
    }
    report(
        &wrong,
        "open the file with `//!`: what it is, what it relies on, what it must not do",
    );
}

#[test]
fn nothing_is_left_for_later() {
    const MARKS: [&str; 6] = [
        "todo!",
        "unimplemented!",
        "#[ignore",
        "TODO",
        "FIXME",
        "XXX",
    ];
    let mut wrong = Vec::new();
    for file in source::files(&["src", "proto", "tests", "benches", "fuzz"]) {
        for mark in MARKS {
            wrong.extend(file.lines_with(mark));
        }
        let comments = file
            .text
            .lines()
            .zip(1..)
            .filter(|(line, _)| line.trim_start().starts_with("//"));
        for (line, number) in
            comments.filter(|(line, _)| ["TODO", "FIXME"].iter().any(|mark| line.contains(mark)))
        {
            wrong.push(format!("{}:{number}: {}", file.path, line.trim()));
        }
    }
    report(&wrong, "finish it, or leave it out and file an issue");
}

#[test]
fn programs_do_not_panic_on_purpose() {
    let mut wrong = Vec::new();
    for file in source::files(&["src", "proto/src"]) {
        for (line, text) in file
            .code_before_tests()
            .lines()
            .zip(1..)
            .map(|(text, line)| (line, text))
        {
            if [".unwrap()", ".expect(", "panic!(", "unreachable!("]
                .iter()
                .any(|call| text.contains(call))
            {
                wrong.push(format!("{}:{line}: {}", file.path, text.trim()));
            }
        }
    }
    report(
        &wrong,
        "return a typed error; what cannot happen is `Failure::bug`",
    );
}

#[test]
fn no_crate_brings_libpq_or_a_second_tls() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let wrong: Vec<_> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .filter(|name| FORBIDDEN_CRATES.contains(name))
        .map(|name| format!("Cargo.lock has {name}"))
        .collect();
    report(
        &wrong,
        "`cargo tree -i <crate>` says who asked for it; turn that feature off (rustls with ring is the only TLS)",
    );
}

#[test]
fn crates_come_from_the_registry_in_a_named_version() {
    let mut wrong = Vec::new();
    for manifest in ["Cargo.toml", "proto/Cargo.toml", "fuzz/Cargo.toml"] {
        let Ok(text) = fs::read_to_string(root().join(manifest)) else {
            continue;
        };
        for (line, number) in text.lines().zip(1..) {
            let bare = line.replace(' ', "");
            if bare.contains("git=\"") || bare.contains("=\"*\"") || bare.contains("registry=\"") {
                wrong.push(format!("{manifest}:{number}: {line}"));
            }
        }
    }
    report(&wrong, "use a released version from crates.io");
}

#[test]
fn every_kind_has_a_row_in_the_coverage_table() {
    let Some(rows) = coverage_rows() else { return };
    let kinds = kind_names();
    let wrong: Vec<_> = kinds
        .iter()
        .filter(|kind| !rows.contains(*kind))
        .map(|kind| format!("docs/COVERAGE.md has no row for the kind `{kind}`"))
        .collect();
    report(&wrong, "add a row whose first cell is the kind's NAME");
}

/// The first cells of all table rows of docs/COVERAGE.md, without backquotes.
fn coverage_rows() -> Option<BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/COVERAGE.md")).ok()?;
    let rows = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix('|')?.split('|').next())
        .map(|cell| cell.trim().trim_matches('`').to_owned())
        .collect();
    Some(rows)
}

/// The `NAME` of every `impl Kind` under `src/catalog`.
fn kind_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in source::files(&["src/catalog"]) {
        for line in file.text_before_tests().lines() {
            let declared = line.trim().strip_prefix("const NAME: &'static str = \"");
            names.extend(
                declared
                    .and_then(|rest| rest.split('"').next())
                    .map(str::to_owned),
            );
        }
    }
    names
}

fn report(wrong: &[String], instead: &str) {
    assert!(wrong.is_empty(), "\n{}\n=> {instead}\n", wrong.join("\n"));
}

fn is_folder(name: &str) -> bool {
    root().join("src").join(name).is_dir()
}
