//! Connections that are kept, and lent to one statement or transaction at a time.
//!
//! Two limits are apart that others mix up: a *place* (how many may be open at once, first come first served, waited for as long as `acquire_timeout`) and a
//! *connection* (opened within `connect_timeout`). So "all are busy" and "the server is gone" are two errors, and only the second counts for the breaker.

mod lease;
mod metrics;
mod opened;
mod upkeep;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Metrics;
use tokio::{
    sync::{Semaphore, TryAcquireError},
    time::{self, Instant},
};

pub(crate) use lease::{Lease, Work};
use metrics::PoolMetrics;
use opened::{Kept, Opened};

use crate::{DataError, DataErrorKind, DatabaseConfig, DatabaseUrl, Engine, driver::Target};

/// Goodbye is said, and not waited for for long.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// The connections to one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    engine: Engine,
    target: Target,
    config: Arc<DatabaseConfig>,
    places: Arc<Semaphore>,
    maximum: u32,
    idle: Mutex<Idle>,
    closed: AtomicBool,
    metrics: PoolMetrics,
}

#[derive(Default)]
struct Idle {
    /// The one that was used last is at the end, and is used first: the others may grow old and be closed.
    connections: Vec<Kept>,
    /// What was last used before is asked whether it is alive: another connection broke.
    suspect_until: Option<Instant>,
}

impl Pool {
    pub(crate) fn new(
        name: &Arc<str>,
        url: &DatabaseUrl,
        config: Arc<DatabaseConfig>,
        metrics: &Metrics,
    ) -> Result<Self, DataError> {
        // A database in memory is that of its one connection.
        let maximum = if url.is_in_memory() {
            1
        } else {
            config.pool.maximum.get()
        };
        let places = usize::try_from(maximum).unwrap_or(usize::MAX);
        Ok(Self(Arc::new(Inner {
            name: Arc::clone(name),
            engine: url.engine(),
            target: Target::new(url, &config)?,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            maximum,
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
            metrics: PoolMetrics::new(name, maximum, metrics),
            config,
        })))
    }

    pub(crate) fn engine(&self) -> Engine {
        self.0.engine
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    pub(crate) fn config(&self) -> &DatabaseConfig {
        &self.0.config
    }

    /// Lends a connection, at the latest at `end`.
    pub(crate) async fn acquire(&self, end: Option<Instant>) -> Result<Lease, DataError> {
        let place = self.place(end).await?;
        loop {
            let Some(kept) = self.pop() else {
                let opened = self.open(end).await?;
                return Ok(Lease::new(self.clone(), place, opened));
            };
            let Some(alive) = self.alive(kept).await else {
                continue;
            };
            return Ok(Lease::new(self.clone(), place, alive));
        }
    }

    async fn place(
        &self,
        end: Option<Instant>,
    ) -> Result<tokio::sync::OwnedSemaphorePermit, DataError> {
        let inner = &*self.0;
        if inner.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        match Arc::clone(&inner.places).try_acquire_owned() {
            Ok(place) => {
                inner.metrics.wait.observe_duration(Duration::ZERO);
                return Ok(place);
            }
            Err(TryAcquireError::Closed) => return Err(closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        let _waiting = inner.metrics.waiting.guard();
        let began = Instant::now();
        let patience = began + inner.config.pool.acquire_timeout.get();
        let limit = end.map_or(patience, |end| end.min(patience));
        let place = time::timeout_at(limit, Arc::clone(&inner.places).acquire_owned()).await;
        inner.metrics.wait.observe_duration(began.elapsed());
        match place {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_closed)) => Err(closed()),
            Err(_elapsed) => {
                inner.metrics.timeouts.increment();
                let kind = if limit < patience {
                    DataErrorKind::DeadlinePassed
                } else {
                    DataErrorKind::PoolExhausted
                };
                Err(DataError::new(
                    kind,
                    format!("all {} connections are in use", inner.maximum),
                ))
            }
        }
    }

    fn pop(&self) -> Option<Kept> {
        self.0.idle.lock().connections.pop()
    }

    /// The connection, if it may be used: neither too old nor dead.
    async fn alive(&self, kept: Kept) -> Option<Opened> {
        let inner = &*self.0;
        let pool = &inner.config.pool;
        let now = Instant::now();
        let used = kept.used;
        let mut opened = kept.take();
        if self.is_in_memory() {
            return Some(opened);
        }
        if now - opened.at >= pool.lifetime.get() || now - used >= pool.idle_timeout.get() {
            self.dispose(opened);
            return None;
        }
        let suspect_until = inner.idle.lock().suspect_until;
        let is_suspect = suspect_until.is_some_and(|until| used <= until);
        if is_suspect || now - used >= pool.check_after.get() {
            // A caller that is cancelled here drops the connection, which closes and counts it.
            let asked = time::timeout(inner.config.connect_timeout.get(), opened.driver.ping());
            if !matches!(asked.await, Ok(Ok(()))) {
                return None;
            }
        }
        Some(opened)
    }

    fn is_in_memory(&self) -> bool {
        self.0.config.url.is_in_memory()
    }

    async fn open(&self, end: Option<Instant>) -> Result<Opened, DataError> {
        let inner = &*self.0;
        let patience = Instant::now() + inner.config.connect_timeout.get();
        let limit = end.map_or(patience, |end| end.min(patience));
        let opened = time::timeout_at(limit, inner.target.connect(&inner.config)).await;
        let driver = match opened {
            Ok(Ok(driver)) => driver,
            Ok(Err(error)) => return Err(while_connecting(error)),
            Err(_elapsed) if limit < patience => {
                return Err(DataError::new(
                    DataErrorKind::DeadlinePassed,
                    "while a connection was opened",
                ));
            }
            Err(_elapsed) => {
                let limit = inner.config.connect_timeout;
                return Err(DataError::new(
                    DataErrorKind::ConnectionFailed,
                    format!("no answer within {limit}"),
                ));
            }
        };
        Ok(Opened::new(driver, &inner.metrics.open))
    }

    /// Takes a connection back that may be used again.
    fn give_back(&self, opened: Opened) {
        let inner = &*self.0;
        let used = Instant::now();
        if inner.closed.load(Ordering::Acquire)
            || (used - opened.at >= inner.config.pool.lifetime.get() && !self.is_in_memory())
        {
            self.dispose(opened);
            return;
        }
        let kept = Kept::new(opened, used, &inner.metrics.idle);
        inner.idle.lock().connections.push(kept);
    }

    /// Closes a connection with a goodbye, in the background.
    fn dispose(&self, opened: Opened) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let driver = opened.driver;
            runtime.spawn(driver.close(CLOSE_LIMIT));
        }
    }

    /// A connection broke: those that were not used since may be broken too.
    fn suspect(&self) {
        self.0.idle.lock().suspect_until = Some(Instant::now());
    }
}

fn closed() -> DataError {
    DataError::new(DataErrorKind::ConnectionFailed, "the pool is closed")
}

/// What broke before a statement was sent is a connection that could not be made.
fn while_connecting(error: DataError) -> DataError {
    if error.kind() == DataErrorKind::ConnectionLost {
        DataError::new(DataErrorKind::ConnectionFailed, error.to_string())
    } else {
        error
    }
}
