use std::time::Duration;

use seaworthy_core::{Code, Error};
use seaworthy_data::DataError;

use crate::SendCodeError;

/// Errors of issuing a captcha and of checking an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptchaError {
    /// The answer is wrong, or the captcha is unknown, used, exhausted or of another binding.
    #[error("the answer is wrong or the captcha was used: get a new captcha")]
    Invalid,
    /// The captcha has expired.
    #[error("the captcha has expired: get a new one")]
    Expired,
    /// There is no provider for messages of this kind.
    #[error("captchas of the kind {kind} are not offered: use {offered}")]
    NoProvider {
        /// The kind.
        kind: &'static str,
        /// The kinds that the service offers, separated by commas.
        offered: String,
    },
    /// Too many codes were sent to the address.
    #[error("too many codes were sent to this address: try again later")]
    TooManyCodes {
        /// The time after which an older code does not count.
        retry_after: Duration,
    },
    /// Too many codes were requested from the IP address or its IPv6 network, for any recipients.
    #[error("too many codes were requested from your IP address: try again later")]
    TooManyCodesOfIp {
        /// The time after which older codes do not count.
        retry_after: Duration,
    },
    /// The service has sent too many codes.
    #[error("too many codes were sent: try again later, or use another kind of captcha")]
    TooManyCodesInTotal {
        /// The time after which older codes do not count.
        retry_after: Duration,
    },
    /// The provider rejected the message, or did not confirm it.
    #[error("the code was not sent")]
    NotSent(#[source] SendCodeError),
    /// The image cannot be encoded.
    #[error("the captcha cannot be encoded")]
    Encoding(#[source] std::io::Error),
    /// An error of the database.
    #[error(transparent)]
    Database(#[from] DataError),
}

impl From<CaptchaError> for Error {
    fn from(error: CaptchaError) -> Self {
        let reason = match error {
            CaptchaError::Invalid => "CAPTCHA_INVALID",
            CaptchaError::Expired => "CAPTCHA_EXPIRED",
            CaptchaError::NoProvider { .. } => "CAPTCHA_KIND_NOT_OFFERED",
            CaptchaError::TooManyCodes { retry_after }
            | CaptchaError::TooManyCodesOfIp { retry_after }
            | CaptchaError::TooManyCodesInTotal { retry_after } => {
                return Self::new(Code::Exhausted, "RATE_LIMITED", error.to_string())
                    .with_retry_after(retry_after);
            }
            CaptchaError::Database(error) => return error.into(),
            error => {
                // The text of a provider may contain an address.
                let message = "the captcha cannot be generated now: try again later";
                return Self::new(Code::Unavailable, "CAPTCHA_GENERATION_FAILED", message)
                    .with_cause(error);
            }
        };
        Self::new(Code::Invalid, reason, error.to_string())
    }
}
