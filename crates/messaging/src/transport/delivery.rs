use std::time::Duration;

use futures::future::BoxFuture;

use super::TransportError;
use crate::Envelope;

/// Names a delivery within its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryTag(pub u64);

/// A message in the hands of a member of its group.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What it is settled by.
    pub tag: DeliveryTag,
    /// The message; as far as it could be read where there is a `problem`.
    pub envelope: Envelope,
    /// How often the group received the message, including this delivery, as far as the broker
    /// counts. A delivery counts if the process crashed between work and acknowledgement. A delivery
    /// that was returned does not count.
    pub count: u32,
    /// Why the envelope itself cannot be read. Such a message is dead at once.
    pub problem: Option<String>,
}

/// The deliveries to one member of a group, for as long as its session lasts. Dropping it ends the session like a crash: what is not acknowledged is
/// delivered again, possibly after a while.
pub trait Deliveries: Send + Sync + 'static {
    /// The next deliveries, at least one. Only one task asks at a time, and it may stop asking at any moment without losing any.
    ///
    /// After an error the session is over, and nothing that it delivered can be settled any more.
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>>;

    /// These are done. Never called twice for one delivery.
    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Requeues these messages in their old position. This does not count as a delivery and never
    /// dead-letters a message.
    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>>;

    /// Requeues these messages while the session goes on, because their dead letters cannot be
    /// stored. The delivery may count. The broker may deliver them again at once.
    fn nack(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        self.release(tags)
    }

    /// How often [`extend`](Self::extend) is to be called, for engines that take back what is not acknowledged in time: a third of that time is right.
    fn extend_interval(&self) -> Option<Duration> {
        None
    }

    /// Extends the leases of these messages, which handlers still process.
    ///
    /// # Errors
    /// The session is lost: the broker cannot be reached, or another session has one of the messages.
    fn extend(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        drop(tags);
        Box::pin(std::future::ready(Ok(())))
    }

    /// No more deliveries from now on: those that [`next`](Self::next) has not handed out go back. Those that it has can still be settled.
    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>>;
}
