//! The statements on the tables. Times are those of the database, so that processes whose clocks differ agree on claims.

pub(crate) mod claim;
pub(crate) mod inbox;
pub(crate) mod insert;
mod lane;
pub(crate) mod parked;
mod row;
pub(crate) mod settle;
pub(crate) mod status;

pub(crate) use row::{Place, Stored};

/// What a row of the outbox is. The numbers stand in the statements.
pub(crate) mod state {
    /// Nobody has it yet.
    pub(crate) const FREE: i32 = 0;
    /// It is set aside until somebody looks at it.
    pub(crate) const PARKED: i32 = 3;
}

pub(crate) fn microseconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
