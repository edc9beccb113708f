//! Types and versions of the events.

use prost_types::Timestamp;
use seaworthy::{
    data::chrono::{DateTime, Utc},
    messaging::Event,
};

use super::{SymbolCreated, SymbolDeleted, SymbolUpdated};

impl Event for SymbolCreated {
    const TYPE: &'static str = "symbol.created";
    const VERSION: u32 = 1;
}

impl Event for SymbolUpdated {
    const TYPE: &'static str = "symbol.updated";
    const VERSION: u32 = 1;
}

impl Event for SymbolDeleted {
    const TYPE: &'static str = "symbol.deleted";
    const VERSION: u32 = 1;
}

pub(super) fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
