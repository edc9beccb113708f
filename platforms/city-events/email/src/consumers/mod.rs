//! What the service hears and what it sends for it: each mail once, as far as a mail server lets anybody know.

use std::sync::Arc;

use city_events_contract::messages::{
    Announcement, EmailEventCanceled, EventCanceled, EventEnvelope, EventUnpublished,
    PasswordResetRequested, VerifyEmailRequested,
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
    auth_service::AuthService,
    config::EmailConfig,
    letter,
    sent::{About, Claim, Recorded, Sent},
};

/// The group of the service. Not the queue of the earlier service, whose arguments are others.
pub(crate) const GROUP: &str = "city-events.email";
/// An address is asked for and a mail is sent, each with a time of its own.
const HANDLING: Timeout = Timeout::from_secs(30);

/// Sends mail for messages.
#[derive(Debug)]
pub(crate) struct Postman {
    pub(crate) mailer: Mailer,
    pub(crate) auth: AuthService,
    pub(crate) sent: Sent,
    pub(crate) inbox: Inbox,
}

/// The topics whose dead letters are this service's, whether it tells owners now or did before.
pub(crate) fn heard() -> Topics {
    Topics::of::<VerifyEmailRequested>()
        .and::<PasswordResetRequested>()
        .and::<EmailEventCanceled>()
        .and::<EventCanceled>()
        .and::<EventUnpublished>()
}

/// Hears of what people have to be told. Bodies are read here and not by their kind, since those of earlier services say none.
pub(crate) fn subscription(postman: Postman, config: &EmailConfig) -> Subscription {
    let postman = Arc::new(postman);
    let limits = SubscriptionOverrides {
        max_retries: Some(config.attempts.get().saturating_sub(1)),
        initial_backoff: Some(config.retry_initial),
        max_backoff: Some(config.retry_cap),
        handler_timeout: Some(HANDLING),
        ..SubscriptionOverrides::default()
    };
    let mut subscription = Subscription::new(GROUP).limits(limits);
    subscription = hear(subscription, &postman, Postman::verify);
    subscription = hear(subscription, &postman, Postman::reset);
    subscription = hear(subscription, &postman, Postman::canceled);
    if config.tell_owners {
        subscription = hear(subscription, &postman, Postman::owner_of_canceled);
        subscription = hear(subscription, &postman, Postman::owner_of_unpublished);
    }
    subscription
}

/// Takes the messages of one topic. One that cannot be read is dead at once.
fn hear<E, H>(subscription: Subscription, postman: &Arc<Postman>, handle: H) -> Subscription
where
    E: Event + DeserializeOwned + Send + 'static,
    H: AsyncHandler<E>,
{
    let postman = Arc::clone(postman);
    subscription.on_topic(E::TYPE, move |received: Received<Bytes>| {
        let (postman, handle) = (Arc::clone(&postman), handle.clone());
        async move {
            let event: E = serde_json::from_slice(received.event()).map_err(|_| {
                Failure::reject("the body is no such message").with_class("BAD_JSON")
            })?;
            handle.handle(&postman, event, received.envelope()).await
        }
    })
}

/// A method of the postman for one kind of message.
trait AsyncHandler<E>: Clone + Send + Sync + 'static {
    fn handle(
        &self,
        postman: &Postman,
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
        postman: &Postman,
        event: E,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        self.call(postman, event, envelope).await
    }
}

/// What a method of the postman looks like to the compiler.
trait AsyncHandlerFn<'a, E> {
    type Handling: Future<Output = Result<(), Failure>> + Send;
    fn call(&self, postman: &'a Postman, event: E, envelope: &'a Envelope) -> Self::Handling;
}

impl<'a, E, F, R> AsyncHandlerFn<'a, E> for F
where
    F: Fn(&'a Postman, E, &'a Envelope) -> R,
    R: Future<Output = Result<(), Failure>> + Send,
{
    type Handling = R;

    fn call(&self, postman: &'a Postman, event: E, envelope: &'a Envelope) -> R {
        self(postman, event, envelope)
    }
}

impl Postman {
    async fn verify(
        &self,
        event: VerifyEmailRequested,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let about = About::link("verify", link(&event.url)?);
        self.deliver(envelope, &about, letter::verify(&event.email, &event.url))
            .await
    }

    async fn reset(
        &self,
        event: PasswordResetRequested,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let about = About::link("reset", link(&event.url)?);
        self.deliver(envelope, &about, letter::reset(&event.email, &event.url))
            .await
    }

    async fn canceled(
        &self,
        event: EmailEventCanceled,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let (id, user) = (event.event_id.to_string(), event.user_id.to_string());
        let about = About::news("event_canceled", &id, &user);
        let letter = |to: &str| letter::canceled(to, &id, &event.reason);
        self.tell(envelope, &about, &user, letter).await
    }

    async fn owner_of_canceled(
        &self,
        event: EventCanceled,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let EventCanceled(EventEnvelope { payload, .. }) = event;
        self.tell_owner(envelope, "event_canceled", payload, letter::canceled)
            .await
    }

    async fn owner_of_unpublished(
        &self,
        event: EventUnpublished,
        envelope: &Envelope,
    ) -> Result<(), Failure> {
        let EventUnpublished(EventEnvelope { payload, .. }) = event;
        self.tell_owner(envelope, "event_unpublished", payload, letter::unpublished)
            .await
    }

    async fn tell_owner(
        &self,
        envelope: &Envelope,
        kind: &str,
        event: Announcement,
        write: fn(&str, &str, &str) -> Result<Mail, MailError>,
    ) -> Result<(), Failure> {
        let Some(owner) = event.owner_id else {
            return Ok(());
        };
        let id = event.event_id.to_string();
        let reason = event.reason.unwrap_or_default();
        let about = About::news(kind, &id, &owner);
        self.tell(envelope, &about, &owner, |to| write(to, &id, &reason))
            .await
    }

    /// Mail to a user whose address only the auth service knows. Whoever has none is not told.
    async fn tell(
        &self,
        envelope: &Envelope,
        about: &About,
        user: &str,
        write: impl Fn(&str) -> Result<Mail, MailError> + Send,
    ) -> Result<(), Failure> {
        if self.sent.has(about).await.map_err(Failure::retry)? {
            return Ok(());
        }
        let Some(address) = self.auth.address_of(user).await? else {
            return Ok(());
        };
        self.deliver(envelope, about, write(address.expose())).await
    }

    /// Sends a mail, unless it was sent or somebody else is sending it, and writes down that it was. A process that dies between the two sends it again, under the same
    /// identifier.
    async fn deliver(
        &self,
        envelope: &Envelope,
        about: &About,
        mail: Result<Mail, MailError>,
    ) -> Result<(), Failure> {
        let mail = mail.map_err(failure)?.message_id(&about.message_id());
        let claim = match self.sent.claim(about).await.map_err(Failure::retry)? {
            Claim::Mine(claim) => claim,
            Claim::Sent => return Ok(()),
            // Usual pauses may all be over before the claim of a process that died is, and the message were dead although nothing is wrong. This is one pause, and no place is held in it.
            Claim::Others(rest) => {
                let cause = "another instance is sending this mail";
                return Err(Failure::delay(rest, cause).with_class("MAIL_CLAIMED"));
            }
        };
        if let Err(error) = self.mailer.send(mail).await {
            self.sent.release(claim).await.map_err(Failure::retry)?;
            return Err(failure(error));
        }
        let claim = &claim;
        let once = self.inbox.process_once(envelope, |tx| async move {
            let recorded = Sent::record(&tx, claim).await.map_err(Failure::retry)?;
            if recorded == Recorded::ClaimLost {
                tx.on_commit(|| {
                    tracing::warn!(
                        "the claim to a mail ended before it was sent: it may have been sent twice"
                    );
                });
            }
            Ok(())
        });
        once.await.map(drop)
    }
}

/// What is to happen with a message whose mail was not sent.
fn failure(error: MailError) -> Failure {
    // The refusal keeps the message from losing an attempt.
    if let MailError::Refused(refusal) = error {
        return Failure::retry(refusal).with_class("MAIL_UNAVAILABLE");
    }
    if error.is_retryable() {
        Failure::retry(error).with_class("MAIL_UNAVAILABLE")
    } else {
        Failure::reject(error).with_class("NON_RETRIABLE")
    }
}

/// A link that people may be sent to.
fn link(url: &str) -> Result<&str, Failure> {
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web {
        return Ok(url);
    }
    Err(Failure::reject("the link is no address of the web").with_class("BAD_JSON"))
}
