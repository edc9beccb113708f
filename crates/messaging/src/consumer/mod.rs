//! Handles the messages of one subscription, in the same way on every engine.
//!
//! One task receives and settles deliveries. Each message has a task for its handler. The messages
//! of a key run one at a time. A message that waits for a retry stays unacknowledged, so `prefetch`
//! bounds all of them. A message is acknowledged only after its handler has succeeded or its dead
//! letter is confirmed. A stop releases the messages without a running handler and never
//! dead-letters one.

mod attempt;
mod component;
mod dead_letter;
mod handle;
mod key_queues;
mod new_topic;
mod router;
mod session;
mod state;

use std::sync::Arc;

pub(crate) use component::Consumers;
pub(crate) use router::{Route, Router};
use seaworthy_core::{Backoff, ServiceIdentity, Timeout, error_chain};
use seaworthy_resilience::circuit_breaker::CircuitBreaker;
use seaworthy_service::Tasks;
use seaworthy_telemetry::Telemetry;
pub use state::ConsumerReport;
pub(crate) use state::State;
use tokio::{sync::Semaphore, time};
use tokio_util::sync::CancellationToken;

use crate::{
    MessagingError,
    config::SubscriptionConfig,
    metrics::ConsumerMetrics,
    publisher::EnvelopePublisher,
    transport::{Deliveries, SubscriptionPlan, TransportError},
};

/// The first backoff of reconnects. A broker that restarts is back within seconds.
const RECONNECT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// The maximum backoff of reconnects: a consumer should resume soon after a longer outage.
const RECONNECT_MAX_BACKOFF: Timeout = Timeout::from_secs(5);

/// The consumer of one subscription.
pub(crate) struct Consumer {
    /// `consumer GROUP`, the name in logs and probes.
    pub(crate) name: Arc<str>,
    pub(crate) plan: SubscriptionPlan,
    pub(crate) config: SubscriptionConfig,
    pub(crate) router: Router,
    pub(crate) sender: EnvelopePublisher,
    pub(crate) identity: ServiceIdentity,
    pub(crate) telemetry: Telemetry,
    pub(crate) tasks: Tasks,
    pub(crate) metrics: ConsumerMetrics,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) permits: Semaphore,
    pub(crate) state: State,
    /// Cancelled to stop the consumer.
    pub(crate) stop: CancellationToken,
    /// Cancelled to abort running handlers.
    pub(crate) abort: CancellationToken,
    /// Cancelled after the consumer has ended.
    pub(crate) finished: CancellationToken,
}

impl Consumer {
    /// Opens the first session, which fails if the broker rejects the subscription (MSG-2). Retries
    /// while the broker is unavailable.
    pub(crate) async fn open_first(
        &self,
        total: Timeout,
    ) -> Result<Arc<dyn Deliveries>, MessagingError> {
        let end = time::Instant::now() + total.get();
        let delays = Backoff::new(RECONNECT_INITIAL_BACKOFF, RECONNECT_MAX_BACKOFF);
        let mut attempt = 0;
        loop {
            let cause = match self.open().await {
                Ok(deliveries) => return Ok(deliveries),
                Err(cause) => cause,
            };
            let backoff = delays.delay(attempt);
            if !matches!(cause, TransportError::Unavailable(_))
                || time::Instant::now() + backoff >= end
            {
                return Err(MessagingError::Open {
                    group: self.plan.group.clone(),
                    cause,
                });
            }
            time::sleep(backoff).await;
            attempt += 1;
        }
    }

    async fn open(&self) -> Result<Arc<dyn Deliveries>, TransportError> {
        self.sender.transport().open(self.plan.clone()).await
    }

    /// Runs sessions until the stop, beginning with the open session `first`.
    pub(crate) async fn run(self: Arc<Self>, mut first: Option<Arc<dyn Deliveries>>) {
        let delays = Backoff::new(RECONNECT_INITIAL_BACKOFF, RECONNECT_MAX_BACKOFF);
        let mut failures = 0;
        let mut in_flight = session::InFlight::new();
        while !self.stop.is_cancelled() {
            if self.state.is_paused() {
                self.set_connected(false);
                self.finish_draining(&mut in_flight).await;
            }
            if first.is_none() && !self.state.wait_while_paused(&self.stop).await {
                break;
            }
            let opened = match first.take() {
                Some(deliveries) => Ok(deliveries),
                None => tokio::select! {
                    opened = self.open() => opened,
                    () = self.stop.cancelled() => break,
                },
            };
            let problem = match opened {
                Ok(deliveries) => {
                    self.set_connected(true);
                    let begun = time::Instant::now();
                    let ended = self.session(deliveries, &mut in_flight).await;
                    if begun.elapsed() >= RECONNECT_MAX_BACKOFF.get() {
                        failures = 0;
                    }
                    // All replicas replace their sessions at the same time after a rotation. The
                    // service stays ready unless the next session cannot be opened.
                    let Err(error) = ended else { continue };
                    error
                }
                Err(error) => error,
            };
            self.set_connected(false);
            self.state.record_error(&problem);
            let backoff = delays.delay(failures);
            failures = failures.saturating_add(1);
            let problem = error_chain(&problem);
            tracing::warn!(
                consumer = &*self.name,
                problem,
                ?backoff,
                "the subscription was interrupted, reconnecting"
            );
            tokio::select! {
                () = time::sleep(backoff) => {}
                () = self.stop.cancelled() => {}
            }
        }
        self.finish_draining(&mut in_flight).await;
        self.set_connected(false);
        self.finished.cancel();
    }

    fn set_connected(&self, connected: bool) {
        self.metrics.connected.set(i64::from(connected));
        self.state.set_connected(connected);
    }

    pub(crate) fn pause(&self) {
        self.metrics.paused.set(1);
        self.state.set_paused(true);
    }

    pub(crate) fn resume(&self) {
        self.metrics.paused.set(0);
        self.state.set_paused(false);
    }

    pub(crate) fn report(&self) -> ConsumerReport {
        self.state.report(&self.plan, &self.metrics)
    }

    /// Measures the lag at intervals until the consumer ends.
    pub(crate) async fn watch_lag(&self, interval: Timeout) {
        loop {
            match self.sender.transport().lag(&self.plan.group).await {
                Ok(lag) => {
                    self.metrics.lag.set(i64::try_from(lag).unwrap_or(i64::MAX));
                    self.state.set_lag(lag);
                }
                Err(TransportError::Closed) => return,
                Err(error) => {
                    tracing::debug!(consumer = &*self.name, %error, "measuring the lag failed");
                }
            }
            tokio::select! {
                () = time::sleep(interval.get()) => {}
                () = self.finished.cancelled() => return,
            }
        }
    }
}
