use seaworthy_contract::{ContractMethod, MethodAccess, MethodFlag, MethodFlagRejection};
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::{Access, FlagRejection, Priority, RequiredFlag, RouteOptions};
use seaworthy_resilience::rate_limit::RateLimits;

/// Options of one contract method in the stack, for both transports. They do not include access:
/// the contract declares it with `(seaworthy.access)`, and code cannot change it (AUTH-5).
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_grpc::MethodOptions;
///
/// let import = MethodOptions::new().timeout(Timeout::from_secs(120)).without_rate_limit();
/// ```
///
/// Code that tries to change the access of a method does not compile:
///
/// ```compile_fail,E0599
/// use seaworthy_grpc::MethodOptions;
/// use seaworthy_http::Access;
///
/// let open = MethodOptions::new().access(Access::Public);
/// ```
#[derive(Debug, Clone)]
pub struct MethodOptions {
    route: RouteOptions,
    accepts_idempotency_keys: bool,
    /// Whether the work around unsafe calls does not apply.
    is_safe: bool,
}

impl Default for MethodOptions {
    fn default() -> Self {
        Self {
            route: RouteOptions::default(),
            accepts_idempotency_keys: true,
            is_safe: false,
        }
    }
}

impl MethodOptions {
    /// Creates options without changes to the service's settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the priority under overload ([`RouteOptions::priority`]).
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.route = self.route.priority(priority);
        self
    }

    /// Replaces the service's timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.route = self.route.timeout(timeout);
        self
    }

    /// Limits the method by its own limits, after those of the listener
    /// ([`RouteOptions::rate_limits`]).
    #[must_use]
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.route = self.route.rate_limits(limits);
        self
    }

    /// Exempts the method from the rate limit, for trusted callers with many calls, such as a
    /// gateway.
    #[must_use]
    pub fn without_rate_limit(mut self) -> Self {
        self.route = self.route.without_rate_limit();
        self
    }

    /// Excludes the query from the access log, because it contains a code or a token.
    #[must_use]
    pub fn sensitive_query(mut self) -> Self {
        self.route = self.route.sensitive_query();
        self
    }

    /// Rejects requests from pages of other origins even without a cookie
    /// ([`RouteOptions::sets_session`]).
    #[must_use]
    pub fn sets_session(mut self) -> Self {
        self.route = self.route.sets_session();
        self
    }

    /// Responds to `HEAD` with 405 instead of calling the `GET` handler.
    #[must_use]
    pub fn without_head(mut self) -> Self {
        self.route = self.route.without_head();
        self
    }

    /// Exempts the method from rate limit, load shedding, access log and traces
    /// ([`RouteOptions::probe`]).
    #[must_use]
    pub fn probe(mut self) -> Self {
        self.route = self.route.probe();
        self
    }

    /// Runs each repeat of the method, also with an `Idempotency-Key`, and stores nothing of it.
    /// Use it if requests or responses contain passwords, tokens or keys.
    #[must_use]
    pub fn without_idempotency_key(mut self) -> Self {
        self.accepts_idempotency_keys = false;
        self
    }

    /// Sets the names of the method on both transports.
    pub(crate) fn names(mut self, all: impl IntoIterator<Item = String>) -> Self {
        self.route = self.route.operation_names(all);
        self
    }

    /// Declares that the response is a stream ([`RouteOptions::streams_response`]).
    pub(crate) fn streams_response(mut self) -> Self {
        self.route = self.route.streams_response();
        self
    }

    /// Declares that calls change nothing.
    pub(crate) fn safe(mut self) -> Self {
        self.is_safe = true;
        self
    }

    pub(crate) fn is_safe(&self) -> bool {
        self.is_safe
    }

    pub(crate) fn accepts_idempotency_keys(&self) -> bool {
        self.accepts_idempotency_keys
    }

    /// Returns the options of the method as a gRPC call.
    pub(crate) fn for_calls(self, method: impl ContractMethod) -> RouteOptions {
        let options = match method.required_flag() {
            None => self.route,
            Some(flag) => self.route.flag(required(flag)),
        };
        match method.description().access {
            MethodAccess::Public => options.access(Access::Public),
            MethodAccess::Optional => options.access(Access::Optional),
            MethodAccess::Authenticated {
                any_of_roles,
                all_of_scopes,
            } => {
                let roles = any_of_roles.iter().copied();
                let scopes = all_of_scopes.iter().copied();
                options.roles(roles).scopes(scopes)
            }
        }
    }

    /// Returns the options of the method as an HTTP route. The contract limits bodies itself, with
    /// its own error format.
    pub(crate) fn for_routes(
        self,
        method: impl ContractMethod,
        body_limit: ByteSize,
    ) -> RouteOptions {
        self.for_calls(method).body_limit(body_limit)
    }
}

fn required(flag: MethodFlag) -> RequiredFlag {
    let rejection = match flag.rejection {
        MethodFlagRejection::Disabled => FlagRejection::Disabled,
        MethodFlagRejection::Hidden => FlagRejection::Hidden,
        MethodFlagRejection::Unavailable => FlagRejection::Unavailable,
    };
    RequiredFlag::new(flag.key)
        .on_by_default(flag.on_by_default)
        .rejection(rejection)
}
