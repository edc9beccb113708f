use std::sync::Arc;

use seaworthy::{
    data::Transaction,
    messaging::{Envelope, Failure, Received, Subscription},
    outbox::Inbox,
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::events::{Occurred, PaymentRefunded, PurchaseConfirmed, SessionCompleted};

use super::{
    Courses,
    purchase::{Paid, require_tier},
};
use crate::errors::TOO_MANY_SESSIONS;

/// A message has three attempts.
pub(super) const MAX_RETRIES: u32 = 2;

/// Returns the subscription that opens and closes courses.
pub(crate) fn purchases(group: &str, inbox: &Inbox, courses: &Arc<Courses>) -> Subscription {
    let (opened, closed) = (Arc::clone(courses), Arc::clone(courses));
    let (open_inbox, close_inbox) = (inbox.clone(), inbox.clone());
    Subscription::new(group)
        .max_retries(MAX_RETRIES)
        .on::<Occurred<PurchaseConfirmed>, _, _>(move |event| {
            open(open_inbox.clone(), Arc::clone(&opened), event)
        })
        .on::<Occurred<PaymentRefunded>, _, _>(move |event| {
            close(close_inbox.clone(), Arc::clone(&closed), event)
        })
}

/// Returns the subscription that counts held sessions.
pub(crate) fn delivery(group: &str, inbox: &Inbox, courses: &Arc<Courses>) -> Subscription {
    let (inbox, courses) = (inbox.clone(), Arc::clone(courses));
    Subscription::new(group)
        .max_retries(MAX_RETRIES)
        .on::<Occurred<SessionCompleted>, _, _>(move |event| {
            deliver(inbox.clone(), Arc::clone(&courses), event)
        })
}

async fn open(
    inbox: Inbox,
    courses: Arc<Courses>,
    confirmed: Received<Occurred<PurchaseConfirmed>>,
) -> Result<(), Failure> {
    let event = &confirmed.event().data;
    let count = event.metadata.get("sessionCount").and_then(Value::as_u64);
    let count = count
        .and_then(|count| u8::try_from(count).ok())
        .unwrap_or(0);
    require_tier(count).map_err(Failure::reject)?;
    let paid = &Paid {
        payment: event.payment_id,
        student: event.student_id,
        course: event.course_id,
        session_count: count,
        expires_at: None,
        metadata: event.metadata.clone(),
    };
    let courses = &courses;
    once(&inbox, confirmed.envelope(), |tx| async move {
        courses.open_paid(&tx, paid).await
    })
    .await
}

async fn close(
    inbox: Inbox,
    courses: Arc<Courses>,
    refunded: Received<Occurred<PaymentRefunded>>,
) -> Result<(), Failure> {
    let (event, courses) = (&refunded.event().data, &courses);
    once(&inbox, refunded.envelope(), |tx| async move {
        courses
            .close(&tx, (event.payment_id, event.course_id))
            .await
    })
    .await
}

async fn deliver(
    inbox: Inbox,
    courses: Arc<Courses>,
    completed: Received<Occurred<SessionCompleted>>,
) -> Result<(), Failure> {
    let (session, courses) = (&completed.event().data, &courses);
    once(&inbox, completed.envelope(), |tx| async move {
        courses.deliver(&tx, session).await
    })
    .await
}

/// Runs an effect once. A broken rule is permanent, and all other failures are transient.
async fn once<F, R>(inbox: &Inbox, envelope: &Envelope, effect: F) -> Result<(), Failure>
where
    F: Fn(Transaction) -> R + Send + Sync,
    R: Future<Output = Result<(), Error>> + Send,
{
    let effect = &effect;
    let processed = inbox.process_once(envelope, |tx| async move {
        effect(tx).await.map_err(|error| match error.code() {
            // The refund that makes room may be on its way: two topics have no order.
            _ if error.reason() == TOO_MANY_SESSIONS => Failure::retry(error),
            Code::Conflict | Code::NotFound | Code::Invalid => Failure::reject(error),
            _ => Failure::retry(error),
        })
    });
    processed.await.map(drop)
}
