use jiff::Timestamp;
use seaworthy::{core::error_chain, data::Transaction, prelude::*};
use tutoring_contract::{LiveEvent, Role};

use super::{Actor, Schedule};
use crate::{
    domain::{EndReason, Journey, LocationUpdate, SessionStatus, errors},
    store::{StoredJourney, journeys, sessions, time},
};

/// The events of the room of a journey.
const LOCATION: &str = "journey:location";
const ENDED: &str = "journey:ended";
/// Attempts to store a location while other locations of the same trainer arrive. Each failed
/// attempt means that another location was stored.
const MAX_ATTEMPTS: usize = 5;
/// Maximum number of journeys that one step checks.
const BATCH: u32 = 100;

/// A journey that has ended.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndedJourney {
    journey_id: Uuid,
    ended_at: Timestamp,
    reason: EndReason,
}

impl Schedule {
    /// Starts the journey of the trainer to a session of today.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `VALIDATION_ERROR` for a session without a place, or `CONFLICT`
    /// if the session is not scheduled for today or has an active journey.
    pub(crate) async fn start_journey(
        &self,
        actor: &Actor,
        session: Uuid,
    ) -> Result<Journey, Error> {
        let id = Uuid::new_v4();
        let started = self
            .database
            .transaction(|tx| async move {
                let session = self.locked_session(&tx, session).await?;
                actor.require(&[(Role::Trainer, session.trainer_id)], None)?;
                session.require(SessionStatus::Scheduled)?;
                if session.scheduled_date != self.zone.today() {
                    return Err(errors::other_day());
                }
                if session.place.is_none() {
                    return Err(errors::invalid("sessionId", "has no location to travel to"));
                }
                self.end_silent_journey(&tx, session.id).await?;
                let parties = (session.trainer_id, session.student_id);
                let journey = Journey::new(id, session.id, parties);
                let stored = StoredJourney {
                    id,
                    is_active: true,
                    trainer_id: session.trainer_id,
                    student_id: session.student_id,
                };
                let started_at = time(journey.started_at);
                if !journeys::insert(&tx, stored, session.id, started_at).await? {
                    return Err(errors::journey_active());
                }
                self.journeys.insert(&journey).await?;
                Ok(journey)
            })
            .await;
        if started.is_err() {
            // A journey that was not committed must not be live. It also expires by itself.
            if let Err(error) = self.journeys.remove(id).await {
                let error = error_chain(&error);
                tracing::warn!(
                    error,
                    "a journey that failed to start was not removed from Redis and expires later"
                );
            }
        }
        started
    }

    /// Stores a location of the trainer, and sends it to the student. Only the live store changes.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `GONE`, `STALE_SEQUENCE` or `VALIDATION_ERROR`.
    pub(crate) async fn move_journey(
        &self,
        actor: &Actor,
        id: Uuid,
        update: &LocationUpdate,
    ) -> Result<Journey, Error> {
        for _ in 0..MAX_ATTEMPTS {
            let before = self.own_journey(actor, id).await?;
            let after = before.moved(update, Timestamp::now())?;
            if self.journeys.replace(&before, &after).await? {
                self.send_location(&after).await;
                return Ok(after);
            }
        }
        Err(errors::journey_changes())
    }

    /// Ends a journey whose trainer is near the student's place.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `GONE`, or `VALIDATION_ERROR` if the last location is too far.
    pub(crate) async fn arrive(&self, actor: &Actor, id: Uuid) -> Result<EndedJourney, Error> {
        let live = self.own_journey(actor, id).await?;
        let session = sessions::by_id(&self.database, live.session_id).await?;
        let session = session.ok_or_else(|| errors::not_found("session"))?;
        live.require_near(session.place.ok_or_else(errors::no_place)?)?;
        self.end_journey(id, EndReason::Arrived).await
    }

    /// Ends a journey before the arrival.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `GONE`.
    pub(crate) async fn cancel_journey(
        &self,
        actor: &Actor,
        id: Uuid,
    ) -> Result<EndedJourney, Error> {
        self.own_journey(actor, id).await?;
        self.end_journey(id, EndReason::Cancelled).await
    }

    /// Returns a live journey to the student of its session, or to a permitted administrator.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN` or `GONE`.
    pub(crate) async fn watch_journey(&self, actor: &Actor, id: Uuid) -> Result<Journey, Error> {
        let permission = Some(super::SESSION_READ);
        if actor.role == Some(Role::Admin) {
            actor.require(&[], permission)?;
        }
        if let Some(live) = self.journeys.get(id).await? {
            actor.require(&[(Role::Student, live.student_id)], permission)?;
            return Ok(live);
        }
        let known = journeys::by_id(&self.database, id).await?;
        let student = known.map(|known| (Role::Student, known.student_id));
        Err(expired(actor, student, permission))
    }

    /// Returns the live journey of a trainer.
    async fn own_journey(&self, actor: &Actor, id: Uuid) -> Result<Journey, Error> {
        if let Some(live) = self.journeys.get(id).await? {
            actor.require(&[(Role::Trainer, live.trainer_id)], None)?;
            return Ok(live);
        }
        let known = journeys::by_id(&self.database, id).await?;
        let trainer = known.map(|known| (Role::Trainer, known.trainer_id));
        Err(expired(actor, trainer, None))
    }

    /// Sends a location to the room of its journey, at most once. The payload is encrypted.
    async fn send_location(&self, journey: &Journey) {
        let data = json!({
            "journeyId": journey.journey_id,
            "location": journey.location,
            "sequence": journey.sequence,
            "timestamp": journey.location.as_ref().map(|location| location.timestamp),
        });
        let sent = async {
            let event = LiveEvent::for_journey(journey.journey_id, LOCATION, &data)?;
            let event = self.live.seal(event).await?;
            let published = self.publisher.publish(event.message()).await;
            published.map_err(Error::internal)
        };
        if let Err(error) = sent.await {
            let error = error_chain(&error);
            tracing::warn!(error, "a location was not sent to the student");
        }
    }

    async fn end_journey(&self, id: Uuid, reason: EndReason) -> Result<EndedJourney, Error> {
        self.database
            .transaction(|tx| async move {
                let known = journeys::lock(&tx, id).await?;
                match known.filter(|known| known.is_active) {
                    Some(known) => self.end_locked(&tx, known, reason).await,
                    None => Err(errors::journey_over()),
                }
            })
            .await
    }

    /// Ends the active journey to a session, if it has one.
    pub(super) async fn end_journey_of(
        &self,
        tx: &Transaction,
        session: Uuid,
        reason: EndReason,
    ) -> Result<(), Error> {
        match journeys::lock_active(tx, session).await? {
            Some(known) => self.end_locked(tx, known, reason).await.map(drop),
            None => Ok(()),
        }
    }

    /// Ends the active journeys to cancelled sessions of an allocation.
    pub(super) async fn end_cancelled_journeys(
        &self,
        tx: &Transaction,
        allocation: Uuid,
    ) -> Result<(), Error> {
        for known in journeys::lock_cancelled(tx, allocation).await? {
            self.end_locked(tx, known, EndReason::Cancelled).await?;
        }
        Ok(())
    }

    /// Ends a journey in its row, in the room, and in the live store. If the live store is not
    /// available, a worker removes it there later, so that the trainer sends no further locations.
    async fn end_locked(
        &self,
        tx: &Transaction,
        known: StoredJourney,
        reason: EndReason,
    ) -> Result<EndedJourney, Error> {
        let ended = EndedJourney {
            journey_id: known.id,
            ended_at: Timestamp::now(),
            reason,
        };
        journeys::end(tx, known.id, reason, time(ended.ended_at)).await?;
        let event = LiveEvent::for_journey(known.id, ENDED, &ended)?;
        self.outbox.store(tx, event.message()).await?;
        if let Err(error) = self.journeys.remove(known.id).await {
            let error = error_chain(&error);
            tracing::warn!(
                error,
                "the removal of an ended journey from Redis failed and is retried later"
            );
            journeys::remove_live_later(tx, known.id, time(ended.ended_at)).await?;
        }
        Ok(ended)
    }

    /// Ends the active journey to a session if its trainer has sent no location for too long.
    async fn end_silent_journey(&self, tx: &Transaction, session: Uuid) -> Result<(), Error> {
        let Some(known) = journeys::lock_active(tx, session).await? else {
            return Ok(());
        };
        match self.journeys.get(known.id).await? {
            Some(_) => Ok(()),
            None => self
                .end_locked(tx, known, EndReason::Timeout)
                .await
                .map(drop),
        }
    }

    /// Ends all journeys without recent locations, and removes ended journeys from the live store.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if the live store is unavailable.
    pub(crate) async fn end_silent_journeys(&self) -> Result<(), Error> {
        for id in journeys::ended_but_live(&self.database, BATCH).await? {
            self.journeys.remove(id).await?;
            journeys::set_removed(&self.database, id).await?;
        }
        let mut after = Uuid::nil();
        loop {
            let active = journeys::active_after(&self.database, after, BATCH).await?;
            for (id, session) in &active {
                if self.journeys.get(*id).await?.is_none() {
                    let session = *session;
                    self.database
                        .transaction(
                            |tx| async move { self.end_silent_journey(&tx, session).await },
                        )
                        .await?;
                }
                after = *session;
            }
            if active.len() < BATCH as usize {
                return Ok(());
            }
        }
    }
}

/// Returns the error for a journey that is not live: `GONE` for its owner, or `NOT_FOUND`.
fn expired(actor: &Actor, owner: Option<(Role, Uuid)>, permission: Option<&str>) -> Error {
    match owner.map(|owner| actor.require(&[owner], permission)) {
        Some(Ok(())) => errors::journey_over(),
        _ => errors::not_found("journey"),
    }
}
