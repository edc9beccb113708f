//! Read replicas. Each replica gets reads in proportion to its weight. An unavailable replica gets
//! no reads.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::Metrics;

use crate::{
    DataError, DataErrorKind, Database, DatabaseConfig,
    connection::{Request, StatementOutput},
    database::deadline,
    pool::Pool,
    prepared::Prepared,
};

/// The interval of probes of an unavailable replica.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum number of replicas. Each has a pool, so more of them need many connections per process.
const MAX_REPLICAS: usize = 16;

/// The read replicas of a database.
#[derive(Default)]
pub(crate) struct Replicas {
    all: Vec<Arc<Replica>>,
    /// The credit of each replica (smooth weighted round robin).
    credits: Mutex<Vec<i64>>,
}

struct Replica {
    pool: Pool,
    weight: i64,
    /// Whether it failed, and no probe has succeeded since.
    is_ejected: AtomicBool,
}

impl Replicas {
    pub(crate) fn new(
        name: &str,
        config: &Arc<DatabaseConfig>,
        metrics: &Metrics,
    ) -> Result<Self, DataError> {
        let invalid = |problem| DataError::new(DataErrorKind::InvalidSettings, problem);
        let count = config.replicas.len();
        if count > MAX_REPLICAS {
            return Err(invalid(format!(
                "replicas has {count} entries: use at most {MAX_REPLICAS}"
            )));
        }
        let mut all = Vec::with_capacity(count);
        for (position, replica) in config.replicas.iter().enumerate() {
            let position = position + 1;
            if replica.url.engine() != config.url.engine() {
                return Err(invalid(format!(
                    "replica {position} and url name different engines: use the same engine for both"
                )));
            }
            let name = format!("{name}-replica-{position}").into();
            all.push(Arc::new(Replica {
                pool: Pool::new(&name, &replica.url, Arc::clone(config), metrics)?,
                weight: replica.weight.get().into(),
                is_ejected: AtomicBool::new(false),
            }));
        }
        Ok(Self {
            credits: Mutex::new(vec![0; count]),
            all,
        })
    }

    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.all.iter().map(|replica| &replica.pool)
    }

    /// Executes a read. Returns `None` if the primary must serve it.
    pub(crate) async fn run(
        &self,
        database: &Database,
        prepared: &Prepared,
        request: &Request,
    ) -> Option<Result<StatementOutput, DataError>> {
        // A replica that fails is not chosen again, so each replica is tried once.
        for _ in &self.all {
            let replica = self.choose()?;
            let end = match deadline() {
                Ok(end) => end,
                Err(error) => return Some(Err(error)),
            };
            let outcome = match replica.pool.acquire(end).await {
                Ok(mut lease) => lease.run(database.work(prepared, request), end).await,
                Err(error) => Err(error),
            };
            match outcome {
                // A read may be repeated elsewhere after any error.
                Err(error) if is_of_replica(&error) => {
                    replica.eject(&error);
                    // The rest of the time is for the primary.
                    if error.kind() == DataErrorKind::StatementTimeout {
                        return None;
                    }
                }
                Err(error)
                    if error.is_conflict() || error.kind() == DataErrorKind::PoolExhausted =>
                {
                    return None;
                }
                outcome => return Some(outcome),
            }
        }
        None
    }

    /// Returns the next replica in proportion to the weights, and `None` if all are unavailable.
    ///
    /// Each turn adds the weight of each replica to its credit. The replica with the highest credit
    /// serves the read, and the sum of the weights is subtracted from its credit. This spreads the
    /// turns of a replica evenly.
    fn choose(&self) -> Option<Arc<Replica>> {
        let mut credits = self.credits.lock();
        let mut total = 0;
        let mut chosen: Option<(&mut i64, &Arc<Replica>)> = None;
        for (credit, replica) in credits.iter_mut().zip(&self.all) {
            if replica.is_ejected.load(Ordering::Acquire) {
                *credit = 0;
                continue;
            }
            *credit += replica.weight;
            total += replica.weight;
            if chosen
                .as_ref()
                .is_none_or(|(highest, _)| *credit > **highest)
            {
                chosen = Some((credit, replica));
            }
        }
        let (credit, replica) = chosen?;
        *credit -= total;
        Some(Arc::clone(replica))
    }
}

/// Returns whether the replica is the cause of the error, and not the statement.
fn is_of_replica(error: &DataError) -> bool {
    error.outcome().is_retryable() || error.kind() == DataErrorKind::AccessDenied
}

impl Replica {
    /// Takes the replica out of the rotation until a probe succeeds.
    fn eject(self: &Arc<Self>, error: &DataError) {
        if self.is_ejected.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::warn!(
            replica = &**self.pool.name(),
            problem = error.to_string(),
            "the read replica failed and receives no reads"
        );
        tokio::spawn(probe(Arc::downgrade(self)));
    }

    async fn responds(&self) -> bool {
        let probe = async {
            let mut driver = self.pool.connect_outside_pool().await?;
            driver.ping().await?;
            driver.close(PROBE_INTERVAL).await;
            Ok::<_, DataError>(())
        };
        let limit = self.pool.config().connect_timeout.get();
        matches!(tokio::time::timeout(limit, probe).await, Ok(Ok(())))
    }
}

/// Probes a replica until it responds, or the database is dropped or closed.
async fn probe(replica: Weak<Replica>) {
    loop {
        tokio::time::sleep(PROBE_INTERVAL).await;
        let Some(replica) = replica.upgrade() else {
            return;
        };
        if replica.pool.is_closed() {
            return;
        }
        if replica.responds().await {
            replica.is_ejected.store(false, Ordering::Release);
            tracing::info!(
                replica = &**replica.pool.name(),
                "the read replica responds and receives reads again"
            );
            return;
        }
    }
}
