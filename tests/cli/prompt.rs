//! Questions at a terminal, and what happens where there is none. The test runs itself as the program that asks.

use std::process::{Command, Stdio};

use snapback::cli::output::{Color, Format, Output, Talk};
use snapback::cli::prompt;
use snapback::connect::Interrupt;
use snapback::procedure::failure::Failure;

use crate::support::cli::at_terminal;

const CHILD: &str = "SNAPBACK_TEST_ASKS";

/// In the child process: asks, says the outcome, and ends with the exit code it would have.
fn ask(question: impl FnOnce(&Output) -> Result<String, Failure>) -> ! {
    let output = Output::new(Format::Human, Color::Never, Talk::Normal);
    let code = match question(&output) {
        Ok(answer) => {
            output.note(format!("answer: {answer}"));
            0
        }
        Err(failure) => {
            snapback::cli::error::print(&failure, &output);
            failure.kind.exit_code()
        }
    };
    #[allow(clippy::exit, reason = "this is the child process")]
    std::process::exit(i32::from(code))
}

fn this_test(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("cli::prompt::{name}"), "--nocapture"])
        .env(CHILD, "1");
    command
}

#[test]
fn consent_is_the_very_word() {
    if std::env::var_os(CHILD).is_some() {
        ask(|output| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let interrupt = Interrupt::never();
            let typed = prompt::typed(
                output,
                &interrupt,
                "This will change 3 tables.",
                "ROLLBACK",
                "--yes",
            );
            runtime.block_on(typed).map(|()| "consent".to_owned())
        });
    }
    let command = this_test("consent_is_the_very_word");
    let ran = at_terminal(&command, "ROLLBACK\n").exits(0);
    assert!(
        ran.stdout
            .contains("This will change 3 tables.\nType ROLLBACK to go on: "),
        "{ran}"
    );
    for wrong in ["rollback\n", "yes\n", "\n", ""] {
        let ran = at_terminal(&command, wrong).exits(3);
        assert!(ran.stdout.contains("Nothing was changed."), "{ran}");
    }

    let mut without_terminal = command;
    let output = without_terminal.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!(stderr, @r"
    error: not confirmed: there is no terminal to ask at

    Nothing was changed.
    => confirm it with --yes
    ");
}

#[test]
fn a_password_is_asked_for_at_a_terminal_only() {
    if std::env::var_os(CHILD).is_some() {
        ask(|_| {
            let password = prompt::password("ada")?;
            Ok(password.map_or("none".to_owned(), |password| {
                format!("{} bytes", password.expose().len())
            }))
        });
    }
    let command = this_test("a_password_is_asked_for_at_a_terminal_only");
    let ran = at_terminal(&command, "sécret\n").exits(0);
    assert!(ran.stdout.contains("Password for user ada: "), "{ran}");
    assert!(ran.stdout.contains("answer: 7 bytes"), "{ran}");

    let mut without_terminal = command;
    let output = without_terminal.stdin(Stdio::null()).output().unwrap();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("answer: none")
    );
}

#[test]
fn a_script_that_is_typed_is_asked_for() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snapback"));
    command.args(["check", "--offline", "-"]);
    let ran = at_terminal(&command, "SELECT 1;\n\u{4}").exits(0);
    assert!(ran.stdout.contains("end it with Ctrl-D"), "{ran}");
}
