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

/// Ten thousand callers at once, in about 20 MB; more are checked anew.
const CACHED_TOKENS: u32 = 10_000;
/// Reasons come from this crate alone.
const MOST_REASONS: usize = 32;

/// How bearer tokens are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BearerConfig {
    /// How many tokens are remembered as verified, about 2 KB each; 0 checks every token at every use.
    pub max_cached_tokens: u32,
}

impl Default for BearerConfig {
    fn default() -> Self {
        Self {
            max_cached_tokens: CACHED_TOKENS,
        }
    }
}

/// Knows callers by their bearer tokens (RFC 6750), over HTTP and gRPC alike. Cheap to clone; all clones share what was verified.
///
/// On a route that is [`Optional`](Access::Optional) a token that is wrong, or cannot be checked now, makes the caller anonymous; the failure is counted all the same.
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
    /// Believes what `verifier` believes.
    #[must_use]
    pub fn new(verifier: TokenVerifier, config: BearerConfig, metrics: &Metrics) -> Self {
        let metrics = metrics.clone();
        Self(Arc::new(Inner {
            verifier,
            cache: Arc::new(VerifiedCache::new(config.max_cached_tokens)),
            revocation: None,
            ignored: Family::new(MOST_REASONS, move |reason| {
                metrics.counter(
                    "auth_failures_total",
                    "Requests whose credentials were refused.",
                    &[("reason", reason)],
                )
            }),
        }))
    }

    /// Asks for every token at every use whether it was taken back.
    #[must_use]
    pub fn revocation(self, revocation: impl Revocation) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.revocation = Some(Arc::new(revocation));
        Self(Arc::new(inner))
    }

    /// The verifier, whose key sets somebody has to keep fresh.
    #[must_use]
    pub fn verifier(&self) -> &TokenVerifier {
        &self.0.verifier
    }
}

impl Inner {
    /// The token, remembered or looked at.
    fn verified(&self, token: &[u8], now: SystemTime) -> Result<Arc<VerifiedToken>, Rejection> {
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

    /// What an answer is on a route: where everyone may call, a failure is counted and makes the caller anonymous.
    fn refused(&self, error: TokenError, is_optional: bool) -> Result<Option<Identity>, Error> {
        if !is_optional {
            return Err(error.into());
        }
        self.ignored.get_or_create(error.reason()).increment();
        Ok(None)
    }

    async fn later(
        self: Arc<Self>,
        token: Option<Vec<u8>>,
        start: Waiting,
        is_optional: bool,
    ) -> Result<Option<Identity>, Error> {
        match self.wait(token, start).await {
            Ok(verified) => Ok(Some(identity(verified))),
            Err(error) => self.refused(error, is_optional),
        }
    }

    async fn wait(
        &self,
        token: Option<Vec<u8>>,
        start: Waiting,
    ) -> Result<Arc<VerifiedToken>, TokenError> {
        let (verified, standing) = match start {
            Waiting::ForStanding(verified, standing) => (verified, standing),
            Waiting::ForKeys(missing) => {
                let token = token.unwrap_or_default();
                let verify = || self.verified(&token, SystemTime::now());
                let verified = missing.refresh(verify).await?;
                let standing = self.status(&verified);
                (verified, standing)
            }
        };
        let is_revoked = match standing {
            RevocationStatus::Valid => false,
            RevocationStatus::Revoked => true,
            RevocationStatus::Pending(answer) => answer.await?,
        };
        if is_revoked {
            return Err(TokenError::Revoked);
        }
        Ok(verified)
    }
}

/// What a request waits for.
enum Waiting {
    ForKeys(MissingKey),
    ForStanding(Arc<VerifiedToken>, RevocationStatus),
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
            // The stack refuses it where the route needs to know who calls.
            Bearer::Absent => return Authentication::Anonymous,
            Bearer::Other if is_optional => return Authentication::Anonymous,
            Bearer::Other => return Authentication::Refused(other_scheme()),
            Bearer::Token(token) => token,
        };
        let inner = &self.0;
        let later = |token: Option<&[u8]>, start| {
            let inner = Arc::clone(inner);
            let token = token.map(<[u8]>::to_vec);
            Authentication::Later(Box::pin(inner.later(token, start, is_optional)))
        };
        let refused = |error| match inner.refused(error, is_optional) {
            Ok(_) => Authentication::Anonymous,
            Err(error) => Authentication::Refused(error),
        };
        let verified = match inner.verified(token, SystemTime::now()) {
            Ok(verified) => verified,
            Err(Rejection::Invalid(error)) => return refused(error),
            Err(Rejection::Missing(missing)) => {
                return later(Some(token), Waiting::ForKeys(missing));
            }
        };
        match inner.status(&verified) {
            RevocationStatus::Valid => Authentication::Known(identity(verified)),
            RevocationStatus::Revoked => refused(TokenError::Revoked),
            asked @ RevocationStatus::Pending(_) => {
                later(None, Waiting::ForStanding(verified, asked))
            }
        }
    }

    /// RFC 6750, section 3. What is wrong with a token is told by the document of the problem, in words of ours; here stand the two errors of the standard.
    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        let text = match (refusal.code(), refusal.reason()) {
            (Code::Forbidden, _) => {
                let scopes: Vec<_> = route.needed_scopes().collect();
                let mut text = "Bearer error=\"insufficient_scope\"".to_owned();
                // A scope is made of letters that need no escape (RFC 6749, section 3.3); what is not is left out.
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
