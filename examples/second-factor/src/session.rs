use std::sync::Arc;

use futures::FutureExt as _;
use seaworthy::{
    account::{SessionCookie, Sessions},
    axum::http::request::Parts,
    core::Actor,
    http::{Authenticate, Authentication, Identity},
    prelude::*,
};

/// Authenticates requests by a session cookie, with one database query per request. A service with
/// many requests should use access tokens instead.
pub(crate) struct SessionAuthentication {
    sessions: Sessions,
    cookie: SessionCookie,
}

impl SessionAuthentication {
    pub(crate) const fn new(sessions: Sessions, cookie: SessionCookie) -> Self {
        Self { sessions, cookie }
    }
}

impl Authenticate for SessionAuthentication {
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
            let user = sessions.user(&token).await?;
            Ok(user.map(|user| Identity {
                actor: Actor::new(user),
                tenant: None,
                grants: Default::default(),
                attachment: None,
            }))
        };
        Authentication::Pending(holder.boxed())
    }
}
