//! The key set of an issuer, fetched and refreshed (RFC 7517, section 5).
//!
//! A background task refreshes the keys, so that requests do not wait for the issuer. A token with
//! an unknown `kid` triggers a separate fetch, because the issuer may have rotated its keys.
//! Anonymous clients can invent such tokens, so there is at most one fetch per
//! [`min_refresh_interval`](JwksConfig::min_refresh_interval). Requests that need newer keys wait
//! for that fetch. A request is rejected if the key set was fetched after the request arrived. It
//! is also rejected if a recent fetch has shown that the same key is missing.
//!
//! If the issuer is unavailable, the last keys stay valid for
//! [`max_stale`](JwksConfig::max_stale). Without valid keys every token gets 503.

mod config;
mod fetch;
mod state;

pub use config::JwksConfig;
pub use state::{Jwks, JwksError};

#[cfg(test)]
mod tests;
