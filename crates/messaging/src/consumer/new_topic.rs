//! Messages of topics that this member does not know.
//!
//! In a rolling deployment publishers bind a group to a new topic while older members run. These
//! return the messages to the group, where newer members may receive them.

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

use super::{Consumer, session::Session};
use crate::Envelope;

/// Divisor of the prefetch for these messages. The rest stays free for known topics.
const MAX_RETURNING_PART: u16 = 4;
/// The minimum delay before a message returns.
const MIN_DELAY: TimeDelta = TimeDelta::seconds(5);
/// The maximum delay, which is the maximum wait of a newer member for such a message.
const MAX_DELAY: TimeDelta = TimeDelta::minutes(2);
/// The maximum age of such a message, longer than a rolling deployment should take. Older messages
/// are dead-lettered, so that they do not occupy the members forever.
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);

/// What happens to a message of a new topic.
#[derive(Debug)]
pub(super) enum NewTopic {
    /// It returns to the group at this time.
    Returning {
        at: time::Instant,
        _permit: OwnedSemaphorePermit,
    },
    /// It is dead-lettered, because enough others wait to return.
    Surplus,
}

/// Limits the messages of a session that wait to return.
#[derive(Debug, Clone)]
pub(super) struct MaxReturning(Arc<Semaphore>);

impl MaxReturning {
    pub(super) fn new(prefetch: NonZeroU16) -> Self {
        let max = (prefetch.get() / MAX_RETURNING_PART).max(1);
        Self(Arc::new(Semaphore::new(usize::from(max))))
    }
}

impl Consumer {
    /// Returns `None` if this member knows the topic, or if the message is too old to return.
    pub(super) fn new_topic(&self, session: &Session, envelope: &Envelope) -> Option<NewTopic> {
        let MaxReturning(permits) = session.returning.as_ref()?;
        if self.plan.topics.contains(envelope.topic()) || self.router.route(envelope).is_ok() {
            return None;
        }
        let delay = delay(Utc::now().signed_duration_since(envelope.time()?))?;
        let permit = Arc::clone(permits).try_acquire_owned();
        Some(
            permit.map_or(NewTopic::Surplus, |permit| NewTopic::Returning {
                at: time::Instant::now() + delay,
                _permit: permit,
            }),
        )
    }
}

/// Returns the delay before a message of this age returns. It grows with the age, because RabbitMQ
/// counts each return and has a limit. The age is negative if the clock of the publisher is ahead.
fn delay(age: TimeDelta) -> Option<Duration> {
    let age = age.abs();
    let delay = (age < MAX_AGE).then(|| age.clamp(MIN_DELAY, MAX_DELAY));
    delay?.to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_returns_if_clock_of_publisher_is_ahead_msg_3() {
        let ahead = delay(TimeDelta::milliseconds(-20));
        assert_eq!(ahead, Some(Duration::from_secs(5)));
        assert_eq!(delay(MAX_AGE), None);
        assert_eq!(delay(-MAX_AGE), None);
    }

    /// RabbitMQ dead-letters after 100 returns by default, and some operators set 20.
    #[test]
    fn message_returns_far_less_often_than_limits_msg_3() {
        for clock_skew in [0, -2, 2, -60, 60] {
            let (mut age, mut returns) = (TimeDelta::seconds(clock_skew), 0);
            while let Some(delay) = delay(age) {
                age += TimeDelta::from_std(delay).unwrap();
                returns += 1;
            }
            assert!((5..=12).contains(&returns), "{returns} at {clock_skew} s");
        }
    }
}
