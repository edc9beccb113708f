use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use seaworthy::data::{Database, Engine, chrono::Datelike as _, prelude::*};

/// The partitions of months on PostgreSQL. Other engines have one table.
#[derive(Debug)]
pub(crate) struct Partitions {
    database: Database,
    /// The months whose partitions exist.
    known: Mutex<BTreeSet<(i32, u32)>>,
}

impl Partitions {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            known: Mutex::default(),
        }
    }

    /// Creates the partitions of these times that are missing.
    pub(crate) async fn create(
        &self,
        times: impl IntoIterator<Item = DateTime<Utc>> + Send,
    ) -> DataResult<()> {
        if self.database.engine() != Engine::Postgres {
            return Ok(());
        }
        for (month, time) in self.missing(times) {
            let _created: bool = sql!("SELECT create_events_partition({time})")
                .fetch_one(&self.database)
                .await?;
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(month);
        }
        Ok(())
    }

    /// Returns the months that may have no partition, each with one of its times.
    fn missing(
        &self,
        times: impl IntoIterator<Item = DateTime<Utc>>,
    ) -> Vec<((i32, u32), DateTime<Utc>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let months = times
            .into_iter()
            .map(|time| ((time.year(), time.month()), time))
            .filter(|(month, _)| !known.contains(month));
        let months: std::collections::BTreeMap<_, _> = months.collect();
        months.into_iter().collect()
    }

    /// Drops the partitions whose months end before a time. Returns their number.
    pub(crate) async fn drop_before(&self, time: DateTime<Utc>) -> DataResult<i64> {
        if self.database.engine() != Engine::Postgres {
            return Ok(0);
        }
        let dropped: i64 = sql!("SELECT drop_events_partitions({time})")
            .fetch_one(&self.database)
            .await?;
        Ok(dropped)
    }
}
