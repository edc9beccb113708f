//! What becomes of places when something happens to their event. Each is called in the transaction that remembers its message.

use city_events_contract::{
    Moment,
    messages::{Announcement, JoinCounted},
};
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use super::{Store, cancellations, places, rows::status};
use crate::domain::{JoinError, JoinStatus, Places, PlacesState};

/// What an event's joins end for where nobody said why.
const CANCELED: &str = "event_canceled";
/// The capacity of an event that takes nobody any more.
const CLOSED: i32 = -1;

/// What was told of an event, and when it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced<'a> {
    pub(crate) event: &'a Announcement,
    pub(crate) at: Moment,
}

impl Announced<'_> {
    /// The places as they are before anything was known.
    fn fresh(&self) -> Places {
        Places {
            event: self.event.event_id,
            capacity: self.event.capacity,
            active: 0,
            waitlisted: 0,
            state: PlacesState::Open,
            owner: None,
            ends_at: None,
            announced_at: self.at,
            joined_at: None,
            revision: 0,
            updated_at: Moment::now(),
        }
    }
}

impl Store {
    /// The event is published, or was changed: its places are as many as it says. A raise gives places to those who wait; a lower number takes nobody's away.
    pub(crate) async fn opened(
        &self,
        tx: &Transaction,
        announced: Announced<'_>,
    ) -> Result<(), JoinError> {
        if announced.event.capacity < 0 {
            return Err(JoinError::Invalid("a capacity is below zero"));
        }
        let Some(mut places) = self.newer(tx, announced).await? else {
            return Ok(());
        };
        let event = announced.event;
        places.capacity = event.capacity;
        places.state = PlacesState::Open;
        // Earlier services do not say whose it is and when it ends; what is known stays.
        places.owner = event.owner_id.clone().or(places.owner);
        places.ends_at = event.end_time.map(Moment::from).or(places.ends_at);
        let now = Moment::now();
        self.fill(tx, &mut places, now).await?;
        places::write(tx, &places, now).await?;
        Ok(())
    }

    /// The event is a draft again: nobody may join until it is published. Who has a place keeps it.
    pub(crate) async fn unpublished(
        &self,
        tx: &Transaction,
        announced: Announced<'_>,
    ) -> Result<(), JoinError> {
        if let Some(mut places) = self.newer(tx, announced).await? {
            places.state = PlacesState::Unpublished;
            places.owner = announced.event.owner_id.clone().or(places.owner);
            places::write(tx, &places, Moment::now()).await?;
        }
        Ok(())
    }

    /// Closes a canceled event, so that joining is refused. The joins expire later, see
    /// [`expire_canceled`](Self::expire_canceled).
    pub(crate) async fn canceled(
        &self,
        tx: &Transaction,
        announced: Announced<'_>,
    ) -> Result<(), JoinError> {
        let Some(mut places) = self.newer(tx, announced).await? else {
            return Ok(());
        };
        let reason = announced
            .event
            .reason
            .as_deref()
            .filter(|text| !text.is_empty());
        let reason = reason.unwrap_or(CANCELED);
        places.state = PlacesState::Canceled;
        places.capacity = CLOSED;
        places.owner = announced.event.owner_id.clone().or(places.owner);
        places.revision += 1;
        cancellations::record(tx, places.event, reason, announced.at).await?;
        self.count(tx, &places).await?;
        places::write(tx, &places, Moment::now()).await?;
        Ok(())
    }

    /// The places of the event, locked; none where what was told is older than what is known, or the event is over for good.
    async fn newer(
        &self,
        tx: &Transaction,
        announced: Announced<'_>,
    ) -> Result<Option<Places>, JoinError> {
        let event = announced.event.event_id;
        let mut places = places::lock(tx, event).await?;
        if places.is_none() {
            places::make(tx, &announced.fresh()).await?;
            places = places::lock(tx, event).await?;
        }
        let places = places.ok_or(JoinError::EventNotFound)?;
        if places.state == PlacesState::Canceled || announced.at < places.announced_at {
            tracing::info!(%event, "what was told of the event is older than what is known");
            return Ok(None);
        }
        Ok(Some(Places {
            announced_at: announced.at,
            ..places
        }))
    }

    async fn count(&self, tx: &Transaction, places: &Places) -> Result<(), JoinError> {
        let counted = JoinCounted {
            event_id: places.event,
            seats: places.seats(),
        };
        self.tell(tx, places.event, &counted).await?;
        places::counted(tx, places).await?;
        Ok(())
    }

    /// Publishes the counts of an event again, after comparing them with its joins. It locks the
    /// row before it reads the published revision, so only one of several replicas publishes each
    /// revision.
    pub(super) async fn publish_count(&self, event: Uuid) -> Result<(), JoinError> {
        self.database
            .transaction(|tx| async move {
                let Some(mut places) = places::lock(&tx, event).await? else {
                    return Ok(());
                };
                if !places::has_unpublished_count(&tx, event).await? {
                    return Ok(());
                }
                let (active, waitlisted) = count_joins(&tx, event).await?;
                if (places.active, places.waitlisted) != (active, waitlisted) {
                    tracing::error!(
                        %event,
                        active,
                        waitlisted,
                        counted_active = places.active,
                        counted_waitlisted = places.waitlisted,
                        "the counts of an event were wrong and are set right"
                    );
                    places.active = active;
                    places.waitlisted = waitlisted;
                    places.revision += 1;
                    places::write(&tx, &places, Moment::now()).await?;
                }
                self.count(&tx, &places).await
            })
            .await
    }
}

async fn count_joins(tx: &Transaction, event: Uuid) -> Result<(i64, i64), DataError> {
    let counts: Vec<(String, i64)> = sql("SELECT status, count(*) FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted') GROUP BY status")
        .bind(event)
        .fetch_all(tx)
        .await?;
    let (mut active, mut waitlisted) = (0, 0);
    for (name, count) in counts {
        match status(&name)? {
            JoinStatus::Active => active = count,
            JoinStatus::Waitlisted => waitlisted = count,
            JoinStatus::Canceled | JoinStatus::Expired | JoinStatus::Rejected => {}
        }
    }
    Ok((active, waitlisted))
}
