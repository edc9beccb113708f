use seaworthy::{
    data::prelude::*,
    outbox::{Consumer, Effect},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    events::{
        BusinessEvent, PaymentRefunded, PurchaseConfirmed, SessionCompleted, StudentChanged,
        StudentDeallocated, TrainerAllocated,
    },
    groups::{COURSE_COPIES, PROGRESS, PURCHASES},
};

use super::{
    Courses,
    purchase::{Paid, require_tier},
};
use crate::errors::TOO_MANY_SESSIONS;

/// The retries of a message: three attempts in total.
const MAX_RETRIES: u32 = 2;
/// The backoff of purchases. The maximum limits the delay of a paid course after an outage.
const INITIAL_BACKOFF: Timeout = Timeout::from_secs(1);
const MAX_BACKOFF: Timeout = Timeout::from_secs(30);

/// Returns the consumer groups of the service.
pub(crate) fn consumers() -> [Consumer<Courses>; 3] {
    let group = |group| Consumer::for_group(group).max_retries(MAX_RETRIES);
    // Retry, because a refund that reduces the sessions may arrive later: topics are not ordered.
    let purchases = group(PURCHASES)
        .backoff(INITIAL_BACKOFF, MAX_BACKOFF)
        .reject_violations(&[TOO_MANY_SESSIONS])
        .on::<BusinessEvent<PurchaseConfirmed>>()
        .on::<BusinessEvent<PaymentRefunded>>();
    let delivery = group(PROGRESS)
        .reject_violations(&[TOO_MANY_SESSIONS])
        .on::<BusinessEvent<SessionCompleted>>();
    let copies = group(COURSE_COPIES)
        .on::<BusinessEvent<TrainerAllocated>>()
        .on::<BusinessEvent<StudentDeallocated>>()
        .on::<BusinessEvent<StudentChanged>>();
    [purchases, delivery, copies]
}

impl Effect<Courses> for BusinessEvent<PurchaseConfirmed> {
    async fn apply(&self, tx: &Transaction, courses: &Courses) -> Result<(), Error> {
        let metadata = &self.data.metadata;
        let count = metadata.get("sessionCount").and_then(Value::as_u64);
        let count = count.and_then(|count| u8::try_from(count).ok());
        let session_count = count.unwrap_or(0);
        require_tier(session_count)?;
        let paid = Paid {
            payment: self.data.payment_id,
            student: self.data.student_id,
            course: self.data.course_id,
            session_count,
            expires_at: None,
            metadata: metadata.clone(),
        };
        courses.open_paid(tx, &paid).await
    }
}

impl Effect<Courses> for BusinessEvent<PaymentRefunded> {
    async fn apply(&self, tx: &Transaction, courses: &Courses) -> Result<(), Error> {
        courses
            .close(tx, (self.data.payment_id, self.data.course_id))
            .await
    }
}

impl Effect<Courses> for BusinessEvent<SessionCompleted> {
    async fn apply(&self, tx: &Transaction, courses: &Courses) -> Result<(), Error> {
        courses.deliver(tx, &self.data).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purchases_retry_after_one_to_thirty_seconds_msg_5() {
        let [group, ..] = consumers();
        let limits = group.limits();
        assert_eq!(limits.initial_backoff, Some(Timeout::from_secs(1)));
        assert_eq!(limits.max_backoff, Some(Timeout::from_secs(30)));
        assert_eq!(limits.max_retries, Some(2));
    }
}
