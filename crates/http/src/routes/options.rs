use std::sync::Arc;

use seaworthy_core::{ByteSize, Error, Grants, Timeout};

use crate::{authentication::unknown, body_limit::BodyReader};

/// Who may call a route. The stack enforces it, whoever authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The route says nothing. Where callers are authenticated a stack with such a route is not built.
    #[default]
    Undeclared,
    /// Everyone. Credentials are not looked at.
    Public,
    /// Everyone; the caller is known where valid credentials are sent, and anonymous otherwise.
    Optional,
    /// Callers with valid credentials only.
    Authenticated,
}

/// What one route asks of the stack beyond the service's settings.
///
/// ```
/// use seaworthy_core::{ByteSize, Timeout};
/// use seaworthy_http::{Access, RouteOptions};
///
/// let upload = RouteOptions::new()
///     .access(Access::Authenticated)
///     .timeout(Timeout::from_secs(120))
///     .body_limit(ByteSize::mebibytes(32));
/// ```
#[derive(Debug, Clone, Default)]
pub struct RouteOptions {
    access: Access,
    roles: Arc<[Box<str>]>,
    scopes: Arc<[Box<str>]>,
    timeout: Option<Timeout>,
    body_limit: Option<ByteSize>,
    body_reader: BodyReader,
    without_rate_limit: bool,
    sensitive_query: bool,
    sets_session: bool,
    probe: bool,
    without_head: bool,
}

impl RouteOptions {
    /// The service's settings, unchanged.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who may call.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Lets only callers in who have one of these roles, and so only authenticated ones (AUTH-5).
    #[must_use]
    pub fn roles<R: Into<Box<str>>>(mut self, any: impl IntoIterator<Item = R>) -> Self {
        self.access = Access::Authenticated;
        self.roles = any.into_iter().map(Into::into).collect();
        self
    }

    /// Lets only callers in whose credentials have all of these scopes, and so only authenticated ones (AUTH-5).
    #[must_use]
    pub fn scopes<S: Into<Box<str>>>(mut self, all: impl IntoIterator<Item = S>) -> Self {
        self.access = Access::Authenticated;
        self.scopes = all.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the service's timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Replaces the service's body limit. The listener's own maximum still holds.
    #[must_use]
    pub fn body_limit(mut self, limit: ByteSize) -> Self {
        self.body_limit = Some(limit);
        self
    }

    /// Declares that the handler keeps no chunk of a body when it asks for the next, such as an
    /// upload to a disk. The budget for request bodies is then charged for one chunk at a time.
    #[must_use]
    pub fn streams_body(mut self) -> Self {
        self.body_reader = BodyReader::Pieces;
        self
    }

    /// Declares that the handler reads a stream of gRPC messages and keeps one at a time. The
    /// budget for request bodies is then charged for one message at a time.
    #[must_use]
    pub fn streams_messages(mut self) -> Self {
        self.body_reader = BodyReader::Messages;
        self
    }

    /// Takes the route out of the rate limit: for callers that are trusted and many, such as webhooks.
    #[must_use]
    pub fn without_rate_limit(mut self) -> Self {
        self.without_rate_limit = true;
        self
    }

    /// Keeps the query out of the access log: it carries a code or a token.
    #[must_use]
    pub fn sensitive_query(mut self) -> Self {
        self.sensitive_query = true;
        self
    }

    /// Refuses pages of other origins also where they send no cookie, because the answer sets or removes the cookie of a session: another site could log its visitors into an account of its own, or out
    /// of theirs (AUTH-4). Clients that are no browsers, and pages that CORS lets in with credentials, may.
    #[must_use]
    pub fn sets_session(mut self) -> Self {
        self.sets_session = true;
        self
    }

    /// Answers `HEAD` with 405, where `GET` would bring it along: for interfaces whose clients know it so.
    #[must_use]
    pub fn without_head(mut self) -> Self {
        self.without_head = true;
        self
    }

    /// Takes the route out of rate limit, load shedding, access log and traces: orchestrators ask it, also when the service has too much to do (HLTH-5).
    #[must_use]
    pub fn probe(mut self) -> Self {
        self.probe = true;
        self
    }

    /// Who may call.
    #[must_use]
    pub fn declared_access(&self) -> Access {
        self.access
    }

    /// The roles of which a caller needs one; empty where every caller will do.
    pub fn needed_roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| &**role)
    }

    /// The scopes that a caller needs.
    pub fn needed_scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(|scope| &**scope)
    }

    /// Refuses who may not call: `None` is somebody whom nobody knows.
    pub(crate) fn permit(&self, caller: Option<&Grants>) -> Result<(), Error> {
        match (self.access, caller) {
            // A route with needs that was declared public afterwards: the needs hold.
            (Access::Public | Access::Optional, _)
                if self.roles.is_empty() && self.scopes.is_empty() =>
            {
                Ok(())
            }
            (_, None) => Err(unknown()),
            (_, Some(grants)) => {
                if !self.scopes.iter().all(|scope| grants.has_scope(scope)) {
                    return Err(Grants::missing_scope());
                }
                if !(self.roles.is_empty() || self.roles.iter().any(|role| grants.has_role(role))) {
                    return Err(Grants::missing_role());
                }
                Ok(())
            }
        }
    }

    pub(crate) fn own_timeout(&self) -> Option<Timeout> {
        self.timeout
    }

    pub(crate) fn own_body_limit(&self) -> Option<ByteSize> {
        self.body_limit
    }

    pub(crate) fn body_reader(&self) -> BodyReader {
        self.body_reader
    }

    pub(crate) fn is_rate_limited(&self) -> bool {
        !(self.without_rate_limit || self.probe)
    }

    pub(crate) fn is_without_head(&self) -> bool {
        self.without_head
    }

    pub(crate) fn is_probe(&self) -> bool {
        self.probe
    }

    pub(crate) fn is_setting_session(&self) -> bool {
        self.sets_session
    }

    pub(crate) fn has_sensitive_query(&self) -> bool {
        self.sensitive_query
    }
}
