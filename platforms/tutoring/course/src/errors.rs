use seaworthy::prelude::*;

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
