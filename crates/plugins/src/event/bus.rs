use std::{
    collections::BTreeSet,
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use futures::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use seaworthy_service::Stop;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Event, EventType};
use crate::config::DEFAULT_TIMEOUT;

/// The tasks that deliver queued events. Handlers that wait delay only the events of their task.
pub(crate) const WORKERS: usize = 10;
/// The backoff before the first retry of a delivery. Each further retry adds the same time.
const BACKOFF: Duration = Duration::from_millis(100);

/// Errors of event handlers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// The bus delivers the event again, if the handler has retries.
    #[error("{0}")]
    Transient(String),
    /// The bus does not deliver the event again.
    #[error("{0}")]
    Permanent(String),
}

type Handle = dyn Fn(Event) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync;
type Filter = dyn Fn(&Event) -> bool + Send + Sync;

#[derive(Clone)]
struct Handler {
    id: u64,
    declared: Arc<Subscription>,
}

/// A handler and the events that it accepts.
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) types: BTreeSet<EventType>,
    /// The timeout of one delivery.
    pub(crate) timeout: Duration,
    /// The maximum number of retries after transient failures.
    pub(crate) retries: u32,
    pub(crate) handle: Box<Handle>,
}

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
    handlers: ArcSwap<Vec<Handler>>,
    filters: ArcSwap<Vec<Arc<Filter>>>,
    changes: Mutex<()>,
    next_id: AtomicU64,
    queue: mpsc::Sender<Event>,
    queued: tokio::sync::Mutex<mpsc::Receiver<Event>>,
}

impl EventBus {
    /// Creates a bus with a queue of at most `max_queued` events. Zero counts as one.
    #[must_use]
    pub fn new(max_queued: usize) -> Self {
        let (queue, queued) = mpsc::channel(max_queued.max(1));
        Self(Arc::new(Inner {
            handlers: ArcSwap::default(),
            filters: ArcSwap::default(),
            changes: Mutex::default(),
            next_id: AtomicU64::new(1),
            queue,
            queued: tokio::sync::Mutex::new(queued),
        }))
    }

    /// Adds a handler with a timeout of 30 s and without retries. `name` is its name in logs and in
    /// the result of [`publish`](Self::publish). Returns its ID, for
    /// [`unsubscribe`](Self::unsubscribe).
    pub fn subscribe<F>(
        &self,
        name: &str,
        types: impl IntoIterator<Item = EventType>,
        handle: impl Fn(Event) -> F + Send + Sync + 'static,
    ) -> u64
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let added = self.replace(
            &[],
            [Subscription {
                name: name.to_owned(),
                types: types.into_iter().collect(),
                timeout: DEFAULT_TIMEOUT.get(),
                retries: 0,
                handle: Box::new(move |event| handle(event).boxed()),
            }],
        );
        added.into_iter().next().unwrap_or_default()
    }

    /// Replaces handlers in one step, so that each event reaches either the old or the new ones.
    /// Returns the IDs of the new ones.
    pub(crate) fn replace(
        &self,
        old: &[u64],
        new: impl IntoIterator<Item = Subscription>,
    ) -> Vec<u64> {
        let new = new.into_iter().map(|declared| Handler {
            id: self.0.next_id.fetch_add(1, Ordering::Relaxed),
            declared: Arc::new(declared),
        });
        let new: Vec<Handler> = new.collect();
        let ids = new.iter().map(|handler| handler.id).collect();
        let change = self.0.changes.lock();
        let mut handlers = Vec::clone(&self.0.handlers.load());
        handlers.retain(|handler| !old.contains(&handler.id));
        handlers.extend(new);
        let replaced = self.0.handlers.swap(Arc::new(handlers));
        // The values of a handler may change the bus when they are dropped, so drop them without a
        // lock.
        drop(change);
        drop(replaced);
        ids
    }

    /// Removes a handler. Does not cancel deliveries that run.
    pub fn unsubscribe(&self, id: u64) {
        self.replace(&[id], []);
    }

    /// Adds a filter. The bus delivers only events that pass all filters.
    pub fn filter(&self, passes: impl Fn(&Event) -> bool + Send + Sync + 'static) {
        let _change = self.0.changes.lock();
        let mut filters = Vec::clone(&self.0.filters.load());
        filters.push(Arc::new(passes));
        self.0.filters.store(Arc::new(filters));
    }

    /// Delivers an event and waits for its handlers. Returns the names of the handlers that failed,
    /// with their errors.
    ///
    /// The handlers begin in the order in which they were added, and run concurrently. A plugin
    /// runs as many handlers at the same time as the machine has cores.
    pub async fn publish(&self, event: Event) -> Vec<(String, HandlerError)> {
        if !self.0.filters.load().iter().all(|passes| passes(&event)) {
            return Vec::new();
        }
        // No lock is held while handlers run, so a handler may subscribe and publish.
        let handlers = self.0.handlers.load_full();
        let handlers = handlers
            .iter()
            .map(|handler| &*handler.declared)
            .filter(|handler| handler.types.contains(&event.kind));
        let deliveries = handlers.map(|handler| {
            let event = event.clone();
            async move {
                let failed = handler.deliver(event).await.err()?;
                tracing::warn!(handler = handler.name, problem = %failed, "an event handler failed");
                Some((handler.name.clone(), failed))
            }
        });
        let failed = futures::future::join_all(deliveries).await;
        failed.into_iter().flatten().collect()
    }

    /// Queues an event and returns immediately. Does nothing if no handler accepts its type.
    ///
    /// # Errors
    /// - `EVENT_QUEUE_FULL`: the queue is full.
    /// - `EVENT_BUS_STOPPED`: the service stops, and the queued events are delivered.
    pub fn publish_async(&self, event: Event) -> Result<(), Error> {
        if self.0.queue.is_closed() {
            return Err(stopped());
        }
        let handlers = self.0.handlers.load();
        if !handlers
            .iter()
            .any(|handler| handler.declared.types.contains(&event.kind))
        {
            return Ok(());
        }
        self.0.queue.try_send(event).map_err(|error| match error {
            TrySendError::Full(_) => Error::new(
                Code::Exhausted,
                "EVENT_QUEUE_FULL",
                "the queue of events is full: retry later",
            ),
            TrySendError::Closed(_) => stopped(),
        })
    }

    /// Delivers queued events until `stop` completes and the queue is empty. The bus then does not
    /// accept further events for the queue.
    pub(crate) async fn work(&self, stop: &Stop) {
        loop {
            let next = {
                let mut queued = self.0.queued.lock().await;
                tokio::select! {
                    biased;
                    event = queued.recv() => event,
                    () = stop.requested() => {
                        // Events that are queued until here are still received.
                        queued.close();
                        queued.recv().await
                    }
                }
            };
            match next {
                Some(event) => drop(self.publish(event).await),
                None => return,
            }
        }
    }
}

fn stopped() -> Error {
    let message = "the service stops: the bus of events accepts no more events";
    Error::new(Code::Unavailable, "EVENT_BUS_STOPPED", message)
}

impl Subscription {
    async fn deliver(&self, event: Event) -> Result<(), HandlerError> {
        let mut deliveries = 0;
        loop {
            // The handler may also panic before it returns its future.
            let call = async { (self.handle)(event.clone()).await };
            let call = AssertUnwindSafe(call).catch_unwind();
            let result = match tokio::time::timeout(self.timeout, call).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(HandlerError::Permanent("the handler panicked".to_owned())),
                Err(_) => Err(HandlerError::Permanent(format!(
                    "the handler exceeded its timeout of {:?}",
                    self.timeout
                ))),
            };
            match result {
                Err(HandlerError::Transient(_)) if deliveries < self.retries => {
                    deliveries += 1;
                    tokio::time::sleep(BACKOFF * deliveries).await;
                }
                result => return result,
            }
        }
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handlers = self.0.handlers.load();
        let names = handlers.iter().map(|handler| &handler.declared.name);
        formatter
            .debug_struct("EventBus")
            .field("handlers", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
