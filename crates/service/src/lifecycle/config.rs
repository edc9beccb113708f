use schemars::JsonSchema;
use seaworthy_core::{Delay, Timeout};
use serde::{Deserialize, Serialize};

use super::phase::Phase;

/// LIFE-4: one readiness period of an orchestrator or load balancer passes, so that traffic has moved away before a listener closes.
const DEFAULT_DRAIN_DELAY: Delay = Delay::from_secs(5);
/// Two thirds of the total: requests are what a stop must not lose.
const DEFAULT_REQUESTS: Timeout = Timeout::from_secs(20);
/// A handler of a message is about as long as one of a request, but a message that is returned is not lost.
const DEFAULT_CONSUMERS: Timeout = Timeout::from_secs(10);
/// A run that is cut off is repeated by the next instance.
const DEFAULT_WORKERS: Timeout = Timeout::from_secs(10);
/// What stays in the outbox is relayed by the next instance.
const DEFAULT_RELAYS: Timeout = Timeout::from_secs(5);
/// A pool that cannot say goodbye within this has lost its server.
const DEFAULT_POOLS: Timeout = Timeout::from_secs(3);
/// A collector that needs longer would hold up a deployment for lines that nobody misses.
const DEFAULT_FLUSH: Timeout = Timeout::from_secs(3);
/// LIFE-4: Kubernetes kills after 30 s unless it is told otherwise.
const DEFAULT_TOTAL: Timeout = Timeout::from_secs(30);

/// How the service stops: the limits of its phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LifecycleConfig {
    /// How long traffic is still served after readiness has turned false.
    pub drain_delay: Delay,
    /// How long requests and streams under way may take to finish.
    pub requests: Timeout,
    /// How long consumers may take to finish and acknowledge the messages in hand.
    pub consumers: Timeout,
    /// How long workers and tasks may take to finish.
    pub workers: Timeout,
    /// How long the outbox may take to pass on what is left.
    pub relays: Timeout,
    /// How long connection pools may take to close.
    pub pools: Timeout,
    /// How long telemetry may take to flush.
    pub flush: Timeout,
    /// How long the whole stop may take before the exit is forced.
    pub total: Timeout,
}

impl Default for LifecycleConfig {
    fn default() -> Self {
        Self {
            drain_delay: DEFAULT_DRAIN_DELAY,
            requests: DEFAULT_REQUESTS,
            consumers: DEFAULT_CONSUMERS,
            workers: DEFAULT_WORKERS,
            relays: DEFAULT_RELAYS,
            pools: DEFAULT_POOLS,
            flush: DEFAULT_FLUSH,
            total: DEFAULT_TOTAL,
        }
    }
}

impl LifecycleConfig {
    /// The limit of one phase of the stop. Phases of the start have none of their own.
    #[must_use]
    pub fn limit(&self, phase: Phase) -> Timeout {
        match phase {
            Phase::Requests => self.requests,
            Phase::Consumers => self.consumers,
            Phase::Workers => self.workers,
            Phase::Relays => self.relays,
            Phase::Pools => self.pools,
            Phase::Flush => self.flush,
            _ => self.total,
        }
    }
}
