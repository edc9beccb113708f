//! Tokens: JSON Web Tokens in compact form (RFC 7515, 7517, 7518, 7519, 8037), checked and signed as RFC 8725 says.
//!
//! The layer between the text and the signature is our own, over the primitives of `aws-lc-rs`. `jsonwebtoken` was looked at: it accepts an empty `crit`, a claim
//! twice, an empty `sub` and invalid UTF-8 in a claim that nobody asked for, and takes a token apart inside, so none of that can be closed from outside without
//! reading every token a second time; what would remain of it is its call of the same primitives.

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
mod key_set;
mod revocation;
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
