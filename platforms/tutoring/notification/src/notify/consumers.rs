use std::sync::Arc;

use seaworthy::{
    messaging::{ConsumerGroup, Event, Failure, Received, Subscription},
    outbox::Inbox,
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    events::{BusinessEvent, Kind, NotificationRequested},
    groups::NOTIFICATION,
};
use tutoring_identity::invalid;

use super::Notifier;
use crate::domain::Notice;

/// The retries of a message: five attempts in total.
const MAX_RETRIES: u32 = 4;

/// Returns the subscription that stores requested notifications.
pub(crate) fn subscription(inbox: &Inbox, notifier: &Arc<Notifier>) -> Subscription {
    let (inbox, notifier) = (inbox.clone(), Arc::clone(notifier));
    Subscription::for_group(NOTIFICATION)
        .max_retries(MAX_RETRIES)
        .on::<Requested, _, _>(move |event| store(inbox.clone(), Arc::clone(&notifier), event))
}

/// A requested notification. Its recipient is the common field `userId`, or `recipientId` if a
/// service of this platform requests the notification.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Requested {
    recipient_id: Option<Uuid>,
    user_id: Option<Uuid>,
    notification_type: String,
    title: String,
    body: String,
    data: Option<Value>,
}

impl Event for Requested {
    const TYPE: &'static str = NotificationRequested::TYPE;
    const VERSION: u32 = <BusinessEvent<NotificationRequested> as Event>::VERSION;
    const TOPIC: &'static str = NotificationRequested::TOPIC;
    const GROUPS: &'static [ConsumerGroup] = NotificationRequested::GROUPS;
}

impl Requested {
    /// # Errors
    /// The event has no recipient.
    fn notification(&self) -> Result<NotificationRequested, Error> {
        let missing = || invalid("userId", "is required");
        Ok(NotificationRequested {
            recipient_id: self.recipient_id.or(self.user_id).ok_or_else(missing)?,
            notification_type: self.notification_type.clone(),
            title: self.title.clone(),
            body: self.body.clone(),
            data: self.data.clone(),
        })
    }
}

async fn store(
    inbox: Inbox,
    notifier: Arc<Notifier>,
    requested: Received<Requested>,
) -> Result<(), Failure> {
    let event = &requested.event().notification().map_err(Failure::reject)?;
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
