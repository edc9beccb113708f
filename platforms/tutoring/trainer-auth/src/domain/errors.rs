//! Errors for callers. Reasons are the codes of responses.

use seaworthy::{core::FieldViolation, prelude::*};

use super::ReviewStatus;

/// There is no such application, or it is outside of the territory of the caller.
pub(crate) fn application_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no application has this ID")
}

/// There is no such pincode.
pub(crate) fn pincode_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "the pincode is unknown")
}

/// The territory of the caller does not cover the application.
pub(crate) fn outside_territory() -> Error {
    let message = "the application is outside of your territory";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

/// The trainer has an application.
pub(crate) fn application_pending() -> Error {
    let message = "you already have an application: change it instead";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// The application is decided.
pub(crate) fn application_decided() -> Error {
    let message = "your application is already decided";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// The application was rejected a short time ago.
pub(crate) fn rejected_recently() -> Error {
    let message = "your application was rejected: apply again 30 days after the decision";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// The application is in a state without this decision.
pub(crate) fn not_decidable(status: ReviewStatus) -> Error {
    let message = format!(
        "an application in the state {} has no such decision",
        status.as_str()
    );
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// A field of the request is invalid.
pub(crate) fn invalid(field: impl Into<String>, problem: &str) -> Error {
    Error::invalid(vec![FieldViolation::new(field, problem)])
}
