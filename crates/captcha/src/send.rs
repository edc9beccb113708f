use std::{error::Error as StdError, fmt};

use futures::future::BoxFuture;
use seaworthy_client::{ClientError, TimeoutKind};
use seaworthy_config::{Profile, Settings};
use seaworthy_core::Secret;
use seaworthy_mail::{Mail, MailError, Mailer};
use seaworthy_service::{Assembly, StartError};

/// The status if the server did not get the whole request in time (RFC 9110, section 15.5.9).
const REQUEST_TIMEOUT: u16 = 408;

/// The error of a message that a provider rejected, or may have sent unconfirmed. Logs contain
/// the cause, and responses to clients do not.
///
/// A rejected message does not count for the limits of codes. A message whose outcome is unknown
/// counts, because its recipient may get it.
///
/// ```
/// use seaworthy_captcha::SendCodeError;
///
/// assert!(SendCodeError::rejected("the number is not valid").is_rejection());
/// assert!(!SendCodeError::unknown("no response within 10s").is_rejection());
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the provider {} the message", outcome(*.is_rejection))]
pub struct SendCodeError {
    is_rejection: bool,
    #[source]
    cause: Box<dyn StdError + Send + Sync>,
}

const fn outcome(is_rejection: bool) -> &'static str {
    match is_rejection {
        true => "did not accept",
        false => "may have sent",
    }
}

impl SendCodeError {
    /// Creates the error of a message that the provider certainly does not send.
    pub fn rejected(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self {
            is_rejection: true,
            cause,
        }
    }

    /// Creates the error of a message that the provider may send, such as after a timeout.
    pub fn unknown(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = cause.into();
        Self {
            is_rejection: false,
            cause,
        }
    }

    /// Returns whether the provider certainly does not send the message.
    #[must_use]
    pub const fn is_rejection(&self) -> bool {
        self.is_rejection
    }
}

/// A status 4xx and an error before the request was sent are rejections. The client must not follow
/// redirects or repeat requests, because an earlier one may have been accepted.
impl From<ClientError> for SendCodeError {
    fn from(error: ClientError) -> Self {
        let is_rejection = match &error {
            // A proxy in front of the gateway responds with 408 or 5xx also after the gateway got
            // the message.
            ClientError::Status { status, .. } => {
                status.is_client_error() && status.as_u16() != REQUEST_TIMEOUT
            }
            ClientError::TimedOut { kind, .. } => *kind == TimeoutKind::Connect,
            ClientError::Request { .. }
            | ClientError::Rejected { .. }
            | ClientError::AddressDenied { .. }
            | ClientError::Credentials { .. }
            | ClientError::Connect { .. } => true,
            _ => false,
        };
        match is_rejection {
            true => Self::rejected(error),
            false => Self::unknown(error),
        }
    }
}

impl From<MailError> for SendCodeError {
    fn from(error: MailError) -> Self {
        match error.may_be_accepted() {
            true => Self::unknown(error),
            false => Self::rejected(error),
        }
    }
}

/// The future of [`SendCode::send`].
pub type SendCodeFuture<'a> = BoxFuture<'a, Result<(), SendCodeError>>;

/// A provider of messages, such as an SMS gateway. Its timeout must be shorter than that of the
/// request. If the request ends first, the code counts as one whose outcome is unknown.
pub trait SendCode: Send + Sync + 'static {
    /// Sends a code to an address. A [`SendCodeError`] states whether the provider certainly does
    /// not send it.
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a>;
}

/// Writes codes to the log, for development without a provider.
///
/// ```
/// use std::sync::Arc;
///
/// use seaworthy_captcha::{Captchas, LogCodes};
/// use seaworthy_service::{Assembly, NoSettings, StartError};
///
/// fn with_log(
///     captchas: Captchas,
///     service: &Assembly<NoSettings>,
/// ) -> Result<Captchas, StartError> {
///     Ok(captchas.with_sms(Arc::new(LogCodes::new(service)?)))
/// }
/// ```
#[derive(Debug)]
pub struct LogCodes(());

impl LogCodes {
    /// Creates the provider in development.
    ///
    /// # Errors
    /// The profile is not `development`.
    pub fn new<C: Settings>(service: &Assembly<C>) -> Result<Self, StartError> {
        if service.profile() == Profile::Development {
            return Ok(Self(()));
        }
        Err(StartError::new(
            "LogCodes works in the profile development only: configure another provider of codes",
        ))
    }
}

impl SendCode for LogCodes {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        // The filter of the log masks the address.
        tracing::info!(
            target_address = target,
            digits = code.expose(),
            "captcha code logged because the profile is development"
        );
        Box::pin(async { Ok(()) })
    }
}

/// Sends codes by e-mail.
///
/// ```
/// use std::sync::Arc;
///
/// use seaworthy_captcha::{Captchas, MailCodes};
/// use seaworthy_mail::Mailer;
///
/// fn with_email(captchas: Captchas, mailer: Mailer) -> Captchas {
///     captchas.with_email(Arc::new(MailCodes::new(mailer, "Your code")))
/// }
/// ```
#[derive(Clone)]
pub struct MailCodes {
    mailer: Mailer,
    subject: String,
}

impl MailCodes {
    /// Creates the provider. `subject` is the subject of each message.
    #[must_use]
    pub fn new(mailer: Mailer, subject: &str) -> Self {
        Self {
            mailer,
            subject: subject.to_owned(),
        }
    }
}

impl SendCode for MailCodes {
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a> {
        Box::pin(async move {
            let text = format!(
                "Your code is {}. It is valid for a few minutes and for one use.\n\nIf you did not request it, ignore this message.\n",
                code.expose()
            );
            let mail = Mail::new(target, self.subject.as_str())?;
            Ok(self.mailer.send(mail.text(text)).await?)
        })
    }
}

impl fmt::Debug for MailCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailCodes")
    }
}
