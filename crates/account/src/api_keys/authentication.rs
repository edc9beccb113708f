use std::sync::Arc;

use http::{HeaderName, HeaderValue, header::AUTHORIZATION, request::Parts};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions};

use super::ApiKeys;

/// The role of callers with an API key. Refuse it where only a person may act.
pub const API_KEY_ROLE: &str = "api_key";

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Authenticates requests with the header `X-API-Key` by an API key, and all others by another
/// authentication. The actor is the owner of the key, and has the role [`API_KEY_ROLE`] and the
/// scopes of the key. A `*` at the end of a scope matches any rest.
#[derive(Debug, Clone)]
pub struct ApiKeyAuthentication<A> {
    keys: ApiKeys,
    others: A,
}

impl<A: Authenticate> ApiKeyAuthentication<A> {
    /// Accepts API keys, and the credentials that `others` accepts.
    #[must_use]
    pub fn new(keys: ApiKeys, others: A) -> Self {
        Self { keys, others }
    }
}

impl<A: Authenticate> Authenticate for ApiKeyAuthentication<A> {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        let mut values = request.headers.get_all(X_API_KEY).iter();
        let Some(value) = values.next() else {
            return self.others.authenticate(request, context, route);
        };
        let is_optional = match route.declared_access() {
            Access::Public => return Authentication::Anonymous,
            Access::Optional => true,
            Access::Authenticated | Access::Undeclared => false,
        };
        // With two credentials it is ambiguous which count.
        let is_only = values.next().is_none() && !request.headers.contains_key(AUTHORIZATION);
        let key = value.to_str().ok().filter(|_| is_only).map(str::to_owned);
        let Some(key) = key else {
            return match is_optional {
                true => Authentication::Anonymous,
                false => Authentication::Refused(unreadable()),
            };
        };
        let keys = self.keys.clone();
        Authentication::Later(Box::pin(async move {
            match keys.verify(&key).await? {
                Some(caller) => Ok(Some(Identity {
                    actor: Actor::new(caller.owner),
                    tenant: None,
                    grants: Grants::with_wildcards([API_KEY_ROLE], caller.scopes),
                    attachment: None,
                })),
                None if is_optional => Ok(None),
                None => Err(invalid()),
            }
        }))
    }

    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.others.challenge(refusal, route)
    }
}

fn unreadable() -> Error {
    let message = "send exactly one X-API-Key header, and no Authorization header beside it";
    Error::new(Code::Unauthenticated, "CREDENTIALS_UNREADABLE", message)
}

fn invalid() -> Error {
    let message = "the API key is unknown, revoked or expired: create another one";
    Error::new(Code::Unauthenticated, "API_KEY_INVALID", message)
}
