//! Delays after failed logins, by account and by IP address (AUTH-2).
//!
//! An attempt is counted before the password is checked, in the transaction that also decides
//! whether it is allowed. Concurrent attempts therefore count like sequential ones. A successful
//! login removes its count, and a rejected attempt does not count. The wait is bounded, because any
//! client can cause it for an account. IPv6 addresses count by their /64 network, all of whose
//! addresses one client can use.
//!
//! Attempts that run at the same time can lock an account although all passwords are correct.
//! Further attempts of the same process therefore wait for the running ones, for at most two
//! seconds. At most 32 attempts wait. Others are rejected while the account is locked.

mod config;
mod error;
pub(crate) mod failures;
mod gate;
mod running;

pub use config::{LockoutConfig, LockoutLimit};
pub use error::LockoutError;
pub use gate::{Attempt, Lockout, LockoutStatus};
