use seaworthy::{
    account::LockoutError,
    audit_log::{AuditEntry, Outcome},
    auth::password::PasswordCheck,
    prelude::*,
};
use tutoring_identity::Checks;
use uuid::Uuid;

use super::{Accounts, LoggedIn};
use crate::{
    domain::{Admin, Status, errors},
    store::Admins,
};

impl Accounts {
    /// Logs an admin in. An unknown address and a wrong password get the same response after the
    /// same work. Admins with a second factor also need a code.
    ///
    /// # Errors
    /// `RATE_LIMITED`, `INVALID_CREDENTIALS`, `TOTP_REQUIRED`, `TOTP_INVALID`, `FORBIDDEN` or
    /// `ACCOUNT_LOCKED`.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        password: Secret<String>,
        code: Option<&Secret<String>>,
    ) -> Result<LoggedIn, Error> {
        let account = email.trim().to_lowercase();
        // A locked account responds with 423 also beyond the rate limit.
        let wait = self.lockout.status(&account).await?.wait;
        if !wait.is_zero() {
            return Err(errors::account_locked().with_retry_after(wait));
        }
        self.limit.count(&account).await?;
        let admin = Admins::by_email(&self.database, &account).await?;
        let is_right = self
            .check_password(&account, admin.as_ref(), password)
            .await?;
        let Some(admin) = admin.filter(|_| is_right) else {
            return Err(self.refuse(&account, "admin.login", None).await?);
        };
        if admin.status != Status::Active {
            return Err(errors::account_disabled());
        }
        self.verify_second_factor(&admin, code).await?;
        let session = self.begin_session(&admin).await?;
        session.ok_or_else(errors::invalid_credentials)
    }

    /// Counts an attempt and verifies a password. A right one ends the count and is rehashed with
    /// the current parameters.
    async fn check_password(
        &self,
        account: &str,
        admin: Option<&Admin>,
        password: Secret<String>,
    ) -> Result<bool, Error> {
        let address =
            context::with_current(|context| context.and_then(RequestContext::client_address));
        let attempt = match self.lockout.attempt(account, address).await {
            Err(
                LockoutError::Locked { retry_after } | LockoutError::AddressLocked { retry_after },
            ) => {
                return Err(errors::account_locked().with_retry_after(retry_after));
            }
            attempt => attempt?,
        };
        let stored = admin.map(|admin| admin.password_hash.expose().as_str());
        let check = match self.passwords.verify(password, stored).await {
            Ok(check) => check,
            // The password was not checked, so a retry must not count.
            Err(error) => {
                self.lockout.cancel(attempt).await?;
                return Err(error);
            }
        };
        let (PasswordCheck::Valid { rehash }, Some(admin)) = (check, admin) else {
            return Ok(false);
        };
        self.lockout.record_success(attempt).await?;
        if let Some(hash) = rehash {
            let before = admin.password_hash.expose();
            Admins::replace_hash(&self.database, admin.id, before, hash.as_str()).await?;
        }
        Ok(true)
    }

    /// Records a wrong password in the audit log, also for unknown addresses. Returns the error
    /// with the remaining attempts.
    async fn refuse(
        &self,
        account: &str,
        action: &'static str,
        admin: Option<&Admin>,
    ) -> Result<Error, Error> {
        self.record_rejection(action, admin).await?;
        let status = self.lockout.status(account).await?;
        let remaining = status.max_failures.saturating_sub(status.failures);
        Ok(errors::invalid_credentials().with_metadata("remainingAttempts", remaining.to_string()))
    }

    pub(super) async fn record_rejection(
        &self,
        action: &'static str,
        admin: Option<&Admin>,
    ) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let entry = AuditEntry::new(action).outcome(Outcome::Refused);
                let entry = match admin {
                    Some(admin) => entry.target("admin", admin.id.to_string()),
                    None => entry,
                };
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Requires the password of a logged-in admin.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` or `ACCOUNT_LOCKED`.
    pub(super) async fn require_password(
        &self,
        admin: &Admin,
        password: Secret<String>,
    ) -> Result<(), Error> {
        let account = admin.email.expose();
        if self.check_password(account, Some(admin), password).await? {
            return Ok(());
        }
        Err(self.refuse(account, "admin.password", Some(admin)).await?)
    }

    /// Changes the password of an admin, and ends all sessions.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `ACCOUNT_LOCKED` or `VALIDATION_ERROR`.
    pub(crate) async fn change_password(
        &self,
        admin: &Admin,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(), Error> {
        self.require_password(admin, current).await?;
        let mut checks = Checks::new();
        checks.new_password("newPassword", &new);
        checks.finish()?;
        let hash = self.passwords.hash(new).await?;
        let ended = self
            .database
            .transaction(|tx| {
                let hash = &hash;
                async move {
                    let locked = Admins::lock(&tx, &[admin.id]).await?;
                    let current = locked.first().ok_or_else(errors::admin_not_found)?;
                    let before = current.password_hash.expose();
                    Admins::replace_hash(&tx, admin.id, before, hash.as_str()).await?;
                    let ended = self.end_sessions(&tx, admin.id).await?;
                    let entry = AuditEntry::new("admin.change_password");
                    let entry = entry.target("admin", admin.id.to_string());
                    self.audit.append(&tx, entry).await?;
                    Ok::<_, Error>(ended)
                }
            })
            .await?;
        self.forget_live(&ended).await;
        Ok(())
    }

    /// Returns the admin of an access token, with the current data of the database.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the admin does not exist, `FORBIDDEN` if the admin is not active.
    pub(crate) async fn caller(&self, id: Uuid) -> Result<Admin, Error> {
        let admin = Admins::by_id(&self.database, id).await?;
        let admin = admin.ok_or_else(errors::token_invalid)?;
        if admin.status != Status::Active {
            return Err(errors::account_disabled());
        }
        Ok(admin)
    }
}
