//! Login by an OpenID provider: the authorization code flow of OpenID Connect Core 1.0, section
//! 3.1, with the recommendations of RFC 9700 (AUTH-4).
//!
//! Most mistakes in this flow are missing comparisons. This module creates the values of a login:
//! state, nonce, PKCE verifier and target path. It encrypts them into one cookie, and compares them
//! in the callback. A caller cannot leave out a step. [`UsedLogins`] ensures that a callback
//! succeeds once. The verifier of [`crate::token`] verifies ID tokens.
//!
//! The crate `openidconnect` is not used. It depends on a second set of cryptography (`rsa`, with
//! an advisory without a fix, `p256` and `ed25519-dalek`), and its token parser is more lenient.
//! Its HTTP client has none of the limits of `seaworthy-client`.
//!
//! | Attack | Protection |
//! | --- | --- |
//! | Login that another browser began (login CSRF) | `state` in the encrypted cookie |
//! | Repeated callback | [`UsedLogins`] |
//! | Stolen code | PKCE (S256): the verifier stays in the cookie |
//! | Response by another provider (mix-up) | `iss` of RFC 9207, of the metadata and of the token |
//! | Token for another login or client | `nonce`, `aud`, `azp` and `at_hash` |
//! | Token without a signature or by another algorithm | Allowlist of algorithms without `none` and HMAC |
//! | E-mail address that the provider did not verify | [`OpenIdIdentity::verified_email`] |
//! | Redirect to another site | [`LocalPath`] |
//!
//! ```no_run
//! use http::{HeaderMap, HeaderValue};
//! use seaworthy_auth::oidc::{LocalPath, OpenIdConfig, OpenIdError, OpenIdLogin, UsedLoginsInMemory};
//! use seaworthy_core::{Error, Secret};
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//!
//! fn assemble(service: &Assembly<NoSettings>, config: OpenIdConfig, cookie_key: &Secret<String>) -> Result<OpenIdLogin, StartError> {
//!     OpenIdLogin::connect(service, "google", config, cookie_key, UsedLoginsInMemory::new())
//! }
//!
//! /// Returns `Location` and `Set-Cookie` of a redirect.
//! async fn start(login: &OpenIdLogin, return_to: &str) -> Result<(HeaderValue, HeaderValue), Error> {
//!     let redirect = login.begin(LocalPath::parse_or_root(return_to)).await?;
//!     Ok((redirect.location, redirect.cookie))
//! }
//!
//! async fn callback(login: &OpenIdLogin, headers: &HeaderMap, query: Option<&str>) -> Result<(), Error> {
//!     let finished = login.finish(headers, query).await?;
//!     let _email = finished.identity.verified_email()?;
//!     Ok(())
//! }
//! ```

mod callback;
mod client_config;
mod client_login;
mod config;
mod error;
mod exchange;
mod id_token;
mod identify;
mod identity;
mod in_flight;
mod local_path;
mod login;
mod metadata;
mod pending;
mod provider;
mod used_logins;

pub(crate) use config::is_private;

pub use client_config::OpenIdClientConfig;
pub use client_login::OpenIdClientLogin;
pub use config::{ClientAuthentication, OpenIdConfig, OpenIdConfigError};
pub use error::{OpenIdError, ProviderRejection};
pub use identity::OpenIdIdentity;
pub use local_path::{InvalidLocalPath, LocalPath};
pub use login::{CompletedLogin, LoginRedirect, OpenIdLogin};
pub use used_logins::{UsedLogins, UsedLoginsInMemory};
