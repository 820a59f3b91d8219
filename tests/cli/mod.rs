//! The program as a process: what all verbs share, such as help, exit codes and bad arguments.

mod check;
mod diff;
mod log;
mod prompt;
mod run;
mod store;

use std::process::Command;

use crate::support::cli::{Snapback, filters};

#[test]
fn the_version_is_one_line() {
    let ran = Snapback::new().args(["--version"]).run().exits(0);
    assert_eq!(
        ran.stdout,
        format!("snapback {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_help_names_the_verbs_and_the_global_options() {
    let ran = Snapback::new().args(["--help"]).run();
    insta::with_settings!({ filters => filters() }, { insta::assert_snapshot!("help", ran) });
}

#[test]
fn bad_arguments_are_exit_code_2() {
    for arguments in [
        &[][..],
        &["no-such-verb"],
        &["--no-such-flag"],
        &["--format", "xml"],
        &["-q", "-v"],
    ] {
        let ran = Snapback::new().args(arguments).run().exits(2);
        assert!(
            ran.stdout.is_empty() && ran.stderr.contains("--help"),
            "{ran}"
        );
    }
}

#[test]
fn a_bug_ends_with_70_and_says_nothing_it_should_not() {
    const CHILD: &str = "SNAPBACK_TEST_PANICS";
    if let Ok(secret) = std::env::var(CHILD) {
        snapback::cli::panic::install();
        panic!("the password is {secret}");
    }
    let test = "cli::a_bug_ends_with_70_and_says_nothing_it_should_not";
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "hunter2")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(70));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("a bug in Snapback") && stderr.contains("mod.rs:"),
        "{stderr}"
    );
    assert!(!stderr.contains("hunter2"), "{stderr}");
}
