//! The connection pool.
//!
//! A statement first waits for a permit (`acquire_timeout`) and then for a connection
//! (`connect_timeout`). A busy pool and an unreachable server are therefore different errors, and
//! only the second counts for the breaker.

mod lease;
mod metrics;
mod opened;
mod upkeep;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_core::Secret;
use seaworthy_telemetry::metrics::Metrics;
use tokio::{
    sync::{Semaphore, TryAcquireError},
    time::{self, Instant},
};

pub(crate) use lease::{Lease, Work};
use metrics::PoolMetrics;
use opened::{IdleConnection, OpenConnection};

use crate::{DataError, DataErrorKind, DatabaseConfig, DatabaseUrl, Engine, driver::Target};

/// The timeout for closing a connection in order.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The connections to one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    engine: Engine,
    target: Arc<Target>,
    config: Arc<DatabaseConfig>,
    permits: Arc<Semaphore>,
    max_connections: u32,
    idle: Mutex<Idle>,
    closed: AtomicBool,
    /// The newest version of the password that the server has accepted. Connections with an older
    /// one are closed when they are idle (CONF-5).
    accepted_version: AtomicU64,
    metrics: PoolMetrics,
}

#[derive(Default)]
struct Idle {
    /// The idle connections by last use. The last one is used first, so that the others reach
    /// their idle timeout.
    connections: Vec<IdleConnection>,
    /// Connections that were last used before this time are validated, because another one broke.
    suspect_until: Option<Instant>,
}

impl Pool {
    pub(crate) fn new(
        name: &Arc<str>,
        url: &DatabaseUrl,
        config: Arc<DatabaseConfig>,
        metrics: &Metrics,
    ) -> Result<Self, DataError> {
        let target = Arc::new(Target::new(url, &config)?);
        Ok(Self::on(target, name, url, config, metrics))
    }

    /// Creates a pool with the target of another one.
    ///
    /// A process must not open an SQLite file without SQLite while a pool uses it: closing it would
    /// release the locks of the pool.
    pub(crate) fn with_same_target(&self, name: &Arc<str>, config: Arc<DatabaseConfig>) -> Self {
        let target = Arc::clone(&self.0.target);
        Self::on(
            target,
            name,
            &config.url,
            Arc::clone(&config),
            &Metrics::new(),
        )
    }

    fn on(
        target: Arc<Target>,
        name: &Arc<str>,
        url: &DatabaseUrl,
        config: Arc<DatabaseConfig>,
        metrics: &Metrics,
    ) -> Self {
        // A database in memory belongs to its one connection.
        let max_connections = if url.is_in_memory() {
            1
        } else {
            config.pool.max_connections.get()
        };
        let permits = usize::try_from(max_connections).unwrap_or(usize::MAX);
        Self(Arc::new(Inner {
            name: Arc::clone(name),
            engine: url.engine(),
            target,
            permits: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            max_connections,
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
            accepted_version: AtomicU64::new(0),
            metrics: PoolMetrics::new(name, max_connections, metrics),
            config,
        }))
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

    /// Returns a connection before `deadline`.
    pub(crate) async fn acquire(&self, deadline: Option<Instant>) -> Result<Lease, DataError> {
        let permit = self.permit(deadline).await?;
        loop {
            let Some(kept) = self.pop() else {
                let opened = self.open(deadline).await?;
                return Ok(Lease::new(self.clone(), permit, opened));
            };
            let Some(alive) = self.alive(kept).await else {
                continue;
            };
            return Ok(Lease::new(self.clone(), permit, alive));
        }
    }

    async fn permit(
        &self,
        deadline: Option<Instant>,
    ) -> Result<tokio::sync::OwnedSemaphorePermit, DataError> {
        let inner = &*self.0;
        if inner.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        match Arc::clone(&inner.permits).try_acquire_owned() {
            Ok(permit) => {
                inner.metrics.wait.observe_duration(Duration::ZERO);
                return Ok(permit);
            }
            Err(TryAcquireError::Closed) => return Err(closed()),
            Err(TryAcquireError::NoPermits) => {}
        }
        let _waiting = inner.metrics.waiting.guard();
        let began = Instant::now();
        let timeout = began + inner.config.pool.acquire_timeout.get();
        let end = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        let permit = time::timeout_at(end, Arc::clone(&inner.permits).acquire_owned()).await;
        inner.metrics.wait.observe_duration(began.elapsed());
        match permit {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(closed()),
            Err(_elapsed) => {
                inner.metrics.timeouts.increment();
                let kind = if end < timeout {
                    DataErrorKind::DeadlineExceeded
                } else {
                    DataErrorKind::PoolExhausted
                };
                Err(DataError::new(
                    kind,
                    format!("all {} connections are in use", inner.max_connections),
                ))
            }
        }
    }

    fn pop(&self) -> Option<IdleConnection> {
        self.0.idle.lock().connections.pop()
    }

    /// Returns the connection if it is neither too old nor broken.
    async fn alive(&self, kept: IdleConnection) -> Option<OpenConnection> {
        let inner = &*self.0;
        let pool = &inner.config.pool;
        let now = Instant::now();
        let used = kept.used;
        let mut opened = kept.take();
        if self.is_in_memory() {
            return Some(opened);
        }
        if now - opened.at >= pool.max_lifetime.get()
            || now - used >= pool.idle_timeout.get()
            || self.is_superseded(opened.password_version)
        {
            self.dispose(opened);
            return None;
        }
        let suspect_until = inner.idle.lock().suspect_until;
        let is_suspect = suspect_until.is_some_and(|until| used <= until);
        if is_suspect || now - used >= pool.validate_after_idle.get() {
            // If this future is dropped here, the connection is closed and the gauge is lowered.
            let ping = time::timeout(inner.config.connect_timeout.get(), opened.driver.ping());
            if !matches!(ping.await, Ok(Ok(()))) {
                return None;
            }
        }
        Some(opened)
    }

    fn is_in_memory(&self) -> bool {
        self.0.config.url.is_in_memory()
    }

    async fn open(&self, deadline: Option<Instant>) -> Result<OpenConnection, DataError> {
        let inner = &*self.0;
        // Read before connecting: if the password rotates meanwhile, a new connection follows.
        let version = self.password_version();
        let timeout = Instant::now() + inner.config.connect_timeout.get();
        let end = deadline.map_or(timeout, |deadline| deadline.min(timeout));
        let opened = time::timeout_at(end, inner.target.connect(&inner.config)).await;
        let driver = match opened {
            Ok(Ok(driver)) => driver,
            Ok(Err(error)) => return Err(while_connecting(error)),
            Err(_elapsed) if end < timeout => {
                return Err(DataError::new(
                    DataErrorKind::DeadlineExceeded,
                    "while a connection was being opened",
                ));
            }
            Err(_elapsed) => {
                let limit = inner.config.connect_timeout;
                return Err(DataError::new(
                    DataErrorKind::ConnectionFailed,
                    format!("the server did not respond within {limit}"),
                ));
            }
        };
        inner.accepted_version.fetch_max(version, Ordering::AcqRel);
        Ok(OpenConnection::new(driver, version, &inner.metrics.open))
    }

    /// Returns the version of the newest password.
    pub(crate) fn password_version(&self) -> u64 {
        let password = self.0.config.password.as_ref();
        password.map_or(0, Secret::version)
    }

    /// Whether the server has accepted a newer password than that of a connection.
    pub(crate) fn is_superseded(&self, password_version: u64) -> bool {
        password_version < self.0.accepted_version.load(Ordering::Acquire)
    }

    /// Returns a usable connection to the pool.
    fn return_connection(&self, opened: OpenConnection) {
        let inner = &*self.0;
        let used = Instant::now();
        if inner.closed.load(Ordering::Acquire)
            || (used - opened.at >= inner.config.pool.max_lifetime.get() && !self.is_in_memory())
            || self.is_superseded(opened.password_version)
        {
            self.dispose(opened);
            return;
        }
        let kept = IdleConnection::new(opened, used, &inner.metrics.idle);
        inner.idle.lock().connections.push(kept);
    }

    /// Closes a connection in order, in the background.
    fn dispose(&self, opened: OpenConnection) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let driver = opened.driver;
            runtime.spawn(driver.close(CLOSE_TIMEOUT));
        }
    }

    /// Marks the idle connections for validation, because another connection broke.
    fn suspect(&self) {
        self.0.idle.lock().suspect_until = Some(Instant::now());
    }
}

fn closed() -> DataError {
    DataError::new(DataErrorKind::ConnectionFailed, "the pool is closed")
}

/// A connection that breaks before a statement was sent counts as failed.
fn while_connecting(error: DataError) -> DataError {
    if error.kind() == DataErrorKind::ConnectionLost {
        DataError::new(DataErrorKind::ConnectionFailed, error.to_string())
    } else {
        error
    }
}
