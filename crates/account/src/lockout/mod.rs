//! Who fails to log in waits, longer each time, by account and by address (AUTH-2).
//!
//! An attempt is counted before the password is looked at, in one step that also says whether it may be made: thousands at once are counted like thousands one after the other. A login
//! that succeeds takes its count back, and an attempt that is refused counts of nobody. Waiting is bounded, because a lock without an end is a gift to whoever wants to keep somebody out; a stranger who does can make the account's owner
//! wait that long and no longer. Addresses of IPv6 count by their network of 64 bits, which one client has as a whole.

mod config;
mod error;
pub(crate) mod failures;
mod gate;

pub use config::{LockoutConfig, LockoutLimit};
pub use error::LockoutError;
pub use gate::{Attempt, Lockout};
