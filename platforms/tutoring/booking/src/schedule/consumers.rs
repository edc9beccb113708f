//! Messages of other services, and those about allocations.

use seaworthy::{
    data::prelude::*,
    messaging::Topics,
    outbox::{Consumer, Effect},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    LiveEvent,
    events::{
        AdminOverride, AllocationRejected, BusinessEvent, CourseAccessGranted, CourseChanged,
        NotificationRequested, PaymentRefunded, SessionCancelled, SessionCompleted,
        SessionRescheduled, SessionReviewed, SessionSubstituted, SessionsGenerated, StudentChanged,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
    groups::{ALLOCATION, BOOKING_COPIES, SCHEDULING},
};

use super::Schedule;
use crate::{
    domain::{Place, errors},
    store::{TrainerCopies, copies},
};

/// The retries of a message about a bought course.
const ALLOCATION_RETRIES: u32 = 4;
/// The retries of all other messages.
const RETRIES: u32 = 2;
/// The backoff of allocations. Until the next attempt, other students may free slots.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(2);
const MAX_BACKOFF: Timeout = Timeout::from_secs(60);

/// Returns the topics that the service publishes.
pub(crate) fn published_topics() -> Topics {
    Topics::new()
        .with_unroutable::<BusinessEvent<TrainerAllocated>>()
        .with_unroutable::<BusinessEvent<SessionsGenerated>>()
        .with_unroutable::<BusinessEvent<AllocationRejected>>()
        .with_unroutable::<BusinessEvent<StudentDeallocated>>()
        .with_unroutable::<BusinessEvent<SessionRescheduled>>()
        .with_unroutable::<BusinessEvent<SessionSubstituted>>()
        .with_unroutable::<BusinessEvent<SessionCompleted>>()
        .with_unroutable::<BusinessEvent<SessionCancelled>>()
        .with_unroutable::<BusinessEvent<SessionReviewed>>()
        .with_unroutable::<BusinessEvent<AdminOverride>>()
        .with_unroutable::<BusinessEvent<NotificationRequested>>()
        .with_unroutable::<LiveEvent>()
}

/// Returns the consumer groups of the service.
pub(crate) fn consumers() -> [Consumer<Schedule>; 3] {
    let group = |group, retries| {
        let consumer = Consumer::for_group(group).max_retries(retries);
        // A concurrent booking took the slot. The next attempt plans other dates.
        consumer.reject_violations(&[errors::SLOT_TAKEN])
    };
    let allocation = group(ALLOCATION, ALLOCATION_RETRIES)
        .backoff(INITIAL_BACKOFF, MAX_BACKOFF)
        .on::<BusinessEvent<CourseAccessGranted>>()
        .on::<BusinessEvent<PaymentRefunded>>();
    let scheduling = group(SCHEDULING, RETRIES).on::<BusinessEvent<TrainerAllocated>>();
    let copies = group(BOOKING_COPIES, RETRIES)
        .on::<BusinessEvent<CourseChanged>>()
        .on::<BusinessEvent<StudentChanged>>()
        .on::<BusinessEvent<TrainerChanged>>();
    [allocation, scheduling, copies]
}

impl Effect<Schedule> for BusinessEvent<CourseAccessGranted> {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        schedule.grant(tx, &self.data).await
    }
}

impl Effect<Schedule> for BusinessEvent<PaymentRefunded> {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        schedule.refund(tx, self.data.payment_id).await
    }
}

impl Effect<Schedule> for BusinessEvent<TrainerAllocated> {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        let id = self.data.allocation_id;
        schedule.generate(tx, id).await.map(drop)
    }
}

impl Effect<Schedule> for BusinessEvent<CourseChanged> {
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        let Ok(course) = self.data.course_id.parse() else {
            return Ok(());
        };
        let text = |name: &str| self.data.snapshot.get(name).and_then(Value::as_str);
        let category = text("category").unwrap_or_default();
        let is_published = text("status") == Some("published");
        Ok(copies::store_course(tx, course, self.data.version, category, is_published).await?)
    }
}

impl Effect<Schedule> for BusinessEvent<StudentChanged> {
    /// Only the messages about the profile have a place. Those about the account have versions of
    /// their own.
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        if self.data.snapshot.get("latitude").is_none() {
            return Ok(copies::add_student(tx, self.data.student_id).await?);
        }
        let number = |name: &str| self.data.snapshot.get(name).and_then(Value::as_f64);
        let place = Place::of(number("latitude"), number("longitude"));
        Ok(copies::store_student(tx, self.data.student_id, self.data.version, place).await?)
    }
}

impl Effect<Schedule> for BusinessEvent<TrainerChanged> {
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        let Some(members) = self.data.snapshot.as_object() else {
            return Ok(());
        };
        let (trainer, version) = (self.data.trainer_id, self.data.version);
        Ok(TrainerCopies::store(tx, trainer, version, members).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_retry_after_two_to_sixty_seconds_msg_5() {
        let [group, ..] = consumers();
        let limits = group.limits();
        assert_eq!(limits.initial_backoff, Some(Timeout::from_secs(2)));
        assert_eq!(limits.max_backoff, Some(Timeout::from_secs(60)));
        assert_eq!(limits.max_retries, Some(4));
    }
}
