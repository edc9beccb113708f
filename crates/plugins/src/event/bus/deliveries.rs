//! The worker that delivers queued events.

use std::{pin::pin, sync::Arc, time::Duration};

use seaworthy_core::{RequestContext, context};
use seaworthy_service::Stop;
use tokio::{task::JoinSet, time::sleep};

use super::{EventBus, SubscriptionId};
use crate::event::{
    Event,
    subscriber::Subscriber,
    subscription::{Handlers, deliver},
};

/// The delivery of a queued event to the handlers that its subscriber has at its start. It counts
/// as running until it is dropped.
pub(super) struct Delivery {
    bus: EventBus,
    subscriber: SubscriptionId,
    handlers: Handlers,
    event: Arc<Event>,
}

impl EventBus {
    /// Delivers queued events until `stop` completes and all queues are empty, or for
    /// `stop_timeout` afterwards. The bus then rejects further events for the queues. Each delivery
    /// has a new request context, so that it uses the plugins that run at its start.
    pub(crate) async fn work(&self, stop: &Stop, stop_timeout: Duration) {
        let mut timed_out = pin!(async {
            stop.requested().await;
            sleep(stop_timeout).await;
        });
        let service = context::current().map(|context| context.service().clone());
        let mut running = JoinSet::new();
        loop {
            while let Some(next) = self.begin_delivery() {
                // The bus logs failures.
                let delivery = async move { drop(deliver(&next.handlers, &next.event).await) };
                match service.clone().map(RequestContext::background) {
                    Some(context) => running.spawn(context::scope(context.into(), delivery)),
                    None => running.spawn(delivery),
                };
            }
            if stop.is_requested() && running.is_empty() && self.stop_if_empty() {
                return;
            }
            tokio::select! {
                () = self.0.queued.notified() => {}
                Some(_) = running.join_next() => {}
                () = stop.requested(), if !stop.is_requested() => {}
                () = &mut timed_out => {
                    self.abandon();
                    return running.shutdown().await;
                }
            }
        }
    }

    /// Rejects further events. Drops the queued ones, and logs them with those of running
    /// deliveries.
    pub(super) fn abandon(&self) {
        let mut state = self.0.state.lock();
        state.is_stopped = true;
        for subscriber in &mut state.subscribers {
            let queued = subscriber.clear();
            let (handler, events) = (&*subscriber.name, queued + subscriber.running);
            self.record_undelivered(handler, events);
            if events > 0 {
                tracing::error!(handler, events, "events were not delivered before the stop");
            }
        }
    }

    /// Takes the next event of a subscriber that may run another delivery.
    pub(super) fn begin_delivery(&self) -> Option<Delivery> {
        let mut state = self.0.state.lock();
        state.subscribers.iter_mut().find_map(|subscriber| {
            let event = subscriber.take_next()?;
            Some(Delivery {
                bus: self.clone(),
                subscriber: subscriber.id,
                handlers: Arc::clone(&subscriber.handlers),
                event,
            })
        })
    }

    /// Rejects further events if all queues are empty. Returns whether they are.
    fn stop_if_empty(&self) -> bool {
        let mut state = self.0.state.lock();
        let mut subscribers = state.subscribers.iter();
        let is_empty = subscribers.all(Subscriber::is_empty);
        state.is_stopped |= is_empty;
        is_empty
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let mut state = self.bus.0.state.lock();
        let mut subscribers = state.subscribers.iter_mut();
        if let Some(ended) = subscribers.find(|one| one.id == self.subscriber) {
            ended.running = ended.running.saturating_sub(1);
        }
    }
}
