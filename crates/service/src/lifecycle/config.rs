use schemars::JsonSchema;
use seaworthy_config::Profile;
use seaworthy_core::{Delay, Timeout};
use serde::{Deserialize, Serialize};

use super::phase::Phase;

/// The default of `drain_delay` in staging and production: one readiness period of a load balancer,
/// so that traffic has moved away before a listener closes (LIFE-4).
const DEFAULT_DRAIN_DELAY: Delay = Delay::from_secs(5);
/// The default of `request_timeout`: most of the total, because a stop must not lose requests.
const DEFAULT_REQUEST_TIMEOUT: Timeout = Timeout::from_secs(20);
/// The default of `consumer_timeout`, lower because the broker redelivers unfinished messages.
const DEFAULT_CONSUMER_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `worker_timeout`. The next instance repeats a run that is aborted.
const DEFAULT_WORKER_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `relay_timeout`. The next instance publishes the rows that stay in the outbox.
const DEFAULT_RELAY_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `pool_timeout`. A pool that needs longer has lost its server.
const DEFAULT_POOL_TIMEOUT: Timeout = Timeout::from_secs(3);
/// The default of `flush_timeout`. More would delay the deployment for a few log lines and spans.
const DEFAULT_FLUSH_TIMEOUT: Timeout = Timeout::from_secs(3);
/// The default of `total_timeout`: the default grace period of Kubernetes (LIFE-4).
const DEFAULT_TOTAL_TIMEOUT: Timeout = Timeout::from_secs(30);

/// The timeouts of a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LifecycleConfig {
    /// How long the service still accepts traffic after the readiness probe fails. Not set: 5 s in
    /// staging and production, 0 in development and test.
    pub drain_delay: Option<Delay>,
    /// Time limit for requests and streams in progress to finish.
    pub request_timeout: Timeout,
    /// Time limit for consumers to finish and acknowledge their messages.
    pub consumer_timeout: Timeout,
    /// Time limit for workers and tasks to finish.
    pub worker_timeout: Timeout,
    /// Time limit for the relays of the outbox to finish.
    pub relay_timeout: Timeout,
    /// Time limit for connection pools to close.
    pub pool_timeout: Timeout,
    /// Time limit for telemetry to flush.
    pub flush_timeout: Timeout,
    /// Time limit for the whole stop. After it the exit is forced.
    #[schemars(extend("x-unsafe" = [{ "id": "LIFE-4", "above": "5m" }]))]
    pub total_timeout: Timeout,
}

impl Default for LifecycleConfig {
    fn default() -> Self {
        Self {
            drain_delay: None,
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
            consumer_timeout: DEFAULT_CONSUMER_TIMEOUT,
            worker_timeout: DEFAULT_WORKER_TIMEOUT,
            relay_timeout: DEFAULT_RELAY_TIMEOUT,
            pool_timeout: DEFAULT_POOL_TIMEOUT,
            flush_timeout: DEFAULT_FLUSH_TIMEOUT,
            total_timeout: DEFAULT_TOTAL_TIMEOUT,
        }
    }
}

impl LifecycleConfig {
    /// Returns the drain delay of a profile. Without a setting it is zero where no load balancer
    /// sends traffic.
    #[must_use]
    pub fn drain_delay_in(&self, profile: Profile) -> Delay {
        self.drain_delay.unwrap_or(match profile {
            Profile::Staging | Profile::Production => DEFAULT_DRAIN_DELAY,
            Profile::Development | Profile::Test => Delay::ZERO,
        })
    }

    /// Returns the timeout of one phase of the stop. The phases of the start and the drain have
    /// only the total.
    #[must_use]
    pub fn timeout(&self, phase: Phase) -> Timeout {
        match phase {
            Phase::Requests => self.request_timeout,
            Phase::Consumers => self.consumer_timeout,
            Phase::Workers => self.worker_timeout,
            Phase::Relays => self.relay_timeout,
            Phase::Pools => self.pool_timeout,
            Phase::Flush => self.flush_timeout,
            Phase::Configure
            | Phase::Preflight
            | Phase::Telemetry
            | Phase::Listen
            | Phase::Assemble
            | Phase::Ready
            | Phase::Drain => self.total_timeout,
        }
    }
}
