use seaworthy::{core::FieldViolation, prelude::*};

/// Also for conversations of other users, whose existence is private.
pub(crate) fn conversation_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "you have no such conversation")
}

pub(crate) fn message_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "you have no such message")
}

pub(crate) fn strangers() -> Error {
    Error::new(
        Code::Forbidden,
        "FORBIDDEN",
        "you can write to trainers and students of your allocations only",
    )
}

pub(crate) fn other_message() -> Error {
    Error::new(
        Code::Conflict,
        "CONFLICT",
        "this clientMessageId belongs to a message of another conversation: use a new one",
    )
}

pub(crate) fn invalid(field: &str, problem: &str) -> Error {
    Error::invalid(vec![FieldViolation::new(field, problem)])
}
