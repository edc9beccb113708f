//! Creates the partitions of months, and removes old events.

use std::{sync::Arc, time::Duration};

use seaworthy::{
    data::{DatabaseLeases, chrono::Utc},
    prelude::*,
    service::lease::LeaseConfig,
};

use crate::{analytics::Analytics, store::events};

/// The interval at which old events are removed.
const INTERVAL: Timeout = Timeout::from_secs(60 * 60);
/// Time in advance at which a partition is created.
const AHEAD: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Returns the worker that removes old events, on one replica at a time.
pub(crate) fn worker(analytics: &Arc<Analytics>) -> Worker {
    let leases = Arc::new(DatabaseLeases::new(analytics.database.clone()));
    let worker = Worker::in_batches_of("purge events", INTERVAL, analytics, async |analytics| {
        analytics.purge().await
    });
    worker.singleton(leases, LeaseConfig::default())
}

impl Analytics {
    /// Creates the partitions of this month and the next one.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn prepare(&self) -> Result<(), Error> {
        let now = Utc::now();
        Ok(self.partitions.create([now, now + AHEAD]).await?)
    }

    /// Removes a part of the events that are older than the retention. Returns whether there may
    /// be more.
    async fn purge(&self) -> Result<bool, Error> {
        self.prepare().await?;
        let oldest = self.oldest();
        // Whole months are dropped. The rest of a month is deleted.
        self.partitions.drop_before(oldest).await?;
        Ok(events::purge(&self.database, oldest).await?)
    }
}
