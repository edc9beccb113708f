use std::sync::Arc;

use seaworthy::{mail::Mail, prelude::*};

use super::LoggedIn;
use crate::{Accounts, codes::Purpose, errors, identity::Parts};

const MINUTE: u64 = 60;

impl Parts {
    /// Sends a code by e-mail.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` if the mail server did not accept it.
    pub(crate) async fn mail_code(
        &self,
        email: &str,
        purpose: Purpose,
        code: &Secret<String>,
    ) -> Result<(), Error> {
        let subject = match purpose {
            Purpose::PasswordReset => "Your code to reset your password",
            Purpose::EmailVerify | Purpose::PhoneLogin => "Your code",
        };
        let minutes = self.codes.ttl(purpose).as_secs() / MINUTE;
        let text = format!(
            "Your code is {}. It is valid for {minutes} minutes and for one use.\n\nIf you did not request it, ignore this message.\n",
            code.expose()
        );
        let mail = Mail::new(email, subject).map_err(errors::not_sent)?;
        let sent = self.mailer.send(mail.text(text)).await;
        sent.map_err(errors::not_sent)
    }

    /// Sends a code to an account in the background, so that the time of the response does not
    /// show whether the account exists.
    pub(crate) fn send_later(self: &Arc<Self>, email: String, purpose: Purpose) {
        let parts = Arc::clone(self);
        let name = "send a code by e-mail";
        // A stop of the service waits for the task.
        drop(self.tasks.spawn(name, async move {
            if let Err(error) = parts.send_if_known(&email, purpose).await {
                tracing::info!(
                    reason = error.reason(),
                    "a code could not be sent by e-mail"
                );
            }
        }));
    }

    async fn send_if_known(&self, email: &str, purpose: Purpose) -> Result<(), Error> {
        let Some(account) = Accounts::find_by_email(&self.database, email).await? else {
            return Ok(());
        };
        let is_wanted = match purpose {
            Purpose::EmailVerify => !account.is_email_verified,
            Purpose::PasswordReset => account.is_email_verified && !account.is_disabled,
            Purpose::PhoneLogin => false,
        };
        if !is_wanted {
            return Ok(());
        }
        let subject = account.id.to_string();
        let code = self
            .database
            .transaction(|tx| {
                let subject = subject.clone();
                async move { self.codes.issue(&tx, &subject, purpose).await }
            })
            .await?;
        self.mail_code(email, purpose, &code).await
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
        let subject = id.to_string();
        self.codes
            .take(&subject, Purpose::EmailVerify, code)
            .await?;
        self.database
            .transaction(|tx| async move {
                // A concurrent login by Google may have moved the address to another account.
                let locked = Accounts::lock_by_email(&tx, email).await?;
                if locked.is_none_or(|account| account.id != id) {
                    return Err(errors::account_changed());
                }
                Accounts::set_email_verified(&tx, id).await?;
                let account = self.published(&tx, id).await?;
                self.begin_session(&tx, account).await
            })
            .await
    }
}
