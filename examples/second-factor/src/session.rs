use std::sync::Arc;

use futures::FutureExt as _;
use seaworthy::{
    account::{SessionCookie, Sessions},
    axum::http::request::Parts,
    core::Actor,
    http::{Authenticate, Authentication, Identity},
    prelude::*,
};

/// Knows callers by the cookie of their session, which is looked up each time. A service with many requests signs access tokens instead.
pub(crate) struct BySession {
    sessions: Sessions,
    cookie: SessionCookie,
}

impl BySession {
    pub(crate) const fn new(sessions: Sessions, cookie: SessionCookie) -> Self {
        Self { sessions, cookie }
    }
}

impl Authenticate for BySession {
    fn authenticate(
        &self,
        request: &Parts,
        _: &Arc<RequestContext>,
        route: &RouteOptions,
    ) -> Authentication {
        let token = self.cookie.read(&request.headers);
        let Some(token) = token.filter(|_| route.declared_access() != Access::Public) else {
            return Authentication::Anonymous;
        };
        let sessions = self.sessions.clone();
        let holder = async move {
            let user = sessions.holder(&token).await?;
            Ok(user.map(|user| Identity {
                actor: Actor::new(user),
                tenant: None,
                grants: Default::default(),
                attachment: None,
            }))
        };
        Authentication::Later(holder.boxed())
    }
}
