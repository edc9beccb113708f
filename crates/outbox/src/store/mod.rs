//! The statements of outbox and inbox. All times come from the database, so that processes whose
//! clocks differ agree on claims.

pub(crate) mod claim;
mod claim_postgres;
pub(crate) mod dead_letter;
pub(crate) mod inbox;
pub(crate) mod insert;
mod partition;
mod row;
pub(crate) mod settle;
pub(crate) mod status;

pub(crate) use row::{OutboxRow, RowId};

/// The column `state` of a row. The statements contain these numbers. A row in state 2 was rejected
/// and waits for another attempt.
pub(crate) mod state {
    /// The row waits to be published.
    pub(crate) const PENDING: i32 = 0;
    /// The row is dead-lettered, until an operator retries or discards it.
    pub(crate) const DEAD: i32 = 3;
}

#[cfg(test)]
mod tests;
