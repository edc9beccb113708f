use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use seaworthy::{
    data::{DatabaseLeases, chrono::Utc},
    mail::{Mail, MailError},
    prelude::*,
    push::{Push, PushError},
    service::lease::LeaseConfig,
};
use serde_json::{Map, Value};

use super::Notifier;
use crate::store::{Due, StoredPreferences, deliveries, devices};

/// The interval of deliveries, short because a session code is needed within seconds.
const INTERVAL: Timeout = Timeout::from_secs(1);
/// Maximum number of concurrent deliveries.
const BATCH: u32 = 32;
/// The delays after failed attempts, in seconds. A delivery has five attempts.
const BACKOFFS: [u64; 4] = [2, 15, 60, 300];
/// Larger data stay out of a push, in bytes. The application reads them from the list.
const MAX_DATA: usize = 1_500;
/// Maximum delay of a `Retry-After` that is respected, in seconds.
const MAX_BACKOFF: u64 = 3_600;

/// The result of an attempt.
enum Outcome {
    Sent,
    InvalidToken(String),
    Permanent(String),
    Transient(String, Option<Duration>),
}

/// Returns the worker that sends pushes and mails. A crash between a push and its record repeats
/// the push.
pub(crate) fn worker(notifier: &Arc<Notifier>) -> Worker {
    let leases = Arc::new(DatabaseLeases::new(notifier.backend.database.clone()));
    let worker = Worker::in_batches_of(
        "deliver notifications",
        INTERVAL,
        notifier,
        async |notifier| notifier.deliver().await,
    );
    worker.singleton(leases, LeaseConfig::default())
}

impl Notifier {
    /// Sends a batch of due deliveries. Returns whether there may be more.
    async fn deliver(&self) -> Result<bool, Error> {
        let due = deliveries::due(&self.backend.database, BATCH).await?;
        let is_full = due.len() >= BATCH as usize;
        let sent = join_all(due.into_iter().map(|delivery| self.attempt(delivery))).await;
        sent.into_iter().collect::<Result<(), Error>>()?;
        Ok(is_full)
    }

    async fn attempt(&self, mut due: Due) -> Result<(), Error> {
        let database = &self.backend.database;
        let started_at = Utc::now();
        if due.expires_at.is_some_and(|end| end <= started_at) {
            return Ok(deliveries::remove(database, due.id).await?);
        }
        let stored = (due.body, due.data);
        (due.body, due.data) = self.opened((due.user, &due.kind), stored).await;
        let due = &due;
        let outcome = match &due.device {
            _ if due.body.is_empty() => {
                Outcome::Permanent("its text cannot be decrypted".to_owned())
            }
            Some((_, platform, token)) if due.is_active => self.push(due, platform, token).await,
            // The device was deactivated meanwhile.
            Some(_) => Outcome::Sent,
            None => self.mail(due).await,
        };
        match outcome {
            Outcome::Sent => {}
            Outcome::InvalidToken(reason) => {
                tracing::info!(reason, "a device token is not valid and was deactivated");
                if let Some((device, _, _)) = &due.device {
                    devices::invalidate(database, *device, started_at).await?;
                }
            }
            Outcome::Permanent(reason) => {
                let (delivery, notification) = (due.id, due.notification);
                tracing::warn!(%delivery, %notification, reason, "a notification was not delivered");
            }
            Outcome::Transient(reason, wait) => {
                let backoff = BACKOFFS.get(due.attempts as usize).copied();
                let Some(backoff) = backoff else {
                    let (delivery, notification) = (due.id, due.notification);
                    tracing::warn!(%delivery, %notification, reason, "a notification was not delivered");
                    return Ok(deliveries::remove(database, due.id).await?);
                };
                let wait = wait.map_or(0, |wait| wait.as_secs()).min(MAX_BACKOFF);
                let mut at = started_at + Duration::from_secs(backoff.max(wait));
                if due.device.is_some() {
                    let stored = StoredPreferences::of(database, due.user).await?;
                    at = self.push_at(at, &stored.settings.quiet_hours, due.expires_at);
                }
                tracing::debug!(delivery = %due.id, reason, "a delivery failed and is retried later");
                return Ok(deliveries::retry(database, due.id, at).await?);
            }
        }
        Ok(deliveries::remove(database, due.id).await?)
    }

    async fn push(&self, due: &Due, platform: &str, token: &str) -> Outcome {
        let Some(service) = self.pushes.for_device(platform, token) else {
            return Outcome::Permanent("the push service of the device is disabled".to_owned());
        };
        let push = Push {
            id: due.id,
            token: token.to_owned(),
            title: due.title.clone(),
            body: due.body.clone(),
            data: members(due),
            expires_at: due.expires_at,
        };
        match service.send(&push).await {
            Ok(()) => Outcome::Sent,
            Err(PushError::InvalidToken(reason)) => Outcome::InvalidToken(reason),
            Err(PushError::Rejected(reason)) => Outcome::Permanent(reason),
            Err(PushError::Transient {
                reason,
                retry_after,
            }) => Outcome::Transient(reason, retry_after),
        }
    }

    async fn mail(&self, due: &Due) -> Outcome {
        let Some(address) = &due.email else {
            return Outcome::Sent;
        };
        // A subject is one line.
        let subject: String = due
            .title
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        let sent = match Mail::new(address.expose(), subject) {
            Ok(mail) => {
                let mail = mail.text(due.body.as_str()).message_id(&due.id.to_string());
                self.mailer.send(mail).await
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => Outcome::Sent,
            Err(error) => mail_outcome(&error),
        }
    }
}

/// Returns the fields that the application reads: the ID and the type of the notification, and its
/// data as text.
fn members(due: &Due) -> Map<String, Value> {
    let id = due.notification.to_string();
    let mut members = Map::new();
    members.insert("notificationId".to_owned(), id.into());
    members.insert("type".to_owned(), due.kind.clone().into());
    let data = due.data.as_ref().map(Value::to_string);
    if let Some(data) = data.filter(|data| data.len() <= MAX_DATA) {
        members.insert("data".to_owned(), data.into());
    }
    members
}

fn mail_outcome(error: &MailError) -> Outcome {
    match error.is_retryable() {
        true => Outcome::Transient(error.to_string(), None),
        false => Outcome::Permanent(error.to_string()),
    }
}
