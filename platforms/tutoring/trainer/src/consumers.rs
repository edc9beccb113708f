//! Messages of other services, and the tables that they fill.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use seaworthy::{
    data::prelude::*,
    outbox::{Consumer, Effect},
    prelude::*,
};
use tutoring_contract::{
    events::{
        BusinessEvent, SessionCancelled, SessionCompleted, SessionReviewed, SessionSubstituted,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
    groups::TRAINER,
};

use crate::{
    announce::announce,
    api::Api,
    recalculate::recalculate,
    store::{periods, reviews, sessions, trainers},
};

/// A field that only the messages about accounts and applications have.
const APPROVAL: &str = "approvalStatus";
/// The review type from which the rating of a trainer is computed.
const BY_STUDENT: &str = "student";

/// Maximum delay of a punctual start. Entering the student's code takes a part of it.
const MAX_DELAY: SignedDuration = SignedDuration::from_mins(10);

/// Returns the consumer group of the service.
pub(crate) fn consumer() -> Consumer<Api> {
    Consumer::for_group(TRAINER)
        .on::<BusinessEvent<TrainerChanged>>()
        .on::<BusinessEvent<SessionCompleted>>()
        .on::<BusinessEvent<SessionCancelled>>()
        .on::<BusinessEvent<SessionReviewed>>()
        .on::<BusinessEvent<TrainerAllocated>>()
        .on::<BusinessEvent<StudentDeallocated>>()
        .on::<BusinessEvent<SessionSubstituted>>()
}

/// Locks the rows of trainers in one order, so that their pay is computed one after another.
async fn lock_all(tx: &Transaction, trainers: &BTreeSet<Uuid>) -> Result<(), Error> {
    for trainer in trainers {
        trainers::lock(tx, *trainer).await?;
    }
    Ok(())
}

impl Effect<Api> for BusinessEvent<TrainerChanged> {
    async fn apply(&self, tx: &Transaction, _: &Api) -> Result<(), Error> {
        if let Some(members) = self.data.snapshot.as_object()
            && members.contains_key(APPROVAL)
        {
            trainers::store_account(tx, self.data.trainer_id, self.data.version, members).await?;
        }
        Ok(())
    }
}

impl Effect<Api> for BusinessEvent<SessionCompleted> {
    async fn apply(&self, tx: &Transaction, _: &Api) -> Result<(), Error> {
        let times = self.data.scheduled_at.zip(self.data.started_at);
        let is_punctual = times.map(|(planned, started)| {
            started.duration_since(planned).as_secs() <= MAX_DELAY.as_secs()
        });
        let session = (self.data.session_id, self.data.trainer_id);
        Ok(sessions::finish(tx, session, "completed", is_punctual).await?)
    }
}

impl Effect<Api> for BusinessEvent<SessionCancelled> {
    async fn apply(&self, tx: &Transaction, _: &Api) -> Result<(), Error> {
        let session = (self.data.session_id, self.data.trainer_id);
        Ok(sessions::finish(tx, session, "cancelled", None).await?)
    }
}

impl Effect<Api> for BusinessEvent<SessionReviewed> {
    /// The rating is the mean of the stored ratings of all sessions.
    async fn apply(&self, tx: &Transaction, api: &Api) -> Result<(), Error> {
        let halves = (1..=10_u16).find(|halves| {
            let rating = f64::from(*halves) / 2.0;
            (rating - self.data.rating).abs() < f64::EPSILON
        });
        let Some(halves) = halves.filter(|_| self.data.review_type == BY_STUDENT) else {
            return Ok(());
        };
        let trainer = self.data.trainer_id;
        trainers::lock(tx, trainer).await?;
        reviews::store(tx, self.data.session_id, trainer, halves).await?;
        if let Some((rating, count)) = reviews::mean(tx, trainer).await? {
            trainers::set_rating(tx, trainer, rating, count).await?;
        }
        announce(tx, &api.backend.outbox, &trainers::lock(tx, trainer).await?).await
    }
}

impl Effect<Api> for BusinessEvent<TrainerAllocated> {
    async fn apply(&self, tx: &Transaction, api: &Api) -> Result<(), Error> {
        let trainers = BTreeSet::from([self.data.trainer_id]);
        lock_all(tx, &trainers).await?;
        let known = periods::days(tx, self.data.allocation_id).await?;
        let days = (
            self.data.start_date,
            self.data.end_date.unwrap_or(self.data.start_date),
        );
        periods::store(tx, &self.data, days).await?;
        // A refund may have removed the last days.
        let (first, last) = known.map_or(days, |known| (days.0.min(known.0), days.1.max(known.1)));
        recalculate(tx, &api.backend.outbox, &trainers, (first, last)).await
    }
}

impl Effect<Api> for BusinessEvent<StudentDeallocated> {
    async fn apply(&self, tx: &Transaction, api: &Api) -> Result<(), Error> {
        let trainers = BTreeSet::from([self.data.trainer_id]);
        lock_all(tx, &trainers).await?;
        let ended_on = api.zone.date_at(self.data.deallocated_at);
        periods::end(tx, &self.data, ended_on).await?;
        match periods::days(tx, self.data.allocation_id).await? {
            Some(days) => recalculate(tx, &api.backend.outbox, &trainers, days).await,
            // The message about the allocation arrives later.
            None => Ok(()),
        }
    }
}

impl Effect<Api> for BusinessEvent<SessionSubstituted> {
    async fn apply(&self, tx: &Transaction, api: &Api) -> Result<(), Error> {
        let event = &self.data;
        let trainers = BTreeSet::from([event.original_trainer_id, event.substitute_trainer_id]);
        lock_all(tx, &trainers).await?;
        sessions::substitute(tx, event).await?;
        recalculate(tx, &api.backend.outbox, &trainers, (event.date, event.date)).await
    }
}
