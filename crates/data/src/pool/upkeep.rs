//! Background work of a pool: opens the minimum of connections, closes old ones, and ends
//! statements that timed out.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use tokio::time::{self, Instant};

use super::{
    Inner, Pool,
    opened::{IdleConnection, OpenConnection},
};
use crate::{
    DataError,
    driver::{Driver, MySqlSession},
};

/// The timeout for ending a statement on the server, whose own timeout ends it too.
const END_TIMEOUT: Duration = Duration::from_secs(2);

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
            .clamp(Duration::from_millis(100), Duration::from_secs(30));
        async move {
            loop {
                time::sleep(period).await;
                if !round(&pool).await {
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
        };
        idle.connections
            .extract_if(.., is_old)
            .map(IdleConnection::take)
            .collect()
    }

    /// Ends the statement of a closed connection, because the server does not notice.
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

async fn round(pool: &Weak<Inner>) -> bool {
    let Some(inner) = pool.upgrade() else {
        return false;
    };
    let pool = Pool(inner);
    if pool.is_closed() {
        return false;
    }
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
        && let Ok(permit) = Arc::clone(&pool.0.permits).try_acquire_owned()
        && let Ok(opened) = pool.open(None).await
    {
        pool.return_connection(opened);
        drop(permit);
    }
    true
}
