//! Messages of other services, and the tables that they fill.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use seaworthy::{
    data::prelude::*,
    messaging::{Subscription, Topics},
    outbox::{Inbox, Outbox},
    prelude::*,
};
use tutoring_contract::{
    PlatformZone,
    events::{
        Occurred, SessionCancelled, SessionCompleted, SessionReviewed, SessionSubstituted,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
};
use tutoring_identity::{Consumer, Effect};
use uuid::Uuid;

use crate::{
    announce::announce,
    recalculate::recalculate,
    store::{Periods, Reviews, Substitution, TrainerSessions, Trainers},
};

/// The consumer group.
pub(crate) const GROUP: &str = "trainer-copies";
/// A member that only the messages about accounts and applications have.
const APPROVAL: &str = "approvalStatus";
/// The side whose reviews are the rating of a trainer.
const BY_STUDENT: &str = "student";

/// A session that starts later is not punctual. The code of the student takes a part of this time.
const MAX_DELAY: SignedDuration = SignedDuration::from_mins(10);

/// What the messages need beside the transaction.
#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) outbox: Outbox,
    /// The time zone of the days of payroll.
    pub(crate) zone: PlatformZone,
}

/// Returns the topics that the service consumes.
pub(crate) fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<TrainerChanged>>()
        .with::<Occurred<SessionCompleted>>()
        .with::<Occurred<SessionCancelled>>()
        .with::<Occurred<SessionReviewed>>()
        .with::<Occurred<TrainerAllocated>>()
        .with::<Occurred<StudentDeallocated>>()
        .with::<Occurred<SessionSubstituted>>()
}

/// Returns the subscription of the service.
pub(crate) fn subscription(inbox: Inbox, effects: Effects) -> Subscription {
    Consumer::new(GROUP, inbox, &Arc::new(effects))
        .on::<TrainerChanged>()
        .on::<SessionCompleted>()
        .on::<SessionCancelled>()
        .on::<SessionReviewed>()
        .on::<TrainerAllocated>()
        .on::<StudentDeallocated>()
        .on::<SessionSubstituted>()
        .subscription()
}

/// Locks the rows of trainers in one order, so that their pay is computed one after another.
async fn lock_all(tx: &Transaction, trainers: &BTreeSet<Uuid>) -> Result<(), Error> {
    for trainer in trainers {
        Trainers::lock(tx, *trainer).await?;
    }
    Ok(())
}

impl Effect<Effects> for TrainerChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Effects) -> Result<(), Error> {
        if let Some(members) = self.snapshot.as_object()
            && members.contains_key(APPROVAL)
        {
            Trainers::store_account(tx, self.trainer_id, self.version, members).await?;
        }
        Ok(())
    }
}

impl Effect<Effects> for SessionCompleted {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Effects) -> Result<(), Error> {
        let times = self.scheduled_at.zip(self.started_at);
        let is_punctual = times.map(|(planned, started)| {
            started.duration_since(planned).as_secs() <= MAX_DELAY.as_secs()
        });
        let session = (self.session_id, self.trainer_id);
        Ok(TrainerSessions::finish(tx, session, "completed", is_punctual).await?)
    }
}

impl Effect<Effects> for SessionCancelled {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Effects) -> Result<(), Error> {
        let session = (self.session_id, self.trainer_id);
        Ok(TrainerSessions::finish(tx, session, "cancelled", None).await?)
    }
}

impl Effect<Effects> for SessionReviewed {
    /// The rating is the mean of the stored ratings of all sessions.
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        effects: &Effects,
    ) -> Result<(), Error> {
        let halves = (1..=10_u16).find(|halves| {
            let rating = f64::from(*halves) / 2.0;
            (rating - self.rating).abs() < f64::EPSILON
        });
        let Some(halves) = halves.filter(|_| self.review_type == BY_STUDENT) else {
            return Ok(());
        };
        let trainer = self.trainer_id;
        Trainers::lock(tx, trainer).await?;
        Reviews::store(tx, self.session_id, trainer, halves).await?;
        if let Some((rating, count)) = Reviews::mean(tx, trainer).await? {
            Trainers::set_rating(tx, trainer, rating, count).await?;
        }
        announce(tx, &effects.outbox, &Trainers::lock(tx, trainer).await?).await
    }
}

impl Effect<Effects> for TrainerAllocated {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        effects: &Effects,
    ) -> Result<(), Error> {
        let trainers = BTreeSet::from([self.trainer_id]);
        lock_all(tx, &trainers).await?;
        let known = Periods::days(tx, self.allocation_id).await?;
        let days = (self.start_date, self.end_date.unwrap_or(self.start_date));
        let parties = (self.trainer_id, self.student_id);
        Periods::store(tx, self.allocation_id, parties, days).await?;
        // A refund may have removed the last days.
        let (first, last) = known.map_or(days, |known| (days.0.min(known.0), days.1.max(known.1)));
        recalculate(tx, &effects.outbox, &trainers, (first, last)).await
    }
}

impl Effect<Effects> for StudentDeallocated {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        effects: &Effects,
    ) -> Result<(), Error> {
        let trainers = BTreeSet::from([self.trainer_id]);
        lock_all(tx, &trainers).await?;
        let ended_on = effects.zone.date_at(self.deallocated_at);
        let parties = (self.trainer_id, self.student_id);
        Periods::end(tx, self.allocation_id, parties, ended_on).await?;
        match Periods::days(tx, self.allocation_id).await? {
            Some(days) => recalculate(tx, &effects.outbox, &trainers, days).await,
            // The message about the allocation arrives later.
            None => Ok(()),
        }
    }
}

impl Effect<Effects> for SessionSubstituted {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        effects: &Effects,
    ) -> Result<(), Error> {
        let (from, to) = (self.original_trainer_id, self.substitute_trainer_id);
        lock_all(tx, &BTreeSet::from([from, to])).await?;
        let substitution = Substitution {
            session_id: self.session_id,
            original_trainer_id: from,
            substitute_trainer_id: to,
            student_id: self.student_id,
            date: self.date.to_string(),
            time_slot: self.time_slot.clone(),
        };
        TrainerSessions::substitute(tx, &substitution).await?;
        let trainers = BTreeSet::from([from, to]);
        recalculate(tx, &effects.outbox, &trainers, (self.date, self.date)).await
    }
}
