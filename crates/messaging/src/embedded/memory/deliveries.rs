use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::{
    MemoryBroker,
    group::{Group, IsCounted},
};
use crate::transport::{Deliveries, Delivery, DeliveryTag, SubscriptionPlan, TransportError};

/// One member of a group.
pub(super) struct MemoryDeliveries {
    pub(super) broker: MemoryBroker,
    pub(super) plan: SubscriptionPlan,
    pub(super) session: u64,
    pub(super) arrived: Arc<Notify>,
    pub(super) stopped: AtomicBool,
}

impl MemoryDeliveries {
    fn with_group<T>(&self, act: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let mut state = self.broker.shared.state.lock();
        state.groups.get_mut(&self.plan.group).map(act)
    }

    fn claim(&self) -> Vec<Delivery> {
        if self.stopped.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let claimed = self.with_group(|group| {
            let held = group.held_by(self.session);
            let room = usize::from(self.plan.prefetch.get()).saturating_sub(held);
            group.claim(self.session, self.plan.order, room)
        });
        claimed.unwrap_or_default()
    }

    fn requeue(&self, numbers: &[u64], is_counted: IsCounted) {
        self.with_group(|group| {
            for number in numbers {
                if group.release(self.session, *number) {
                    group.requeue(*number, is_counted);
                }
            }
        });
        self.arrived.notify_waiters();
    }
}

impl Deliveries for MemoryDeliveries {
    fn next(&self) -> BoxFuture<'_, Result<Vec<Delivery>, TransportError>> {
        Box::pin(async move {
            loop {
                let arrived = self.arrived.notified();
                tokio::pin!(arrived);
                arrived.as_mut().enable();
                self.broker.is_open()?;
                let claimed = self.claim();
                if !claimed.is_empty() {
                    return Ok(claimed);
                }
                arrived.await;
            }
        })
    }

    fn acknowledge(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async move {
            self.broker.is_open()?;
            self.with_group(|group| {
                for DeliveryTag(number) in tags {
                    if group.release(self.session, number) {
                        group.messages.remove(&number);
                    }
                }
            });
            // A prefetch slot is free, and a key may be free.
            self.arrived.notify_waiters();
            Ok(())
        })
    }

    fn release(&self, tags: Vec<DeliveryTag>) -> BoxFuture<'_, Result<(), TransportError>> {
        let numbers: Vec<u64> = tags.into_iter().map(|tag| tag.0).collect();
        self.requeue(&numbers, IsCounted::No);
        Box::pin(std::future::ready(Ok(())))
    }

    fn stop(&self) -> BoxFuture<'_, Result<(), TransportError>> {
        self.stopped.store(true, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Drop for MemoryDeliveries {
    fn drop(&mut self) {
        let held = self.with_group(|group| group.held.get(&self.session).cloned());
        let held: Vec<u64> = held.flatten().into_iter().flatten().collect();
        self.requeue(&held, IsCounted::Yes);
        self.with_group(|group| group.held.remove(&self.session));
    }
}
