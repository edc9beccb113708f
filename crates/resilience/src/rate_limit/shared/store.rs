use std::{fmt, sync::Arc, time::Duration};

use seaworthy_redis::{Redis, RedisError, redis::Script};

use super::super::config::RateLimitConfig;

/// The Redis that limits share: alone, under Sentinel or a cluster. Cheap to clone; it connects when it is first used and again after every loss.
#[derive(Clone)]
pub struct RateLimitStore {
    redis: Redis,
    script: Arc<Script>,
}

/// Redis cannot be reached, or did not answer as it should. The address is not part of the text: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It failed before and is left alone for a moment.
    #[error("the store of the rate limit failed before and is left alone")]
    Unasked,
    /// It did not answer in time.
    #[error("the store of the rate limit did not answer in time")]
    Late,
    /// It cannot be reached, or answers wrongly.
    #[error("the store of the rate limit failed")]
    Redis(#[from] RedisError),
}

/// What the script answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub(super) units: u32,
    pub(super) remaining: u32,
    pub(super) retry_after: Duration,
    pub(super) reset: Duration,
}

impl RateLimitStore {
    /// A store in this Redis. It does not connect yet.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            script: Arc::new(Script::new(include_str!("window.lua"))),
        }
    }

    /// Takes up to `wanted` units of a key.
    pub(super) async fn take(
        &self,
        key: &str,
        limit: &RateLimitConfig,
        wanted: u32,
    ) -> Result<Granted, StoreError> {
        let window = u64::try_from(limit.window.get().as_micros()).unwrap_or(u64::MAX);
        let arguments = [
            limit.requests.get().to_string(),
            window.to_string(),
            wanted.to_string(),
        ];
        let arguments = arguments.each_ref().map(|text| text.as_bytes());
        let (units, remaining, retry_after, reset): (u32, u32, u64, u64) =
            self.redis.invoke(&self.script, &[key], &arguments).await?;
        Ok(Granted {
            units,
            remaining,
            retry_after: Duration::from_micros(retry_after),
            reset: Duration::from_micros(reset),
        })
    }
}

impl fmt::Debug for RateLimitStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimitStore")
            .finish_non_exhaustive()
    }
}
