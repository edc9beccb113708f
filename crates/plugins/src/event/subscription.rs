use std::{collections::BTreeSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};

use super::{Event, EventType};
use crate::{config::DEFAULT_TIMEOUT, sandbox::LogAccess};

/// The backoff before the first retry of a delivery. Each further retry adds the same time.
const INITIAL_BACKOFF: Duration = Duration::from_millis(100);
/// The maximum backoff between two deliveries: short enough to continue soon after an outage of a
/// database.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Errors of event handlers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// The bus delivers the event again, if the handler has retries.
    #[error("{0}")]
    Transient(String),
    /// The bus does not deliver the event again.
    #[error("{0}")]
    Permanent(String),
}

pub(super) type Handle =
    dyn Fn(Event) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync;

pub(super) type Handlers = Arc<[Arc<Subscription>]>;

/// A handler and the events that it accepts.
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) types: BTreeSet<EventType>,
    /// The timeout of one delivery.
    pub(crate) timeout: Duration,
    /// The maximum number of retries after transient failures.
    pub(crate) retries: u32,
    pub(crate) handle: Box<Handle>,
    /// The budget of a plugin for lines in the log. `None` for a handler of the host.
    pub(crate) log: Option<Arc<LogAccess>>,
}

impl Subscription {
    /// Returns a handler of the host, without retries.
    pub(super) fn for_host(
        name: &str,
        types: impl IntoIterator<Item = EventType>,
        handle: Box<Handle>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            types: types.into_iter().collect(),
            timeout: DEFAULT_TIMEOUT.get(),
            retries: 0,
            handle,
            log: None,
        }
    }

    /// Returns true if a failure may be logged. A plugin may have written its text.
    fn may_log(&self) -> bool {
        self.log.as_ref().is_none_or(|log| log.admit())
    }

    async fn deliver(&self, event: &Event) -> Result<(), HandlerError> {
        let mut deliveries = 0;
        loop {
            // The handler may also panic before it returns its future.
            let call = async { (self.handle)(event.clone()).await };
            let call = AssertUnwindSafe(call).catch_unwind();
            let result = match tokio::time::timeout(self.timeout, call).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(HandlerError::Permanent("the handler panicked".to_owned())),
                Err(_) => Err(HandlerError::Transient(format!(
                    "the handler exceeded its timeout of {:?}",
                    self.timeout
                ))),
            };
            match result {
                Err(HandlerError::Transient(problem)) if deliveries < self.retries => {
                    deliveries += 1;
                    let handler = &*self.name;
                    if self.may_log() {
                        tracing::warn!(
                            handler,
                            problem,
                            "an event handler failed and is called again"
                        );
                    }
                    let backoff = INITIAL_BACKOFF.saturating_mul(deliveries).min(MAX_BACKOFF);
                    tokio::time::sleep(backoff).await;
                }
                result => return result,
            }
        }
    }
}

/// Delivers an event to those of the handlers that accept its type, concurrently. Returns the names
/// of the handlers that failed, with their errors.
pub(super) async fn deliver(
    handlers: &[Arc<Subscription>],
    event: &Event,
) -> Vec<(String, HandlerError)> {
    let handlers = handlers
        .iter()
        .filter(|handler| handler.types.contains(&event.kind));
    let deliveries = handlers.map(|handler| async move {
        let failed = handler.deliver(event).await.err()?;
        if handler.may_log() {
            tracing::warn!(handler = handler.name, problem = %failed, "an event handler failed");
        }
        Some((handler.name.clone(), failed))
    });
    let failed = futures::future::join_all(deliveries).await;
    failed.into_iter().flatten().collect()
}
