//! Messages of other services, and those about allocations.

use std::sync::Arc;

use seaworthy::{
    data::Transaction,
    messaging::{Failure, Subscription, Topics},
    outbox::Inbox,
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    LiveEvent,
    events::{
        AdminOverride, AllocationRejected, CourseAccessGranted, CourseChanged, Kind,
        NotificationRequested, Occurred, PaymentRefunded, SessionCancelled, SessionCompleted,
        SessionRescheduled, SessionReviewed, SessionSubstituted, SessionsGenerated, StudentChanged,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
};

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

/// A message with an effect on allocations, sessions or copies.
trait Effect: Kind {
    fn apply(
        &self,
        tx: &Transaction,
        schedule: &Schedule,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Returns the subscriptions of the service. `inbox` makes the inbox of a group.
pub(crate) fn subscriptions(
    schedule: &Arc<Schedule>,
    inbox: impl Fn(&str) -> Inbox,
) -> [Subscription; 3] {
    let group = |(name, retries): (&str, u32)| Subscription::new(name).max_retries(retries);
    let of = inbox(ALLOCATION.0);
    let allocation = on::<CourseAccessGranted>(group(ALLOCATION), &of, schedule);
    let allocation = on::<PaymentRefunded>(allocation, &of, schedule);
    let of = inbox(SCHEDULING.0);
    let scheduling = on::<TrainerAllocated>(group(SCHEDULING), &of, schedule);
    let of = inbox(COPIES.0);
    let copies = on::<CourseChanged>(group(COPIES), &of, schedule);
    let copies = on::<StudentChanged>(copies, &of, schedule);
    let copies = on::<TrainerChanged>(copies, &of, schedule);
    [allocation, scheduling, copies]
}

/// Applies each message of a kind once. A broken rule is permanent, and all other failures are
/// transient.
fn on<K: Effect>(
    subscription: Subscription,
    inbox: &Inbox,
    schedule: &Arc<Schedule>,
) -> Subscription {
    let (inbox, schedule) = (inbox.clone(), Arc::clone(schedule));
    subscription.on::<Occurred<K>, _, _>(move |received| {
        let (inbox, schedule) = (inbox.clone(), Arc::clone(&schedule));
        async move {
            let (data, schedule) = (&received.event().data, &*schedule);
            let applied = inbox.process_once(received.envelope(), |tx| async move {
                let applied = data.apply(&tx, schedule).await;
                applied.map_err(|error| match error.code() {
                    // Another student was faster. The next try plans other dates.
                    _ if error.reason() == errors::SLOT_TAKEN => Failure::retry(error),
                    Code::Conflict | Code::NotFound | Code::Invalid => Failure::reject(error),
                    _ => Failure::retry(error),
                })
            });
            applied.await.map(drop)
        }
    })
}

impl Effect for CourseAccessGranted {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        schedule.grant(tx, self).await
    }
}

impl Effect for PaymentRefunded {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        schedule.refund(tx, self.payment_id).await
    }
}

impl Effect for TrainerAllocated {
    async fn apply(&self, tx: &Transaction, schedule: &Schedule) -> Result<(), Error> {
        schedule.generate(tx, self.allocation_id).await.map(drop)
    }
}

impl Effect for CourseChanged {
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        let Ok(course) = self.course_id.parse() else {
            return Ok(());
        };
        let text = |name: &str| self.snapshot.get(name).and_then(Value::as_str);
        let category = text("category").unwrap_or_default();
        let is_published = text("status") == Some("published");
        Ok(Copies::store_course(tx, course, self.version, category, is_published).await?)
    }
}

impl Effect for StudentChanged {
    /// Only the messages about the profile have a place.
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        if self.snapshot.get("latitude").is_none() {
            return Ok(());
        }
        let number = |name: &str| self.snapshot.get(name).and_then(Value::as_f64);
        let place = Place::of(number("latitude"), number("longitude"));
        Ok(Copies::store_student(tx, self.student_id, self.version, place).await?)
    }
}

impl Effect for TrainerChanged {
    async fn apply(&self, tx: &Transaction, _: &Schedule) -> Result<(), Error> {
        match self.snapshot.as_object() {
            Some(members) => {
                Ok(TrainerCopies::store(tx, self.trainer_id, self.version, members).await?)
            }
            None => Ok(()),
        }
    }
}
