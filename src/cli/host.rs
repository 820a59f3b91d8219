//! The terminal as a procedure sees it.

use std::cell::RefCell;

use super::context::Context;
use super::progress::Progress;
use super::prompt;
use super::text;
use crate::connect::{Interrupt, Password};
use crate::procedure::consent::{Consent, Question};
use crate::procedure::failure::Failure;
use crate::procedure::host::Host;

/// Answers a procedure at the terminal.
pub struct Terminal<'a> {
    context: &'a Context,
    what: &'static str,
    /// The bar, and the total that it was started with.
    bar: RefCell<Option<(Progress<'a>, u64)>>,
}

impl<'a> Terminal<'a> {
    /// For one procedure; `what` names its steps in the progress (`rolling back`).
    pub fn new(context: &'a Context, what: &'static str) -> Self {
        Self {
            context,
            what,
            bar: RefCell::new(None),
        }
    }
}

impl Host for Terminal<'_> {
    fn note(&self, words: &str) {
        self.context.output.detail(words);
    }

    fn warn(&self, words: &str) {
        self.context.output.warn(words);
    }

    fn progress(&self, done: u64, total: u64, part: &str) {
        let mut bar = self.bar.borrow_mut();
        if bar.as_ref().is_none_or(|(_, known)| *known != total) {
            *bar = Some((
                Progress::start(&self.context.output, self.what, Some(total)),
                total,
            ));
        }
        if let Some((progress, _)) = bar.as_mut() {
            progress.at(done, part);
        }
        if done >= total {
            *bar = None;
        }
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Consent, Failure> {
        let output = &self.context.output;
        let steps = text::count(question.steps as u64, "step", "steps");
        let mut words = format!(
            "This will {} on {}: {steps}.",
            question.what, question.database
        );
        for hazard in question.hazards {
            words.extend(["\n  ", &hazard.code.to_string(), ": ", &hazard.text]);
        }
        for hazard in question.forbidden {
            if !prompt::is_possible() {
                let flag = format!("--yes --allow '{}:{}'", hazard.code, hazard.id);
                prompt::typed(output, self.interrupt(), &words, "ROLLBACK", &flag).await?;
            }
            prompt::typed(
                output,
                self.interrupt(),
                &hazard.text,
                &hazard.id.name,
                "--allow",
            )
            .await?;
        }
        prompt::typed(output, self.interrupt(), &words, "ROLLBACK", "--yes").await?;
        Ok(Consent::Given)
    }

    fn password(&self, user: &str) -> Result<Option<Password>, Failure> {
        prompt::password(user)
    }

    fn interrupt(&self) -> &Interrupt {
        &self.context.interrupt
    }
}
