use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use seaworthy_core::{Secret, Timeout};

use super::super::config::RateLimitConfig;

/// The connection to Redis that limits share. Cheap to clone; it connects when it is first used and again after every loss.
#[derive(Clone)]
pub struct RateLimitStore {
    connection: ConnectionManager,
    script: Arc<Script>,
}

/// Redis cannot be reached, or did not answer as it should. The address is not part of the text: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("the store of the rate limit failed: {0}")]
pub struct StoreError(String);

/// What the script answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub(super) units: u32,
    pub(super) remaining: u32,
    pub(super) retry_after: Duration,
    pub(super) reset: Duration,
}

impl RateLimitStore {
    /// A store at a `redis://` address. It does not connect yet.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(url: &Secret<String>, timeout: Timeout) -> Result<Self, StoreError> {
        let client = Client::open(url.expose().as_str()).map_err(|error| StoreError::of(&error))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(timeout.get()))
            .set_response_timeout(Some(timeout.get()))
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client, config)
            .map_err(|error| StoreError::of(&error))?;
        Ok(Self {
            connection,
            script: Arc::new(Script::new(include_str!("window.lua"))),
        })
    }

    /// Takes up to `wanted` units of a key.
    pub(super) async fn take(
        &self,
        key: &str,
        limit: &RateLimitConfig,
        wanted: u32,
    ) -> Result<Granted, StoreError> {
        let window = u64::try_from(limit.window.get().as_micros()).unwrap_or(u64::MAX);
        let mut connection = self.connection.clone();
        let mut invocation = self.script.prepare_invoke();
        invocation
            .key(key)
            .arg(limit.requests.get())
            .arg(window)
            .arg(wanted);
        let answer: Result<(u32, u32, u64, u64), _> =
            invocation.invoke_async(&mut connection).await;
        let (units, remaining, retry_after, reset) =
            answer.map_err(|error| StoreError::of(&error))?;
        Ok(Granted {
            units,
            remaining,
            retry_after: Duration::from_micros(retry_after),
            reset: Duration::from_micros(reset),
        })
    }
}

impl StoreError {
    pub(super) fn unasked() -> Self {
        Self("it failed before and is left alone".to_owned())
    }

    pub(super) fn late() -> Self {
        Self("no answer in time".to_owned())
    }

    fn of(error: &RedisError) -> Self {
        Self(error.category().to_owned())
    }
}

impl fmt::Debug for RateLimitStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimitStore")
            .finish_non_exhaustive()
    }
}
