use seaworthy::{
    account::LockoutError,
    auth::password::{PasswordCheck, PasswordHash},
    prelude::*,
};

use super::LoggedIn;
use crate::{Account, Accounts, Checks, errors, identity::Parts, normalized_email};

impl Parts {
    /// Logs a user in by password. An unknown account and a wrong password get the same response
    /// after the same work.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` with the remaining attempts, `ACCOUNT_LOCKED`, `EMAIL_NOT_VERIFIED`.
    pub(crate) async fn log_in(
        &self,
        email: Option<&str>,
        username: Option<&str>,
        password: Secret<String>,
    ) -> Result<LoggedIn, Error> {
        let mut checks = Checks::new();
        if email.is_none() && username.is_none() {
            checks.reject("email", "an e-mail address or a user name is required");
        }
        if password.expose().is_empty() {
            checks.reject("password", "is required");
        }
        checks.finish()?;
        // A text that is not an address belongs to no account.
        let email = email.map(|email| normalized_email(email).unwrap_or_default());
        let given = email.clone().or_else(|| username.map(str::to_lowercase));
        let account = self.find(email.as_deref(), username).await?;
        // One count per account, whether the client sends the address or the name.
        let subject = match &account {
            Some(account) => account.id.to_string(),
            None => given.unwrap_or_default(),
        };
        // A locked account responds with 423 also beyond the rate limit.
        self.refuse_locked(&subject).await?;
        self.limits.login(&subject).await?;
        let (account, rehash) = self.check_password(&subject, account, password).await?;
        if !account.is_email_verified {
            return Err(errors::email_not_verified());
        }
        let logged_in = self
            .database
            .transaction(|tx| {
                let (account, rehash) = (account.clone(), rehash.as_ref());
                async move {
                    let current = Accounts::lock(&tx, account.id).await?;
                    if hash_of(&current) != hash_of(&account) {
                        return Err(errors::invalid_credentials(0));
                    }
                    if let Some(hash) = rehash {
                        Accounts::set_password(&tx, account.id, hash.as_str()).await?;
                    }
                    self.begin_session(&tx, current).await
                }
            })
            .await?;
        self.started(logged_in).await
    }

    /// # Errors
    /// `ACCOUNT_LOCKED`.
    pub(crate) async fn refuse_locked(&self, subject: &str) -> Result<u32, Error> {
        let status = self.lockout.status(subject).await?;
        if !status.wait.is_zero() {
            return Err(errors::account_locked(status.wait));
        }
        Ok(status.max_failures.saturating_sub(status.failures))
    }

    /// Counts an attempt and verifies a password.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, and `ACCOUNT_LOCKED` from the failure that locks the account on.
    pub(crate) async fn check_password(
        &self,
        subject: &str,
        account: Option<Account>,
        password: Secret<String>,
    ) -> Result<(Account, Option<PasswordHash>), Error> {
        let reservation = self.passwords.reserve()?;
        let address = context::with_current(|context| context?.client_address());
        let attempt = self.lockout.attempt(subject, address).await;
        let attempt = attempt.map_err(|error| match error {
            LockoutError::Locked { retry_after } | LockoutError::AddressLocked { retry_after } => {
                errors::account_locked(retry_after)
            }
            LockoutError::Failed(error) => error.into(),
        })?;
        let stored = account.as_ref().and_then(hash_of);
        let check = match reservation.verify(password, stored).await {
            Ok(check) => check,
            // The password was not checked, so it must not count against the owner.
            Err(error) => {
                self.lockout.cancel(attempt).await?;
                return Err(error);
            }
        };
        match (account, check) {
            (Some(account), PasswordCheck::Valid { rehash }) => {
                self.lockout.record_success(attempt).await?;
                Ok((account, rehash))
            }
            _ => {
                let remaining = self.refuse_locked(subject).await?;
                Err(errors::invalid_credentials(remaining))
            }
        }
    }
}

fn hash_of(account: &Account) -> Option<&str> {
    account
        .password_hash
        .as_ref()
        .map(|hash| hash.expose().as_str())
}
