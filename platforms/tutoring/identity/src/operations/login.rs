use seaworthy::{
    account::TokenVersions,
    auth::password::{PasswordCheck, PasswordHash},
    data::Transaction,
    prelude::*,
};

use super::LoggedIn;
use crate::{Account, Accounts, Checks, errors, identity::Parts, normalized_email};

/// An account whose password was verified.
#[derive(Debug)]
pub(crate) struct VerifiedAccount {
    account: Account,
    /// The hash of the same password with the current parameters, if they differ.
    rehash: Option<PasswordHash>,
    /// The version of the account's tokens, read before the password check.
    version: u64,
}

impl Parts {
    /// Logs a user in by password. An unknown account and a wrong password get the same response
    /// after the same work.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` with the remaining attempts, `ACCOUNT_LOCKED`, `EMAIL_NOT_VERIFIED`,
    /// and `CONFLICT` if another call gave the account a new password or ended its sessions.
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
        let id = account.map(|account| account.id);
        // One count per account, whether the client sends the address or the name.
        let subject = match id {
            Some(id) => id.to_string(),
            None => given.unwrap_or_default(),
        };
        // Check the lock first, so that a locked account gets 423 and not 429.
        self.reject_locked(&subject).await?;
        self.limits.login(&subject).await?;
        let verified = self.check_password(&subject, id, password).await?;
        if !verified.account.is_email_verified {
            return Err(errors::email_not_verified());
        }
        self.database
            .transaction(|tx| {
                let verified = &verified;
                async move {
                    let mut account = self.lock_unchanged(&tx, verified).await?;
                    let is_same = hash_of(&account) == hash_of(&verified.account);
                    // Store the rehash only if no concurrent login has replaced the hash.
                    if let Some(hash) = verified.rehash.as_ref().filter(|_| is_same) {
                        account.password_hash = Some(Secret::new(hash.as_str().to_owned()));
                        account = Accounts::update(&tx, account).await?;
                    }
                    self.begin_session(&tx, account).await
                }
            })
            .await
    }

    /// Locks the row of an account until the transaction ends. Fails if another call has given the
    /// account a new password or ended its sessions since the check of the password. A new hash of
    /// the same password is not such a change.
    ///
    /// # Errors
    /// `CONFLICT`, or `FORBIDDEN` for a disabled account.
    pub(crate) async fn lock_unchanged(
        &self,
        tx: &Transaction,
        verified: &VerifiedAccount,
    ) -> Result<Account, Error> {
        let account = Accounts::lock(tx, verified.account.id).await?;
        if account.is_disabled {
            return Err(errors::account_disabled());
        }
        let version = TokenVersions::current(tx, &account.id.to_string()).await?;
        if version != verified.version {
            return Err(errors::account_changed());
        }
        Ok(account)
    }

    /// # Errors
    /// `ACCOUNT_LOCKED`.
    pub(crate) async fn reject_locked(&self, subject: &str) -> Result<u32, Error> {
        let status = self.lockout.status(subject).await?;
        if !status.wait.is_zero() {
            return Err(errors::account_locked(status.wait));
        }
        Ok(status.max_failures.saturating_sub(status.failures))
    }

    /// Counts an attempt and verifies the password of an account, or does the same work without
    /// one.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, or `ACCOUNT_LOCKED` as soon as a failure locks the account.
    pub(crate) async fn check_password(
        &self,
        subject: &str,
        id: Option<Uuid>,
        password: Secret<String>,
    ) -> Result<VerifiedAccount, Error> {
        let reservation = self.passwords.reserve()?;
        // The version is read before the hash, so a new password after this read has another one.
        let id = id.unwrap_or_default();
        let version = TokenVersions::current(&self.database, &id.to_string()).await?;
        let account = Accounts::find_by_id(&self.database, id).await?;
        let address = context::with_current(|context| context?.client_address());
        let check = async {
            let stored = account.as_ref().and_then(hash_of);
            let check = reservation.verify(password, stored).await?;
            let (Some(account), PasswordCheck::Valid { rehash }) = (account, check) else {
                return Ok(None);
            };
            Ok::<_, Error>(Some(VerifiedAccount {
                account,
                rehash,
                version,
            }))
        };
        let checked = self.lockout.guard(subject, address, check).await;
        let checked = checked.map_err(|error| match error.retry_after() {
            Some(wait) => errors::account_locked(wait),
            None => error.into(),
        })?;
        match checked? {
            Some(verified) => Ok(verified),
            None => {
                let remaining = self.reject_locked(subject).await?;
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
