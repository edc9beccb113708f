//! The place in the stack where a caller's identity is established. The crate that knows tokens fills it; without it every caller is anonymous.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use http::{Extensions, request::Parts};
use seaworthy_core::{Actor, Error, RequestContext, Tenant};

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
    /// What handlers may extract besides, such as typed claims.
    pub extensions: Extensions,
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
