use prost_types::Timestamp;
use seaworthy::{
    data::chrono::{DateTime, Utc},
    messaging::Event,
};

use crate::events::{SymbolCreated, SymbolDeleted, SymbolUpdated};

/// An event in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: &'static str,
    pub(super) symbol: u64,
    pub(super) project: u64,
    pub(super) uid: String,
    /// The version of the symbol. `None` for a deleted symbol.
    pub(super) version: Option<u32>,
    /// `None` if the event has no valid time.
    pub(super) happened_at: Option<DateTime<Utc>>,
}

impl From<SymbolCreated> for Entry {
    fn from(event: SymbolCreated) -> Self {
        Self {
            kind: SymbolCreated::TYPE,
            symbol: event.id,
            project: event.project_id,
            uid: event.uid,
            version: Some(event.version),
            happened_at: event.created_at.and_then(moment),
        }
    }
}

impl From<SymbolUpdated> for Entry {
    fn from(event: SymbolUpdated) -> Self {
        Self {
            kind: SymbolUpdated::TYPE,
            symbol: event.id,
            project: event.project_id,
            uid: event.uid,
            version: Some(event.version),
            happened_at: event.updated_at.and_then(moment),
        }
    }
}

impl From<SymbolDeleted> for Entry {
    fn from(event: SymbolDeleted) -> Self {
        Self {
            kind: SymbolDeleted::TYPE,
            symbol: event.id,
            project: event.project_id,
            uid: event.uid,
            version: None,
            happened_at: event.deleted_at.and_then(moment),
        }
    }
}

fn moment(timestamp: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(timestamp.seconds, timestamp.nanos.try_into().ok()?)
}
