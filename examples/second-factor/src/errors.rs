//! Errors for clients.

use seaworthy::prelude::*;

pub(crate) fn invalid_email() -> Error {
    let message = "the e-mail address is not valid: use the form name@example.org";
    Error::new(Code::Invalid, "INVALID_EMAIL", message)
}

pub(crate) fn email_taken() -> Error {
    let message = "the e-mail address is already registered";
    Error::new(Code::Conflict, "EMAIL_TAKEN", message)
}

/// The password is wrong or the account is unknown. A client cannot find out which of the two.
pub(crate) fn invalid_credentials() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
}

/// The token of the login is unknown, used or expired.
pub(crate) fn login_expired() -> Error {
    let message = "log in again with your password";
    Error::new(Code::Unauthenticated, "LOGIN_EXPIRED", message)
}

/// The code is wrong, used or expired.
pub(crate) fn invalid_code() -> Error {
    let message = "the code is wrong or expired: enter the current code";
    Error::new(Code::Unauthenticated, "INVALID_CODE", message)
}

pub(crate) fn second_factor_exists() -> Error {
    let message = "the account has a second factor: remove it first";
    Error::new(Code::Conflict, "SECOND_FACTOR_EXISTS", message)
}
