use seaworthy_contract::MethodAccess;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::{Access, RouteOptions};

/// What one method of a contract asks of the stack on both transports. Who may call it is not among it: the contract
/// declares that with `(seaworthy.access)`, and code cannot change it (AUTH-5).
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_grpc::MethodOptions;
///
/// let import = MethodOptions::new().timeout(Timeout::from_secs(120)).without_rate_limit();
/// ```
///
/// Code that tries to open a method does not compile:
///
/// ```compile_fail,E0599
/// use seaworthy_grpc::MethodOptions;
/// use seaworthy_http::Access;
///
/// let open = MethodOptions::new().access(Access::Public);
/// ```
#[derive(Debug, Clone, Default)]
pub struct MethodOptions(RouteOptions);

impl MethodOptions {
    /// The service's settings, unchanged.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the service's timeout.
    #[must_use]
    pub fn timeout(self, timeout: Timeout) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// Takes the method out of the rate limit: for callers that are trusted and many, such as a gateway.
    #[must_use]
    pub fn without_rate_limit(self) -> Self {
        Self(self.0.without_rate_limit())
    }

    /// Keeps the query out of the access log: it carries a code or a token.
    #[must_use]
    pub fn sensitive_query(self) -> Self {
        Self(self.0.sensitive_query())
    }

    /// Refuses pages of other origins also where they send no cookie ([`RouteOptions::sets_session`]).
    #[must_use]
    pub fn sets_session(self) -> Self {
        Self(self.0.sets_session())
    }

    /// Answers `HEAD` with 405, where `GET` would bring it along.
    #[must_use]
    pub fn without_head(self) -> Self {
        Self(self.0.without_head())
    }

    /// Takes the method out of rate limit, load shedding, access log and traces ([`RouteOptions::probe`]).
    #[must_use]
    pub fn probe(self) -> Self {
        Self(self.0.probe())
    }

    /// The options of the method as a gRPC call.
    pub(crate) fn for_calls(self, access: MethodAccess) -> RouteOptions {
        match access {
            MethodAccess::Public => self.0.access(Access::Public),
            MethodAccess::Optional => self.0.access(Access::Optional),
            MethodAccess::Authenticated {
                any_of_roles,
                all_of_scopes,
            } => {
                let roles = any_of_roles.iter().copied();
                let scopes = all_of_scopes.iter().copied();
                self.0.roles(roles).scopes(scopes)
            }
        }
    }

    /// The options of the method as an HTTP route. The contract limits bodies itself, in its own form of errors.
    pub(crate) fn for_routes(self, access: MethodAccess, body_limit: ByteSize) -> RouteOptions {
        self.for_calls(access).body_limit(body_limit)
    }
}
