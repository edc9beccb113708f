use std::{fmt, num::NonZeroU32, sync::Arc};

use futures::{FutureExt as _, future::BoxFuture};
use parking_lot::Mutex;
use seaworthy_core::{context, effects::Attempt};
use seaworthy_resilience::{circuit_breaker::Admission, policies::Policies};
use seaworthy_telemetry::{metrics::Metrics, tracer::Tracer};
use tokio::{sync::OnceCell, time::Instant};

use crate::{
    Connection, DataError, DataErrorKind, DatabaseBuilder, DatabaseConfig, Engine,
    connection::{Request, StatementOutput, runs::Runs},
    driver::RowLimit,
    holder::Holders,
    observe::Observer,
    pool::{Lease, Pool, Work},
    prepared::{Prepared, Statements},
    replica::Replicas,
};

/// A database with its pool, limits and policies. Cheap to clone. All clones share them.
///
/// ```
/// use seaworthy_data::{Database, DatabaseConfig, sql};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let config = DatabaseConfig::from_url("sqlite::memory:".parse()?);
/// let database = Database::builder("orders", config).open().await?;
/// let (two,): (i64,) = sql("SELECT 1 + ?").bind(1).fetch_one(&database).await?;
/// assert_eq!(two, 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Database(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) pool: Pool,
    pub(crate) replicas: Replicas,
    pub(crate) policies: Policies,
    pub(crate) observer: Observer,
    pub(crate) statements: Statements,
    pub(crate) holders: Holders,
    /// The separate database for the leases of an SQLite database.
    pub(crate) leases: OnceCell<Database>,
    /// The pools of [`Database::with_own_pool`].
    pub(crate) own_pools: Mutex<Vec<Pool>>,
}

impl Database {
    /// Returns a builder for a database outside of a service, for tools and tests. Services use
    /// [`Database::connect`].
    #[must_use]
    pub fn builder(name: &str, config: DatabaseConfig) -> DatabaseBuilder {
        DatabaseBuilder::new(name, config)
    }

    /// Returns the same database with a separate pool. A task that holds a transaction may use it,
    /// because the transaction cannot exhaust this pool. It has no replica and no metrics, and
    /// closes with this database. A database in memory has only one connection, so this returns it
    /// unchanged.
    #[must_use]
    pub fn with_own_pool(&self, suffix: &str, max_connections: NonZeroU32) -> Self {
        if self.config().url.is_in_memory() {
            return self.clone();
        }
        let mut config = self.config().clone();
        config.replicas.clear();
        config.pool.max_connections = max_connections;
        config.pool.min_connections = 0;
        let name: Arc<str> = format!("{}{suffix}", self.name()).into();
        let slow = config.slow_statement_threshold.get();
        let (metrics, tracer) = (Metrics::new(), Tracer::disabled());
        let observer = Observer::new(&name, &config.url, slow, &metrics, &tracer);
        let pool = self.0.pool.with_same_target(&name, Arc::new(config));
        tokio::spawn(pool.maintain());
        self.0.own_pools.lock().push(pool.clone());
        Self(Arc::new(Inner {
            pool,
            replicas: Replicas::default(),
            policies: self.0.policies.clone(),
            observer,
            statements: Statements::default(),
            holders: Holders::default(),
            leases: OnceCell::new(),
            own_pools: Mutex::default(),
        }))
    }

    /// Returns the name in metrics, spans and policies.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.pool.name()
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &DatabaseConfig {
        self.0.pool.config()
    }

    /// Returns the policies: the breaker, and the retries of connecting.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// Returns a connection to the primary that the breaker admits. Retries, because nothing was
    /// sent.
    pub(crate) async fn lease(
        &self,
        end: Option<Instant>,
    ) -> Result<(Lease, Admission), DataError> {
        let inner = &*self.0;
        if inner.holders.holds() {
            return Err(DataError::new(
                DataErrorKind::SecondConnection,
                "use the open transaction, or end it first",
            ));
        }
        let retry = inner.policies.retry();
        retry.begin();
        let mut attempts = 0;
        loop {
            let now = Instant::now().into_std();
            let admission = inner.policies.breaker().admit(now);
            let admission = admission.map_err(DataError::from_rejection)?;
            let error = match inner.pool.acquire(end).await {
                Ok(lease) => return Ok((lease, admission)),
                Err(error) => error,
            };
            let outcome = error.outcome();
            admission.report(outcome, Instant::now().into_std());
            attempts += 1;
            match retry.next_delay(outcome, attempts) {
                Some(wait) if end.is_none_or(|end| Instant::now() + wait < end) => {
                    tokio::time::sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
    }

    async fn run_once(&self, request: Request) -> Result<StatementOutput, DataError> {
        let inner = &*self.0;
        let prepared = inner
            .statements
            .prepare(self.engine(), &request.statement)?;
        let changes = !prepared.reads();
        #[cfg(feature = "idempotency")]
        if changes && crate::idempotency::KeyMark::statement(&self.0).is_some() {
            return self.run_with_mark(request).await;
        }
        let attempt = changes.then(Attempt::begin);
        let record = inner.observer.begin(&prepared);
        let read = if request.statement.may_use_replica() {
            inner.replicas.run(self, &prepared, &request).await
        } else {
            None
        };
        let outcome = match read {
            Some(outcome) => outcome,
            None => self.run_on_primary(&prepared, &request).await,
        };
        record.end(&outcome);
        match (attempt, &outcome) {
            (Some(attempt), Ok(_)) => attempt.succeed(),
            (Some(attempt), Err(error)) if !error.leaves_outcome_unknown() => attempt.fail(),
            _ => {}
        }
        outcome
    }

    /// Executes a statement in a transaction, which marks the key of the running call.
    #[cfg(feature = "idempotency")]
    async fn run_with_mark(&self, request: Request) -> Result<StatementOutput, DataError> {
        let tx = self.begin().await?;
        let answer = tx.run(request).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn run_on_primary(
        &self,
        prepared: &Prepared,
        request: &Request,
    ) -> Result<StatementOutput, DataError> {
        let end = deadline()?;
        let (mut lease, admission) = self.lease(end).await?;
        let outcome = lease.run(self.work(prepared, request), end).await;
        admission.report(outcome_of(&outcome), Instant::now().into_std());
        outcome
    }

    pub(crate) fn work<'a>(&self, prepared: &Prepared, request: &'a Request) -> Work<'a> {
        let rows = match request.limit {
            Some(limit) => RowLimit::First(limit),
            None => RowLimit::UpTo(self.config().max_rows.get()),
        };
        Work::Prepared(Arc::clone(&prepared.text), request.statement.values(), rows)
    }
}

pub(crate) fn outcome_of(
    outcome: &Result<StatementOutput, DataError>,
) -> seaworthy_resilience::Outcome {
    match outcome {
        Ok(_) => seaworthy_resilience::Outcome::Success,
        Err(error) => error.outcome(),
    }
}

/// Returns the deadline of the request (LIFE-6).
pub(crate) fn deadline() -> Result<Option<Instant>, DataError> {
    let deadline = context::with_current(|context| context.and_then(|context| context.deadline()));
    let Some(deadline) = deadline else {
        return Ok(None);
    };
    let left = deadline
        .remaining()
        .ok_or_else(|| DataError::new(DataErrorKind::DeadlineExceeded, "nothing was sent"))?;
    Ok(Some(Instant::now() + left))
}

impl Runs for Database {
    fn run(&self, request: Request) -> BoxFuture<'_, Result<StatementOutput, DataError>> {
        self.run_once(request).boxed()
    }
}

impl Connection for Database {
    fn engine(&self) -> Engine {
        self.0.pool.engine()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Database")
            .field("name", &self.name())
            .field("url", &self.config().url)
            .finish_non_exhaustive()
    }
}
