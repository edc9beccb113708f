//! What happens to messages of one subscription, the same on every engine.
//!
//! One task takes deliveries and settles them; each message is handled by a task of its own. Messages of one key stand in one lane, and only the first of a lane is
//! handled. A message keeps its place in the hands of the service while it waits for another attempt, so `prefetch` bounds everything, and
//! nothing is acknowledged before its work is done or its dead letter is confirmed. A stop gives back whatever is not being handled at
//! that moment, and never makes a dead letter.

mod component;
mod handle;
mod lanes;
mod router;
mod session;
mod state;

use std::sync::Arc;

pub(crate) use component::Consumers;
pub(crate) use router::{Route, Router};
use seaworthy_core::{Backoff, ServiceIdentity, Timeout};
use seaworthy_resilience::circuit_breaker::CircuitBreaker;
use seaworthy_service::Tasks;
use seaworthy_telemetry::Telemetry;
use session::End;
pub use state::ConsumerReport;
pub(crate) use state::State;
use tokio::{sync::Semaphore, time};
use tokio_util::sync::CancellationToken;

use crate::{
    MessagingError,
    config::SubscriptionConfig,
    metrics::ConsumerMetrics,
    publisher::Outlet,
    transport::{Deliveries, SubscriptionPlan, TransportError},
};

/// A broker that restarts is back within seconds; asking more often costs both sides little.
const RECONNECT_INITIAL: Timeout = Timeout::from_millis(100);
/// After a longer outage a service should be back soon after its broker.
const RECONNECT_CAP: Timeout = Timeout::from_secs(5);

/// One subscription of one service.
pub(crate) struct Consumer {
    /// `consumer GROUP`, the name in logs and probes.
    pub(crate) name: Arc<str>,
    pub(crate) plan: SubscriptionPlan,
    pub(crate) config: SubscriptionConfig,
    pub(crate) router: Router,
    pub(crate) outlet: Outlet,
    pub(crate) identity: ServiceIdentity,
    pub(crate) telemetry: Telemetry,
    pub(crate) tasks: Tasks,
    pub(crate) metrics: ConsumerMetrics,
    pub(crate) breaker: CircuitBreaker,
    pub(crate) permits: Semaphore,
    pub(crate) state: State,
    /// Takes nothing new.
    pub(crate) stop: CancellationToken,
    /// Drops what still runs.
    pub(crate) abort: CancellationToken,
    /// Nothing runs any more.
    pub(crate) finished: CancellationToken,
}

impl Consumer {
    /// Opens the first session, which tells whether the subscription can work at all (MSG-2). A broker that goes away at this moment is waited for.
    pub(crate) async fn open_first(
        &self,
        total: Timeout,
    ) -> Result<Arc<dyn Deliveries>, MessagingError> {
        let end = time::Instant::now() + total.get();
        let backoff = Backoff::new(RECONNECT_INITIAL, RECONNECT_CAP);
        let mut attempt = 0;
        loop {
            let cause = match self.open().await {
                Ok(deliveries) => return Ok(deliveries),
                Err(cause) => cause,
            };
            let pause = backoff.delay(attempt);
            if !matches!(cause, TransportError::Unavailable(_))
                || time::Instant::now() + pause >= end
            {
                return Err(MessagingError::Open {
                    group: self.plan.group.clone(),
                    cause,
                });
            }
            time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn open(&self) -> Result<Arc<dyn Deliveries>, TransportError> {
        self.outlet.transport().open(self.plan.clone()).await
    }

    /// Takes messages until the stop; `first` is a session that is open already.
    pub(crate) async fn run(self: Arc<Self>, mut first: Option<Arc<dyn Deliveries>>) {
        let backoff = Backoff::new(RECONNECT_INITIAL, RECONNECT_CAP);
        let mut failures = 0;
        let mut lanes = session::Hands::new();
        while !self.stop.is_cancelled() {
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
                    self.connected(true);
                    let begun = time::Instant::now();
                    let end = self.session(deliveries, &mut lanes).await;
                    self.connected(false);
                    if begun.elapsed() >= RECONNECT_CAP.get() {
                        failures = 0;
                    }
                    match end {
                        End::Halted => continue,
                        End::Lost(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.state.failed(&problem);
            let pause = backoff.delay(failures);
            failures = failures.saturating_add(1);
            let cause = std::error::Error::source(&problem).map(ToString::to_string);
            tracing::warn!(consumer = &*self.name, %problem, cause, ?pause, "no messages come; trying again");
            tokio::select! {
                () = time::sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
        }
        self.finished.cancel();
    }

    fn connected(&self, connected: bool) {
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

    /// Asks for the lag now and then, until the service stops.
    pub(crate) async fn watch_lag(&self, interval: Timeout) {
        loop {
            match self.outlet.transport().lag(&self.plan.group).await {
                Ok(lag) => {
                    self.metrics.lag.set(i64::try_from(lag).unwrap_or(i64::MAX));
                    self.state.set_lag(lag);
                }
                Err(TransportError::Closed) => return,
                Err(error) => {
                    tracing::debug!(consumer = &*self.name, %error, "the lag is not known");
                }
            }
            tokio::select! {
                () = time::sleep(interval.get()) => {}
                () = self.finished.cancelled() => return,
            }
        }
    }
}
