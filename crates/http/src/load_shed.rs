//! Load shedding by a limit on the requests in flight (RES-7).
//!
//! A queue in front of a saturated service makes every request late. A refusal makes one request
//! wait. The limit counts requests and not CPU time, because a full connection pool is a bottleneck
//! too.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use schemars::JsonSchema;
use seaworthy_core::{Code, Error};
use serde::{Deserialize, Serialize};

/// A thousand requests per second of one second each, by Little's law.
const MAX_IN_FLIGHT: NonZeroU32 = NonZeroU32::new(1_024).unwrap();
/// Lets a peak pass and delays retries.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Limit on the requests in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadShedConfig {
    /// Maximum requests in flight. The response to further ones is 503 with `Retry-After`.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-7", "above": 1_000_000 }]))]
    pub max_in_flight: NonZeroU32,
}

impl Default for LoadShedConfig {
    fn default() -> Self {
        Self {
            max_in_flight: MAX_IN_FLIGHT,
        }
    }
}

#[derive(Debug)]
pub(crate) struct LoadShed {
    maximum: u32,
    in_flight: Arc<AtomicU32>,
}

/// Counts one request as in flight until the last clone is dropped. A call that continues after
/// its client has left keeps a clone.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    _counted: Arc<Counted>,
}

#[derive(Debug)]
struct Counted {
    in_flight: Arc<AtomicU32>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl LoadShed {
    pub(crate) fn new(config: &LoadShedConfig) -> Self {
        Self {
            maximum: config.max_in_flight.get(),
            in_flight: Arc::default(),
        }
    }

    /// Admits a request.
    ///
    /// # Errors
    /// `OVERLOADED` if the maximum number of requests is in flight.
    pub(crate) fn admit(&self) -> Result<Admission, Error> {
        let others = self.in_flight.fetch_add(1, Ordering::Relaxed);
        // Dropped if the request is refused.
        let counted = Counted {
            in_flight: Arc::clone(&self.in_flight),
        };
        if others < self.maximum {
            return Ok(Admission {
                _counted: Arc::new(counted),
            });
        }
        Err(Error::new(
            Code::Unavailable,
            "OVERLOADED",
            "the service is overloaded: try again later",
        )
        .with_retry_after(RETRY_AFTER))
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_releases_admissions_res_7() {
        let shed = LoadShed::new(&LoadShedConfig {
            max_in_flight: NonZeroU32::new(2).unwrap(),
        });
        let first = shed.admit().unwrap();
        let second = shed.admit().unwrap();
        let refused = shed.admit().unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(refused.retry_after().is_some());
        let detached = first.clone();
        drop(first);
        assert!(shed.admit().is_err());
        drop((detached, second));
        assert_eq!(shed.in_flight(), 0);
        shed.admit().unwrap();
    }
}
