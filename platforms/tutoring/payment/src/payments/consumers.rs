use seaworthy::{
    data::prelude::*,
    outbox::{Consumer, Effect},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    events::{
        BusinessEvent, CourseAccessGranted, CourseChanged, CourseCompleted, PurchaseCreated,
        StudentChanged, TrainerAllocated,
    },
    groups::PAYMENT,
};

use crate::store::{CoinKind, Progress, coins, courses, payments};

/// The state of the effects, which need the transaction only.
#[derive(Debug)]
pub(crate) struct Rows;

/// Returns the consumer group of the service.
pub(crate) fn consumer() -> Consumer<Rows> {
    Consumer::for_group(PAYMENT)
        .reject_violations(&[])
        .on::<BusinessEvent<CourseChanged>>()
        .on::<BusinessEvent<StudentChanged>>()
        .on::<BusinessEvent<CourseCompleted>>()
        .on::<BusinessEvent<PurchaseCreated>>()
        .on::<BusinessEvent<CourseAccessGranted>>()
        .on::<BusinessEvent<TrainerAllocated>>()
}

impl Effect<Rows> for BusinessEvent<CourseChanged> {
    async fn apply(&self, tx: &Transaction, _: &Rows) -> Result<(), Error> {
        let invalid =
            |error| Error::new(Code::Invalid, "COURSE_ID", "not a UUID").with_cause(error);
        let id = Uuid::try_parse(&self.data.course_id).map_err(invalid)?;
        let is_published = is(&self.data.snapshot, "status", "published");
        Ok(courses::store(tx, id, is_published, self.data.version).await?)
    }
}

/// Whether a field of a snapshot has a value.
fn is(snapshot: &Value, name: &str, expected: impl Into<Value>) -> bool {
    snapshot.get(name) == Some(&expected.into())
}

impl Effect<Rows> for BusinessEvent<StudentChanged> {
    /// Credits the bonus of a verified registration.
    async fn apply(&self, tx: &Transaction, _: &Rows) -> Result<(), Error> {
        let is_verified = |name: &str| is(&self.data.snapshot, name, true);
        if !(is_verified("isEmailVerified") || is_verified("isPhoneVerified")) {
            return Ok(());
        }
        let student = self.data.student_id;
        let bonus = ("registration", CoinKind::RegistrationBonus, student);
        credit(tx, student, bonus).await
    }
}

impl Effect<Rows> for BusinessEvent<CourseCompleted> {
    /// Credits the coins of a completed course.
    async fn apply(&self, tx: &Transaction, _: &Rows) -> Result<(), Error> {
        let kind = CoinKind::CourseCompletion;
        let reward = ("course_completion", kind, self.data.course_id);
        credit(tx, self.data.student_id, reward).await
    }
}

async fn credit(
    tx: &Transaction,
    student: Uuid,
    (setting, kind, reference): (&str, CoinKind, Uuid),
) -> Result<(), Error> {
    let amount = coins::settings(tx).await?.value(setting);
    let posted = coins::post(tx, student, amount, kind, &reference.to_string()).await;
    Ok(posted.map(drop)?)
}

/// Implements [`Effect`] for the kinds that report the progress after a payment.
macro_rules! progress {
    ($($kind:ty => $progress:ident,)+) => {$(
        impl Effect<Rows> for BusinessEvent<$kind> {
            async fn apply(&self, tx: &Transaction, _: &Rows) -> Result<(), Error> {
                let (student, course) = (self.data.student_id, self.data.course_id);
                Ok(payments::set_progress(tx, student, course, Progress::$progress).await?)
            }
        }
    )+};
}

progress! {
    PurchaseCreated => Purchased,
    CourseAccessGranted => Enrolled,
    TrainerAllocated => Assigned,
}
