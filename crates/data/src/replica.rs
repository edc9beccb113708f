use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use crate::{
    DataError, Database,
    connection::{Answer, Request},
    database::deadline,
    pool::Pool,
    prepared::Prepared,
};

/// A replica that failed is left alone for this long: less than the time in which an operator notices, more than a blip.
const REST: Duration = Duration::from_secs(5);

/// A server that only answers reads. While it is sick, the primary answers.
pub(crate) struct Replica {
    pool: Pool,
    sick_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            sick_until: Mutex::new(None),
        }
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What the replica answers, or nothing where the primary is to be asked.
    pub(crate) async fn run(
        &self,
        database: &Database,
        prepared: &Prepared,
        request: &Request,
    ) -> Option<Result<Answer, DataError>> {
        let resting = *self.sick_until.lock();
        if resting.is_some_and(|until| Instant::now() < until) {
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
            // A read may be asked again elsewhere, whatever became of it here.
            Err(error) if error.outcome().is_retryable() || error.is_conflict() => {
                tracing::warn!(
                    database = database.name(),
                    problem = error.to_string(),
                    "the read replica is sick; the primary answers"
                );
                *self.sick_until.lock() = Some(Instant::now() + REST);
                None
            }
            Err(error) if error.kind() == crate::DataErrorKind::PoolExhausted => None,
            outcome => Some(outcome),
        }
    }
}
