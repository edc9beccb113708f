use std::sync::Arc;

use rand::RngExt as _;
use seaworthy_core::Backoff;
use seaworthy_data::DataError;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{full_topics::FullTopics, target::RelayTarget};
use crate::{config::RelayConfig, outbox::Inner, store::claim::claim};

/// Publishes events until the service stops and no event is left. Cheap to clone. Each clone is
/// another relay.
#[derive(Clone)]
pub(crate) struct Relay(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) outbox: Arc<Inner>,
    pub(super) target: Arc<dyn RelayTarget>,
    pub(super) config: RelayConfig,
    pub(super) full_topics: FullTopics,
}

/// The outcome of one claim and its publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The batch was at least a quarter full, or a partition has more rows.
    LargeBatch,
    /// The batch was small.
    SmallBatch,
    /// No row can be claimed.
    Empty,
    /// The broker was unavailable.
    BrokerUnavailable,
}

impl Relay {
    pub(crate) fn new(
        outbox: Arc<Inner>,
        target: Arc<dyn RelayTarget>,
        config: RelayConfig,
    ) -> Self {
        Self(Arc::new(Parts {
            outbox,
            target,
            config,
            full_topics: FullTopics::default(),
        }))
    }

    pub(crate) fn concurrency(&self) -> u16 {
        self.0.config.concurrency.get()
    }

    /// The maximum number of rows of a batch. A query returns no more than `database.max_rows`.
    pub(super) fn batch_size(&self) -> u32 {
        let Parts { outbox, config, .. } = &*self.0;
        let max_rows = outbox.database.config().max_rows.get();
        config.batch_size.get().min(max_rows)
    }

    /// Runs until `stop` is true and no row can be claimed, or the broker is unavailable after
    /// `stop`.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let Parts { outbox, config, .. } = &*self.0;
        let polls = Backoff::new(config.min_poll_interval, config.max_poll_interval);
        let mut idle = 0_u32;
        let mut failed = 0_u32;
        loop {
            // Read before the batch: rows stored before the stop are then claimed.
            let is_stopping = *stop.borrow();
            let outcome = self.publish_next().await;
            let (delay, may_wake) = match outcome {
                Ok(Outcome::LargeBatch) => {
                    (idle, failed) = (0, 0);
                    continue;
                }
                // A batch of one row costs the database as much as a batch of many rows.
                Ok(Outcome::SmallBatch) if !is_stopping => {
                    (idle, failed) = (0, 0);
                    (config.linger.get(), false)
                }
                Ok(Outcome::SmallBatch) => continue,
                Ok(Outcome::Empty) if is_stopping => return,
                Ok(Outcome::Empty) => {
                    failed = 0;
                    idle = idle.saturating_add(1);
                    (polls.max_delay(idle - 1), true)
                }
                Ok(Outcome::BrokerUnavailable) | Err(_) => {
                    outbox.metrics.failures.increment();
                    if let Err(error) = &outcome {
                        tracing::warn!(%error, "a relay cannot read or write the outbox in the database");
                    }
                    if is_stopping {
                        return;
                    }
                    failed = failed.saturating_add(1);
                    (polls.max_delay(failed - 1), false)
                }
            };
            // Relays of several processes poll at different times.
            let jitter = 0.8 + 0.4 * rand::rng().random::<f64>();
            tokio::select! {
                () = sleep(delay.mul_f64(jitter)) => {}
                () = outbox.committed.notified(), if may_wake => idle = 0,
                _ = stop.changed(), if !is_stopping => {}
            }
        }
    }

    /// Claims a batch and publishes it.
    pub(super) async fn publish_next(&self) -> Result<Outcome, DataError> {
        let Parts { outbox, config, .. } = &*self.0;
        let database = &outbox.database;
        // The database computes the end of the claim after this moment.
        let claimed_at = Instant::now();
        match claim(database, self.batch_size(), config.claim_ttl.get()).await? {
            Some(batch) => self.publish(batch, claimed_at).await,
            None => Ok(Outcome::Empty),
        }
    }
}
