//! Ctrl-C and SIGTERM: the first asks the running work to stop and roll back, the second ends the process at
//! once (the server then rolls back by itself, since the connection is gone).

use tokio::signal::unix::{SignalKind, signal};

use crate::connect::Interrupter;
use crate::procedure::failure::FailureKind;

/// Listens from now on, in a thread of its own, so that it works while the main thread computes. Where signals
/// cannot be had, they keep their default effect.
pub(super) fn listen(interrupter: Interrupter) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || runtime.block_on(wait(&interrupter)));
    }
}

async fn wait(interrupter: &Interrupter) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if interrupter.is_interrupted() {
            end();
        }
        interrupter.interrupt();
    }
}

#[allow(
    clippy::exit,
    reason = "the user asked twice; whatever the main thread does, this ends it"
)]
fn end() {
    std::process::exit(i32::from(FailureKind::Interrupted.exit_code()));
}
