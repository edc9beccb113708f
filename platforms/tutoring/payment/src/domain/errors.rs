use seaworthy::prelude::*;

seaworthy::errors! {
    payment_not_found: NotFound "PAYMENT_NOT_FOUND" => "no payment has this ID";
    course_not_found: NotFound "COURSE_NOT_FOUND" => "no published course has this ID";
    too_many_sessions: Conflict "TOO_MANY_SESSIONS" =>
        "a student can buy at most 30 sessions of a course: choose a smaller package";
    wallet_too_small: Conflict "COINS_MISSING" => "the wallet does not have enough free coins";
    key_reused: Conflict "IDEMPOTENCY_KEY_REUSED" =>
        "the Idempotency-Key was used for another request: choose a new one";
    webhook_signature_invalid: Unauthenticated "WEBHOOK_SIGNATURE_INVALID" =>
        "the signature of the webhook is missing or not valid";
    webhook_malformed: Invalid "WEBHOOK_MALFORMED" => "the body is not an event of the provider";
    order_closed: Conflict "ORDER_CLOSED" => "the order has ended: create a new payment";
    not_refundable: Conflict "NOT_REFUNDABLE" => "only a captured payment can be refunded";
}

pub(crate) fn signature_invalid() -> Error {
    let problem = "the signature does not match the order and the payment";
    Error::new(Code::Invalid, "SIGNATURE_INVALID", problem).with_field("signature", problem)
}

pub(crate) fn payment_mismatch() -> Error {
    let problem = "the payment at the provider does not belong to this order or has another amount";
    let error = Error::new(Code::Invalid, "PAYMENT_MISMATCH", problem);
    error.with_field("providerPaymentId", problem)
}
