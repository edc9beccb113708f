use seaworthy_core::{Code, Error};

use super::{LibraryCode, reason};

/// The codes of `common.v1.ErrorResponse`. Their numbers group them by thousands: request, caller,
/// resource, business rule, service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Any other error.
    Unknown,
    /// The request cannot be read.
    InvalidRequest,
    /// Fields of the request break rules.
    ValidationError,
    /// A field is missing.
    MissingParameter,
    /// The value of a field is invalid.
    InvalidParameter,
    /// The request has no valid credentials.
    Unauthorized,
    /// The token is invalid.
    InvalidToken,
    /// The token has expired.
    TokenExpired,
    /// The caller has no permission.
    Forbidden,
    /// The caller lacks a permission.
    InsufficientPermission,
    /// The path does not exist.
    NotFound,
    /// The resource does not exist.
    ResourceNotFound,
    /// The request conflicts with the current state.
    Conflict,
    /// The resource exists already.
    ResourceAlreadyExists,
    /// A business rule forbids the request.
    BusinessError,
    /// The account is locked.
    AccountLocked,
    /// The captcha is wrong.
    CaptchaInvalid,
    /// The password is too weak.
    PasswordWeak,
    /// A feature flag is off.
    FeatureDisabled,
    /// A limit or a quota is exceeded.
    QuotaExceeded,
    /// The service has a defect.
    InternalError,
    /// The service is unavailable.
    ServiceUnavailable,
    /// The deadline passed.
    Timeout,
    /// The database failed.
    DatabaseError,
    /// Another service failed.
    ExternalServiceError,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 25] = [
        Self::Unknown,
        Self::InvalidRequest,
        Self::ValidationError,
        Self::MissingParameter,
        Self::InvalidParameter,
        Self::Unauthorized,
        Self::InvalidToken,
        Self::TokenExpired,
        Self::Forbidden,
        Self::InsufficientPermission,
        Self::NotFound,
        Self::ResourceNotFound,
        Self::Conflict,
        Self::ResourceAlreadyExists,
        Self::BusinessError,
        Self::AccountLocked,
        Self::CaptchaInvalid,
        Self::PasswordWeak,
        Self::FeatureDisabled,
        Self::QuotaExceeded,
        Self::InternalError,
        Self::ServiceUnavailable,
        Self::Timeout,
        Self::DatabaseError,
        Self::ExternalServiceError,
    ];

    /// Returns the name and the number.
    const fn entry(self) -> (&'static str, i32) {
        match self {
            Self::Unknown => ("UNKNOWN", 0),
            Self::InvalidRequest => ("INVALID_REQUEST", 1000),
            Self::ValidationError => ("VALIDATION_ERROR", 1001),
            Self::MissingParameter => ("MISSING_PARAMETER", 1002),
            Self::InvalidParameter => ("INVALID_PARAMETER", 1003),
            Self::Unauthorized => ("UNAUTHORIZED", 2000),
            Self::InvalidToken => ("INVALID_TOKEN", 2001),
            Self::TokenExpired => ("TOKEN_EXPIRED", 2002),
            Self::Forbidden => ("FORBIDDEN", 2003),
            Self::InsufficientPermission => ("INSUFFICIENT_PERMISSION", 2004),
            Self::NotFound => ("NOT_FOUND", 3000),
            Self::ResourceNotFound => ("RESOURCE_NOT_FOUND", 3001),
            Self::Conflict => ("CONFLICT", 3002),
            Self::ResourceAlreadyExists => ("RESOURCE_ALREADY_EXISTS", 3003),
            Self::BusinessError => ("BUSINESS_ERROR", 4000),
            Self::AccountLocked => ("ACCOUNT_LOCKED", 4001),
            Self::CaptchaInvalid => ("CAPTCHA_INVALID", 4002),
            Self::PasswordWeak => ("PASSWORD_WEAK", 4003),
            Self::FeatureDisabled => ("FEATURE_DISABLED", 4004),
            Self::QuotaExceeded => ("QUOTA_EXCEEDED", 4005),
            Self::InternalError => ("INTERNAL_ERROR", 5000),
            Self::ServiceUnavailable => ("SERVICE_UNAVAILABLE", 5001),
            Self::Timeout => ("TIMEOUT", 5002),
            Self::DatabaseError => ("DATABASE_ERROR", 5003),
            Self::ExternalServiceError => ("EXTERNAL_SERVICE_ERROR", 5004),
        }
    }

    /// Returns the name, such as `ACCOUNT_LOCKED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().0
    }

    /// Returns the number, such as 4001.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.entry().1
    }

    /// Returns the code whose name is the reason of the error. Otherwise the reason or the kind of
    /// the failure selects the code.
    #[must_use]
    pub fn from_error(error: &Error) -> Self {
        let reason = error.reason();
        if let Some(code) = Self::ALL.into_iter().find(|code| code.name() == reason) {
            return code;
        }
        match (error.code(), reason) {
            (_, reason::VALIDATION_FAILED) => Self::ValidationError,
            (_, reason::ROUTE_NOT_FOUND) => Self::NotFound,
            (_, "STORE_UNAVAILABLE" | "STORE_CONTENDED") => Self::DatabaseError,
            (_, reason) if LibraryCode::is_of_other_service(reason) => Self::ExternalServiceError,
            (_, "API_DISABLED") => Self::FeatureDisabled,
            (Code::Invalid, reason) if reason.ends_with("_REQUIRED") => Self::MissingParameter,
            (Code::Invalid, reason) if reason.starts_with("CAPTCHA_") => Self::CaptchaInvalid,
            (Code::Invalid, _) if error.fields().is_empty() => Self::InvalidRequest,
            (Code::Invalid | Code::Unprocessable, _) => Self::InvalidParameter,
            (Code::Unauthenticated, "TOKEN_MISSING") => Self::Unauthorized,
            (Code::Unauthenticated, reason) if reason.contains("TOKEN") => Self::InvalidToken,
            (Code::Unauthenticated, _) => Self::Unauthorized,
            (Code::Forbidden, reason) if reason.starts_with("INSUFFICIENT_") => {
                Self::InsufficientPermission
            }
            (Code::Forbidden, _) => Self::Forbidden,
            (Code::NotFound, _) => Self::ResourceNotFound,
            (Code::Conflict, reason) if reason.ends_with("_EXISTS") => Self::ResourceAlreadyExists,
            (Code::Conflict | Code::PreconditionFailed, _) => Self::Conflict,
            (Code::Exhausted, _) => Self::QuotaExceeded,
            (Code::MethodNotAllowed | Code::TooLarge | Code::UnsupportedMediaType, _) => {
                Self::InvalidRequest
            }
            (Code::RequestTimeout | Code::DeadlineExceeded, _) => Self::Timeout,
            (Code::Unavailable, _) => Self::ServiceUnavailable,
            (Code::Internal, _) => Self::InternalError,
            _ => Self::Unknown,
        }
    }
}
