//! The interface of an engine. The crate implements everything else once for all engines:
//! concurrency, order, retries, dead letters, breakers, context, metrics and graceful shutdown.
//!
//! The conformance suite tests these requirements:
//!
//! 1. *Publishing* returns a result for each message. `Ok` means that the message is as durable as
//!    the engine allows. A message without a subscription is [`PublishError::Unroutable`], unless
//!    its topic was declared with `allows_unroutable`. Messages of one key that are published one
//!    after another are delivered in that order. A batch contains at most one message of a key,
//!    except for an engine that keeps their order by itself ([`Transport::keeps_key_order`]).
//! 2. *Each group receives every message* of its topics that is published after the first
//!    [`Transport::open`] has returned, or after a [`Transport::declare`] that names the group. This
//!    is also true while no member is connected. The members share the messages.
//! 3. *A delivery belongs to one session* until it is acknowledged or released, or the session
//!    ends. After a release or the end of the session it is redelivered in its old position. A
//!    session has at most `prefetch` deliveries that are neither acknowledged nor released.
//! 4. *Dead-letter topics* ([`Topic::is_dead_letters`]) are created by [`Transport::open`] for each
//!    topic of the plan, and by [`Transport::publish`] for any other topic. They keep messages
//!    until these are removed, and need no subscription.

mod delivery;
mod order;
mod plan;

use std::{error::Error as StdError, sync::Arc};

pub use delivery::{Deliveries, Delivery, DeliveryTag, Position};
use futures::future::BoxFuture;
pub(crate) use order::{KeyOrder, publish_in_order};
pub use plan::{GroupPlan, Order, SubscriptionPlan, TopicPlan};
use seaworthy_core::ByteSize;

use crate::{DeadLetterId, Envelope, GroupName, PublishError, Topic};

/// The maximum size of a page of dead letters in bytes, headers included. The letter that exceeds
/// it is the last of its page, so each page has at least one.
pub const MAX_PAGE_SIZE: ByteSize = ByteSize::mebibytes(64);

/// The error of an engine.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The broker cannot be reached, or the connection was lost. A later attempt may succeed.
    #[error("the broker cannot be reached")]
    Unavailable(#[source] Cause),
    /// The broker rejects the operation. It rejects it again until its configuration changes.
    #[error("the broker rejects the operation")]
    Rejected(#[source] Cause),
    /// This service has closed the connection.
    #[error("the connection to the broker is closed")]
    Closed,
}

/// The cause of an error: an error of the engine's client, or a text.
pub type Cause = Box<dyn StdError + Send + Sync>;

impl TransportError {
    /// Creates a transient error.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Returns the error of a session that did not extend a lease in time, and lost the message.
    pub(crate) fn lease_lost() -> Self {
        Self::unavailable(
            "a lease expired before it was extended, and another session has the message",
        )
    }

    /// Creates a permanent error.
    pub fn rejected(cause: impl Into<Cause>) -> Self {
        Self::Rejected(cause.into())
    }
}

/// The connection of an engine to its broker. Many tasks may use it at the same time.
pub trait Transport: Send + Sync + 'static {
    /// Returns the OpenTelemetry attribute `messaging.system`: `rabbitmq`, `kafka`, `nats`,
    /// `redis`, `dapr`, `memory` or `sqlite`.
    fn system(&self) -> &'static str;

    /// Declares the topics of a publisher (MSG-2) and creates their groups. The position of a group
    /// that exists does not change.
    fn declare(&self, topics: Vec<TopicPlan>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Publishes a batch and returns the results in its order after the broker has responded.
    /// Without a connection it returns `Unavailable` immediately.
    fn publish(&self, batch: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<(), PublishError>>>;

    /// Whether a batch may contain several messages of one key. Such an engine does not store a
    /// message after an earlier one of its key that failed transiently, and returns
    /// [`PublishError::Deferred`] for it. Every other engine receives one message of a key at a
    /// time.
    fn keeps_key_order(&self) -> bool {
        false
    }

    /// Declares the group, its topics and their dead-letter topics, and starts a session of a new
    /// member.
    fn open(
        &self,
        plan: SubscriptionPlan,
    ) -> BoxFuture<'_, Result<Arc<dyn Deliveries>, TransportError>>;

    /// Whether the engine can measure the [`lag`](Self::lag). If not, a subscription with `max_lag`
    /// is rejected.
    fn measures_lag(&self) -> bool {
        true
    }

    /// Returns the number of messages that the group has not acknowledged. If the engine can count
    /// them, deliveries without an acknowledgement are included.
    fn lag<'a>(&'a self, group: &'a GroupName) -> BoxFuture<'a, Result<u64, TransportError>>;

    /// Whether the group subscribes to the topic. It is called for messages to a single group. An
    /// engine that returns [`PublishError::Unroutable`] for a missing group does not implement it.
    fn is_subscribed<'a>(
        &'a self,
        group: &'a GroupName,
        topic: &'a Topic,
    ) -> BoxFuture<'a, Result<bool, TransportError>> {
        let _ = (group, topic);
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Whether the engine has a connection for publishing. If not, [`publish`](Self::publish) fails
    /// immediately, and the engine reconnects by itself.
    fn is_connected(&self) -> bool {
        true
    }

    /// Whether the broker responds.
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

    /// Removes letters from a dead-letter topic and returns how many it removed.
    fn remove<'a>(
        &'a self,
        topic: &'a Topic,
        ids: &'a [DeadLetterId],
    ) -> BoxFuture<'a, Result<u64, TransportError>>;

    /// Waits for running publications and closes the connection. Later calls return
    /// [`TransportError::Closed`] or [`PublishError::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
