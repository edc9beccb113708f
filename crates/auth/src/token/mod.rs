//! JSON Web Tokens in compact form (RFC 7515, 7517, 7518, 7519, 8037), verified and signed as RFC
//! 8725 recommends.
//!
//! The parser is part of this crate. The primitives come from `aws-lc-rs`. The crate `jsonwebtoken`
//! is not used: it accepts an empty `crit`, duplicate claims, an empty `sub` and invalid UTF-8 in
//! unused claims. A caller could reject those only by parsing each token twice.

mod algorithm;
mod cache;
mod claims;
mod clock;
mod compact;
mod error;
mod header;
mod issuer;
mod json;
mod jwk;
mod key;
mod key_file;
mod key_set;
mod revocation;
mod rotating_keys;
mod signer;
mod signing_key;
mod verifier;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub(crate) use cache::VerifiedCache;
pub use claims::Claims;
pub use clock::ClockReading;
pub(crate) use clock::KeysValidity;
pub(crate) use compact::{decode, encode};
pub use error::TokenError;
pub use issuer::{Issuer, IssuerConfig, IssuerError};
pub use key::{KeyError, VerificationKey};
pub use key_set::{KeySet, KeySetError};
pub use revocation::{Revocation, RevocationFuture, RevocationStatus, Revocations};
pub use signer::{NewToken, SignError, TokenSigner, TokenSignerConfig};
pub use signing_key::SigningKey;
pub(crate) use verifier::{MissingKey, Rejection};
pub use verifier::{TokenVerifier, VerifiedToken};

#[cfg(test)]
mod tests;
