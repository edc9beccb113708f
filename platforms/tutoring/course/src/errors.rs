use seaworthy::{
    data::chrono::{DateTime, SecondsFormat, Utc},
    prelude::*,
};

/// The reason of a purchase beyond 30 sessions.
pub(crate) const TOO_MANY_SESSIONS: &str = "TOO_MANY_SESSIONS";

pub(crate) fn not_found() -> Error {
    Error::new(
        Code::NotFound,
        "NOT_FOUND",
        "no such entry in the catalogue",
    )
}

pub(crate) fn purchase_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "PURCHASE_NOT_FOUND",
        "the student has no active purchase of this course",
    )
}

/// A course or level that the purchases of a student do not open.
pub(crate) fn no_access(reason: &'static str) -> Error {
    Error::new(Code::Forbidden, "NO_ACCESS", reason)
}

pub(crate) fn exam_not_found() -> Error {
    Error::new(Code::NotFound, "EXAM_NOT_FOUND", "the level has no exam")
}

pub(crate) fn attempts_used() -> Error {
    Error::new(
        Code::Conflict,
        "ATTEMPTS_USED",
        "an exam has at most three attempts",
    )
}

pub(crate) fn attempt_too_early(next: DateTime<Utc>) -> Error {
    let next = next.to_rfc3339_opts(SecondsFormat::Millis, true);
    let message = "wait 24 hours between two attempts";
    Error::new(Code::Conflict, "ATTEMPT_TOO_EARLY", message).with_metadata("nextAttemptDate", next)
}

pub(crate) fn project_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "PROJECT_NOT_FOUND",
        "no project with this ID that you may review",
    )
}

pub(crate) fn project_exists() -> Error {
    Error::new(
        Code::Conflict,
        "PROJECT_EXISTS",
        "the level has a project: a new one is possible after a review that requires a revision",
    )
}

pub(crate) fn project_reviewed() -> Error {
    Error::new(
        Code::Conflict,
        "PROJECT_REVIEWED",
        "the project was reviewed: only pending projects can be reviewed",
    )
}

pub(crate) fn certificate_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "CERTIFICATE_NOT_FOUND",
        "no certificate has this number",
    )
}

pub(crate) fn assignment_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "ASSIGNMENT_NOT_FOUND",
        "no assignment has this ID",
    )
}

pub(crate) fn assignment_closed() -> Error {
    Error::new(
        Code::Conflict,
        "ASSIGNMENT_CLOSED",
        "the due time of the assignment has passed",
    )
}

pub(crate) fn submission_exists() -> Error {
    Error::new(
        Code::Conflict,
        "SUBMISSION_EXISTS",
        "you have sent your work for this assignment",
    )
}

pub(crate) fn submission_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "SUBMISSION_NOT_FOUND",
        "no submission with this ID that you may grade",
    )
}

pub(crate) fn sequence_taken() -> Error {
    Error::new(
        Code::Conflict,
        "SEQUENCE_TAKEN",
        "this number is taken: choose the next one",
    )
}

pub(crate) fn not_publishable() -> Error {
    Error::new(
        Code::Conflict,
        "NOT_PUBLISHABLE",
        "a course is published with at least one phase, and ten sessions in each of its levels",
    )
}

pub(crate) fn status_order() -> Error {
    Error::new(
        Code::Conflict,
        "STATUS_ORDER",
        "a course goes from draft to published to archived",
    )
}

/// A purchase beyond 30 sessions. The event becomes a dead letter after its tries.
pub(crate) fn too_many_sessions() -> Error {
    Error::new(
        Code::Conflict,
        TOO_MANY_SESSIONS,
        "a purchase has at most 30 sessions",
    )
}
