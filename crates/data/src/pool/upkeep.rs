//! What a pool does on its own account: warming, closing what is old, ending what was given up.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use tokio::time::{self, Instant};

use super::{
    Inner, Pool,
    opened::{Kept, Opened},
};
use crate::{
    DataError,
    driver::{Driver, MySqlSession},
};

/// Ending a statement is a favour to the server; its own limit ends it too.
const END_LIMIT: Duration = Duration::from_secs(2);

impl Pool {
    /// Opens the connections that are kept (LIFE-3).
    pub(crate) async fn warm(&self) -> Result<(), DataError> {
        let inner = &*self.0;
        let wanted = inner.config.pool.minimum.clamp(1, inner.maximum);
        let mut leases = Vec::new();
        for _ in 0..wanted {
            leases.push(self.acquire(None).await?);
        }
        Ok(())
    }

    /// A connection that is not of the pool and takes no place in it.
    pub(crate) async fn connect_apart(&self) -> Result<Driver, DataError> {
        self.0.target.connect(&self.0.config).await
    }

    /// Closes free connections that are too old, and keeps the wanted number open, until the pool is gone.
    pub(crate) fn keep_up(&self) -> impl Future<Output = ()> + Send + 'static {
        let pool = Arc::downgrade(&self.0);
        let config = &self.0.config.pool;
        let period = (config.idle_timeout.get().min(config.lifetime.get()) / 4)
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

    fn take_old(&self) -> Vec<Opened> {
        let inner = &*self.0;
        if self.is_in_memory() {
            return Vec::new();
        }
        let config = &inner.config.pool;
        let now = Instant::now();
        let mut idle = inner.idle.lock();
        let is_old = |kept: &mut Kept| {
            now - kept.opened_at() >= config.lifetime.get()
                || now - kept.used >= config.idle_timeout.get()
        };
        idle.connections
            .extract_if(.., is_old)
            .map(Kept::take)
            .collect()
    }

    /// Ends the statement of a connection that was closed: the server does not notice by itself.
    pub(super) fn end_statement(&self, session: MySqlSession) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let pool = self.clone();
        runtime.spawn(async move {
            let ending = async {
                let mut driver = pool.0.target.connect(&pool.0.config).await?;
                let ended = driver.run_plain(&format!("KILL {}", session.id)).await;
                driver.close(END_LIMIT).await;
                ended
            };
            // Another number may be gone by now, which is as good.
            let _ = time::timeout(END_LIMIT, ending).await;
        });
    }

    /// Takes no new work.
    pub(crate) fn request_close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    /// Waits until every connection is back, and closes them.
    pub(crate) async fn closed(&self) {
        let inner = &*self.0;
        let _all = inner.places.acquire_many(inner.maximum).await;
        self.close_idle();
    }

    /// Closes what is free.
    pub(crate) fn close_idle(&self) {
        let all = std::mem::take(&mut self.0.idle.lock().connections);
        for kept in all {
            self.dispose(kept.take());
        }
    }

    /// How many connections are lent.
    pub(crate) fn lent(&self) -> i64 {
        self.0.metrics.in_use.get()
    }
}

async fn round(pool: &Weak<Inner>) -> bool {
    let Some(inner) = pool.upgrade() else {
        return false;
    };
    let pool = Pool(inner);
    if pool.0.closed.load(Ordering::Acquire) {
        return false;
    }
    for opened in pool.take_old() {
        pool.dispose(opened);
    }
    let wanted = i64::from(pool.0.config.pool.minimum.min(pool.0.maximum));
    if pool.0.metrics.open.get() < wanted
        && let Ok(place) = Arc::clone(&pool.0.places).try_acquire_owned()
        && let Ok(opened) = pool.open(None).await
    {
        pool.give_back(opened);
        drop(place);
    }
    true
}
