use std::time::Duration;

use seaworthy::data::{
    Database,
    chrono::{DateTime, Utc},
};
use tutoring_contract::PlatformZone;

use crate::store::Partitions;

/// The events with their dependencies.
#[derive(Debug)]
pub(crate) struct Analytics {
    pub(crate) database: Database,
    pub(crate) partitions: Partitions,
    /// The time zone of days and weeks.
    pub(crate) zone: PlatformZone,
    pub(crate) retention: Duration,
}

impl Analytics {
    /// Returns the time before which events are removed.
    pub(crate) fn oldest(&self) -> DateTime<Utc> {
        Utc::now() - self.retention
    }
}
