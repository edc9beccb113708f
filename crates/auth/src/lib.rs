//! Who calls, and what they may do.
//!
//! Why it is so: the mistakes that matter here are old and well known, so none of them can be written down. An algorithm that is not in an issuer's list does not exist
//! for its tokens; a key is of one kind for ever; a claim has the type that its standard gives it or the token is refused; a route says who may call or the service does
//! not start; and whatever cannot be found out (keys that were never fetched, a revocation that nobody can look up) refuses.
//!
//! - [`token`]: JSON Web Tokens, verified and signed; [`jwks`]: the keys of an issuer, fetched and kept fresh.
//! - [`password`]: passwords, checked and kept.
//! - [`BearerAuthentication`]: the tokens of requests, in the authentication slot of both transports; [`PeerAuthentication`]: the certificates of services.
//! - [`oidc`]: login by an OpenID provider.
//! - [`ServiceTokens`]: who this service is, told to others.

mod authenticator;
mod bearer;
pub mod jwks;
pub mod oidc;
pub mod password;
mod peer;
mod service_token;
pub mod token;

pub use authenticator::{BearerAuthentication, BearerConfig};
pub use peer::{Peer, PeerAuthentication};
pub use service_token::{SERVICE_TOKEN, ServiceTokenLayer, ServiceTokenService, ServiceTokens};
