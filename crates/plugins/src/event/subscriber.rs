use std::{collections::VecDeque, sync::Arc};

use seaworthy_telemetry::metrics::{Gauge, GaugeGuard};

use super::{Event, SubscriptionId, subscription::Handlers};

/// A handler of the host, or all handlers of one plugin. Each subscriber has its own queue, so a
/// slow one does not delay the others.
pub(super) struct Subscriber {
    pub(super) id: SubscriptionId,
    /// The plugin, or the handler of the host.
    pub(super) name: String,
    pub(super) handlers: Handlers,
    queued: VecDeque<Queued>,
    /// The number of queued events.
    depth: Gauge,
    /// The number of deliveries of queued events that run.
    pub(super) running: usize,
    max_running: usize,
}

struct Queued {
    event: Arc<Event>,
    _counted: GaugeGuard,
}

impl Subscriber {
    /// Creates a subscriber with at most `max_running` concurrent deliveries of queued events.
    pub(super) fn new(
        id: SubscriptionId,
        name: &str,
        handlers: Handlers,
        depth: Gauge,
        max_running: usize,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            handlers,
            queued: VecDeque::new(),
            depth,
            running: 0,
            max_running,
        }
    }

    pub(super) fn accepts(&self, event: &Event) -> bool {
        let mut handlers = self.handlers.iter();
        handlers.any(|handler| handler.types.contains(&event.kind))
    }

    /// Queues an event, unless `max` events are queued. Returns whether it is queued.
    pub(super) fn queue(&mut self, event: &Arc<Event>, max: usize) -> bool {
        let has_space = self.queued.len() < max;
        if has_space {
            self.queued.push_back(Queued {
                event: Arc::clone(event),
                _counted: self.depth.guard(),
            });
        }
        has_space
    }

    /// Takes the next event, if another delivery may run. Counts the delivery.
    pub(super) fn take_next(&mut self) -> Option<Arc<Event>> {
        if self.running >= self.max_running {
            return None;
        }
        let Queued { event, .. } = self.queued.pop_front()?;
        self.running += 1;
        Some(event)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued.is_empty()
    }

    /// Drops the queued events. Returns their number.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.queued).len()
    }
}
