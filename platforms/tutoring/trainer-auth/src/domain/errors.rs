//! Errors for callers. Reasons are the codes of responses.

pub(crate) use tutoring_identity::invalid;

use super::ReviewStatus;

seaworthy::errors! {
    /// There is no such application, or it is outside of the territory of the caller.
    application_not_found: NotFound "NOT_FOUND" => "no application has this ID";
    /// There is no such pincode.
    pincode_not_found: NotFound "NOT_FOUND" => "the pincode is unknown";
    /// The trainer has an application.
    application_pending: Conflict "CONFLICT" =>
        "you already have an application: change it instead";
    /// The application is decided.
    application_decided: Conflict "CONFLICT" => "your application is already decided";
    /// The application was rejected a short time ago.
    rejected_recently: Conflict "CONFLICT" =>
        "your application was rejected: apply again 30 days after the decision";
    /// The application is in a state without this decision.
    not_decidable(status: ReviewStatus): Conflict "CONFLICT" =>
        format!("an application with the status {} does not allow this decision", status.as_str());
}
