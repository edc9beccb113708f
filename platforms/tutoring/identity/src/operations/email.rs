use std::sync::Arc;

use seaworthy::{account::OneTimeCodes, mail::Mail, prelude::*};

use super::LoggedIn;
use crate::{Account, Accounts, errors, identity::Parts};

const MINUTE: u64 = 60;

/// The kind of a code by e-mail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EmailCode {
    /// It verifies the address of the account.
    Verification,
    /// It allows a new password.
    PasswordReset,
}

impl EmailCode {
    /// Returns the subject of the mail.
    const fn subject(self) -> &'static str {
        match self {
            Self::Verification => "Your code",
            Self::PasswordReset => "Your code to reset your password",
        }
    }

    /// Whether the account can use such a code.
    const fn is_usable(self, account: &Account) -> bool {
        match self {
            Self::Verification => !account.is_email_verified,
            Self::PasswordReset => account.is_email_verified && !account.is_disabled,
        }
    }
}

impl Parts {
    const fn codes(&self, kind: EmailCode) -> &OneTimeCodes {
        match kind {
            EmailCode::Verification => &self.verification_codes,
            EmailCode::PasswordReset => &self.reset_codes,
        }
    }

    /// Sends a code by e-mail.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if the mail server did not accept it.
    pub(crate) async fn mail_code(
        &self,
        email: &str,
        kind: EmailCode,
        code: &Secret<String>,
    ) -> Result<(), Error> {
        let minutes = self.codes(kind).ttl().as_secs() / MINUTE;
        let text = format!(
            "Your code is {}. It is valid for {minutes} minutes and for one use.\n\nIf you did not request it, ignore this message.\n",
            code.expose()
        );
        let mail = Mail::new(email, kind.subject()).map_err(errors::not_sent)?;
        let sent = self.mailer.send(mail.text(text)).await;
        sent.map_err(errors::not_sent)
    }

    /// Sends a code to an account in the background, so that the time of the response does not
    /// show whether the account exists.
    pub(crate) fn send_later(self: &Arc<Self>, email: String, kind: EmailCode) {
        let parts = Arc::clone(self);
        let name = "send a code by e-mail";
        // A stop of the service waits for the task.
        drop(self.tasks.spawn(name, async move {
            if let Err(error) = parts.send_if_known(&email, kind).await {
                tracing::info!(
                    reason = error.reason(),
                    "a code could not be sent by e-mail"
                );
            }
        }));
    }

    async fn send_if_known(&self, email: &str, kind: EmailCode) -> Result<(), Error> {
        let account = Accounts::find_by_email(&self.database, email).await?;
        let Some(account) = account.filter(|account| kind.is_usable(account)) else {
            return Ok(());
        };
        let subject = account.id.to_string();
        let code = self
            .database
            .transaction(|tx| {
                let subject = subject.clone();
                async move { self.codes(kind).issue(&tx, &subject).await }
            })
            .await?;
        self.mail_code(email, kind, &code).await
    }

    /// Verifies the e-mail address of an account by a code, and logs the user in.
    ///
    /// # Errors
    /// `INVALID_CODE`, also for an unknown address, `RATE_LIMITED`, and `CONFLICT` if a login by
    /// Google took the address during the call.
    pub(crate) async fn verify_email(&self, email: &str, code: &str) -> Result<LoggedIn, Error> {
        self.limits.code_verify(email).await?;
        let account = Accounts::find_by_email(&self.database, email).await?;
        // Run the same statements for unknown and verified addresses, so that both take equal time.
        let id = account
            .as_ref()
            .filter(|account| !account.is_email_verified);
        let id = id.map_or(uuid::Uuid::nil(), |account| account.id);
        self.verification_codes
            .consume(&id.to_string(), code)
            .await?;
        self.database
            .transaction(|tx| async move {
                // A concurrent login by Google may have moved the address to another account.
                let locked = Accounts::lock_by_email(&tx, email).await?;
                let account = locked.filter(|account| account.id == id);
                let verified = Account {
                    is_email_verified: true,
                    ..account.ok_or_else(errors::account_changed)?
                };
                let account = self.update(&tx, verified).await?;
                self.begin_session(&tx, account).await
            })
            .await
    }
}
