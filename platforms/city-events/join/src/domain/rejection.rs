/// The reasons to reject a request because of its content or of the state of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("{0}")]
    Invalid(&'static str),
    #[error("an idempotency key is required")]
    MissingIdempotencyKey,
    #[error("unauthorized")]
    Unauthenticated,
    #[error("not allowed")]
    Forbidden,
    #[error("you are banned from this event")]
    Banned,
    #[error("event not found")]
    EventNotFound,
    #[error("not joined")]
    JoinNotFound,
    #[error("event is full")]
    EventFull,
    #[error("already joined")]
    AlreadyJoined,
    #[error("the idempotency key belongs to another request: use a new key")]
    IdempotencyKeyMismatch,
    #[error("event is closed")]
    EventClosed,
}
