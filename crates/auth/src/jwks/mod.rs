//! The keys of an issuer, fetched (RFC 7517, section 5).
//!
//! A key set is what every request depends on, so it is asked for ahead of time and in the background, never on the way of a request that could go on without. A token
//! with an unknown `kid` may make it be asked for at once, but only so often: strangers can invent such tokens. While the issuer cannot be reached the last keys are used,
//! up to a bound; without any, nothing is believed.

mod config;
mod fetch;
mod state;

pub use config::JwksConfig;
pub use state::{Jwks, JwksError};

#[cfg(test)]
mod tests;
