use std::{
    fmt,
    num::NonZeroU32,
    sync::{Arc, Weak},
    time::Duration,
};

use seaworthy_core::Timeout;
use seaworthy_redis::{Redis, RedisError, redis::Script};

use super::super::config::RateLimitConfig;

/// The window of a check, after which Redis drops its key.
const CHECK_WINDOW: Timeout = Timeout::from_secs(10);

/// The Redis that stores shared limits: one server, Sentinel or a cluster. Cheap to clone. It
/// connects at its first use and reconnects after a loss.
#[derive(Clone)]
pub struct RateLimitStore(Arc<Inner>);

/// A store that its limits keep open.
pub(in crate::rate_limit) struct WeakRateLimitStore(Weak<Inner>);

struct Inner {
    redis: Redis,
    window: Script,
    burst: Script,
}

/// The store of a rate limit is unavailable. The error omits the address, which may contain a
/// password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The circuit breaker of the store is open.
    #[error("the circuit breaker of the rate limit store is open")]
    CircuitOpen,
    /// Redis did not respond in time.
    #[error("the rate limit store did not respond in time")]
    TimedOut,
    /// Redis is unavailable or sent an unexpected response.
    #[error("the rate limit store failed")]
    Redis(#[from] RedisError),
}

/// The result of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) units: u32,
    pub(super) remaining: u32,
    pub(super) retry_after: Duration,
    pub(super) reset: Duration,
}

impl RateLimitStore {
    /// Creates a store without connecting.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self(Arc::new(Inner {
            redis,
            window: Script::new(include_str!("window.lua")),
            burst: Script::new(include_str!("burst.lua")),
        }))
    }

    pub(in crate::rate_limit) fn downgrade(&self) -> WeakRateLimitStore {
        WeakRateLimitStore(Arc::downgrade(&self.0))
    }

    /// Checks that Redis runs the script of limits with or without a burst. A replica, a Redis
    /// without memory, and one that forbids scripts respond to `PING` but reject it.
    pub(in crate::rate_limit) async fn check_script(
        &self,
        prefix: &str,
        has_burst: bool,
    ) -> Result<(), StoreError> {
        // The script writes only if it grants a unit.
        let unlimited = RateLimitConfig {
            requests: NonZeroU32::MAX,
            window: CHECK_WINDOW,
            burst: has_burst.then_some(NonZeroU32::MAX),
            ..RateLimitConfig::default()
        };
        let key = format!("{prefix}:check");
        self.take(&key, &unlimited, 1).await?;
        Ok(())
    }

    /// Takes up to `wanted` units of a key.
    pub(super) async fn take(
        &self,
        key: &str,
        limit: &RateLimitConfig,
        wanted: u32,
    ) -> Result<Granted, StoreError> {
        let Inner {
            redis,
            window,
            burst,
        } = &*self.0;
        let (script, time) = match limit.burst {
            Some(_) => (burst, limit.window.get() / limit.requests.get()),
            None => (window, limit.window.get()),
        };
        // The scripts store different types.
        let key = match limit.burst {
            Some(_) => format!("{key}:burst"),
            None => key.to_owned(),
        };
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let arguments = [
            limit.quota().get().to_string(),
            time.to_string(),
            wanted.to_string(),
        ];
        let arguments = arguments.each_ref().map(|text| text.as_bytes());
        let reply = redis.invoke(script, &[&key], &arguments).await?;
        Ok(Granted::from_reply(reply, limit, wanted))
    }
}

impl WeakRateLimitStore {
    /// Returns the store, if a limit uses it.
    pub(in crate::rate_limit) fn upgrade(&self) -> Option<RateLimitStore> {
        self.0.upgrade().map(RateLimitStore)
    }
}

impl Granted {
    /// Limits the reply of the script to values that the script can return. Redis is another
    /// process, and its keys are open to others.
    fn from_reply(
        (units, remaining, retry_after, reset): (u32, u32, u64, u64),
        limit: &RateLimitConfig,
        wanted: u32,
    ) -> Self {
        let window = limit.window.get().max(limit.quota_window());
        Self {
            units: units.min(wanted),
            remaining: remaining.min(limit.quota().get()),
            retry_after: Duration::from_micros(retry_after).min(window * 2),
            reset: Duration::from_micros(reset).min(window * 2),
        }
    }
}

impl fmt::Debug for RateLimitStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimitStore")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seaworthy_redis::redis::{FromRedisValue as _, Value};

    use super::*;

    /// A reply of Redis, or what a broken server, another version or another key could send.
    fn reply() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            Just(Value::Okay),
            any::<i64>().prop_map(Value::Int),
            (0_i64..1_000).prop_map(Value::Int),
            any::<Vec<u8>>().prop_map(Value::BulkString),
            "[0-9-]{0,25}".prop_map(|text| Value::BulkString(text.into_bytes())),
            any::<f64>().prop_map(Value::Double),
        ];
        leaf.prop_recursive(2, 12, 5, |inner| {
            proptest::collection::vec(inner, 0..6).prop_map(Value::Array)
        })
    }

    proptest! {
        #[test]
        fn replies_never_exceed_request_and_limit_res_6(
            value in prop_oneof![
                reply(),
                proptest::collection::vec(any::<u32>().prop_map(|number| Value::Int(number.into())), 4)
                    .prop_map(Value::Array),
            ],
            wanted in 0_u32..100,
        ) {
            let limit = RateLimitConfig::default();
            if let Ok(reply) = <(u32, u32, u64, u64)>::from_redis_value(value) {
                let granted = Granted::from_reply(reply, &limit, wanted);
                prop_assert!(granted.units <= wanted);
                prop_assert!(granted.remaining <= limit.requests.get());
                let far = std::time::Instant::now().checked_add(granted.retry_after.max(granted.reset));
                prop_assert!(far.is_some());
            }
        }
    }

    #[test]
    fn hostile_reply_is_limited_res_6() {
        let limit = RateLimitConfig::default();
        let granted = Granted::from_reply((u32::MAX, u32::MAX, u64::MAX, u64::MAX), &limit, 3);
        assert_eq!((granted.units, granted.remaining), (3, 200));
        assert_eq!(granted.retry_after, Duration::from_secs(4));
    }
}
