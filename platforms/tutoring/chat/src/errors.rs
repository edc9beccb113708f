use seaworthy::{core::FieldViolation, prelude::*};

use crate::domain::DoubtStatus;

/// Also for conversations of other users, whose existence is private.
pub(crate) fn conversation_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "you have no such conversation")
}

pub(crate) fn message_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "you have no such message")
}

/// Also for doubts of other users, whose existence is private.
pub(crate) fn doubt_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "you have no such doubt")
}

/// A state of a doubt that does not allow the action.
pub(crate) fn doubt_is(status: DoubtStatus) -> Error {
    let message = format!(
        "the doubt is {}, which does not allow this action",
        status.as_str()
    );
    Error::new(Code::Conflict, "CONFLICT", message)
}

pub(crate) fn too_many_replies(max: u64) -> Error {
    let message = format!("the doubt has {max} replies: continue in the chat");
    Error::new(Code::Conflict, "CONFLICT", message)
}

pub(crate) fn only_closes() -> Error {
    let message = "students only close their doubts: send the status closed";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
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
