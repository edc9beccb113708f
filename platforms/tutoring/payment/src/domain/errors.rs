use seaworthy::prelude::*;

pub(crate) fn payment_not_found() -> Error {
    Error::new(Code::NotFound, "PAYMENT_NOT_FOUND", "no such payment")
}

pub(crate) fn course_not_found() -> Error {
    Error::new(
        Code::NotFound,
        "COURSE_NOT_FOUND",
        "no published course has this ID",
    )
}

pub(crate) fn too_many_sessions() -> Error {
    Error::new(
        Code::Conflict,
        "TOO_MANY_SESSIONS",
        "a student can buy at most 30 sessions of a course: choose a smaller package",
    )
}

pub(crate) fn wallet_too_small() -> Error {
    Error::new(
        Code::Conflict,
        "COINS_MISSING",
        "the wallet does not have enough free coins",
    )
}

pub(crate) fn key_reused() -> Error {
    Error::new(
        Code::Conflict,
        "IDEMPOTENCY_KEY_REUSED",
        "the Idempotency-Key was used for another request: choose a new one",
    )
}

pub(crate) fn signature_invalid() -> Error {
    Error::new(
        Code::Invalid,
        "SIGNATURE_INVALID",
        "the signature does not belong to the order and the payment",
    )
}

pub(crate) fn webhook_signature_invalid() -> Error {
    Error::new(
        Code::Unauthenticated,
        "WEBHOOK_SIGNATURE_INVALID",
        "the signature of the webhook is missing or not valid",
    )
}

pub(crate) fn webhook_malformed() -> Error {
    Error::new(
        Code::Invalid,
        "WEBHOOK_MALFORMED",
        "the body is not an event of the provider",
    )
}

pub(crate) fn payment_mismatch() -> Error {
    Error::new(
        Code::Invalid,
        "PAYMENT_MISMATCH",
        "the payment at the provider does not belong to this order or has another amount",
    )
}

pub(crate) fn order_closed() -> Error {
    Error::new(
        Code::Conflict,
        "ORDER_CLOSED",
        "the order has ended: create a new payment",
    )
}

pub(crate) fn not_refundable() -> Error {
    Error::new(
        Code::Conflict,
        "NOT_REFUNDABLE",
        "only a captured payment can be refunded",
    )
}
