//! Login by an OpenID provider: the authorization code flow of OpenID Connect Core 1.0, section 3.1, as RFC 9700 says it is done today (AUTH-4).
//!
//! Why it is so: of what this flow can get wrong, nearly all is a value that was not compared. So the values of one login (state, nonce, the verifier of PKCE, where to go
//! afterwards) are made, sealed into one cookie of the browser that begins it, and compared here; whoever uses this module has no step to leave out. A login comes back once:
//! whatever the provider does with its codes, [`UsedLogins`] remembers it. An ID token is looked at by the verifier that looks at every other token ([`crate::token`]).
//!
//! The crate `openidconnect` was looked at and is not used: it brings a second set of cryptography (`rsa`, with an advisory that has no fix, `p256`, `ed25519-dalek`) beside
//! `aws-lc-rs`, and a reader of tokens more lenient than ours; what would remain of it are the names of the members of three JSON documents. Its HTTP client would have none of the bounds of
//! `seaworthy-client`.
//!
//! | What is tried | What refuses it |
//! | --- | --- |
//! | a login that another browser began (login CSRF) | `state` against the sealed cookie |
//! | a callback that comes twice | [`UsedLogins`] |
//! | a stolen code | PKCE (S256): the verifier never leaves the cookie |
//! | an answer of another provider (mix-up) | `iss` of RFC 9207, the issuer of the document and of the token |
//! | a token that was made for another login or client | `nonce`, `aud` (ours and nobody's else), `azp`, `at_hash` |
//! | a token without a signature, or by another algorithm | the allowlist of algorithms, which knows no `none` and no HMAC |
//! | an address that the provider did not verify | [`OpenIdIdentity::verified_email`] |
//! | a way out to another site | [`LocalPath`] |
//!
//! ```no_run
//! use http::{HeaderMap, HeaderValue};
//! use seaworthy_auth::oidc::{LocalPath, OpenIdConfig, OpenIdError, OpenIdLogin, UsedLoginsInMemory};
//! use seaworthy_client::HttpClient;
//! use seaworthy_core::{Error, Secret};
//! use seaworthy_telemetry::metrics::Metrics;
//!
//! fn assemble(client: HttpClient, config: OpenIdConfig, cookie_key: &Secret<String>) -> Result<OpenIdLogin, Box<dyn std::error::Error>> {
//!     Ok(OpenIdLogin::new("google", config, client, cookie_key, UsedLoginsInMemory::new(), &Metrics::new())?)
//! }
//!
//! /// `Location` and `Set-Cookie` of a redirect.
//! async fn start(login: &OpenIdLogin, return_to: &str) -> Result<(HeaderValue, HeaderValue), Error> {
//!     let begun = login.begin(LocalPath::or_root(return_to)).await?;
//!     Ok((begun.location, begun.cookie))
//! }
//!
//! async fn callback(login: &OpenIdLogin, headers: &HeaderMap, query: Option<&str>) -> Result<(), Error> {
//!     let finished = login.finish(headers, query).await?;
//!     let _email = finished.identity.verified_email()?;
//!     Ok(())
//! }
//! ```

mod callback;
mod config;
mod error;
mod exchange;
mod id_token;
mod identity;
mod in_flight;
mod local_path;
mod login;
mod metadata;
mod pending;
mod provider;
mod used_logins;

pub(crate) use config::is_private;
pub use config::{ClientAuthentication, OpenIdConfig, OpenIdConfigError};
pub use error::{OpenIdError, ProviderRefusal};
pub use identity::OpenIdIdentity;
pub use local_path::{InvalidLocalPath, LocalPath};
pub use login::{CompletedLogin, LoginRedirect, OpenIdLogin};
pub use used_logins::{UsedLogins, UsedLoginsInMemory};
