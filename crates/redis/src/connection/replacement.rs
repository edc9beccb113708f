//! Tasks that replace a connection: for another master, and for a rotated password.

use std::{
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use seaworthy_core::RotationAttempts;
use tokio::time::{self, Instant};

use super::{Inner, Redis};
use crate::{
    error::RedisError,
    sentinel::{Master, Sentinels},
};

/// How often the connection checks with the Sentinels that its server is still the master, and
/// whether the password was rotated. A replaced master may still respond, and all writes to it are
/// lost.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Closes a connection when the Sentinels name another master than its own. Ends with the
/// connection.
pub(super) async fn watch(
    redis: Weak<Inner>,
    number: u64,
    sentinels: Arc<Sentinels>,
    master: Master,
) {
    loop {
        time::sleep(POLL_INTERVAL).await;
        if !redis.upgrade().is_some_and(|redis| redis.is_open(number)) {
            return;
        }
        // If no Sentinel responds, keep the connection.
        let Ok(named) = sentinels.master().await else {
            continue;
        };
        if named.replaces(&master) {
            tracing::warn!("Redis has a new master, so the connection is replaced");
            if let Some(redis) = redis.upgrade() {
                redis.close(number);
            }
            return;
        }
    }
}

/// Replaces a connection after its password was rotated (CONF-5). The connection stays until the
/// server accepts the new password, and then completes its commands. Ends with the connection.
pub(super) fn follow_password(
    redis: Weak<Inner>,
    number: u64,
    version: u64,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut attempts = RotationAttempts::default();
        loop {
            time::sleep(POLL_INTERVAL).await;
            let Some(redis) = redis.upgrade().map(Redis) else {
                return;
            };
            if !redis.0.is_open(number) {
                return;
            }
            let newest = redis.0.password_version();
            if newest == version || !attempts.is_due(newest, Instant::now().into_std()) {
                continue;
            }
            let _connecting = redis.0.connecting.lock().await;
            if !redis.0.is_open(number) {
                return;
            }
            match redis.connect().await {
                Ok(_) => return,
                Err(error) => {
                    if attempts.record_failure(newest, Instant::now().into_std()) {
                        let problem = RedisError::from(error).to_string();
                        tracing::warn!(
                            problem,
                            "no connection with the rotated password can be opened, so the other one stays open"
                        );
                    }
                }
            }
        }
    })
}
