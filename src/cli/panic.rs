//! What a bug looks like: where it is, what it means for the database, exit code 70. The panic's own message is
//! not shown, since it may hold anything, such as a row or a password.

use std::io::Write;
use std::panic::PanicHookInfo;

use crate::procedure::failure::FailureKind;

/// Makes every panic, in whatever thread, end the process with exit code 70.
pub fn install() {
    std::panic::set_hook(Box::new(end));
}

#[allow(
    clippy::exit,
    reason = "after a bug nothing in this process can be trusted, destructors included"
)]
fn end(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(
        std::io::stderr(),
        "error: a bug in Snapback {}{place}\n\n\
         An open transaction is rolled back by the server when this process ends.\n\
         => please report it with this line and what you ran",
        env!("CARGO_PKG_VERSION"),
    );
    std::process::exit(i32::from(FailureKind::Bug.exit_code()));
}
