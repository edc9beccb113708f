use std::sync::Arc;

use seaworthy::{data::prelude::*, messaging::Subscription, outbox::Inbox, prelude::*};
use serde_json::Value;
use tutoring_contract::events::{
    PaymentRefunded, PurchaseConfirmed, SessionCompleted, StudentChanged, StudentDeallocated,
    TrainerAllocated,
};
use tutoring_identity::{Consumer, Effect};

use super::{
    Courses,
    purchase::{Paid, require_tier},
};
use crate::errors::TOO_MANY_SESSIONS;

/// The consumer group of payments.
pub(crate) const PURCHASES: &str = "purchase-creation-workers";
/// The consumer group of held sessions.
pub(crate) const DELIVERY: &str = "progress-workers";
/// The consumer group of allocations and profiles.
pub(crate) const COPIES: &str = "course-copies";
/// A message has three attempts.
const MAX_RETRIES: u32 = 2;

/// Returns the subscriptions of the service. `inbox` makes the inbox of a group.
pub(crate) fn subscriptions(
    courses: &Arc<Courses>,
    inbox: impl Fn(&str) -> Inbox,
) -> [Subscription; 3] {
    let group = |name| Consumer::new(name, inbox(name), courses).max_retries(MAX_RETRIES);
    // The refund that makes room may be on its way: two topics have no order.
    let purchases = group(PURCHASES)
        .reject_violations(&[TOO_MANY_SESSIONS])
        .on::<PurchaseConfirmed>()
        .on::<PaymentRefunded>();
    let delivery = group(DELIVERY)
        .reject_violations(&[TOO_MANY_SESSIONS])
        .on::<SessionCompleted>();
    let copies = group(COPIES)
        .on::<TrainerAllocated>()
        .on::<StudentDeallocated>()
        .on::<StudentChanged>();
    [purchases, delivery, copies].map(Consumer::subscription)
}

impl Effect<Courses> for PurchaseConfirmed {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        courses: &Courses,
    ) -> Result<(), Error> {
        let count = self.metadata.get("sessionCount").and_then(Value::as_u64);
        let count = count.and_then(|count| u8::try_from(count).ok());
        let session_count = count.unwrap_or(0);
        require_tier(session_count)?;
        let paid = Paid {
            payment: self.payment_id,
            student: self.student_id,
            course: self.course_id,
            session_count,
            expires_at: None,
            metadata: self.metadata.clone(),
        };
        courses.open_paid(tx, &paid).await
    }
}

impl Effect<Courses> for PaymentRefunded {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        courses: &Courses,
    ) -> Result<(), Error> {
        courses.close(tx, (self.payment_id, self.course_id)).await
    }
}

impl Effect<Courses> for SessionCompleted {
    async fn apply(
        &self,
        tx: &Transaction,
        _: DateTime<Utc>,
        courses: &Courses,
    ) -> Result<(), Error> {
        courses.deliver(tx, self).await
    }
}
