//! Connections to the dependencies of a service (LIFE-2, LIFE-7).
//!
//! Each attempt has a timeout. Attempts are spaced by exponential backoff with full jitter, so that
//! replicas that lost their database do not overload it when it returns. During a backoff, probes
//! open and close a TCP connection to the address. If the address becomes reachable, the backoff
//! ends early. If it was already reachable, the attempt failed for another reason and the backoff
//! continues.

mod config;
mod connect;
mod optional;

pub use config::ConnectConfig;
pub(crate) use connect::connect;
pub use connect::{ConnectError, Dependency};
pub use optional::{NotConnected, Optional};

#[cfg(test)]
mod tests;
