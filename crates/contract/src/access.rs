/// The callers that may call a method, on both transports (AUTH-5). The contract declares them with
/// the option `(seaworthy.access)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodAccess {
    /// Every caller. Credentials are not read.
    Public,
    /// Every caller. Requests without valid credentials are anonymous.
    Optional,
    /// Callers with valid credentials only.
    Authenticated {
        /// The caller needs one of these roles. Empty: any caller.
        any_of_roles: &'static [&'static str],
        /// The credentials need all of these scopes.
        all_of_scopes: &'static [&'static str],
    },
}

/// A feature flag that a method requires, on both transports. The contract declares it with the
/// option `(seaworthy.required_flag)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodFlag {
    /// The key of the flag.
    pub key: &'static str,
    /// Whether the method is available while the flag is not defined.
    pub on_by_default: bool,
    /// The response while the flag is off.
    pub rejection: MethodFlagRejection,
}

/// The response of a method whose feature flag is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MethodFlagRejection {
    /// 403 `FEATURE_DISABLED`.
    #[default]
    Disabled,
    /// The response of a method that does not exist.
    Hidden,
    /// 503 `FEATURE_UNAVAILABLE`.
    Unavailable,
}

/// The properties that a contract declares for one of its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodDescription {
    /// The name, such as `GetBook`.
    pub name: &'static str,
    /// The path of its gRPC calls, such as `/library.v1.Library/GetBook`.
    pub grpc_path: &'static str,
    /// The callers that may call the method.
    pub access: MethodAccess,
    /// Whether its requests are streams of messages.
    pub is_client_streaming: bool,
}
