use std::{fmt, sync::Arc, time::SystemTime};

use http::{Extensions, HeaderValue, request::Parts};
use schemars::JsonSchema;
use seaworthy_core::{Code, Error, RequestContext};
use seaworthy_http::{Access, Attach, Authenticate, Authentication, Identity, RouteOptions};
use seaworthy_telemetry::metrics::{Counter, Family, Metrics};
use serde::{Deserialize, Serialize};

use crate::{
    bearer::{Bearer, other_scheme},
    token::{
        MissingKey, Rejection, Revocation, RevocationStatus, TokenError, TokenVerifier,
        VerifiedCache, VerifiedToken,
    },
};

/// The default of `max_cached_tokens`: the tokens of 10,000 callers, in about 20 MB.
const DEFAULT_MAX_CACHED_TOKENS: u32 = 10_000;
/// Maximum number of reasons as label values, more than this crate has.
const MAX_REASONS: usize = 32;

/// How bearer tokens are verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BearerConfig {
    /// The maximum number of verified tokens in the cache, about 2 KB each. 0 verifies a token for
    /// each request.
    pub max_cached_tokens: u32,
}

impl Default for BearerConfig {
    fn default() -> Self {
        Self {
            max_cached_tokens: DEFAULT_MAX_CACHED_TOKENS,
        }
    }
}

/// Authenticates callers by bearer tokens (RFC 6750), over HTTP and gRPC. Cheap to clone. All
/// clones share the cache of verified tokens.
///
/// On an [`Optional`](Access::Optional) route, an invalid token or one that cannot be verified
/// makes the caller anonymous. The failure is counted.
///
/// ```no_run
/// # use seaworthy_auth::{BearerAuthentication, BearerConfig, token::{Revocations, TokenVerifier}};
/// # use seaworthy_telemetry::metrics::Metrics;
/// # fn assemble(verifier: TokenVerifier, metrics: &Metrics) {
/// let revoked = Revocations::new();
/// let bearer = BearerAuthentication::new(verifier, BearerConfig::default(), metrics)
///     .revocation(revoked.clone());
/// # }
/// ```
#[derive(Clone)]
pub struct BearerAuthentication(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    verifier: TokenVerifier,
    cache: Arc<VerifiedCache>,
    revocation: Option<Arc<dyn Revocation>>,
    ignored: Family<Counter>,
}

impl BearerAuthentication {
    /// Accepts the tokens that `verifier` accepts.
    #[must_use]
    pub fn new(verifier: TokenVerifier, config: BearerConfig, metrics: &Metrics) -> Self {
        let metrics = metrics.clone();
        Self(Arc::new(Inner {
            verifier,
            cache: Arc::new(VerifiedCache::new(config.max_cached_tokens)),
            revocation: None,
            ignored: Family::new(MAX_REASONS, move |reason| {
                metrics.counter(
                    "auth_failures_total",
                    "Requests with rejected credentials.",
                    &[("reason", reason)],
                )
            }),
        }))
    }

    /// Checks for each request whether its token is revoked.
    #[must_use]
    pub fn revocation(self, revocation: impl Revocation) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.revocation = Some(Arc::new(revocation));
        Self(Arc::new(inner))
    }

    /// Returns the verifier. Its key sets need a task that keeps them fresh.
    #[must_use]
    pub fn verifier(&self) -> &TokenVerifier {
        &self.0.verifier
    }
}

impl Inner {
    /// Returns a token from the cache, or verifies it.
    fn verify(&self, token: &[u8], now: SystemTime) -> Result<Arc<VerifiedToken>, Rejection> {
        let generation = self.verifier.generation();
        if let Some(verified) = self.cache.get(token, generation, now) {
            return Ok(verified);
        }
        let text = str::from_utf8(token).map_err(|_| TokenError::Malformed)?;
        let verified = Arc::new(self.verifier.check(text, now)?);
        self.cache.insert(token, &verified, generation, now);
        Ok(verified)
    }

    fn status(&self, verified: &Arc<VerifiedToken>) -> RevocationStatus {
        let revocation = self.revocation.as_ref();
        revocation.map_or(RevocationStatus::Valid, |revocation| {
            revocation.status(verified)
        })
    }

    /// Rejects a request. On an optional route, it counts the failure and makes the caller
    /// anonymous.
    fn reject(&self, error: TokenError, is_optional: bool) -> Result<Option<Identity>, Error> {
        if !is_optional {
            return Err(error.into());
        }
        self.ignored.get_or_create(error.reason()).increment();
        Ok(None)
    }

    async fn finish_later(
        self: Arc<Self>,
        token: Option<Vec<u8>>,
        start: Waiting,
        is_optional: bool,
    ) -> Result<Option<Identity>, Error> {
        match self.wait(token, start).await {
            Ok(verified) => Ok(Some(identity(verified))),
            Err(error) => self.reject(error, is_optional),
        }
    }

    async fn wait(
        &self,
        token: Option<Vec<u8>>,
        start: Waiting,
    ) -> Result<Arc<VerifiedToken>, TokenError> {
        let (verified, status) = match start {
            Waiting::ForStatus(verified, status) => (verified, status),
            Waiting::ForKeys(missing) => {
                let token = token.unwrap_or_default();
                let verify = || self.verify(&token, SystemTime::now());
                let verified = missing.refresh(verify).await?;
                let status = self.status(&verified);
                (verified, status)
            }
        };
        if status.is_revoked().await? {
            return Err(TokenError::Revoked);
        }
        Ok(verified)
    }
}

/// The reason why an authentication has to wait.
enum Waiting {
    ForKeys(MissingKey),
    ForStatus(Arc<VerifiedToken>, RevocationStatus),
}

fn identity(verified: Arc<VerifiedToken>) -> Identity {
    Identity {
        actor: verified.actor().clone(),
        tenant: verified.tenant().cloned(),
        grants: verified.grants().clone(),
        attachment: Some(verified),
    }
}

/// Handlers find the token as an `Extension<Arc<VerifiedToken>>`.
impl Attach for VerifiedToken {
    fn attach(self: Arc<Self>, extensions: &mut Extensions) {
        extensions.insert(self);
    }
}

impl Authenticate for BearerAuthentication {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        let is_optional = match route.declared_access() {
            Access::Public => return Authentication::Anonymous,
            Access::Optional => true,
            Access::Authenticated | Access::Undeclared => false,
        };
        let token = match Bearer::of(&request.headers) {
            // The stack rejects it if the route needs an authenticated caller.
            Bearer::Absent => return Authentication::Anonymous,
            Bearer::Other if is_optional => return Authentication::Anonymous,
            Bearer::Other => return Authentication::Rejected(other_scheme()),
            Bearer::Token(token) => token,
        };
        let inner = &self.0;
        let later = |token: Option<&[u8]>, start| {
            let inner = Arc::clone(inner);
            let token = token.map(<[u8]>::to_vec);
            Authentication::Pending(Box::pin(inner.finish_later(token, start, is_optional)))
        };
        let reject = |error| match inner.reject(error, is_optional) {
            Ok(_) => Authentication::Anonymous,
            Err(error) => Authentication::Rejected(error),
        };
        let verified = match inner.verify(token, SystemTime::now()) {
            Ok(verified) => verified,
            Err(Rejection::Invalid(error)) => return reject(error),
            Err(Rejection::Missing(missing)) => {
                return later(Some(token), Waiting::ForKeys(missing));
            }
        };
        match inner.status(&verified) {
            RevocationStatus::Valid => Authentication::Authenticated(identity(verified)),
            RevocationStatus::Revoked => reject(TokenError::Revoked),
            status @ RevocationStatus::Pending(_) => {
                later(None, Waiting::ForStatus(verified, status))
            }
        }
    }

    /// Returns the `WWW-Authenticate` header of RFC 6750, section 3. The problem document has the
    /// reason.
    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        let text = match (rejection.code(), rejection.reason()) {
            (Code::Forbidden, _) => {
                let scopes: Vec<_> = route.required_scopes().collect();
                let mut text = "Bearer error=\"insufficient_scope\"".to_owned();
                // A scope needs no escapes (RFC 6749, section 3.3). Scopes that would are omitted.
                let is_plain = |scope: &&str| !scope.contains(['"', '\\']);
                if !scopes.is_empty() && scopes.iter().all(is_plain) {
                    text.push_str(&format!(", scope=\"{}\"", scopes.join(" ")));
                }
                text
            }
            (Code::Unauthenticated, "CREDENTIALS_MISSING" | "CREDENTIALS_UNREADABLE") => {
                "Bearer".to_owned()
            }
            (Code::Unauthenticated, _) => "Bearer error=\"invalid_token\"".to_owned(),
            _ => return None,
        };
        HeaderValue::try_from(text).ok()
    }
}

impl fmt::Debug for BearerAuthentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BearerAuthentication")
            .field("verifier", &self.0.verifier)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
