//! Messages of other services, and the tables that they fill.

use seaworthy::{
    data::prelude::*,
    outbox::{Consumer, Effect},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    events::{
        AllocationRejected, BusinessEvent, CourseAccessGranted, CourseChanged,
        CourseProgressUpdated, PaymentRefunded, PurchaseConfirmed, SessionCancelled,
        SessionCompleted, SessionRescheduled, SessionSubstituted, SessionsGenerated,
        StudentChanged, StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
    groups::{STUDENT_COPIES, STUDENT_PAGES},
};

use crate::{
    pages::Pages,
    store::{cards, courses, payments, referrals, sessions, students},
};

/// The retries of a message: three attempts in total.
const MAX_RETRIES: u32 = 2;

/// Returns the consumer groups of the service.
pub(crate) fn consumers() -> [Consumer<Pages>; 2] {
    let of_pages = Consumer::for_group(STUDENT_PAGES)
        .max_retries(MAX_RETRIES)
        .on::<BusinessEvent<PurchaseConfirmed>>()
        .on::<BusinessEvent<CourseAccessGranted>>()
        .on::<BusinessEvent<PaymentRefunded>>()
        .on::<BusinessEvent<TrainerAllocated>>()
        .on::<BusinessEvent<StudentDeallocated>>()
        .on::<BusinessEvent<AllocationRejected>>()
        .on::<BusinessEvent<SessionsGenerated>>()
        .on::<BusinessEvent<SessionRescheduled>>()
        .on::<BusinessEvent<SessionSubstituted>>()
        .on::<BusinessEvent<SessionCompleted>>()
        .on::<BusinessEvent<SessionCancelled>>()
        .on::<BusinessEvent<CourseProgressUpdated>>();
    let copies = Consumer::for_group(STUDENT_COPIES)
        .on::<BusinessEvent<StudentChanged>>()
        .on::<BusinessEvent<TrainerChanged>>()
        .on::<BusinessEvent<CourseChanged>>();
    [of_pages, copies]
}

/// Implements [`Effect`] for a kind with a student, whose pages change.
macro_rules! updates {
    ($($kind:ty, |$data:ident, $tx:ident, $at:pat_param| $store:expr;)+) => {$(
        impl Effect<Pages> for BusinessEvent<$kind> {
            async fn apply(
                &self,
                $tx: &Transaction,
                _: &Pages,
            ) -> Result<(), Error> {
                let $data = &self.data;
                let $at = DateTime::from_timestamp_millis(self.timestamp).unwrap_or_default();
                Ok($store.await?)
            }

            async fn after_commit(&self, pages: &Pages) {
                pages.invalidate(self.data.student_id).await;
            }
        }
    )+};
}

updates! {
    // The payment succeeded, and the course opens soon.
    PurchaseConfirmed, |event, tx, _| confirmed(event, tx);
    CourseAccessGranted, |event, tx, _| granted(event, tx);
    PaymentRefunded, |event, tx, _| refunded(event, tx);
    TrainerAllocated, |event, tx, at| allocated(event, tx, at);
    StudentDeallocated, |event, tx, _| courses::deallocate(tx, event);
    AllocationRejected, |event, tx, at| courses::reject(tx, event, at);
    SessionsGenerated, |event, tx, _| generated(event, tx);
    SessionRescheduled, |event, tx, at| sessions::change(
        tx,
        (event.student_id, event.session_id),
        event.trainer_id,
        (event.new_date.to_string(), event.new_time_slot.clone()),
        at,
    );
    SessionSubstituted, |event, tx, at| sessions::change(
        tx,
        (event.student_id, event.session_id),
        event.substitute_trainer_id,
        (event.date.to_string(), event.time_slot.clone()),
        at,
    );
    SessionCompleted, |event, tx, _| sessions::finish(tx, event.student_id, event.session_id, "completed");
    SessionCancelled, |event, tx, _| sessions::finish(tx, event.student_id, event.session_id, "cancelled");
    CourseProgressUpdated, |event, tx, _| courses::progress(tx, event);
    StudentChanged, |event, tx, _| students::store_account(tx, event);
}

/// Stores a paid course. A payment with a discount uses the welcome offer, because a student has
/// only one discount in a lifetime.
async fn confirmed(event: &PurchaseConfirmed, tx: &Transaction) -> DataResult<()> {
    let is = |name: &str| event.metadata.get(name) == Some(&Value::Bool(true));
    if is("claimDealApplied") || is("couponApplied") {
        students::claim_deal(tx, event.student_id).await?;
    }
    courses::ensure(tx, (event.student_id, event.course_id)).await
}

/// Stores the trainer of a course, and the place of its sessions.
async fn allocated(
    event: &TrainerAllocated,
    tx: &Transaction,
    at: DateTime<Utc>,
) -> DataResult<()> {
    if let Some(territory) = &event.territory {
        students::set_territory(tx, event.student_id, territory, at).await?;
    }
    courses::allocate(tx, event, at).await
}

/// Stores a purchase. The first paid course of a referred student rewards the referrer.
async fn granted(event: &CourseAccessGranted, tx: &Transaction) -> DataResult<()> {
    // A concurrent redemption waits for this lock, and then reads the course.
    students::lock(tx, event.student_id).await?;
    courses::grant(tx, event).await?;
    payments::pay(tx, event).await?;
    match count_sessions(tx, (event.student_id, event.course_id)).await? {
        // The refund arrived first.
        0 => Ok(()),
        _ => referrals::make_due(tx, event.student_id).await,
    }
}

/// Removes the sessions of a payment from its course. Without any paid session, the referrer gets
/// no reward, and a paid reward is reversed.
async fn refunded(event: &PaymentRefunded, tx: &Transaction) -> DataResult<()> {
    students::lock(tx, event.student_id).await?;
    payments::refund(tx, event).await?;
    count_sessions(tx, (event.student_id, event.course_id)).await?;
    match payments::has_sessions(tx, event.student_id).await? {
        true => Ok(()),
        false => referrals::clear_due(tx, event.student_id).await,
    }
}

/// Stores the number of paid sessions of a course, and returns it.
async fn count_sessions(tx: &Transaction, place: (Uuid, Uuid)) -> DataResult<i32> {
    let sessions = payments::sessions(tx, place.0, place.1).await?;
    courses::set_tier(tx, place, sessions).await?;
    Ok(sessions)
}

async fn generated(event: &SessionsGenerated, tx: &Transaction) -> DataResult<()> {
    courses::set_sessions(tx, event).await?;
    sessions::generate(tx, event).await
}

impl Effect<Pages> for BusinessEvent<TrainerChanged> {
    async fn apply(&self, tx: &Transaction, _: &Pages) -> Result<(), Error> {
        let card = members(&self.data.snapshot, &["fullName", "photoUrl"]);
        Ok(cards::store(tx, self.data.trainer_id, self.data.version, &card).await?)
    }
}

impl Effect<Pages> for BusinessEvent<CourseChanged> {
    async fn apply(&self, tx: &Transaction, _: &Pages) -> Result<(), Error> {
        let Ok(id) = self.data.course_id.parse() else {
            return Ok(());
        };
        let card = members(&self.data.snapshot, &["title", "category", "thumbnailUrl"]);
        Ok(cards::store(tx, id, self.data.version, &card).await?)
    }
}

fn members(snapshot: &Value, names: &[&str]) -> Value {
    let found = names.iter().filter_map(|name| {
        let value = snapshot.get(name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(found.collect())
}
