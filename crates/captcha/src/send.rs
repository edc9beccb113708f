use std::{error::Error as StdError, fmt};

use futures::future::BoxFuture;
use seaworthy_config::{Profile, Settings};
use seaworthy_core::Secret;
use seaworthy_mail::{Mail, Mailer};
use seaworthy_service::{Assembly, StartError};

/// A provider did not accept a message. Logs contain the cause, clients do not.
#[derive(Debug, thiserror::Error)]
#[error("the provider did not accept the message")]
pub struct SendCodeError(#[source] Box<dyn StdError + Send + Sync>);

impl SendCodeError {
    /// Creates the error.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// The future of [`SendCode::send`].
pub type SendCodeFuture<'a> = BoxFuture<'a, Result<(), SendCodeError>>;

/// A provider of messages, such as an SMS gateway. Its timeout must be shorter than that of the
/// request.
pub trait SendCode: Send + Sync + 'static {
    /// Sends a code to an address.
    fn send<'a>(&'a self, target: &'a str, code: &'a Secret<String>) -> SendCodeFuture<'a>;
}

/// Writes codes to the log, for development without a provider.
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
            let mail = Mail::new(target, self.subject.as_str()).map_err(SendCodeError::new)?;
            let sent = self.mailer.send(mail.text(text)).await;
            sent.map_err(SendCodeError::new)
        })
    }
}

impl fmt::Debug for MailCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailCodes")
    }
}
