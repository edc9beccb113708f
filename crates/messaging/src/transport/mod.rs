//! The port: what an engine does. Everything else (concurrency, order, retries, dead letters, breaker, context, metrics, drain) is done above it, once for all engines.
//!
//! What an engine promises, and the conformance suite tests:
//!
//! 1. *Publish* returns a result for each message, and `Ok` means that the message survives
//!    whatever the engine survives. A message that no group gets is [`PublishError::Unroutable`]
//!    unless its topic was declared as one that may have no subscriber. Messages of one key that are
//!    published one after another are delivered in that order. A batch contains one message of a key
//!    at most, except for an engine that keeps their order by itself ([`Transport::keeps_key_order`]).
//! 2. *Each group gets every message* that is published to its topics after [`Transport::open`] has returned for the first time, whether or not a member is there;
//!    the members share them.
//! 3. *A delivery belongs to one session* until it is acknowledged, given back, or the session ends; then it is delivered again, in its old place.
//!    At most `prefetch` deliveries of a session are neither.
//! 4. *Dead-letter topics* ([`Topic::is_dead_letters`]) are made by [`Transport::open`] for each topic of the plan, and by [`Transport::publish`] for any other
//!    topic. What is published to one is kept until it is removed, and needs no subscriber.

mod delivery;
mod order;
mod plan;

use std::{error::Error as StdError, sync::Arc};

pub use delivery::{Deliveries, Delivery, DeliveryTag};
use futures::future::BoxFuture;
pub(crate) use order::{KeyOrder, publish_in_order};
pub use plan::{Order, SubscriptionPlan, TopicPlan};
use seaworthy_core::ByteSize;

use crate::{DeadLetterId, Envelope, GroupName, PublishError, Topic};

/// The maximum size of a page of dead letters in bytes, headers included. The letter that exceeds it
/// is the last of its page, so each page has at least one.
pub const MAX_PAGE_SIZE: ByteSize = ByteSize::mebibytes(64);

/// An engine cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// It cannot be reached, or the connection was lost: the same may work later.
    #[error("the broker cannot be reached")]
    Unavailable(#[source] Cause),
    /// It refuses: the same will be refused again until somebody changes something.
    #[error("the broker refuses")]
    Refused(#[source] Cause),
    /// It was closed by this service.
    #[error("the connection to the broker is closed")]
    Closed,
}

/// Why something failed: an error of an engine's client, or a sentence.
pub type Cause = Box<dyn StdError + Send + Sync>;

impl TransportError {
    /// It cannot be reached.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Another session has a message whose lease this session did not extend in time.
    pub(crate) fn lease_lost() -> Self {
        Self::unavailable(
            "a lease ended before it was extended, and another session has the message",
        )
    }

    /// It refuses.
    pub fn refused(cause: impl Into<Cause>) -> Self {
        Self::Refused(cause.into())
    }
}

/// An engine. All of it may be called at once from many tasks.
pub trait Transport: Send + Sync + 'static {
    /// The engine's name as OpenTelemetry knows it (`messaging.system`): `rabbitmq`, `kafka`, `nats`, `redis`, `memory`, `sqlite`.
    fn system(&self) -> &'static str;

    /// Makes the topics that will be published to, or finds that they cannot be used (MSG-2).
    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Publishes, and answers in the order given when the broker has confirmed each. It does not wait for a lost connection: that is `Unavailable` at once, and
    /// the caller decides.
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>>;

    /// Whether a batch may contain several messages of one key. Such an engine stores no message
    /// after an earlier one of its key that failed transiently, and returns
    /// [`PublishError::Deferred`] for it. Every other engine receives one message of a key at a
    /// time.
    fn keeps_key_order(&self) -> bool {
        false
    }

    /// Makes the group, its topics and their dead-letter topics where they are missing, and starts to take messages for a new member of it.
    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>>;

    /// How many messages of the group nobody has acknowledged yet, those in hand included where the engine can tell.
    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>>;

    /// Whether the group gets messages of the topic. Only asked where a message is for one group; an engine that tells by [`PublishError::Unroutable`] that there is no such group need
    /// not know it before.
    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        let _ = (group, topic);
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Whether there is a connection to publish on; an engine without connections always has one. Where this is `false`, [`publish`](Self::publish) would fail at once, and the engine
    /// makes the connection again by itself, without being asked to publish.
    fn is_connected(&self) -> bool {
        true
    }

    /// Whether the broker answers.
    fn check(&self) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Returns messages of a dead-letter topic after `after`, the oldest first, and leaves them
    /// there. It returns at most `limit`. A page that reaches [`MAX_PAGE_SIZE`] may have fewer
    /// although more follow.
    fn browse<'a>(
        &'a self,
        topic: &'a Topic,
        after: Option<&'a DeadLetterId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Envelope>, TransportError>>;

    /// Whether the dead-letter topic exists on the broker.
    fn has_dead_letters<'a>(
        &'a self,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        Box::pin(async move { Ok(!self.browse(topic, None, 1).await?.is_empty()) })
    }

    /// Removes these from a dead-letter topic, and tells how many there were.
    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>>;

    /// Waits for what is being published, then lets the connection go. Whatever is asked afterwards is [`TransportError::Closed`] or [`PublishError::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
