use jiff::Timestamp;
use seaworthy::{core::error_chain, data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::{LiveEvent, events::NotificationRequested};

use super::Notifier;
use crate::{
    domain::{Notice, QuietHours},
    store::{Notification, StoredPreferences, deliveries, devices, notifications},
};

/// The event that clients receive.
const NEW: &str = "notification:new";

impl Notifier {
    /// Stores a notification, plans its deliveries and sends it to connected clients. Returns
    /// `None` if the event is known.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn store(
        &self,
        tx: &Transaction,
        event: &str,
        notice: &Notice,
    ) -> Result<Option<Notification>, Error> {
        let sealed = match notice.is_secret {
            true => Some(self.sealed(notice).await?),
            false => None,
        };
        let sealed = sealed.as_ref().unwrap_or(notice);
        let Some(stored) = notifications::insert(tx, event, sealed).await? else {
            return Ok(None);
        };
        let stored = Notification {
            body: notice.body.clone(),
            data: notice.data.clone(),
            ..stored
        };
        let expires_at = notice.expires_at();
        let preferences = StoredPreferences::of(tx, notice.user).await?;
        if preferences.settings.wants_push(notice.kind) {
            let at = self.push_at(Utc::now(), &preferences.settings.quiet_hours, expires_at);
            for device in devices::of_user(tx, notice.user).await? {
                let service = self.pushes.for_device(&device.platform, &device.token);
                if device.active && service.is_some() {
                    deliveries::insert(tx, stored.id, Some(device.id), at, expires_at).await?;
                }
            }
        }
        if preferences.email.is_some() && preferences.settings.wants_email(notice.kind) {
            deliveries::insert(tx, stored.id, None, Utc::now(), expires_at).await?;
        }
        let mut live = LiveEvent::for_user(notice.user, NEW, &stored)?;
        if notice.is_secret {
            live = self.live.seal(live).await?;
        }
        self.backend.outbox.store(tx, live.message()).await?;
        Ok(Some(stored))
    }

    /// Returns a notice whose text and data are encrypted for its user.
    async fn sealed(&self, notice: &Notice) -> Result<Notice, Error> {
        let request = NotificationRequested {
            recipient_id: notice.user,
            notification_type: notice.kind.as_str().to_owned(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            data: notice.data.clone(),
        };
        let sealed = self.secrets.seal(request).await?;
        Ok(Notice {
            body: sealed.body,
            data: sealed.data,
            ..notice.clone()
        })
    }

    /// Returns the text and the data of a stored notification, which the database may have
    /// encrypted for its user. If the key does not exist, both are empty.
    pub(crate) async fn opened(
        &self,
        (user, kind): (Uuid, &str),
        (body, data): (String, Option<Value>),
    ) -> (String, Option<Value>) {
        let request = NotificationRequested {
            recipient_id: user,
            notification_type: kind.to_owned(),
            title: String::new(),
            body,
            data,
        };
        match self.secrets.open(&request).await {
            Ok(None) => (request.body, request.data),
            Ok(Some(opened)) => (opened.body, opened.data),
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(%user, error, "a notification could not be decrypted");
                (String::new(), None)
            }
        }
    }

    /// Returns when a push that is due at a moment is sent: then, or at the end of quiet hours. A
    /// notification that expires before that end does not wait for it.
    pub(super) fn push_at(
        &self,
        moment: DateTime<Utc>,
        quiet: &QuietHours,
        expires_at: Option<DateTime<Utc>>,
    ) -> DateTime<Utc> {
        let end = Timestamp::from_millisecond(moment.timestamp_millis()).ok();
        let end = end.and_then(|moment| quiet.end_after(&self.zone, moment));
        let end = end.and_then(|end| DateTime::from_timestamp_millis(end.as_millisecond()));
        match (end, expires_at) {
            (Some(end), Some(expires_at)) if expires_at <= end => moment,
            (Some(end), _) => end,
            (None, _) => moment,
        }
    }
}
