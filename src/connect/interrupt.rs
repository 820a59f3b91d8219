//! Tells running work that the user wants it to stop. Who waits for the server also waits for this, asks the
//! server to cancel, and rolls back; nothing here stops anything by itself.

use tokio::sync::watch;

/// The end that asks: held by whoever hears the user.
#[derive(Debug)]
pub struct Interrupter(watch::Sender<bool>);

/// The end that listens. Clones hear the same.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Both ends.
    pub fn new() -> (Interrupter, Self) {
        let (sender, receiver) = watch::channel(false);
        (Interrupter(sender), Self(receiver))
    }

    /// One that never comes, for callers that have nobody to ask for it.
    pub fn never() -> Self {
        Self::new().1
    }

    /// Whether it has been asked for.
    pub fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it has been asked for; never when nobody can ask any more. Safe to drop and call again.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Interrupter {
    /// Whether it has asked.
    pub fn is_interrupted(&self) -> bool {
        *self.0.borrow()
    }

    /// Asks. Asking again changes nothing.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_waits_hears_it_before_and_after() {
        let (interrupter, interrupt) = Interrupt::new();
        let waiting = tokio::spawn({
            let interrupt = interrupt.clone();
            async move { interrupt.wait().await }
        });
        assert!(!interrupt.requested());
        interrupter.interrupt();
        interrupter.interrupt();
        assert!(waiting.await.is_ok());
        drop(interrupter);
        assert!(interrupt.requested());
        interrupt.wait().await;
    }

    #[tokio::test]
    async fn without_anybody_to_ask_it_never_comes() {
        let never = Interrupt::never();
        let waited = tokio::time::timeout(Duration::from_millis(5), never.wait()).await;
        assert!(waited.is_err() && !never.requested());
    }
}
