mod deliveries;

use std::{
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, Weak},
};

use arc_swap::ArcSwap;
use futures::FutureExt;
use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use seaworthy_telemetry::metrics::{Counter, Family, Gauge};
use tokio::sync::Notify;

use super::{
    Event, EventType, HandlerError,
    subscriber::Subscriber,
    subscription::{Handlers, Subscription, deliver},
};

/// The maximum number of queued events that the bus delivers to one subscriber at the same time.
const MAX_DELIVERIES: usize = 10;

/// The ID of a subscription to an [`EventBus`], for [`EventBus::unsubscribe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionId(u64);

type Filter = dyn Fn(&Event) -> bool + Send + Sync;

/// A bus of events within one process. It does not store events. Clones share the handlers.
///
/// ```
/// use seaworthy_plugins::{Event, EventBus, EventType};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let bus = EventBus::new(100);
/// bus.subscribe("greeter", [EventType::USER_LOGIN], |event| async move {
///     assert_eq!(event.source(), "accounts");
///     Ok(())
/// });
/// assert!(bus.publish(Event::new(EventType::USER_LOGIN, "accounts")).await.is_empty());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct EventBus(Arc<Inner>);

struct Inner {
    max_queued: usize,
    state: Mutex<State>,
    filters: ArcSwap<Vec<Arc<Filter>>>,
    /// Serializes changes of the filters.
    changes: Mutex<()>,
    /// Notified when an event is queued.
    queued: Notify,
    /// The number of queued events of each subscriber.
    depths: OnceLock<Family<Gauge>>,
    /// The number of queued events that each subscriber did not get.
    undelivered: OnceLock<Family<Counter>>,
}

#[derive(Default)]
struct State {
    subscribers: Vec<Subscriber>,
    last_id: u64,
    is_stopped: bool,
}

/// A bus that does not keep the handlers alive.
#[derive(Clone)]
pub(crate) struct WeakEventBus(Weak<Inner>);

impl WeakEventBus {
    /// Returns the bus, or `None` if it does not exist.
    pub(crate) fn upgrade(&self) -> Option<EventBus> {
        self.0.upgrade().map(EventBus)
    }
}

impl EventBus {
    /// Creates a bus that queues at most `max_queued` events for each handler of the host and for
    /// each plugin. Zero counts as one.
    #[must_use]
    pub fn new(max_queued: usize) -> Self {
        Self(Arc::new(Inner {
            max_queued: max_queued.max(1),
            state: Mutex::default(),
            filters: ArcSwap::default(),
            changes: Mutex::default(),
            queued: Notify::new(),
            depths: OnceLock::new(),
            undelivered: OnceLock::new(),
        }))
    }

    /// Records the number of queued events of later subscribers, and of the events that they do not
    /// get.
    pub(crate) fn record_queues(&self, depths: Family<Gauge>, undelivered: Family<Counter>) {
        // The service records them once.
        let _ = self.0.depths.set(depths);
        let _ = self.0.undelivered.set(undelivered);
    }

    pub(crate) fn downgrade(&self) -> WeakEventBus {
        WeakEventBus(Arc::downgrade(&self.0))
    }

    /// Adds a handler with a timeout of 30 s and without retries. `name` is its name in logs and in
    /// the result of [`publish`](Self::publish). Returns its ID, for
    /// [`unsubscribe`](Self::unsubscribe).
    pub fn subscribe<F>(
        &self,
        name: &str,
        types: impl IntoIterator<Item = EventType>,
        handle: impl Fn(Event) -> F + Send + Sync + 'static,
    ) -> SubscriptionId
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handle = move |event| handle(event).boxed();
        let declared = Subscription::for_host(name, types, Box::new(handle));
        self.add(name, Arc::new([Arc::new(declared)]), MAX_DELIVERIES)
    }

    /// Adds a handler that gets the events of [`publish_async`](Self::publish_async) one at a time,
    /// in the order of these calls. Later events wait while a delivery runs. After a transient
    /// failure the bus delivers the event again, up to `max_retries` times, with backoff. Otherwise
    /// like [`subscribe`](Self::subscribe).
    ///
    /// Events of [`publish`](Self::publish) do not wait for queued ones.
    pub fn subscribe_in_order<F>(
        &self,
        name: &str,
        types: impl IntoIterator<Item = EventType>,
        max_retries: u32,
        handle: impl Fn(Event) -> F + Send + Sync + 'static,
    ) -> SubscriptionId
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handle = move |event| handle(event).boxed();
        let declared = Subscription {
            retries: max_retries,
            ..Subscription::for_host(name, types, Box::new(handle))
        };
        self.add(name, Arc::new([Arc::new(declared)]), 1)
    }

    /// Replaces the handlers of a plugin in one step, so that each event reaches either the old or
    /// the new ones. `old` is the ID that the previous call returned. Without new handlers, the
    /// queued events of the plugin are dropped, logged and counted.
    pub(crate) fn replace_plugin(
        &self,
        old: Option<SubscriptionId>,
        plugin: &str,
        new: impl IntoIterator<Item = Subscription>,
    ) -> Option<SubscriptionId> {
        let new: Handlers = new.into_iter().map(Arc::new).collect();
        match old {
            None if new.is_empty() => None,
            None => Some(self.add(plugin, new, MAX_DELIVERIES)),
            Some(old) if new.is_empty() => {
                self.unsubscribe(old);
                None
            }
            Some(old) => {
                let replaced = {
                    let mut state = self.0.state.lock();
                    let mut subscribers = state.subscribers.iter_mut();
                    let subscriber = subscribers.find(|subscriber| subscriber.id == old);
                    subscriber.map(|subscriber| mem::replace(&mut subscriber.handlers, new))
                };
                // A value of a handler may change the bus when it is dropped, so no lock is held.
                drop(replaced);
                Some(old)
            }
        }
    }

    /// Adds the handlers of a subscriber, with at most `max_running` concurrent deliveries of
    /// queued events.
    fn add(&self, name: &str, handlers: Handlers, max_running: usize) -> SubscriptionId {
        let mut state = self.0.state.lock();
        state.last_id += 1;
        let id = SubscriptionId(state.last_id);
        let depths = self.0.depths.get();
        let depth = depths.map_or_else(Gauge::default, |all| all.get_or_create(name));
        let added = Subscriber::new(id, name, handlers, depth, max_running);
        state.subscribers.push(added);
        id
    }

    /// Removes a handler and its queued events. Logs and counts these events. Does not cancel
    /// deliveries that run.
    pub fn unsubscribe(&self, id: SubscriptionId) {
        let removed = {
            let mut state = self.0.state.lock();
            let mut subscribers = state.subscribers.iter();
            let place = subscribers.position(|subscriber| subscriber.id == id);
            place.map(|place| state.subscribers.remove(place))
        };
        // A value of a handler may change the bus when it is dropped, so no lock is held.
        if let Some(mut removed) = removed {
            let events = removed.clear();
            self.record_undelivered(&removed.name, events);
            if events > 0 {
                let handler = &*removed.name;
                tracing::warn!(
                    handler,
                    events,
                    "queued events of a removed handler were dropped"
                );
            }
        }
    }

    /// Counts queued events that a subscriber does not get.
    fn record_undelivered(&self, subscriber: &str, events: usize) {
        if let Some(undelivered) = self.0.undelivered.get()
            && events > 0
        {
            let events = u64::try_from(events).unwrap_or(u64::MAX);
            undelivered.get_or_create(subscriber).add(events);
        }
    }

    /// Adds a filter. The bus delivers and queues only events that pass all filters. An event for
    /// which a filter panics does not pass. The types `plugin.*`, `system.*` and `config.*` are not
    /// filtered, because the audit log needs them.
    pub fn add_filter(&self, passes: impl Fn(&Event) -> bool + Send + Sync + 'static) {
        let _change = self.0.changes.lock();
        let mut filters = Vec::clone(&self.0.filters.load());
        filters.push(Arc::new(passes));
        self.0.filters.store(Arc::new(filters));
    }

    /// Delivers an event and waits for its handlers. Returns the names of the handlers that failed,
    /// with their errors.
    ///
    /// The handlers begin in the order in which they were added, and run concurrently. A plugin
    /// runs at most `plugins.security.max_concurrent_calls` handlers at the same time.
    pub async fn publish(&self, event: Event) -> Vec<(String, HandlerError)> {
        if !self.passes(&event) {
            return Vec::new();
        }
        // No lock is held while handlers run, so a handler may subscribe and publish.
        let handlers: Vec<Arc<Subscription>> = {
            let state = self.0.state.lock();
            let all = state.subscribers.iter();
            let all = all.flat_map(|subscriber| subscriber.handlers.iter());
            all.cloned().collect()
        };
        deliver(&handlers, &event).await
    }

    /// Queues an event and returns immediately. Does nothing if no handler accepts its type.
    ///
    /// # Errors
    /// - `EVENT_QUEUE_FULL`: the queue of a handler is full. The other handlers get the event.
    /// - `EVENT_BUS_STOPPED`: the service stops, and the queued events are delivered.
    pub fn publish_async(&self, event: Event) -> Result<(), Error> {
        let passes = self.passes(&event);
        let event = Arc::new(event);
        let mut full = Vec::new();
        {
            let mut state = self.0.state.lock();
            if state.is_stopped {
                return Err(stopped());
            }
            if !passes {
                return Ok(());
            }
            for subscriber in &mut state.subscribers {
                if !subscriber.accepts(&event) {
                    continue;
                }
                if !subscriber.queue(&event, self.0.max_queued) {
                    full.push(format!("\"{}\"", subscriber.name));
                }
            }
        }
        self.0.queued.notify_one();
        if full.is_empty() {
            return Ok(());
        }
        let message = "the queue of an event handler is full: raise plugins.max_queued_events or make the handler faster";
        let cause = format!("the queues of {}", full.join(", "));
        Err(Error::new(Code::Exhausted, "EVENT_QUEUE_FULL", message).with_cause(cause))
    }

    fn passes(&self, event: &Event) -> bool {
        if event.kind.is_reserved() {
            return true;
        }
        let filters = self.0.filters.load_full();
        let checked = AssertUnwindSafe(|| filters.iter().all(|passes| passes(event)));
        // The panic of a filter must not end the change of a plugin that publishes an event.
        catch_unwind(checked).unwrap_or_else(|_| {
            let kind = event.kind.as_str();
            tracing::error!(kind, "a filter of events panicked: the event was dropped");
            false
        })
    }
}

fn stopped() -> Error {
    let message = "the event bus is stopped: publish events before the service stops";
    Error::new(Code::Unavailable, "EVENT_BUS_STOPPED", message)
}

impl fmt::Debug for WeakEventBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WeakEventBus")
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = {
            let state = self.0.state.lock();
            let all = state.subscribers.iter();
            let all = all.flat_map(|subscriber| subscriber.handlers.iter());
            all.map(|handler| handler.name.clone()).collect()
        };
        formatter
            .debug_struct("EventBus")
            .field("handlers", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
