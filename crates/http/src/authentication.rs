//! The place in the stack where a caller's identity is established. The crate that knows tokens fills it; without it every caller is anonymous.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use http::{Extensions, HeaderValue, request::Parts};
use seaworthy_core::{Actor, Code, Error, Grants, RequestContext, Tenant};

use crate::RouteOptions;

/// Establishes who calls.
pub trait Authenticate: Send + Sync + 'static {
    /// Looks at the head of a request for a route. Runs on the hot path: answer at once where that is possible.
    fn authenticate(
        &self,
        request: &Parts,
        context: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication;

    /// What `WWW-Authenticate` says beside a refusal of the stack (RFC 9110, section 11.6.1).
    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        let _ = (refusal, route);
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

    fn challenge(&self, refusal: &Error, route: &RouteOptions) -> Option<HeaderValue> {
        (**self).challenge(refusal, route)
    }
}

/// What an authenticator found.
pub enum Authentication {
    /// No credentials, and none are needed here.
    Anonymous,
    /// The caller is known.
    Known(Identity),
    /// The credentials are missing or wrong.
    Refused(Error),
    /// The answer needs waiting, for a key that is fetched.
    Later(BoxFuture<'static, Result<Option<Identity>, Error>>),
}

/// A proved identity.
#[derive(Debug)]
pub struct Identity {
    /// Who acts.
    pub actor: Actor,
    /// On whose behalf, where the credentials say so.
    pub tenant: Option<Tenant>,
    /// What they may do.
    pub grants: Grants,
    /// What handlers may extract besides, such as typed claims.
    pub attachment: Option<Arc<dyn Attach>>,
}

/// Something that is known of a caller beyond who it is. Shared by all requests of the caller, so that a request allocates no collection for it.
pub trait Attach: fmt::Debug + Send + Sync {
    /// Puts it among the extensions of a request, where handlers find it.
    fn attach(self: Arc<Self>, extensions: &mut Extensions);
}

impl fmt::Debug for Authentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Known(_) => "Known",
            Self::Refused(_) => "Refused",
            Self::Later(_) => "Later",
        })
    }
}

/// The refusal of a caller whom nobody knows, where the route asks who calls.
pub(crate) fn unknown() -> Error {
    Error::new(
        Code::Unauthenticated,
        "CREDENTIALS_MISSING",
        "this needs to know who calls",
    )
}
