mod layer;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use seaworthy_client::{Credentials, CredentialsError};
use seaworthy_core::Secret;

pub use self::layer::{ServiceTokenLayer, ServiceTokenService};
use crate::token::{NewToken, SignError, TokenSigner};

/// The `typ` of service tokens, so that they are not accepted as tokens of users, and vice versa.
pub const SERVICE_TOKEN: &str = "service+jwt";

/// Short-lived tokens that authenticate this service to another one (AUTH-6). A token is reused for
/// half of its lifetime. Cheap to clone.
///
/// They are [`Credentials`] of an `HttpClient`. A [`ServiceTokenLayer`] adds them to the calls of a
/// gRPC channel.
///
/// The other service verifies them with an [`IssuerConfig`](crate::token::IssuerConfig) whose
/// `types` is only [`SERVICE_TOKEN`] and whose `audiences` is its own name.
///
/// ```
/// use seaworthy_auth::{SERVICE_TOKEN, ServiceTokens};
/// use seaworthy_auth::token::{Algorithm, SigningKey, TokenSigner, TokenSignerConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = TokenSignerConfig {
///     issuer: "orders".to_owned(),
///     kind: SERVICE_TOKEN.to_owned(),
///     ..TokenSignerConfig::default()
/// };
/// let signer = TokenSigner::new(config, SigningKey::generate("2026-11", Algorithm::EdDsa)?);
/// let tokens = ServiceTokens::new(signer, "orders", "payments");
/// assert!(tokens.token().is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServiceTokens(Arc<Inner>);

struct Inner {
    signer: TokenSigner,
    service: String,
    audience: String,
    lifetime: Duration,
    current: ArcSwapOption<Current>,
}

struct Current {
    token: Secret<String>,
    renew: SystemTime,
}

impl ServiceTokens {
    /// Creates tokens of `service` for `audience`. The `kind` of the signer must be
    /// [`SERVICE_TOKEN`].
    #[must_use]
    pub fn new(
        signer: TokenSigner,
        service: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            lifetime: signer.lifetime(),
            signer,
            service: service.into(),
            audience: audience.into(),
            current: ArcSwapOption::empty(),
        }))
    }

    /// Returns a token that is valid for at least half of its lifetime.
    ///
    /// # Errors
    /// [`SignError`] if a new token cannot be signed.
    pub fn token(&self) -> Result<Secret<String>, SignError> {
        self.token_at(SystemTime::now())
    }

    fn token_at(&self, now: SystemTime) -> Result<Secret<String>, SignError> {
        let inner = &*self.0;
        if let Some(current) = inner.current.load().as_ref()
            && now < current.renew
        {
            return Ok(current.token.clone());
        }
        let token = NewToken::for_subject(inner.service.as_str()).audience(inner.audience.as_str());
        let token = inner.signer.sign_at(token, now)?;
        let renew = now
            .checked_add(inner.lifetime / 2)
            .ok_or(SignError::Clock)?;
        inner.current.store(Some(Arc::new(Current {
            token: token.clone(),
            renew,
        })));
        Ok(token)
    }

    /// Returns the value of `Authorization`, marked as sensitive.
    fn bearer(&self) -> Result<HeaderValue, SignError> {
        let text = Secret::new(format!("Bearer {}", self.token()?.expose()));
        let mut value = HeaderValue::from_str(text.expose()).map_err(|_| SignError::Clock)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Credentials for ServiceTokens {
    fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
        Ok(self.bearer()?)
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceTokens")
            .field("service", &self.0.service)
            .field("audience", &self.0.audience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
