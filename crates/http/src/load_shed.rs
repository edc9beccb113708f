//! Load shedding by a limit on the requests in flight, which follows the latency (RES-7).
//!
//! A queue in front of a saturated service makes every request late. A rejection delays only one
//! request. [`AdaptiveConcurrency`] measures the latency of the whole service, because a full
//! connection pool is a bottleneck too.

use std::{
    num::NonZeroU32,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use schemars::JsonSchema;
use seaworthy_core::{Code, Error, RequestContext, Timeout};
use seaworthy_resilience::{
    Outcome,
    adaptive_concurrency::{
        AdaptiveConcurrency, AdaptiveConcurrencyConfig, ConcurrencyPermit, Priority,
    },
};
use seaworthy_telemetry::metrics::Metrics;
use serde::{Deserialize, Serialize};

/// Limit on the requests in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadShedConfig {
    /// Maximum requests in flight. The response to further ones is 503 with `Retry-After`.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-7", "above": 1_000_000 }]))]
    pub max_in_flight: NonZeroU32,
    /// How much longer than without load a response may take on average before the limit falls
    /// below `max_in_flight`. While less than half of it is in flight, the limit falls only in two
    /// cases: ever more requests are in flight, or clients disconnect before their responses.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-7", "above": "10s" }]))]
    pub max_queue_delay: Timeout,
}

impl Default for LoadShedConfig {
    fn default() -> Self {
        let AdaptiveConcurrencyConfig {
            max_limit,
            max_queue_delay,
        } = AdaptiveConcurrencyConfig::default();
        Self {
            max_in_flight: max_limit,
            max_queue_delay,
        }
    }
}

#[derive(Debug)]
pub(crate) struct LoadShed(AdaptiveConcurrency);

/// Counts one request as in flight until the last clone is dropped. A call that continues after
/// its client has disconnected keeps a clone.
#[derive(Debug, Clone)]
pub(crate) struct Admission(Arc<ConcurrencyPermit>);

/// Marks a response that lasts until its client disconnects, such as server-sent events. Put it
/// into the extensions of the response. The request then counts as in flight only until the
/// response begins. Otherwise open pages could use up `max_in_flight`. Set another limit on such
/// responses, as the hub of `seaworthy-realtime` does.
#[derive(Debug, Clone, Copy)]
pub struct OpenEnded;

/// Excludes a request from the limit that follows the latency while it waits for its body.
#[derive(Debug, Clone)]
pub(crate) struct BodyWait(Weak<ConcurrencyPermit>);

impl LoadShed {
    /// Creates the limit of a listener.
    pub(crate) fn new(name: &str, config: &LoadShedConfig, metrics: &Metrics) -> Self {
        let config = AdaptiveConcurrencyConfig {
            max_limit: config.max_in_flight,
            max_queue_delay: config.max_queue_delay,
        };
        Self(AdaptiveConcurrency::new(name, &config, metrics))
    }

    /// Admits a request that arrived at this time.
    ///
    /// # Errors
    /// `OVERLOADED` if the maximum number of requests is in flight.
    pub(crate) fn admit(&self, priority: Priority, now: Instant) -> Result<Admission, Error> {
        match self.0.admit(priority, now) {
            Ok(permit) => Ok(Admission(Arc::new(permit))),
            Err(rejection) => {
                let error = Error::new(
                    Code::Unavailable,
                    "OVERLOADED",
                    "the service is overloaded: try again later",
                );
                Err(match rejection.retry_after() {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
        }
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.0.in_flight()
    }

    /// Returns whether responses were measured.
    #[cfg(test)]
    pub(crate) fn has_base_latency(&self) -> bool {
        self.0.snapshot().base_latency.is_some()
    }
}

impl Admission {
    /// Records the outcome of a response that begins now. `waited` is the time that the request
    /// waited for its client. It does not count as latency of the service.
    pub(crate) fn record(&self, outcome: Outcome, waited: Duration) {
        self.0.record(outcome, waited);
    }

    /// Records that the client disconnected before the response.
    pub(crate) fn abandon(&self, waited: Duration) {
        self.0.abandon(waited);
    }

    /// Removes the request from the limit that follows the latency, unless a call continues without
    /// it. The rest of the response depends on its client.
    pub(crate) fn begin_response(&self) {
        if Arc::strong_count(&self.0) == 1 {
            self.0.begin_response();
        }
    }

    /// Lets tasks keep the request in flight. The context itself does not: it may outlive the call.
    pub(crate) fn share(&self, context: &RequestContext) {
        let permit = Arc::downgrade(&self.0);
        context.set_in_flight(permit);
    }

    /// Returns a handle that does not keep the request in flight.
    pub(crate) fn body_wait(&self) -> BodyWait {
        BodyWait(Arc::downgrade(&self.0))
    }
}

impl BodyWait {
    pub(crate) fn set(&self, is_waiting: bool) {
        if let Some(permit) = self.0.upgrade() {
            permit.set_reading(is_waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shed(max_in_flight: u32) -> LoadShed {
        let config = LoadShedConfig {
            max_in_flight: NonZeroU32::new(max_in_flight).unwrap(),
            ..LoadShedConfig::default()
        };
        LoadShed::new("http", &config, &Metrics::new())
    }

    #[test]
    fn bounds_and_releases_admissions_res_7() {
        let shed = shed(2);
        let admit = || shed.admit(Priority::Normal, Instant::now());
        let first = admit().unwrap();
        let second = admit().unwrap();
        let refused = admit().unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(refused.retry_after().is_some());
        let detached = first.clone();
        drop(first);
        assert!(admit().is_err());
        drop((detached, second));
        assert_eq!(shed.in_flight(), 0);
        admit().unwrap();
    }
}
