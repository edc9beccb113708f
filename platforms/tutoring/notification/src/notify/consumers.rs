use std::sync::Arc;

use seaworthy::{
    messaging::{Failure, Received, Subscription},
    outbox::Inbox,
};
use tutoring_contract::events::{NotificationRequested, Occurred};

use super::Notifier;
use crate::domain::Notice;

/// The consumer group of requests for notifications.
pub(crate) const GROUP: &str = "notification-workers";
/// A message has five attempts.
const MAX_RETRIES: u32 = 4;

/// Returns the subscription that stores requested notifications.
pub(crate) fn subscription(inbox: &Inbox, notifier: &Arc<Notifier>) -> Subscription {
    let (inbox, notifier) = (inbox.clone(), Arc::clone(notifier));
    Subscription::new(GROUP)
        .max_retries(MAX_RETRIES)
        .on::<Occurred<NotificationRequested>, _, _>(move |event| {
            store(inbox.clone(), Arc::clone(&notifier), event)
        })
}

async fn store(
    inbox: Inbox,
    notifier: Arc<Notifier>,
    requested: Received<Occurred<NotificationRequested>>,
) -> Result<(), Failure> {
    let event = &requested.event().data;
    let opened = notifier.secrets.open(event).await;
    let opened = opened.map_err(Failure::reject)?;
    let is_secret = opened.is_some();
    let event = opened.as_ref().unwrap_or(event);
    let notice = Notice::new(
        event.recipient_id,
        &event.notification_type,
        (&event.title, &event.body),
        event.data.clone(),
    );
    let notice = &Notice {
        is_secret,
        ..notice.map_err(Failure::reject)?
    };
    let (id, notifier) = (&requested.envelope().id().to_string(), &notifier);
    let stored = inbox.process_once(requested.envelope(), |tx| async move {
        let stored = notifier.store(&tx, id, notice).await;
        stored.map(drop).map_err(Failure::retry)
    });
    stored.await.map(drop)
}
