//! The reasons of the errors that a contract finds before the implementation is called.

/// The body, path or query could not be read: not JSON, a wrong type, a number out of range. 400.
pub const MALFORMED_REQUEST: &str = "MALFORMED_REQUEST";

/// The request was read and breaks rules of the contract. 400.
pub const VALIDATION_FAILED: &str = "VALIDATION_FAILED";

/// The body is in a form that the route does not read. 415.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";

/// The body is larger than the limit. 413.
pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";

/// No route has this path. 404.
pub const ROUTE_NOT_FOUND: &str = "ROUTE_NOT_FOUND";

/// The path has no such method. 405.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
