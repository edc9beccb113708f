use seaworthy_core::{Backoff, error_chain};
use seaworthy_messaging::PublishError;

use super::full_topics::FullTopics;
use crate::{
    config::RelayConfig,
    store::{OutboxRow, settle::Disposition},
};

/// The maximum length of a stored problem, in bytes.
const MAX_PROBLEM_LENGTH: usize = 1_000;

/// Decides how the relay settles a row after the result of its publication.
pub(super) fn disposition(
    row: &OutboxRow,
    result: &Result<(), PublishError>,
    config: &RelayConfig,
    full_topics: &FullTopics,
) -> Disposition {
    let error = match result {
        Ok(()) => return Disposition::Published,
        Err(error) => error,
    };
    match error {
        PublishError::Unavailable(_) | PublishError::Closed => Disposition::Unavailable,
        PublishError::Deferred => Disposition::Deferred,
        PublishError::QueueFull { topic } => {
            let rejections = full_topics.rejections(topic).saturating_sub(1);
            let backoff = Backoff::new(config.initial_backoff, config.max_backoff);
            Disposition::Delayed {
                problem: problem(error),
                backoff: backoff.max_delay(rejections),
            }
        }
        PublishError::Permanent(_) | PublishError::TooLarge { .. } => Disposition::DeadLetter {
            problem: problem(error),
        },
        PublishError::Unroutable { .. } => {
            let attempts = row.attempts.unsigned_abs();
            if attempts + 1 >= config.max_attempts.get() {
                return Disposition::DeadLetter {
                    problem: problem(error),
                };
            }
            let backoff = Backoff::new(config.initial_backoff, config.max_backoff);
            Disposition::Retry {
                problem: problem(error),
                backoff: backoff.max_delay(attempts),
            }
        }
    }
}

/// Returns the error and its causes as one line.
fn problem(error: &PublishError) -> String {
    let mut text = error_chain(error);
    let end = text.floor_char_boundary(MAX_PROBLEM_LENGTH);
    text.truncate(end);
    text
}
