use std::time::Duration;

use futures::future::BoxFuture;
use serde::Serialize;

use super::TransportError;
use crate::Envelope;

/// Identifies a delivery within its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryTag(pub u64);

/// The position of a message at its broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The partition of the topic, if the topic has partitions.
    pub partition: Option<u32>,
    /// The offset in the partition, or the sequence number of the message.
    pub offset: u64,
}

/// A message that a member of a group has received.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The tag for acknowledging it.
    pub tag: DeliveryTag,
    /// The message. With a `problem`, only its readable parts.
    pub envelope: Envelope,
    /// How often the group received the message, including this delivery, as far as the broker
    /// counts. A delivery counts if the process crashed between work and acknowledgement. A
    /// delivery that was returned does not count.
    pub count: u32,
    /// The reason why the envelope cannot be decoded. Such a message is dead-lettered immediately.
    pub problem: Option<String>,
    /// The position, if the broker numbers its messages.
    pub position: Option<Position>,
}

/// The deliveries to one member of a group during one session. Dropping it ends the session like a
/// crash: the broker redelivers unacknowledged messages, possibly after a delay.
pub trait Deliveries: Send + Sync + 'static {
    /// Waits for deliveries and returns at least one. Only one task calls it at a time. Cancelling
    /// the call does not lose deliveries.
    ///
    /// After an error the session has ended, and its deliveries cannot be acknowledged.
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>>;

    /// Acknowledges deliveries. It is called at most once for each delivery.
    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Requeues these messages in their old position. The delivery does not count, and the broker
    /// never dead-letters them for it.
    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Requeues these messages while the session continues, because their dead letters cannot be
    /// stored. The delivery may count. The broker may deliver them again immediately.
    fn nack(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.release(tags)
    }

    /// Whether only newer members may know a topic to which this member does not subscribe. `false`
    /// if settings bind the group to other topics, whose messages members cannot handle.
    fn returns_new_topics(&self) -> bool {
        true
    }

    /// Requeues these messages while the session continues, because another member may handle them.
    /// The delivery does not count.
    fn postpone(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.release(tags)
    }

    /// Returns the interval for [`extend`](Self::extend), for engines whose deliveries expire: a
    /// third of that time.
    fn extend_interval(&self) -> Option<Duration> {
        None
    }

    /// Extends the leases of these messages, which handlers still process.
    ///
    /// # Errors
    /// The session is lost: the broker cannot be reached, or another session has one of the
    /// messages.
    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        drop(tags);
        Box::pin(std::future::ready(Ok(())))
    }

    /// Completes when another connection should be used, because the password was rotated. The
    /// consumer then opens the next session, and handles and settles the deliveries of this one.
    /// With [`Order::Group`](super::Order::Group), or if [`drain`](Self::drain) returns `None`, it
    /// settles them first.
    fn superseded(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// Stops deliveries after [`superseded`](Self::superseded). Returns those that
    /// [`next`](Self::next) has not returned. All can still be acknowledged. Returns `None` if the
    /// next session could receive messages out of order until all deliveries are settled.
    fn drain(&self) -> BoxFuture<'_, Result<Option<Vec<Delivery>>, TransportError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Stops deliveries. Those that [`next`](Self::next) has not returned are requeued. The others
    /// can still be acknowledged.
    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>>;
}
