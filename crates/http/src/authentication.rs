//! Authentication of callers. Another crate implements it. Without an implementation every caller
//! is anonymous.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use http::{
    Extensions, HeaderValue,
    header::{AUTHORIZATION, COOKIE},
    request::Parts,
};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext, Tenant};

use crate::RouteOptions;

/// Authenticates callers.
pub trait Authenticate: Send + Sync + 'static {
    /// Authenticates a request by its head. This runs for every request, so return without waiting
    /// if possible.
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication;

    /// Returns whether a request has credentials, valid or not. Under overload, requests without
    /// credentials have at most the normal priority, except on public routes. The default is
    /// whether the header `Authorization` or `Cookie` exists.
    fn has_credentials(&self, request: &Parts) -> bool {
        [AUTHORIZATION, COOKIE]
            .iter()
            .any(|name| request.headers.contains_key(name))
    }

    /// Returns the value of `WWW-Authenticate` for a rejected caller (RFC 9110, section 11.6.1).
    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        let _ = (rejection, route);
        None
    }
}

impl<A: Authenticate + ?Sized> Authenticate for Arc<A> {
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        (**self).authenticate(request, context, route)
    }

    fn has_credentials(&self, request: &Parts) -> bool {
        (**self).has_credentials(request)
    }

    fn challenge(&self, rejection: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        (**self).challenge(rejection, route)
    }
}

/// The result of an authentication.
pub enum Authentication {
    /// The request has no credentials, and the route needs none.
    Anonymous,
    /// The caller is authenticated.
    Authenticated(Identity),
    /// The credentials are missing or invalid.
    Rejected(Error),
    /// The result is not yet available, for example because a key is fetched.
    Pending(BoxFuture<'static, Result<Option<Identity>, Error>>),
}

/// An authenticated identity.
#[derive(Debug)]
pub struct Identity {
    /// The user or service that calls.
    pub actor: Actor,
    /// The tenant, if the credentials name one.
    pub tenant: Option<Tenant>,
    /// The roles and scopes.
    pub grants: Grants,
    /// Further data for handlers, such as typed claims.
    pub attachment: Option<Arc<dyn Attach>>,
}

/// Further data of a caller. All requests of the caller share it, so a request allocates nothing.
pub trait Attach: fmt::Debug + Send + Sync {
    /// Inserts the data into the extensions of a request.
    fn attach(self: Arc<Self>, extensions: &mut Extensions);
}

impl fmt::Debug for Authentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Authenticated(_) => "Authenticated",
            Self::Rejected(_) => "Rejected",
            Self::Pending(_) => "Pending",
        })
    }
}

/// Returns the error for an anonymous caller of a route that requires authentication.
pub(crate) fn unknown() -> Error {
    Error::new(
        Code::Unauthenticated,
        "CREDENTIALS_MISSING",
        "authentication is required: send valid credentials",
    )
}
