use std::fmt;

/// The kind of an [`Error`](crate::Error), from which HTTP and gRPC derive their status (API-2).
///
/// The pairs of statuses follow the HTTP mapping that `google.rpc.Code` documents.
///
/// ```
/// use seaworthy_core::Code;
///
/// assert_eq!(Code::NotFound.http_status(), 404);
/// assert_eq!(Code::NotFound.name(), "NOT_FOUND");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The request is malformed or has invalid fields. 400, `INVALID_ARGUMENT`.
    Invalid,
    /// The credentials are missing or invalid. 401, `UNAUTHENTICATED`.
    Unauthenticated,
    /// The authenticated caller lacks a permission. 403, `PERMISSION_DENIED`.
    Forbidden,
    /// The resource does not exist, or the caller may not see it. 404, `NOT_FOUND`.
    NotFound,
    /// The path exists and does not accept this method. 405, `UNIMPLEMENTED`.
    MethodNotAllowed,
    /// The client sent the request too slowly. 408, `DEADLINE_EXCEEDED`.
    RequestTimeout,
    /// The request conflicts with the current state. 409, `ALREADY_EXISTS`.
    Conflict,
    /// A precondition of the request does not hold. 412, `FAILED_PRECONDITION`.
    PreconditionFailed,
    /// The request is larger than a limit. 413, `RESOURCE_EXHAUSTED`.
    TooLarge,
    /// The route does not accept the media type of the body. 415, `INVALID_ARGUMENT`.
    UnsupportedMediaType,
    /// The request is well formed but contradicts an earlier one, such as another body under a used
    /// `Idempotency-Key`. 422, `INVALID_ARGUMENT`.
    Unprocessable,
    /// The caller exceeded a rate limit or a quota. 429, `RESOURCE_EXHAUSTED`.
    Exhausted,
    /// The client closed the connection. 499 in logs, never sent, `CANCELLED`.
    Cancelled,
    /// The service has a defect. 500, `INTERNAL`.
    Internal,
    /// The operation is not implemented. 501, `UNIMPLEMENTED`.
    Unimplemented,
    /// The service or one of its dependencies is unavailable. A retry may succeed. 503,
    /// `UNAVAILABLE`.
    Unavailable,
    /// The deadline passed. 504, `DEADLINE_EXCEEDED`.
    DeadlineExceeded,
}

impl Code {
    /// Returns the name in responses, such as `NOT_FOUND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::Conflict => "CONFLICT",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::TooLarge => "TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::Unprocessable => "UNPROCESSABLE",
            Self::Exhausted => "EXHAUSTED",
            Self::Cancelled => "CANCELLED",
            Self::Internal => "INTERNAL",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
        }
    }

    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Unprocessable,
        Self::Exhausted,
        Self::Cancelled,
        Self::Internal,
        Self::Unimplemented,
        Self::Unavailable,
        Self::DeadlineExceeded,
    ];

    /// Returns the HTTP status.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::Exhausted => 429,
            Self::Cancelled => 499,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// Returns the number of the `google.rpc.Code`.
    #[must_use]
    pub const fn grpc(self) -> i32 {
        match self {
            Self::Cancelled => 1,
            Self::Invalid | Self::UnsupportedMediaType | Self::Unprocessable => 3,
            Self::RequestTimeout | Self::DeadlineExceeded => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Forbidden => 7,
            Self::TooLarge | Self::Exhausted => 8,
            Self::PreconditionFailed => 9,
            Self::MethodNotAllowed | Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// Returns the stable English `title` of a problem document.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "Bad Request",
            Self::Unauthenticated => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::RequestTimeout => "Request Timeout",
            Self::Conflict => "Conflict",
            Self::PreconditionFailed => "Precondition Failed",
            Self::TooLarge => "Content Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::Unprocessable => "Unprocessable Content",
            Self::Exhausted => "Too Many Requests",
            Self::Cancelled => "Client Closed Request",
            Self::Internal => "Internal Server Error",
            Self::Unimplemented => "Not Implemented",
            Self::Unavailable => "Service Unavailable",
            Self::DeadlineExceeded => "Gateway Timeout",
        }
    }

    /// Returns whether the service is at fault. Such errors are logged with their cause.
    #[must_use]
    pub const fn is_server_fault(self) -> bool {
        self.http_status() >= 500
    }

    /// Returns whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout | Self::Exhausted | Self::Unavailable | Self::DeadlineExceeded
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}
