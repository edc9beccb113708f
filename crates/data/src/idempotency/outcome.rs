//! What the column `outcome` says of a key without an answer.

/// No transaction of the call was committed.
pub(super) const NONE: i64 = 0;
/// The call took effect.
pub(super) const DONE: i64 = 1;
/// The call may have changed something elsewhere.
pub(super) const UNKNOWN: i64 = 2;
