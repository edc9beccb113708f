//! What callers are refused with.

use seaworthy::prelude::*;

pub(crate) fn invalid_email() -> Error {
    Error::new(Code::Invalid, "INVALID_EMAIL", "this is no e-mail address")
}

pub(crate) fn email_taken() -> Error {
    let message = "somebody has this e-mail address";
    Error::new(Code::Conflict, "EMAIL_TAKEN", message)
}

/// The same for an account that does not exist.
pub(crate) fn invalid_credentials() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
}

/// A login that waits for a code has ended, or never began.
pub(crate) fn no_login() -> Error {
    let message = "log in again with your password";
    Error::new(Code::Unauthenticated, "NO_LOGIN", message)
}

/// It is of another time or another application, or was used before.
pub(crate) fn wrong_code() -> Error {
    Error::new(Code::Unauthenticated, "WRONG_CODE", "the code is wrong")
}

pub(crate) fn has_second_factor() -> Error {
    let message = "there is a second factor; remove it first";
    Error::new(Code::Conflict, "HAS_SECOND_FACTOR", message)
}
