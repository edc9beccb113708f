//! Messages of other services, and the tables that they fill.

use std::sync::Arc;

use seaworthy::{
    data::prelude::*,
    messaging::{Subscription, Topics},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::events::{
    AllocationRejected, CourseAccessGranted, CourseChanged, CourseProgressUpdated, Occurred,
    PaymentRefunded, PurchaseConfirmed, SessionCancelled, SessionCompleted, SessionRescheduled,
    SessionSubstituted, SessionsGenerated, StudentChanged, StudentDeallocated, TrainerAllocated,
    TrainerChanged,
};
use tutoring_identity::{Backend, Consumer, Effect};
use uuid::Uuid;

use crate::{
    config::StudentConfig,
    pages::Pages,
    store::{
        AccountCopy, Cards, MyCourses, MyPayments, MySessions, PaidSessions, Referrals, Students,
    },
};

/// The consumer group of the messages that change pages.
const PAGES: &str = "cache-invalidation-workers";
/// A message that changes pages has three attempts.
const MAX_RETRIES: u32 = 2;
/// The consumer group of the messages about accounts, courses and trainers.
const COPIES: &str = "student-copies";

/// Returns the topics that the service consumes.
pub(crate) fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<PurchaseConfirmed>>()
        .with::<Occurred<CourseAccessGranted>>()
        .with::<Occurred<PaymentRefunded>>()
        .with::<Occurred<TrainerAllocated>>()
        .with::<Occurred<StudentDeallocated>>()
        .with::<Occurred<AllocationRejected>>()
        .with::<Occurred<SessionsGenerated>>()
        .with::<Occurred<SessionRescheduled>>()
        .with::<Occurred<SessionSubstituted>>()
        .with::<Occurred<SessionCompleted>>()
        .with::<Occurred<SessionCancelled>>()
        .with::<Occurred<CourseProgressUpdated>>()
        .with::<Occurred<StudentChanged>>()
        .with::<Occurred<TrainerChanged>>()
        .with::<Occurred<CourseChanged>>()
}

/// Returns the subscriptions of the service.
pub(crate) fn subscriptions(
    service: &Assembly<StudentConfig>,
    backend: &Backend,
    pages: &Arc<Pages>,
) -> [Subscription; 2] {
    let of_pages = Consumer::new(PAGES, backend.inbox(service, PAGES), pages)
        .max_retries(MAX_RETRIES)
        .on::<PurchaseConfirmed>()
        .on::<CourseAccessGranted>()
        .on::<PaymentRefunded>()
        .on::<TrainerAllocated>()
        .on::<StudentDeallocated>()
        .on::<AllocationRejected>()
        .on::<SessionsGenerated>()
        .on::<SessionRescheduled>()
        .on::<SessionSubstituted>()
        .on::<SessionCompleted>()
        .on::<SessionCancelled>()
        .on::<CourseProgressUpdated>();
    let copies = Consumer::new(COPIES, backend.inbox(service, COPIES), pages)
        .on::<StudentChanged>()
        .on::<TrainerChanged>()
        .on::<CourseChanged>();
    [of_pages.subscription(), copies.subscription()]
}

/// Implements [`Effect`] for a kind with a student, whose pages change.
macro_rules! updates {
    ($($kind:ty, |$data:ident, $tx:ident, $at:pat_param| $store:expr;)+) => {$(
        impl Effect<Pages> for $kind {
            async fn apply(
                &self,
                $tx: &Transaction,
                $at: DateTime<Utc>,
                _: &Pages,
            ) -> Result<(), Error> {
                let $data = self;
                Ok($store.await?)
            }

            async fn after(&self, pages: &Pages) {
                pages.forget(self.student_id).await;
            }
        }
    )+};
}

updates! {
    // The payment succeeded, and the course opens soon.
    PurchaseConfirmed, |event, tx, _| MyCourses::ensure(tx, (event.student_id, event.course_id));
    CourseAccessGranted, |event, tx, _| granted(event, tx);
    PaymentRefunded, |event, tx, _| refunded(event, tx);
    TrainerAllocated, |event, tx, at| MyCourses::allocate(
        tx,
        (event.student_id, event.course_id),
        (event.allocation_id, event.trainer_id),
        (event.start_date.to_string(), event.end_date.map(|date| date.to_string())),
        at,
    );
    StudentDeallocated, |event, tx, _| MyCourses::deallocate(
        tx,
        (event.student_id, event.course_id),
        (event.allocation_id, event.trainer_id),
    );
    AllocationRejected, |event, tx, at| MyCourses::reject(
        tx,
        (event.student_id, event.course_id),
        event.allocation_id,
        at,
    );
    SessionsGenerated, |event, tx, _| generated(event, tx);
    SessionRescheduled, |event, tx, at| MySessions::change(
        tx,
        (event.student_id, event.session_id),
        event.trainer_id,
        (event.new_date.to_string(), event.new_time_slot.clone()),
        at,
    );
    SessionSubstituted, |event, tx, at| MySessions::change(
        tx,
        (event.student_id, event.session_id),
        event.substitute_trainer_id,
        (event.date.to_string(), event.time_slot.clone()),
        at,
    );
    SessionCompleted, |event, tx, _| MySessions::finish(tx, event.student_id, event.session_id, "completed");
    SessionCancelled, |event, tx, _| MySessions::finish(tx, event.student_id, event.session_id, "cancelled");
    CourseProgressUpdated, |event, tx, _| MyCourses::progress(
        tx,
        (event.student_id, event.course_id),
        (event.completed_sessions, event.total_sessions, event.percentage),
        event.last_completed_at.map(|time| time.to_string()),
    );
    StudentChanged, |event, tx, _| store_account(event, tx);
}

/// Stores a purchase. The first paid course of a referred student rewards the referrer.
async fn granted(event: &CourseAccessGranted, tx: &Transaction) -> Result<(), DataError> {
    // A redemption at the same time waits, and then sees the course.
    Students::lock(tx, event.student_id).await?;
    let place = (event.student_id, event.course_id);
    MyCourses::grant(tx, place, event.purchase_id, &event.metadata).await?;
    let payment = event.metadata.get("paymentId").and_then(Value::as_str);
    let sessions = event.metadata.get("sessionCount").and_then(Value::as_i64);
    let sessions = sessions.and_then(|count| i32::try_from(count).ok());
    let paid = PaidSessions {
        payment: payment
            .and_then(|id| id.parse().ok())
            .unwrap_or(event.purchase_id),
        student: event.student_id,
        course: event.course_id,
        sessions: sessions.unwrap_or_else(|| event.purchase_tier.into()),
    };
    MyPayments::pay(tx, &paid).await?;
    match count_sessions(tx, place).await? {
        // The refund arrived first.
        0 => Ok(()),
        _ => Referrals::make_due(tx, event.student_id).await,
    }
}

/// Removes the sessions of a payment from its course. Without any paid session, the referrer gets no
/// reward, and loses the one in the wallet.
async fn refunded(event: &PaymentRefunded, tx: &Transaction) -> Result<(), DataError> {
    Students::lock(tx, event.student_id).await?;
    let unknown = PaidSessions {
        payment: event.payment_id,
        student: event.student_id,
        course: event.course_id,
        sessions: 0,
    };
    MyPayments::refund(tx, &unknown).await?;
    count_sessions(tx, (event.student_id, event.course_id)).await?;
    match MyPayments::has_sessions(tx, event.student_id).await? {
        true => Ok(()),
        false => Referrals::clear_due(tx, event.student_id).await,
    }
}

/// Stores the number of paid sessions of a course, and returns it.
async fn count_sessions(tx: &Transaction, place: (Uuid, Uuid)) -> Result<i32, DataError> {
    let sessions = MyPayments::sessions(tx, place.0, place.1).await?;
    MyCourses::set_tier(tx, place, sessions).await?;
    Ok(sessions)
}

async fn generated(event: &SessionsGenerated, tx: &Transaction) -> Result<(), DataError> {
    let place = (event.student_id, event.course_id);
    MyCourses::set_sessions(tx, place, event.allocation_id).await?;
    MySessions::generate(tx, place, event.trainer_id, &event.session_ids).await
}

/// The members of an account in a snapshot. Those of a profile, which this service publishes
/// itself, have none of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountSnapshot {
    username: Option<String>,
    is_email_verified: bool,
    is_phone_verified: bool,
    is_disabled: bool,
}

async fn store_account(event: &StudentChanged, tx: &Transaction) -> Result<(), DataError> {
    let Ok(account) = serde_json::from_value::<AccountSnapshot>(event.snapshot.clone()) else {
        return Ok(());
    };
    let account = AccountCopy {
        id: event.student_id,
        version: event.version,
        username: account.username,
        is_verified: account.is_email_verified || account.is_phone_verified,
        is_disabled: account.is_disabled,
    };
    Students::store_account(tx, &account).await
}

impl Effect<Pages> for TrainerChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Pages) -> Result<(), Error> {
        let card = members(&self.snapshot, &["fullName", "photoUrl"]);
        Ok(Cards::store(tx, self.trainer_id, self.version, &card).await?)
    }
}

impl Effect<Pages> for CourseChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Pages) -> Result<(), Error> {
        let Ok(id) = self.course_id.parse() else {
            return Ok(());
        };
        let card = members(&self.snapshot, &["title", "category", "thumbnailUrl"]);
        Ok(Cards::store(tx, id, self.version, &card).await?)
    }
}

fn members(snapshot: &Value, names: &[&str]) -> Value {
    let found = names.iter().filter_map(|name| {
        let value = snapshot.get(name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(found.collect())
}
