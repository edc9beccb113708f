//! Background work of a pool: opens the minimum of connections, closes old ones, and ends
//! statements that timed out.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use seaworthy_core::RotationAttempts;
use tokio::time::{self, Instant};

use super::{
    CLOSE_TIMEOUT, Inner, Pool,
    opened::{IdleConnection, OpenConnection},
};
use crate::{
    DataError, DataErrorKind,
    driver::{Driver, MySqlSession},
};

/// The timeout for ending a statement on the server, whose own timeout ends it too.
const END_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum time until idle connections follow a rotated password.
const MAX_PERIOD: Duration = Duration::from_secs(5);

impl Pool {
    /// Opens the minimum of connections (LIFE-3).
    pub(crate) async fn warm(&self) -> Result<(), DataError> {
        let inner = &*self.0;
        let wanted = inner
            .config
            .pool
            .min_connections
            .clamp(1, inner.max_connections);
        let mut leases = Vec::new();
        for _ in 0..wanted {
            leases.push(self.acquire(None).await?);
        }
        Ok(())
    }

    /// Opens a connection outside of the pool and its limit.
    pub(crate) async fn connect_outside_pool(&self) -> Result<Driver, DataError> {
        self.0.target.connect(&self.0.config).await
    }

    /// Closes old idle connections and keeps the minimum open, until the pool is dropped.
    pub(crate) fn maintain(&self) -> impl Future<Output = ()> + Send + 'static {
        let pool = Arc::downgrade(&self.0);
        let config = &self.0.config.pool;
        let period = (config.idle_timeout.get().min(config.max_lifetime.get()) / 4)
            .clamp(Duration::from_millis(100), MAX_PERIOD);
        async move {
            let mut attempts = RotationAttempts::default();
            loop {
                time::sleep(period).await;
                if !round(&pool, &mut attempts).await {
                    return;
                }
            }
        }
    }

    fn take_old(&self) -> Vec<OpenConnection> {
        let inner = &*self.0;
        if self.is_in_memory() {
            return Vec::new();
        }
        let config = &inner.config.pool;
        let now = Instant::now();
        let mut idle = inner.idle.lock();
        let is_old = |kept: &mut IdleConnection| {
            now - kept.opened_at() >= config.max_lifetime.get()
                || now - kept.used >= config.idle_timeout.get()
                || self.is_superseded(kept.password_version())
        };
        idle.connections
            .extract_if(.., is_old)
            .map(IdleConnection::take)
            .collect()
    }

    /// Opens a connection with a rotated password. The connections with the old one stay in use
    /// until the server accepts the new one (CONF-5).
    async fn follow_password(&self, attempts: &mut RotationAttempts) {
        let version = self.password_version();
        if !self.is_superseded_by(version) || self.is_rejected(version, attempts) {
            return;
        }
        // Without the metrics of callers, because no caller waits.
        let waiting = Arc::clone(&self.0.permits).acquire_owned();
        let limit = self.0.config.pool.acquire_timeout.get();
        let Ok(Ok(permit)) = time::timeout(limit, waiting).await else {
            return;
        };
        let mut result = self.open(None).await;
        if let Err(error) = &result
            && error.kind() == DataErrorKind::TooManyConnections
            && self.close_oldest_idle().await
        {
            result = self.open(None).await;
        }
        match result {
            Ok(opened) => self.return_connection(opened),
            Err(error) => {
                if attempts.record_failure(version, Instant::now().into_std()) {
                    tracing::warn!(
                        database = &**self.name(),
                        problem = error.to_string(),
                        "no connection with the rotated password can be opened, so the others stay open"
                    );
                }
            }
        }
        drop(permit);
    }

    /// Whether the server has rejected the password of this version a moment ago. Another attempt
    /// might lock the user out.
    fn is_rejected(&self, version: u64, attempts: &RotationAttempts) -> bool {
        self.is_superseded_by(version) && !attempts.is_due(version, Instant::now().into_std())
    }

    /// Closes the least recently used idle connection. Returns whether there was one.
    async fn close_oldest_idle(&self) -> bool {
        let oldest = {
            let mut idle = self.0.idle.lock();
            let has_idle = !idle.connections.is_empty();
            has_idle.then(|| idle.connections.remove(0))
        };
        let Some(oldest) = oldest else { return false };
        oldest.take().driver.close(CLOSE_TIMEOUT).await;
        true
    }

    fn is_superseded_by(&self, password_version: u64) -> bool {
        self.0.accepted_version.load(Ordering::Acquire) < password_version
    }

    /// Ends the statement of a closed connection, because the server does not detect the close.
    pub(super) fn end_statement(&self, session: MySqlSession) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let pool = self.clone();
        runtime.spawn(async move {
            let ending = async {
                let mut driver = pool.0.target.connect(&pool.0.config).await?;
                let ended = driver.run_plain(&format!("KILL {}", session.id)).await;
                driver.close(END_TIMEOUT).await;
                ended
            };
            // The session may have ended already.
            let _ = time::timeout(END_TIMEOUT, ending).await;
        });
    }

    /// Rejects new work.
    pub(crate) fn request_close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// Waits until all connections are returned, and closes them.
    pub(crate) async fn closed(&self) {
        let inner = &*self.0;
        let _all = inner.permits.acquire_many(inner.max_connections).await;
        self.close_idle();
    }

    /// Closes the idle connections.
    pub(crate) fn close_idle(&self) {
        let all = std::mem::take(&mut self.0.idle.lock().connections);
        for kept in all {
            self.dispose(kept.take());
        }
    }

    /// Returns the number of connections in use.
    pub(crate) fn in_use(&self) -> i64 {
        self.0.metrics.in_use.get()
    }
}

async fn round(pool: &Weak<Inner>, attempts: &mut RotationAttempts) -> bool {
    let Some(inner) = pool.upgrade() else {
        return false;
    };
    let pool = Pool(inner);
    if pool.is_closed() {
        return false;
    }
    pool.follow_password(attempts).await;
    for opened in pool.take_old() {
        pool.dispose(opened);
    }
    let wanted = i64::from(
        pool.0
            .config
            .pool
            .min_connections
            .min(pool.0.max_connections),
    );
    if pool.0.metrics.open.get() < wanted
        && !pool.is_rejected(pool.password_version(), attempts)
        && let Ok(permit) = Arc::clone(&pool.0.permits).try_acquire_owned()
        && let Ok(opened) = pool.open(None).await
    {
        pool.return_connection(opened);
        drop(permit);
    }
    true
}
