//! Consumes messages and sends one mail for each.

use std::sync::Arc;

use city_events_contract::{
    groups::EMAIL,
    messages::{
        Announcement, EmailEventCanceled, EventCanceled, EventEnvelope, EventUnpublished,
        PasswordResetRequested, VerifyEmailRequested,
    },
};
use seaworthy::{
    axum::body::Bytes,
    mail::{Mail, MailError, Mailer},
    messaging::{Envelope, Event, Failure, Received, Subscription, SubscriptionOverrides, Topics},
    outbox::Inbox,
    prelude::*,
};
use serde::de::DeserializeOwned;

use crate::{
    auth_client::AuthClient,
    config::EmailConfig,
    mail_texts,
    sent_mails::{Claim, MailKey, Recorded, SentMails},
};

/// The timeout of one message. The call to the auth service and the mail have their own timeouts.
const HANDLER_TIMEOUT: Timeout = Timeout::from_secs(30);

/// Sends mail for messages.
#[derive(Debug)]
pub(crate) struct MailSender {
    pub(crate) mailer: Mailer,
    pub(crate) auth: AuthClient,
    pub(crate) sent: SentMails,
    pub(crate) inbox: Inbox,
    /// Whether owners get mails about their events.
    pub(crate) notify_owners: bool,
}

/// Returns the topics that the service consumes.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<VerifyEmailRequested>()
        .with::<PasswordResetRequested>()
        .with::<EmailEventCanceled>()
        .with::<EventCanceled>()
        .with::<EventUnpublished>()
}

/// Returns the subscription. It parses bodies by topic, because messages of the legacy services
/// have no event type.
pub(crate) fn subscription(sender: MailSender, config: &EmailConfig) -> Subscription {
    let sender = Arc::new(sender);
    let limits = SubscriptionOverrides {
        max_retries: Some(config.max_attempts.get().saturating_sub(1)),
        initial_backoff: Some(config.initial_backoff),
        max_backoff: Some(config.max_backoff),
        handler_timeout: Some(HANDLER_TIMEOUT),
        ..SubscriptionOverrides::default()
    };
    let subscription = Subscription::for_group(EMAIL).limits(limits);
    let subscription = subscribe(subscription, &sender, MailSender::verify);
    let subscription = subscribe(subscription, &sender, MailSender::reset);
    let subscription = subscribe(subscription, &sender, MailSender::canceled);
    let subscription = subscribe(subscription, &sender, MailSender::owner_of_canceled);
    subscribe(subscription, &sender, MailSender::owner_of_unpublished)
}

/// Adds a handler for one topic. A message with an invalid body becomes a dead letter immediately.
fn subscribe<E, H>(subscription: Subscription, sender: &Arc<MailSender>, handle: H) -> Subscription
where
    E: Event + DeserializeOwned + Send + 'static,
    H: AsyncHandler<E>,
{
    let sender = Arc::clone(sender);
    subscription.on_topic(E::TYPE, move |received: Received<Bytes>| {
        let (sender, handle) = (Arc::clone(&sender), handle.clone());
        async move {
            let event: E = serde_json::from_slice(received.event()).map_err(|_| {
                Failure::reject("the body is not valid for this topic").with_class("BAD_JSON")
            })?;
            handle.handle(&sender, event, received.envelope()).await
        }
    })
}

/// A method of [`MailSender`] for one event type.
trait AsyncHandler<E>: Clone + Send + Sync + 'static {
    fn handle(
        &self,
        sender: &MailSender,
        event: E,
        envelope: &Envelope,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl<E, F> AsyncHandler<E> for F
where
    E: Send + 'static,
    F: for<'a> AsyncHandlerFn<'a, E> + Clone + Send + Sync + 'static,
{
    async fn handle(
        &self,
        sender: &MailSender,
        event: E,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        self.call(sender, event, envelope).await
    }
}

/// A helper trait, because a future that borrows its arguments needs a lifetime parameter.
trait AsyncHandlerFn<'a, E> {
    type Handling: Future<Output = Result<(), Failure>> + Send;
    fn call(&self, sender: &'a MailSender, event: E, envelope: &'a Envelope) -> Self::Handling;
}

impl<'a, E, F, R> AsyncHandlerFn<'a, E> for F
where
    F: Fn(&'a MailSender, E, &'a Envelope) -> R,
    R: Future<Output = Result<(), Failure>> + Send,
{
    type Handling = R;

    fn call(&self, sender: &'a MailSender, event: E, envelope: &'a Envelope) -> R {
        self(sender, event, envelope)
    }
}

impl MailSender {
    async fn verify(
        &self,
        event: VerifyEmailRequested,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let key = MailKey::link("verify", link(&event.url)?);
        self.deliver(envelope, &key, mail_texts::verify(&event.email, &event.url))
            .await
    }

    async fn reset(
        &self,
        event: PasswordResetRequested,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let key = MailKey::link("reset", link(&event.url)?);
        self.deliver(envelope, &key, mail_texts::reset(&event.email, &event.url))
            .await
    }

    async fn canceled(
        &self,
        event: EmailEventCanceled,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let (id, user) = (event.event_id.to_string(), event.user_id.to_string());
        let key = MailKey::notification("event_canceled", &id, &user);
        let write = |to: &str| mail_texts::canceled(to, &id, &event.reason);
        self.notify(envelope, &key, &user, write).await
    }

    async fn owner_of_canceled(
        &self,
        event: EventCanceled,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let EventCanceled(EventEnvelope { payload, .. }) = event;
        self.notify_owner(envelope, "event_canceled", payload, mail_texts::canceled)
            .await
    }

    async fn owner_of_unpublished(
        &self,
        event: EventUnpublished,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let EventUnpublished(EventEnvelope { payload, .. }) = event;
        self.notify_owner(
            envelope,
            "event_unpublished",
            payload,
            mail_texts::unpublished,
        )
        .await
    }

    async fn notify_owner(
        &self,
        envelope: &Envelope,
        kind: &str,
        event: Announcement,
        write: fn(&str, &str, &str) -> Result<Mail, MailError>,
    ) -> Result<(), Failure> {
        // The group receives these messages for every value of `notify_owners`, because the
        // publisher does not have the setting.
        let Some(owner) = event.owner_id.filter(|_| self.notify_owners) else {
            return Ok(());
        };
        let id = event.event_id.to_string();
        let reason = event.reason.unwrap_or_default();
        let key = MailKey::notification(kind, &id, &owner);
        self.notify(envelope, &key, &owner, |to| write(to, &id, &reason))
            .await
    }

    /// Sends a mail to a user with the address of the auth service. Users without one get no mail.
    async fn notify(
        &self,
        envelope: &Envelope,
        key: &MailKey,
        user: &str,
        write: impl Fn(&str) -> Result<Mail, MailError> + Send,
    ) -> Result<(), Failure> {
        if self.sent.is_sent(key).await.map_err(Failure::retry)? {
            return Ok(());
        }
        let Some(address) = self.auth.email_of(user).await? else {
            return Ok(());
        };
        self.deliver(envelope, key, write(address.expose())).await
    }

    /// Sends a mail once and records it. A process that crashes between the two sends it again with
    /// the same `Message-ID`.
    async fn deliver(
        &self,
        envelope: &Envelope,
        key: &MailKey,
        mail: Result<Mail, MailError>,
    ) -> Result<(), Failure> {
        let mail = mail.map_err(failure)?.message_id(&key.message_id());
        let claim = match self.sent.claim(key).await.map_err(Failure::retry)? {
            Claim::Acquired(claim) => claim,
            Claim::Sent => return Ok(()),
            // The claim of a crashed process can outlast all retries. This is one long delay, and
            // the message does not occupy a handler during it.
            Claim::Held(left) => {
                let cause = "another instance is sending this mail";
                return Err(Failure::delay(left, cause).with_class("MAIL_CLAIMED"));
            }
        };
        if let Err(error) = self.mailer.send(mail).await {
            self.sent.release(claim).await.map_err(Failure::retry)?;
            return Err(failure(error));
        }
        let claim = &claim;
        let once = self.inbox.process_once(envelope, |tx| async move {
            let recorded = SentMails::record(&tx, claim).await.map_err(Failure::retry)?;
            if recorded == Recorded::ClaimLost {
                tx.on_commit(|| {
                    tracing::warn!(
                        "the claim to a mail expired before it was sent: it may have been sent twice"
                    );
                });
            }
            Ok(())
        });
        once.await.map(drop)
    }
}

/// Converts an error of the mailer.
fn failure(error: MailError) -> Failure {
    // A rejection of the circuit breaker costs no attempt.
    if let MailError::Rejected(rejection) = error {
        return Failure::retry(rejection).with_class("MAIL_UNAVAILABLE");
    }
    if error.is_retryable() {
        Failure::retry(error).with_class("MAIL_UNAVAILABLE")
    } else {
        Failure::reject(error).with_class("NON_RETRIABLE")
    }
}

/// Accepts only HTTP links.
fn link(url: &str) -> Result<&str, Failure> {
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web {
        return Ok(url);
    }
    Err(Failure::reject("the link is not an HTTP URL").with_class("BAD_JSON"))
}
