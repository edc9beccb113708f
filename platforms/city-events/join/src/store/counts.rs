//! Publishes counts regularly, so that a consumer that missed a message recovers.

use std::error::Error as _;

use seaworthy::service::Stop;
use uuid::Uuid;

use super::{Store, places};
use crate::domain::JoinError;

/// Events that one statement lists.
const EVENTS_PER_LIST: u32 = 500;

impl Store {
    /// Publishes the counts of all events that have changed. The next run retries an event that
    /// failed. A failure does not stop the other events.
    ///
    /// # Errors
    /// The first failure, after all other events were processed.
    pub(crate) async fn publish_counts(&self, stop: &Stop) -> Result<(), JoinError> {
        let mut failure = None;
        let mut last = Uuid::nil();
        loop {
            let events = places::uncounted_after(&self.database, last, EVENTS_PER_LIST).await?;
            let Some(end) = events.last().copied() else {
                return failure.map_or(Ok(()), Err);
            };
            last = end;
            for event in events {
                if stop.is_requested() {
                    return failure.map_or(Ok(()), Err);
                }
                if let Err(error) = self.publish_count(event).await {
                    tracing::warn!(
                        %event,
                        %error,
                        cause = error.source().map(ToString::to_string),
                        "the counts of an event could not be published"
                    );
                    failure.get_or_insert(error);
                }
            }
        }
    }
}
