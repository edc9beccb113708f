//! The reasons of errors that contracts and the idempotency layer report.

/// The body, path or query could not be read: not JSON, a wrong type, a number out of range. 400.
pub const MALFORMED_REQUEST: &str = "MALFORMED_REQUEST";

/// The request breaks rules of the contract. 400.
pub const VALIDATION_FAILED: &str = "VALIDATION_FAILED";

/// The route does not read the media type of the body. 415.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";

/// The body is larger than the limit. 413.
pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";

/// The body is within the limit, but its decoded form would take far more memory than its length
/// justifies. 413.
pub const TOO_MANY_VALUES: &str = "TOO_MANY_VALUES";

/// The process has no memory left for the decoded form of the request. 503, with `Retry-After`.
pub const OVERLOADED: &str = "OVERLOADED";

/// No route has this path. 404.
pub const ROUTE_NOT_FOUND: &str = "ROUTE_NOT_FOUND";

/// The path has no such method. 405.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";

/// The `Idempotency-Key` is malformed or repeated. 400.
pub const INVALID_IDEMPOTENCY_KEY: &str = "INVALID_IDEMPOTENCY_KEY";

/// The route requires an `Idempotency-Key`. 400.
pub const MISSING_IDEMPOTENCY_KEY: &str = "MISSING_IDEMPOTENCY_KEY";

/// A request with the same key is running. 409, with `Retry-After`.
pub const IDEMPOTENCY_KEY_IN_USE: &str = "IDEMPOTENCY_KEY_IN_USE";

/// The `Idempotency-Key` was used for another request. 422.
pub const IDEMPOTENCY_KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";

/// The request failed earlier, and may have taken effect. 409.
pub const IDEMPOTENT_OUTCOME_UNKNOWN: &str = "IDEMPOTENT_OUTCOME_UNKNOWN";

/// The request took effect, and its response was not stored: it was too large, a stream, or lost.
/// 409.
pub const IDEMPOTENT_RESPONSE_NOT_STORED: &str = "IDEMPOTENT_RESPONSE_NOT_STORED";

/// The store has no room for another running request. 503.
pub const IDEMPOTENCY_STORE_FULL: &str = "IDEMPOTENCY_STORE_FULL";

/// The store did not respond, so the request did not run. 503.
pub const IDEMPOTENCY_STORE_FAILED: &str = "IDEMPOTENCY_STORE_FAILED";
