use chrono::{DateTime, Utc};
use seaworthy_core::{Backoff, Timeout, error_chain};
use tokio::time::Instant;

use super::{
    Consumer,
    handle::wait,
    session::{Job, Settlement},
};
use crate::{DeadLetter, DeadLetterReason, Envelope, PublishError, dead_letter::Form};

/// The backoff between attempts to store a dead letter. During the backoff the message stays
/// unacknowledged.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
const MAX_BACKOFF: Timeout = Timeout::from_secs(30);
/// Rejections of every form after which the message goes back to the broker. It then does not
/// take a prefetch slot until the next delivery.
const MAX_REJECTIONS: u32 = 4;

/// The reason why a message becomes a dead letter.
pub(super) struct Problem<'a> {
    pub(super) reason: DeadLetterReason,
    /// The class of the failure.
    pub(super) class: &'a str,
    pub(super) message: &'a str,
    /// The number of attempts since the delivery.
    pub(super) attempts: u32,
    pub(super) first_failed: DateTime<Utc>,
}

impl<'a> Problem<'a> {
    /// A problem of the message itself, which no handler has seen.
    pub(super) fn of_message(reason: DeadLetterReason, class: &'a str, message: &'a str) -> Self {
        Self {
            reason,
            class,
            message,
            attempts: 0,
            first_failed: Utc::now(),
        }
    }
}

impl Consumer {
    /// Dead-letters a message. The message is acknowledged only after the broker has confirmed the
    /// dead letter.
    pub(super) async fn dead_letter(&self, job: &Job, problem: Problem<'_>) -> Settlement {
        let Problem {
            reason,
            class,
            message,
            attempts,
            first_failed,
        } = problem;
        let envelope = Envelope::clone(&job.envelope);
        let group = &self.plan.group;
        let mut letter = DeadLetter::new(
            envelope,
            group,
            reason,
            class,
            message,
            attempts,
            first_failed,
        );
        letter.position = job.position;
        tracing::error!(
            consumer = &*self.name,
            topic = %job.envelope.topic(),
            message_id = %job.envelope.id(),
            dead_letter = letter.id.as_str(),
            reason = reason.as_str(),
            class,
            problem = letter.message,
            attempts,
            "a message was dead-lettered"
        );
        let stored = letter.into_stored();
        let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut rejections = 0;
        let mut attempt = 0;
        loop {
            match self.store(&stored).await {
                Ok(()) => {
                    self.metrics.record_dead_letter(reason);
                    return Settlement::Acknowledged;
                }
                Err(PublishError::Closed) => return Settlement::Released,
                Err(error) if error.is_transient() => {}
                Err(error) => {
                    rejections += 1;
                    if rejections == MAX_REJECTIONS {
                        self.metrics.rejected_dead_letters.increment();
                        let problem = error_chain(&error);
                        tracing::error!(consumer = &*self.name, topic = %stored.topic(), message_id = %stored.id(), problem, "the broker rejects every form of a dead letter, so the message returns to its queue");
                        return Settlement::Nacked;
                    }
                }
            }
            if !wait(backoff.delay(attempt), &job.session).await {
                return Settlement::Released;
            }
            attempt += 1;
        }
    }

    /// Stores a dead letter in the largest form that the broker accepts.
    ///
    /// # Errors
    /// The error of the smallest form if the broker rejects every form. A transient error ends the
    /// attempt immediately, so that the next attempt begins with the whole letter.
    async fn store(&self, letter: &Envelope) -> Result<(), PublishError> {
        let topic = letter.topic();
        let mut rejected = None;
        for form in Form::ALL {
            let begun = Instant::now();
            let result = self.sender.publish(form.of(letter), None).await;
            self.sender.count(topic, begun, &result);
            let error = match result {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let is_transient = error.is_transient();
            let problem = error_chain(&error);
            tracing::error!(consumer = &*self.name, %topic, ?form, problem, is_transient, "storing a dead letter failed");
            if is_transient || matches!(error, PublishError::Closed) {
                return Err(error);
            }
            rejected = Some(error);
        }
        rejected.map_or(Ok(()), Err)
    }
}
