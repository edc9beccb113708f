//! Values of the column `outcome`, for keys without a response.

/// No transaction of the call was committed.
pub(super) const NONE: i64 = 0;
/// The call took effect.
pub(super) const DONE: i64 = 1;
/// The call may have made a change elsewhere.
pub(super) const UNKNOWN: i64 = 2;
