//! What a service needs from outside, and how it waits for it (LIFE-2, LIFE-7).
//!
//! Each attempt to connect is bounded, and attempts are spaced by exponential backoff with full jitter, so that a fleet that lost its database does
//! not flatten it when it returns. Backoff alone would also leave a service idle for seconds after the return; so between two attempts a *knock*
//! (one TCP connection, closed at once) looks whether the address has begun to answer, and only a change from silent to answering cuts
//! the pause short. A server that answers and refuses keeps its full pauses.

mod config;
mod connect;
mod optional;

pub use config::ConnectConfig;
pub(crate) use connect::connect;
pub use connect::{ConnectError, Dependency};
pub use optional::{NotConnected, Optional};

#[cfg(test)]
mod tests;
