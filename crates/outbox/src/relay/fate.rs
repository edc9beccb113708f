use std::error::Error as StdError;

use seaworthy_core::Backoff;
use seaworthy_messaging::PublishError;

use super::full_topics::FullTopics;
use crate::{
    config::RelayConfig,
    store::{Stored, settle::Fate},
};

/// The longest text of a problem that is kept.
const LONGEST_PROBLEM: usize = 1_000;

/// What becomes of a row by the broker's answer.
pub(super) fn fate(
    row: &Stored,
    answer: &Result<(), PublishError>,
    config: &RelayConfig,
    full: &FullTopics,
) -> Fate {
    let error = match answer {
        Ok(()) => return Fate::Sent,
        Err(error) => error,
    };
    match error {
        // Says nothing about the row.
        PublishError::Unavailable(_) | PublishError::Closed => Fate::Free,
        PublishError::Deferred => Fate::Deferred,
        PublishError::QueueFull { topic } => {
            let backoff = Backoff::new(config.pause, config.longest_pause);
            Fate::Delayed {
                problem: told(error),
                backoff: backoff.max_delay(full.refusals(topic).saturating_sub(1)),
            }
        }
        PublishError::Permanent(_) | PublishError::TooLarge { .. } => Fate::Parked {
            problem: told(error),
        },
        PublishError::Unroutable { .. } => {
            let attempts = row.attempts.unsigned_abs();
            if attempts + 1 >= config.attempts.get() {
                return Fate::Parked {
                    problem: told(error),
                };
            }
            let pause = Backoff::new(config.pause, config.longest_pause);
            Fate::Again {
                problem: told(error),
                pause: pause.max_delay(attempts),
            }
        }
    }
}

fn told(error: &PublishError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    let end = text.floor_char_boundary(LONGEST_PROBLEM);
    text.truncate(end);
    text
}
