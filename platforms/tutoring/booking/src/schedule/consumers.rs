//! Messages of other services, and those about allocations.

use std::sync::Arc;

use seaworthy::{
    data::prelude::*,
    messaging::{Subscription, Topics},
    outbox::Inbox,
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    LiveEvent,
    events::{
        AdminOverride, AllocationRejected, CourseAccessGranted, CourseChanged,
        NotificationRequested, Occurred, PaymentRefunded, SessionCancelled, SessionCompleted,
        SessionRescheduled, SessionReviewed, SessionSubstituted, SessionsGenerated, StudentChanged,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
};
use tutoring_identity::{Consumer, Effect};

use super::Schedule;
use crate::{
    domain::{Place, errors},
    store::{Copies, TrainerCopies},
};

/// The consumer groups, with the retries of a message.
pub(crate) const ALLOCATION: (&str, u32) = ("trainer-allocation-workers", 4);
pub(crate) const SCHEDULING: (&str, u32) = ("session-scheduling-workers", 2);
pub(crate) const COPIES: (&str, u32) = ("booking-copies", 2);

/// Returns the topics that the service consumes.
pub(crate) fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<CourseAccessGranted>>()
        .with::<Occurred<PaymentRefunded>>()
        .with::<Occurred<TrainerAllocated>>()
        .with::<Occurred<CourseChanged>>()
        .with::<Occurred<StudentChanged>>()
        .with::<Occurred<TrainerChanged>>()
}

/// Returns the topics that the service publishes.
pub(crate) fn published_topics() -> Topics {
    Topics::new()
        .with_unroutable::<Occurred<TrainerAllocated>>()
        .with_unroutable::<Occurred<SessionsGenerated>>()
        .with_unroutable::<Occurred<AllocationRejected>>()
        .with_unroutable::<Occurred<StudentDeallocated>>()
        .with_unroutable::<Occurred<SessionRescheduled>>()
        .with_unroutable::<Occurred<SessionSubstituted>>()
        .with_unroutable::<Occurred<SessionCompleted>>()
        .with_unroutable::<Occurred<SessionCancelled>>()
        .with_unroutable::<Occurred<SessionReviewed>>()
        .with_unroutable::<Occurred<AdminOverride>>()
        .with_unroutable::<Occurred<NotificationRequested>>()
        .with_unroutable::<LiveEvent>()
}

/// Returns the subscriptions of the service. `inbox` makes the inbox of a group.
pub(crate) fn subscriptions(
    schedule: &Arc<Schedule>,
    inbox: impl Fn(&str) -> Inbox,
) -> [Subscription; 3] {
    let group = |(name, retries): (&str, u32)| {
        let consumer = Consumer::new(name, inbox(name), schedule).max_retries(retries);
        // Another student was faster. The next try plans other dates.
        consumer.reject_violations(&[errors::SLOT_TAKEN])
    };
    let allocation = group(ALLOCATION)
        .on::<CourseAccessGranted>()
        .on::<PaymentRefunded>();
    let scheduling = group(SCHEDULING).on::<TrainerAllocated>();
    let copies = group(COPIES)
        .on::<CourseChanged>()
        .on::<StudentChanged>()
        .on::<TrainerChanged>();
    [allocation, scheduling, copies].map(Consumer::subscription)
}

impl Effect<Schedule> for CourseAccessGranted {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        schedule: &Schedule,
    ) -> Result<(), Error> {
        schedule.grant(tx, self).await
    }
}

impl Effect<Schedule> for PaymentRefunded {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        schedule: &Schedule,
    ) -> Result<(), Error> {
        schedule.refund(tx, self.payment_id).await
    }
}

impl Effect<Schedule> for TrainerAllocated {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        schedule: &Schedule,
    ) -> Result<(), Error> {
        schedule.generate(tx, self.allocation_id).await.map(drop)
    }
}

impl Effect<Schedule> for CourseChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Schedule) -> Result<(), Error> {
        let Ok(course) = self.course_id.parse() else {
            return Ok(());
        };
        let text = |name: &str| self.snapshot.get(name).and_then(Value::as_str);
        let category = text("category").unwrap_or_default();
        let is_published = text("status") == Some("published");
        Ok(Copies::store_course(tx, course, self.version, category, is_published).await?)
    }
}

impl Effect<Schedule> for StudentChanged {
    /// Only the messages about the profile have a place.
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Schedule) -> Result<(), Error> {
        if self.snapshot.get("latitude").is_none() {
            return Ok(());
        }
        let number = |name: &str| self.snapshot.get(name).and_then(Value::as_f64);
        let place = Place::of(number("latitude"), number("longitude"));
        Ok(Copies::store_student(tx, self.student_id, self.version, place).await?)
    }
}

impl Effect<Schedule> for TrainerChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Schedule) -> Result<(), Error> {
        match self.snapshot.as_object() {
            Some(members) => {
                Ok(TrainerCopies::store(tx, self.trainer_id, self.version, members).await?)
            }
            None => Ok(()),
        }
    }
}
