use std::sync::Arc;

use seaworthy::{data::prelude::*, messaging::Subscription, outbox::Inbox, prelude::*};
use serde_json::Value;
use tutoring_contract::events::{
    CourseAccessGranted, CourseChanged, CourseCompleted, PurchaseCreated, StudentChanged,
    TrainerAllocated,
};
use tutoring_identity::{Consumer, Effect};
use uuid::Uuid;

use crate::store::{CoinKind, Coins, Courses, PaymentRows, Progress};

/// The effects need only the transaction.
struct Rows;

/// Returns the subscription of the service.
pub(crate) fn subscription(group: &str, inbox: Inbox) -> Subscription {
    Consumer::new(group, inbox, &Arc::new(Rows))
        .reject_violations(&[])
        .on::<CourseChanged>()
        .on::<StudentChanged>()
        .on::<CourseCompleted>()
        .on::<PurchaseCreated>()
        .on::<CourseAccessGranted>()
        .on::<TrainerAllocated>()
        .subscription()
}

impl Effect<Rows> for CourseChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Rows) -> Result<(), Error> {
        let invalid =
            |error| Error::new(Code::Invalid, "COURSE_ID", "not a UUID").with_cause(error);
        let id = Uuid::try_parse(&self.course_id).map_err(invalid)?;
        let is_published = is(&self.snapshot, "status", "published");
        Ok(Courses::store(tx, id, is_published, self.version).await?)
    }
}

/// Whether a member of a snapshot has a value.
fn is(snapshot: &Value, name: &str, expected: impl Into<Value>) -> bool {
    snapshot.get(name) == Some(&expected.into())
}

impl Effect<Rows> for StudentChanged {
    /// Credits the bonus of a verified registration.
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Rows) -> Result<(), Error> {
        let is_verified = |name: &str| is(&self.snapshot, name, true);
        if !(is_verified("isEmailVerified") || is_verified("isPhoneVerified")) {
            return Ok(());
        }
        let student = self.student_id;
        let bonus = ("registration", CoinKind::RegistrationBonus, student);
        credit(tx, student, bonus).await
    }
}

impl Effect<Rows> for CourseCompleted {
    /// Credits the coins of a completed course.
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Rows) -> Result<(), Error> {
        let kind = CoinKind::CourseCompletion;
        let reward = ("course_completion", kind, self.course_id);
        credit(tx, self.student_id, reward).await
    }
}

async fn credit(
    tx: &Transaction,
    student: Uuid,
    (setting, kind, reference): (&str, CoinKind, Uuid),
) -> Result<(), Error> {
    let amount = Coins::settings(tx).await?.value(setting);
    let posted = Coins::post(tx, student, amount, kind, &reference.to_string()).await;
    Ok(posted.map(drop)?)
}

/// Implements [`Effect`] for the kinds that show how far a payment is.
macro_rules! progress {
    ($($kind:ty => $progress:ident,)+) => {$(
        impl Effect<Rows> for $kind {
            async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Rows) -> Result<(), Error> {
                let (student, course) = (self.student_id, self.course_id);
                Ok(PaymentRows::set_progress(tx, student, course, Progress::$progress).await?)
            }
        }
    )+};
}

progress! {
    PurchaseCreated => Purchased,
    CourseAccessGranted => Enrolled,
    TrainerAllocated => Assigned,
}
