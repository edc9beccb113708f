use std::sync::Arc;

use seaworthy_core::{ByteSize, Error, Grants, Switch, Timeout};
use seaworthy_resilience::{adaptive_concurrency::Priority, rate_limit::RateLimits};

use super::{FlagRejection, RequiredFlag};
use crate::{authentication::unknown, body_limit::BodyReader};

/// The access to a route, which the stack enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Not declared. A stack with authentication rejects such a route when it is built.
    #[default]
    Undeclared,
    /// All callers. The stack ignores credentials.
    Public,
    /// All callers. A caller without valid credentials is anonymous.
    Optional,
    /// Only callers with valid credentials.
    Authenticated,
}

/// The options of one route, which override the settings of the service.
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
    streams_response: bool,
    priority: Priority,
    without_rate_limit: bool,
    rate_limits: Option<RateLimits>,
    sensitive_query: bool,
    sets_session: bool,
    allowed_origins_only: bool,
    without_compression: bool,
    probe: bool,
    without_head: bool,
    required_flag: Option<RequiredFlag>,
    operation_names: Arc<[Box<str>]>,
    switch: Option<Switch>,
}

impl RouteOptions {
    /// Creates options that override nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the access.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Requires one of these roles, and so authentication (AUTH-5).
    #[must_use]
    pub fn roles<R: Into<Box<str>>>(mut self, any: impl IntoIterator<Item = R>) -> Self {
        self.access = Access::Authenticated;
        self.roles = any.into_iter().map(Into::into).collect();
        self
    }

    /// Requires all of these scopes, and so authentication (AUTH-5).
    #[must_use]
    pub fn scopes<S: Into<Box<str>>>(mut self, all: impl IntoIterator<Item = S>) -> Self {
        self.access = Access::Authenticated;
        self.scopes = all.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the maximum size of a body. The limit of the listener still applies.
    #[must_use]
    pub fn body_limit(mut self, limit: ByteSize) -> Self {
        self.body_limit = Some(limit);
        self
    }

    /// Sets the priority under overload. The service rejects requests of a lower priority first.
    ///
    /// ```
    /// use seaworthy_http::{Priority, RouteOptions};
    ///
    /// let payment = RouteOptions::new().priority(Priority::Critical);
    /// let report = RouteOptions::new().priority(Priority::Background);
    /// ```
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Declares that the handler does not keep a chunk of a body when it requests the next, such as
    /// an upload to a disk. The budget for request bodies is then charged for one chunk at a time.
    #[must_use]
    pub fn streams_body(mut self) -> Self {
        self.body_reader = BodyReader::Pieces;
        self
    }

    /// Declares that the handler keeps at most `size` of a body when it requests the next chunk.
    /// The budget for request bodies is then charged for at most `size` and one chunk. The charge
    /// ends when the response is sent and the handler has dropped the body.
    #[must_use]
    pub fn buffers_body(mut self, size: ByteSize) -> Self {
        self.body_reader = BodyReader::Buffer(size.get());
        self
    }

    /// Declares that the handler reads a stream of gRPC messages and keeps one at a time. The
    /// budget for request bodies is then charged for one message at a time.
    #[must_use]
    pub fn streams_messages(mut self) -> Self {
        self.body_reader = BodyReader::Messages;
        self
    }

    /// Declares that the client decides how long the response lasts, such as a stream of changes.
    /// Metrics measure the latency of the route until the head of its response. The request counts
    /// as in flight until the end, unlike with [`OpenEnded`](crate::OpenEnded).
    #[must_use]
    pub fn streams_response(mut self) -> Self {
        self.streams_response = true;
        self
    }

    /// Limits the route by its own limits, after those of the listener (RES-6). Routes with clones
    /// of one value share the counts. The response headers show all limits.
    ///
    /// ```
    /// use seaworthy_http::{RateLimitsConfig, RouteOptions};
    /// use seaworthy_resilience::rate_limit::RateLimits;
    /// use seaworthy_telemetry::metrics::Metrics;
    ///
    /// let config = RateLimitsConfig::default();
    /// let reports = RateLimits::new("orders-service", "reports", &config, &Metrics::new()).unwrap();
    /// let options = RouteOptions::new().rate_limits(reports);
    /// ```
    #[must_use]
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
        self
    }

    /// Excludes the route from the limits of the listener, for example for webhooks of trusted
    /// callers. Its own limits apply.
    #[must_use]
    pub fn without_rate_limit(mut self) -> Self {
        self.without_rate_limit = true;
        self
    }

    /// Excludes the query from the access log, because it contains a code or a token.
    #[must_use]
    pub fn sensitive_query(mut self) -> Self {
        self.sensitive_query = true;
        self
    }

    /// Rejects requests from pages of other origins without cookies too, because the response sets
    /// or removes a session cookie. Otherwise another site could log its visitors into the account
    /// of an attacker (AUTH-4). The route accepts clients that are not browsers, and origins that
    /// CORS allows with credentials.
    #[must_use]
    pub fn sets_session(mut self) -> Self {
        self.sets_session = true;
        self
    }

    /// Rejects requests from pages of origins that CORS does not allow, also without cookies and
    /// with safe methods. Browsers do not apply CORS to WebSockets. The route accepts pages of its
    /// own origin, and clients that are not browsers.
    #[must_use]
    pub fn allowed_origins_only(mut self) -> Self {
        self.allowed_origins_only = true;
        self
    }

    /// Excludes the responses from compression, because they contain a secret together with text
    /// that a request chooses. Routes with [`sets_session`](Self::sets_session) are excluded too.
    #[must_use]
    pub fn without_compression(mut self) -> Self {
        self.without_compression = true;
        self
    }

    /// Responds to `HEAD` with 405, although `GET` implies it, for existing clients that expect it.
    #[must_use]
    pub fn without_head(mut self) -> Self {
        self.without_head = true;
        self
    }

    /// Excludes the route from rate limits, load shedding, access log, traces and the metrics of
    /// requests, because orchestrators also call it while the service is overloaded (HLTH-5).
    #[must_use]
    pub fn probe(mut self) -> Self {
        self.probe = true;
        self
    }

    /// Requires a feature flag. While it is off for a caller, the response is 403
    /// `FEATURE_DISABLED`, after the check of the access.
    #[must_use]
    pub fn requires_flag(self, key: impl Into<Box<str>>) -> Self {
        self.flag(RequiredFlag::new(key))
    }

    /// Requires a feature flag for the route. While it is off for a caller, the response is that of
    /// a route that does not exist, after the check of the access.
    #[must_use]
    pub fn hidden_by_flag(self, key: impl Into<Box<str>>) -> Self {
        self.flag(RequiredFlag::new(key).rejection(FlagRejection::Hidden))
    }

    /// Requires a feature flag, after the check of the access. If the flag is on, and lists APIs
    /// without this route, the response is 403 `API_DISABLED`.
    #[must_use]
    pub fn flag(mut self, flag: RequiredFlag) -> Self {
        self.required_flag = Some(flag);
        self
    }

    /// Sets further names of the operation of the route, such as `POST /reports.v1.Reports/Get` for
    /// a method that is also served over gRPC. A flag that lists one of the names governs the route.
    #[must_use]
    pub fn operation_names<N: Into<Box<str>>>(mut self, all: impl IntoIterator<Item = N>) -> Self {
        self.operation_names = all.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the switch of the route. While it is off, the response is the same as for a path
    /// without a route, also for anonymous callers. `Allow` does not list its methods.
    #[must_use]
    pub fn switch(mut self, switch: Switch) -> Self {
        self.switch = Some(switch);
        self
    }

    /// Returns the access.
    #[must_use]
    pub fn declared_access(&self) -> Access {
        self.access
    }

    /// Returns the roles, of which a caller needs one. It is empty if the route requires no role.
    pub fn required_roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| &**role)
    }

    /// Returns the scopes that a caller needs.
    pub fn required_scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(|scope| &**scope)
    }

    /// Rejects callers without access. `None` is an anonymous caller.
    pub(crate) fn permit(&self, caller: Option<&Grants>) -> Result<(), Error> {
        match (self.access, caller) {
            // Required roles and scopes apply even if the route was declared public afterwards.
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

    pub(crate) fn required_flag(&self) -> Option<&RequiredFlag> {
        self.required_flag.as_ref()
    }

    pub(crate) fn further_names(&self) -> impl Iterator<Item = &str> {
        self.operation_names.iter().map(|name| &**name)
    }

    pub(crate) fn is_switched_off(&self) -> bool {
        self.switch.as_ref().is_some_and(|switch| !switch.is_on())
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

    pub(crate) fn is_streaming_response(&self) -> bool {
        self.streams_response
    }

    pub(crate) fn declared_priority(&self) -> Priority {
        self.priority
    }

    pub(crate) fn is_rate_limited(&self) -> bool {
        !(self.without_rate_limit || self.probe)
    }

    pub(crate) fn own_rate_limits(&self) -> Option<&RateLimits> {
        self.rate_limits.as_ref().filter(|_| !self.probe)
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

    pub(crate) fn is_for_allowed_origins_only(&self) -> bool {
        self.allowed_origins_only
    }

    pub(crate) fn is_uncompressed(&self) -> bool {
        self.without_compression || self.sets_session
    }

    pub(crate) fn has_sensitive_query(&self) -> bool {
        self.sensitive_query
    }
}
