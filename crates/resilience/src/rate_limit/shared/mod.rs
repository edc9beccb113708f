//! Rate limits that many processes share through Redis (RES-6).
//!
//! One script counts and decides in one atomic step, by Redis' own clock: processes whose clocks
//! differ agree, and none can count between another's reading and writing. The window slides in 64
//! slices; a key is one small hash that always expires. [`SharedRateLimiter`] asks for each
//! request; [`LeasedRateLimiter`] borrows a few units at a time and decides most requests in
//! memory.
//!
//! When Redis does not answer within its timeout, a policy decides:
//! [`OnStoreFailure`](super::OnStoreFailure). A breaker then keeps requests from each waiting for
//! the timeout.

mod config;
mod lease;
mod limiter;
mod store;

pub use config::{LeaseConfig, SharedRateLimitConfig};
pub use lease::LeasedRateLimiter;
pub use limiter::SharedRateLimiter;
pub use store::{RateLimitStore, StoreError};
