use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, header::AUTHORIZATION, request::Parts};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext};
use seaworthy_http::{Access, Authenticate, Authentication, Identity, RouteOptions};

use super::ApiKeys;

/// The role of callers with an API key. Reject it where only a person may act.
pub const API_KEY_ROLE: &str = "api_key";

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Returns the current scopes of the owner of a key.
type OwnerScopes = dyn Fn(String) -> BoxFuture<'static, Result<Vec<String>, Error>> + Send + Sync;

/// Authenticates requests with the header `X-API-Key` by an API key, and all others by another
/// authentication.
///
/// The actor is the owner of the key. It has the role [`API_KEY_ROLE`] and the scopes of the key
/// that the owner has at the time of the request. A `*` at the end of a scope matches any suffix.
///
/// A key is accepted only on routes that require a scope, so that its scopes limit it. With a key,
/// other routes that require credentials respond with 403, and those with optional credentials
/// treat the caller as anonymous.
///
/// ```
/// use seaworthy_account::{ApiKeyAuthentication, ApiKeys};
/// use seaworthy_http::Authenticate;
///
/// fn authentication<A: Authenticate>(keys: ApiKeys, bearer: A) -> ApiKeyAuthentication<A> {
///     let scopes = |owner: String| async move {
///         Ok(match owner.as_str() {
///             "ada" => vec!["orders:read".to_owned()],
///             _ => Vec::new(),
///         })
///     };
///     ApiKeyAuthentication::new(keys, scopes, bearer)
/// }
/// ```
#[derive(Clone)]
pub struct ApiKeyAuthentication<A> {
    keys: ApiKeys,
    owner_scopes: Arc<OwnerScopes>,
    others: A,
    accepts_all_routes: bool,
}

impl<A: Authenticate> ApiKeyAuthentication<A> {
    /// Accepts API keys, and the credentials that `others` accepts. `owner_scopes` returns the
    /// current scopes of a user, and none for a user who does not exist.
    #[must_use]
    pub fn new<F, S>(keys: ApiKeys, owner_scopes: F, others: A) -> Self
    where
        F: Fn(String) -> S + Send + Sync + 'static,
        S: Future<Output = Result<Vec<String>, Error>> + Send + 'static,
    {
        Self {
            keys,
            owner_scopes: Arc::new(move |owner| Box::pin(owner_scopes(owner))),
            others,
            accepts_all_routes: false,
        }
    }

    /// Accepts keys also on routes that require no scope. Each handler of such a route must then
    /// check the grants itself, or every key may call it.
    #[must_use]
    pub fn accept_on_all_routes(mut self) -> Self {
        self.accepts_all_routes = true;
        self
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
        let is_accepted = self.accepts_all_routes || route.required_scopes().next().is_some();
        let is_optional = match route.declared_access() {
            Access::Public => return Authentication::Anonymous,
            Access::Optional if !is_accepted => return Authentication::Anonymous,
            Access::Optional => true,
            Access::Authenticated | Access::Undeclared => false,
        };
        // Two credentials are ambiguous, so reject both.
        let is_only = values.next().is_none() && !request.headers.contains_key(AUTHORIZATION);
        let key = value.to_str().ok().filter(|_| is_only).map(str::to_owned);
        let Some(key) = key else {
            return match is_optional {
                true => Authentication::Anonymous,
                false => Authentication::Rejected(unreadable()),
            };
        };
        let (keys, owner_scopes) = (self.keys.clone(), Arc::clone(&self.owner_scopes));
        Authentication::Pending(Box::pin(async move {
            let caller = match keys.verify(&key).await? {
                Some(caller) => caller,
                None if is_optional => return Ok(None),
                None => return Err(invalid()),
            };
            if !is_accepted {
                return Err(not_accepted());
            }
            let current = owner_scopes(caller.owner.clone()).await?;
            let scopes = common(&caller.scopes, &current);
            Ok(Some(Identity {
                actor: Actor::new(caller.owner),
                tenant: None,
                grants: Grants::with_wildcards([API_KEY_ROLE], scopes),
                attachment: None,
            }))
        }))
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        request.headers.contains_key(X_API_KEY) || self.others.has_credentials(request)
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        self.others.challenge(rejection, route)
    }
}

impl<A: fmt::Debug> fmt::Debug for ApiKeyAuthentication<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiKeyAuthentication")
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}

/// Returns the scopes that both lists grant. For `order:*` and `order:read` that is `order:read`.
fn common(key: &[String], owner: &[String]) -> Vec<String> {
    let [by_key, by_owner] = [key, owner].map(|own| Grants::with_wildcards([""; 0], own.to_vec()));
    let of_key = key.iter().filter(|scope| by_owner.has_scope(scope));
    let of_owner = owner.iter().filter(|scope| by_key.has_scope(scope));
    of_key.chain(of_owner).cloned().collect()
}

fn unreadable() -> Error {
    let message = "send exactly one X-API-Key header and no Authorization header";
    Error::new(Code::Unauthenticated, "CREDENTIALS_UNREADABLE", message)
}

fn invalid() -> Error {
    let message = "the API key is unknown, revoked or expired: create another one";
    Error::new(Code::Unauthenticated, "API_KEY_INVALID", message)
}

fn not_accepted() -> Error {
    let message = "this operation does not accept API keys: send an access token instead";
    Error::new(Code::Forbidden, "INSUFFICIENT_SCOPE", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_grants_only_current_scopes_of_its_owner_auth_5() {
        let common = |key: &[&str], owner: &[&str]| {
            let [key, owner] = [key, owner].map(|scopes| {
                let scopes = scopes.iter().map(|scope| (*scope).to_owned());
                scopes.collect::<Vec<_>>()
            });
            let scopes = common(&key, &owner);
            Grants::with_wildcards([""; 0], scopes)
        };
        for (key, owner) in [
            (&["order:read"][..], &["*"][..]),
            (&["order:*"], &["order:read"]),
            (&["*"], &["order:*", "report:read"]),
        ] {
            let grants = common(key, owner);
            assert!(grants.has_scope("order:read"), "{key:?} {owner:?}");
            assert!(!grants.has_scope("account:read"), "{key:?} {owner:?}");
        }
        let narrow = common(&["order:*"], &["order:read"]);
        assert!(!narrow.has_scope("order:write"));
        assert_eq!(common(&["order:*"], &[]), Grants::default());
        assert_eq!(common(&["order:read"], &["orders:*"]), Grants::default());
    }
}
