use seaworthy::prelude::*;

pub(crate) fn not_found() -> Error {
    let message = "you have no such notification";
    Error::new(Code::NotFound, "NOT_FOUND", message)
}

pub(crate) fn device_not_found() -> Error {
    let message = "you have no such device token";
    Error::new(Code::NotFound, "NOT_FOUND", message)
}

pub(crate) fn no_address() -> Error {
    Error::new(Code::Invalid, "VALIDATION_ERROR", "no e-mail address").with_field(
        "email",
        "your account has no verified e-mail address: verify one, and log in again",
    )
}
