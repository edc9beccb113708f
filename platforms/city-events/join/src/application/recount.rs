//! Publication of counts at intervals, so that a consumer that missed a message recovers.

use city_events_contract::{Timestamp, messages::JoinCounted};
use seaworthy::{core::error_chain, data::Transaction, service::Stop};
use uuid::Uuid;

use super::{JoinError, Joins};
use crate::{
    domain::Seats,
    store::{joins, seats},
};

/// Maximum number of events that one statement lists.
const EVENTS_PER_LIST: u32 = 500;

impl Joins {
    /// Publishes the counts of all events that have changed. The next run retries an event that
    /// failed. A failure does not stop the other events.
    ///
    /// # Errors
    /// The first failure, after all other events were processed.
    pub(crate) async fn publish_counts(&self, stop: &Stop) -> Result<(), JoinError> {
        let mut failure = None;
        let mut last = Uuid::nil();
        loop {
            let events =
                seats::list_unpublished_after(&self.database, last, EVENTS_PER_LIST).await?;
            let Some(end) = events.last().copied() else {
                return failure.map_or(Ok(()), Err);
            };
            last = end;
            for event in events {
                if stop.is_requested() {
                    return failure.map_or(Ok(()), Err);
                }
                if let Err(error) = self.publish_event_counts(event).await {
                    let cause = error_chain(&error);
                    tracing::warn!(
                        %event,
                        error = cause,
                        "counts of an event could not be published: the next run retries"
                    );
                    failure.get_or_insert(error);
                }
            }
        }
    }

    /// Publishes the counts of an event after comparing them with its joins. It locks the row
    /// before it reads the published revision, so only one of several replicas publishes each
    /// revision.
    pub(super) async fn publish_event_counts(&self, event: Uuid) -> Result<(), JoinError> {
        self.database
            .transaction(|tx| async move {
                let Some(mut seats) = seats::lock(&tx, event).await? else {
                    return Ok(());
                };
                if !seats::has_unpublished_counts(&tx, event).await? {
                    return Ok(());
                }
                let (active, waitlisted) = joins::count(&tx, event).await?;
                if (seats.active, seats.waitlisted) != (active, waitlisted) {
                    tracing::error!(
                        %event,
                        active,
                        waitlisted,
                        stored_active = seats.active,
                        stored_waitlisted = seats.waitlisted,
                        "stored counts of an event differ from its joins and are corrected"
                    );
                    seats.active = active;
                    seats.waitlisted = waitlisted;
                    seats.revision += 1;
                    seats::update(&tx, &seats, Timestamp::now()).await?;
                }
                self.store_counts(&tx, &seats).await
            })
            .await
    }

    /// Stores a message with the counts of an event.
    pub(super) async fn store_counts(
        &self,
        tx: &Transaction,
        seats: &Seats,
    ) -> Result<(), JoinError> {
        let counted = JoinCounted {
            event_id: seats.event,
            seats: seats.counts(),
        };
        self.store_message(tx, seats.event, &counted).await?;
        seats::set_published(tx, seats).await?;
        Ok(())
    }
}
