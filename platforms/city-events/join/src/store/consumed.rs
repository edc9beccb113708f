//! What becomes of places when something happens to their event. Each is called in the transaction that remembers its message.

use city_events_contract::{
    Moment,
    messages::{Announcement, EmailEventCanceled, JoinCounted},
};
use seaworthy::{
    data::{DataError, Transaction, sql},
    prelude::*,
};
use uuid::Uuid;

use super::{
    Store, places,
    rows::{join_columns, status},
};
use crate::domain::{Join, JoinError, JoinStatus, Places, PlacesState};

/// What an event's joins end for where nobody said why.
const CANCELED: &str = "event_canceled";
/// People whose joins end in one step.
const EXPIRED_AT_ONCE: u32 = 200;
/// The capacity of an event that takes nobody any more.
const CLOSED: i32 = -1;
/// The service, in messages.
const PRODUCER: &str = "join-service";

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

    /// The event is canceled: every join ends, and everybody who had one gets a mail.
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
        let now = Moment::now();
        places.state = PlacesState::Canceled;
        places.capacity = CLOSED;
        places.owner = announced.event.owner_id.clone().or(places.owner);
        places.active = 0;
        places.waitlisted = 0;
        places.revision += 1;
        self.expire(tx, &places, announced, reason, now).await?;
        self.count(tx, &places).await?;
        places::write(tx, &places, now).await?;
        Ok(())
    }

    async fn expire(
        &self,
        tx: &Transaction,
        places: &Places,
        announced: Announced<'_>,
        reason: &str,
        now: Moment,
    ) -> Result<(), JoinError> {
        sql("INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, happened_at, revision)
             SELECT event_id, user_id, status, 'expired', ?, ?, ? FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted')")
            .bind(reason)
            .bind(now.get())
            .bind(places.revision)
            .bind(places.event)
            .execute(tx)
            .await?;
        let trace = context::with_current(|context| {
            context.map(|context| context.trace().trace_id().to_string())
        });
        loop {
            let ending: Vec<Join> = sql(concat!(
                "SELECT ",
                join_columns!(),
                " FROM joins WHERE event_id = ? AND status IN ('active', 'waitlisted') ORDER BY created_at, id LIMIT ?"
            ))
            .bind(places.event)
            .bind(EXPIRED_AT_ONCE)
            .fetch_all(tx)
            .await?;
            if ending.is_empty() {
                return Ok(());
            }
            sql("UPDATE joins SET status = 'expired', expired_at = ?, expired_reason = ?, updated_at = ? WHERE id IN (?*)")
                .bind(now.get())
                .bind(reason)
                .bind(now.get())
                .bind_list(ending.iter().map(|join| join.id))
                .execute(tx)
                .await?;
            for join in ending {
                let mail = EmailEventCanceled {
                    event_id: places.event,
                    user_id: join.user,
                    prev_status: join.status.as_str().to_owned(),
                    reason: reason.to_owned(),
                    occurred_at: announced.at.get(),
                    trace_id: trace.clone().unwrap_or_default(),
                    producer: PRODUCER.to_owned(),
                    event_action: PlacesState::Canceled.as_str().to_owned(),
                };
                self.tell(tx, places.event, &mail).await?;
            }
        }
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

    /// Tells the counts of an event again, after making sure that they are those of its joins.
    pub(crate) async fn tell_count(&self, event: Uuid) -> Result<(), JoinError> {
        self.database
            .transaction(|tx| async move {
                let Some(mut places) = places::lock(&tx, event).await? else {
                    return Ok(());
                };
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
