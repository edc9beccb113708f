use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use crate::{
    DataError, Database,
    connection::{Request, StatementOutput},
    database::deadline,
    pool::Pool,
    prepared::Prepared,
};

/// How long a replica that failed gets no statements: longer than a short disturbance.
const COOLDOWN: Duration = Duration::from_secs(5);

/// A read replica. While it fails, the primary serves its reads.
pub(crate) struct Replica {
    pool: Pool,
    failed_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            failed_until: Mutex::new(None),
        }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Executes a read. Returns `None` if the primary must serve it.
    pub(crate) async fn run(
        &self,
        database: &Database,
        prepared: &Prepared,
        request: &Request,
    ) -> Option<Result<StatementOutput, DataError>> {
        let failed_until = *self.failed_until.lock();
        if failed_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let end = match deadline() {
            Ok(end) => end,
            Err(error) => return Some(Err(error)),
        };
        let outcome = match self.pool.acquire(end).await {
            Ok(mut lease) => lease.run(database.work(prepared, request), end).await,
            Err(error) => Err(error),
        };
        match outcome {
            // A read may be repeated on the primary after any error.
            Err(error) if error.outcome().is_retryable() || error.is_conflict() => {
                tracing::warn!(
                    database = database.name(),
                    problem = error.to_string(),
                    "the read replica failed, so the primary serves its reads"
                );
                *self.failed_until.lock() = Some(Instant::now() + COOLDOWN);
                None
            }
            Err(error) if error.kind() == crate::DataErrorKind::PoolExhausted => None,
            outcome => Some(outcome),
        }
    }
}
