//! Authentication and authorization of callers.
//!
//! The API prevents known mistakes. A token may use only the algorithms that its issuer lists. A
//! key is of one kind. A claim of a wrong type rejects the token. A route without declared access
//! stops the start. If keys or revocations are unavailable, a check is not possible and rejects the
//! request.
//!
//! - [`token`]: JSON Web Tokens, verified and signed. [`jwks`]: the key set of an issuer.
//! - [`password`]: password hashing and a password policy.
//! - [`BearerAuthentication`]: bearer tokens of requests over HTTP and gRPC.
//! - [`PeerAuthentication`]: client certificates of services.
//! - [`oidc`]: login by an OpenID provider.
//! - [`ServiceTokens`]: tokens for calls to other services.

mod authenticator;
mod bearer;
pub mod jwks;
mod load;
pub mod oidc;
pub mod password;
mod peer;
mod service_token;
pub mod token;

pub use authenticator::{BearerAuthentication, BearerConfig};
pub use peer::{Peer, PeerAuthentication};
pub use service_token::{SERVICE_TOKEN, ServiceTokenLayer, ServiceTokenService, ServiceTokens};
