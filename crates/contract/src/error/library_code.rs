use seaworthy_core::{Code, Error};

use super::reason;

/// The numeric codes of errors, which group them by ten thousands: system, parameters,
/// authentication, business rules, other services.
///
/// ```
/// use seaworthy_contract::error::LibraryCode;
///
/// let error = LibraryCode::Webhook.error("the webhook did not respond");
/// assert_eq!(LibraryCode::from_error(&error).number(), 50005);
/// assert_eq!(LibraryCode::from_error(&error).http_status(), 502);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LibraryCode {
    /// The service has a defect.
    Internal,
    /// The service is unavailable.
    ServiceUnavailable,
    /// The deadline passed.
    Timeout,
    /// The database failed.
    Database,
    /// The cache failed.
    Cache,
    /// The configuration is wrong.
    Configuration,
    /// A parameter is invalid.
    InvalidParameter,
    /// A parameter is missing.
    MissingParameter,
    /// The format of the request or of a parameter is wrong.
    InvalidFormat,
    /// A parameter is out of its range.
    OutOfRange,
    /// A parameter repeats an earlier value.
    DuplicateParameter,
    /// The operation is not valid.
    InvalidOperation,
    /// The request has no valid credentials.
    Unauthorized,
    /// The token is invalid.
    InvalidToken,
    /// The token has expired.
    TokenExpired,
    /// The caller lacks a permission.
    PermissionDenied,
    /// The account is locked.
    AccountLocked,
    /// The password or the code is wrong.
    BadCredentials,
    /// The resource does not exist.
    NotFound,
    /// The resource exists already.
    AlreadyExists,
    /// The operation failed.
    OperationFailed,
    /// A business rule forbids the request.
    RuleViolated,
    /// A limit or a quota is exceeded.
    QuotaExceeded,
    /// A step of a workflow failed.
    Workflow,
    /// Another service failed.
    ExternalService,
    /// The API of a third party failed.
    ThirdPartyApi,
    /// The network failed.
    Network,
    /// An upstream service failed.
    Upstream,
    /// An integration failed.
    Integration,
    /// A webhook failed.
    Webhook,
}

impl LibraryCode {
    /// All codes, by number.
    pub const ALL: [Self; 30] = [
        Self::Internal,
        Self::ServiceUnavailable,
        Self::Timeout,
        Self::Database,
        Self::Cache,
        Self::Configuration,
        Self::InvalidParameter,
        Self::MissingParameter,
        Self::InvalidFormat,
        Self::OutOfRange,
        Self::DuplicateParameter,
        Self::InvalidOperation,
        Self::Unauthorized,
        Self::InvalidToken,
        Self::TokenExpired,
        Self::PermissionDenied,
        Self::AccountLocked,
        Self::BadCredentials,
        Self::NotFound,
        Self::AlreadyExists,
        Self::OperationFailed,
        Self::RuleViolated,
        Self::QuotaExceeded,
        Self::Workflow,
        Self::ExternalService,
        Self::ThirdPartyApi,
        Self::Network,
        Self::Upstream,
        Self::Integration,
        Self::Webhook,
    ];

    /// Returns the number and the reason.
    const fn entry(self) -> (i32, &'static str) {
        match self {
            Self::Internal => (10000, "INTERNAL_ERROR"),
            Self::ServiceUnavailable => (10001, "SERVICE_UNAVAILABLE"),
            Self::Timeout => (10002, "TIMEOUT"),
            Self::Database => (10003, "DATABASE_ERROR"),
            Self::Cache => (10004, "CACHE_ERROR"),
            Self::Configuration => (10005, "CONFIGURATION_ERROR"),
            Self::InvalidParameter => (20000, "INVALID_PARAMETER"),
            Self::MissingParameter => (20001, "MISSING_PARAMETER"),
            Self::InvalidFormat => (20002, "INVALID_FORMAT"),
            Self::OutOfRange => (20003, "OUT_OF_RANGE"),
            Self::DuplicateParameter => (20004, "DUPLICATE_PARAMETER"),
            Self::InvalidOperation => (20005, "INVALID_OPERATION"),
            Self::Unauthorized => (30000, "UNAUTHORIZED"),
            Self::InvalidToken => (30001, "INVALID_TOKEN"),
            Self::TokenExpired => (30002, "TOKEN_EXPIRED"),
            Self::PermissionDenied => (30003, "PERMISSION_DENIED"),
            Self::AccountLocked => (30004, "ACCOUNT_LOCKED"),
            Self::BadCredentials => (30005, "BAD_CREDENTIALS"),
            Self::NotFound => (40000, "RESOURCE_NOT_FOUND"),
            Self::AlreadyExists => (40001, "RESOURCE_ALREADY_EXISTS"),
            Self::OperationFailed => (40002, "OPERATION_FAILED"),
            Self::RuleViolated => (40003, "RULE_VIOLATED"),
            Self::QuotaExceeded => (40004, "QUOTA_EXCEEDED"),
            Self::Workflow => (40005, "WORKFLOW_ERROR"),
            Self::ExternalService => (50000, "EXTERNAL_SERVICE_ERROR"),
            Self::ThirdPartyApi => (50001, "THIRD_PARTY_API_ERROR"),
            Self::Network => (50002, "NETWORK_ERROR"),
            Self::Upstream => (50003, "UPSTREAM_ERROR"),
            Self::Integration => (50004, "INTEGRATION_ERROR"),
            Self::Webhook => (50005, "WEBHOOK_ERROR"),
        }
    }

    /// Returns the number, such as 30005.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.entry().0
    }

    /// Returns the reason of errors with this code, such as `BAD_CREDENTIALS`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.entry().1
    }

    /// Returns the kind of failure, which determines the gRPC status.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::PermissionDenied => Code::Forbidden,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::Conflict,
            Self::QuotaExceeded => Code::Exhausted,
            _ => match self.number() / 10_000 {
                1 => Code::Internal,
                3 => Code::Unauthenticated,
                5 => Code::Unavailable,
                _ => Code::Invalid,
            },
        }
    }

    /// Returns the HTTP status: 502 for a failure of another service, else that of the kind.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        if self.is_external() {
            return 502;
        }
        self.code().http_status()
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::ServiceUnavailable | Self::Timeout | Self::Network | Self::Upstream
        )
    }

    const fn is_external(self) -> bool {
        self.number() >= Self::ExternalService.number()
    }

    /// Creates an error with this code and a public message.
    #[must_use]
    pub fn error(self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::new(self.code(), self.reason(), message)
    }

    /// Returns the HTTP status of an error in the form of the codes.
    pub(super) fn status(error: &Error) -> u16 {
        match Self::is_of_other_service(error.reason()) {
            true => Self::ExternalService.http_status(),
            false => error.code().http_status(),
        }
    }

    /// Whether a reason is that of a failure of another service.
    pub(super) fn is_of_other_service(reason: &str) -> bool {
        Self::from_reason(reason).is_some_and(Self::is_external)
    }

    fn from_reason(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.reason() == reason)
    }

    /// Returns the code of an error by its reason or its kind.
    #[must_use]
    pub fn from_error(error: &Error) -> Self {
        let reason = error.reason();
        if let Some(code) = Self::from_reason(reason) {
            return code;
        }
        match (error.code(), reason) {
            (_, "STORE_UNAVAILABLE" | "STORE_CONTENDED") => Self::Database,
            (_, reason::MALFORMED_REQUEST) => Self::InvalidFormat,
            (_, "PASSWORD_INCORRECT" | "TOTP_INVALID") => Self::BadCredentials,
            (Code::Invalid, reason) if reason.ends_with("_REQUIRED") => Self::MissingParameter,
            (Code::Invalid | Code::Unprocessable, _) => Self::InvalidParameter,
            (Code::UnsupportedMediaType | Code::TooLarge, _) => Self::InvalidFormat,
            (Code::MethodNotAllowed | Code::Unimplemented | Code::Cancelled, _) => {
                Self::InvalidOperation
            }
            (Code::Unauthenticated, "TOKEN_MISSING") => Self::Unauthorized,
            (Code::Unauthenticated, reason) if reason.contains("TOKEN") => Self::InvalidToken,
            (Code::Unauthenticated, _) => Self::Unauthorized,
            (Code::Forbidden, _) => Self::PermissionDenied,
            (Code::NotFound, _) => Self::NotFound,
            (Code::Conflict, reason) if reason.ends_with("_EXISTS") => Self::AlreadyExists,
            (Code::Conflict, _) => Self::OperationFailed,
            (Code::PreconditionFailed, _) => Self::RuleViolated,
            (Code::Exhausted, _) => Self::QuotaExceeded,
            (Code::RequestTimeout | Code::DeadlineExceeded, _) => Self::Timeout,
            (Code::Unavailable, _) => Self::ServiceUnavailable,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_codes_have_their_numbers_and_statuses_api_2() {
        let groups = [
            (10_000, 500),
            (20_000, 400),
            (30_000, 401),
            (40_000, 400),
            (50_000, 502),
        ];
        let numbers: Vec<_> = LibraryCode::ALL.map(LibraryCode::number).to_vec();
        let expected = groups.iter().flat_map(|(first, _)| *first..first + 6);
        assert_eq!(numbers, expected.collect::<Vec<_>>());
        for code in LibraryCode::ALL {
            let group = groups[usize::try_from(code.number() / 10_000).unwrap() - 1];
            let status = match code.number() {
                30_003 => 403,
                40_000 => 404,
                40_001 => 409,
                40_004 => 429,
                _ => group.1,
            };
            assert_eq!(code.http_status(), status, "{code:?}");
            let error = code.error("a text");
            assert_eq!(LibraryCode::from_error(&error), code);
            assert_eq!(LibraryCode::status(&error), status);
        }
        let retryable = LibraryCode::ALL
            .into_iter()
            .filter(|code| code.is_retryable());
        let retryable: Vec<_> = retryable.map(LibraryCode::number).collect();
        assert_eq!(retryable, [10_001, 10_002, 50_002, 50_003]);
    }

    #[test]
    fn library_code_follows_the_reason_and_then_the_kind_api_2() {
        for (code, reason, number) in [
            (Code::Unauthenticated, "PASSWORD_INCORRECT", 30_005),
            (Code::Unauthenticated, "REFRESH_TOKEN_INVALID", 30_001),
            (Code::Unauthenticated, "TOKEN_EXPIRED", 30_002),
            (Code::Unauthenticated, "TOKEN_MISSING", 30_000),
            (Code::Forbidden, "ACCOUNT_LOCKED", 30_004),
            (Code::Forbidden, "FEATURE_DISABLED", 30_003),
            (Code::Invalid, "CAPTCHA_REQUIRED", 20_001),
            (Code::Invalid, "VALIDATION_FAILED", 20_000),
            (Code::Conflict, "USER_EXISTS", 40_001),
            (Code::Exhausted, "RATE_LIMITED", 40_004),
            (Code::Unavailable, "STORE_UNAVAILABLE", 10_003),
            (Code::Unavailable, "OVERLOADED", 10_001),
            (Code::Internal, "INTERNAL", 10_000),
        ] {
            let found = LibraryCode::from_error(&Error::new(code, reason, ""));
            assert_eq!(found.number(), number, "{reason}");
        }
        // A locked account has the same status as in `account`.
        let locked = Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "");
        assert_eq!(LibraryCode::status(&locked), 403);
    }
}
