//! Questions to the person at the terminal. Where there is no terminal nothing is asked: consent is refused
//! (exit 3) with the flag that gives it.

use std::io::{self, IsTerminal};

use tokio::sync::oneshot;

use super::output::{Output, style};
use crate::connect::{Interrupt, Password};
use crate::procedure::failure::{Failure, FailureKind};

/// Asks to type `word` exactly, such as `ROLLBACK` or an object's name, after `question` has been shown.
/// `flag` is what says the same without a terminal, such as `--yes`.
pub async fn typed(
    output: &Output,
    interrupt: &Interrupt,
    question: &str,
    word: &str,
    flag: &str,
) -> Result<(), Failure> {
    if !is_possible() {
        return Err(
            Failure::refused("not confirmed: there is no terminal to ask at")
                .state("Nothing was changed.")
                .next(format!("confirm it with {flag}")),
        );
    }
    let strong = style::STRONG;
    output.say(|out| write!(out, "{question}\nType {strong}{word}{strong:#} to go on: "));
    let answer = tokio::select! {
        answer = line() => answer,
        () = interrupt.wait() => {
            output.say(|out| writeln!(out));
            return Err(Failure::interrupted());
        }
    };
    if answer.as_deref().map(str::trim) == Some(word) {
        return Ok(());
    }
    Err(
        Failure::refused(format!("not confirmed: {word} was not typed"))
            .state("Nothing was changed."),
    )
}

/// Whether somebody can answer.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for `user`'s password, not shown while it is typed. `None` when there is no terminal.
pub fn password(user: &str) -> Result<Option<Password>, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    match rpassword::prompt_password(format!("Password for user {user}: ")) {
        Ok(password) => Ok(Some(Password::new(password))),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Failure::interrupted()),
        Err(error) => Err(Failure::new(
            FailureKind::Unreachable,
            format!("could not read the password: {error}"),
        )),
    }
}

/// A line of standard input; `None` at its end. It is read in a thread of its own, which an interrupt leaves
/// behind: nothing can stop a read from a terminal.
async fn line() -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = sender.send(read.is_ok_and(|bytes| bytes > 0).then_some(line));
    });
    receiver.await.ok().flatten()
}
