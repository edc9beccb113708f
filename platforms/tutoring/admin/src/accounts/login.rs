use seaworthy::{
    account::TokenVersions,
    audit_log::{AuditEntry, Outcome},
    auth::{
        password::{PasswordCheck, PasswordHash},
        token::VerifiedToken,
    },
    data::Transaction,
    prelude::*,
};
use tutoring_identity::{AccountChecks as _, CallerSession, Checks};

use super::{Accounts, Caller, LoggedIn};
use crate::{
    domain::{Admin, Status, errors},
    store::admins,
};

/// An admin whose password was verified.
#[derive(Debug)]
pub(super) struct VerifiedAdmin {
    admin: Admin,
    /// The hash of the same password with the current parameters, if they differ.
    rehash: Option<PasswordHash>,
    /// The version of the admin's tokens, read before the password check.
    version: u64,
}

impl Accounts {
    /// Logs an admin in. An unknown address and a wrong password get the same response after the
    /// same work. Admins with a second factor also need a code.
    ///
    /// # Errors
    /// `RATE_LIMITED`, `INVALID_CREDENTIALS`, `TOTP_REQUIRED`, `TOTP_INVALID`, `FORBIDDEN`,
    /// `ACCOUNT_LOCKED`, or `CONFLICT` if another call changed the access of the admin.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        password: Secret<String>,
        code: Option<&Secret<String>>,
    ) -> Result<LoggedIn, Error> {
        let account = email.trim().to_lowercase();
        // Check the lock first, so that a locked account gets 423 and not 429.
        self.reject_locked(&account).await?;
        self.limit.count(&account).await?;
        let id = admins::id_of(&self.database, &account).await?;
        let Some(verified) = self.check_password(&account, id, password).await? else {
            return Err(self.reject(&account, "admin.login", None).await?);
        };
        if verified.admin.status != Status::Active {
            return Err(errors::account_disabled());
        }
        self.verify_second_factor(&verified.admin, code).await?;
        self.database
            .transaction(|tx| {
                let verified = &verified;
                async move {
                    let admin = self.lock_unchanged(&tx, verified).await?;
                    if let Some(hash) = &verified.rehash {
                        let before = verified.admin.password_hash.expose();
                        // A concurrent login may have stored another hash of the password.
                        admins::replace_hash(&tx, admin.id, before, hash.as_str()).await?;
                    }
                    admins::record_login(&tx, admin.id).await?;
                    let id = admin.id.to_string();
                    let entry = AuditEntry::new("admin.login").actor(id.as_str());
                    let logged_in = self.begin_session(&tx, admin).await?;
                    self.audit.append(&tx, entry.target("admin", id)).await?;
                    Ok::<_, Error>(logged_in)
                }
            })
            .await
    }

    /// Locks the row of an admin until the transaction ends. Fails if another call has changed the
    /// access of the admin since the check of the password. A new password and a new second factor
    /// change the access. A new hash of the same password does not.
    ///
    /// # Errors
    /// `CONFLICT`, or `FORBIDDEN` if the admin is not active.
    pub(super) async fn lock_unchanged(
        &self,
        tx: &Transaction,
        verified: &VerifiedAdmin,
    ) -> Result<Admin, Error> {
        let id = verified.admin.id;
        let admin = admins::lock(tx, &[id]).await?.into_iter().next();
        let admin = admin.filter(|admin| admin.status == Status::Active);
        let admin = admin.ok_or_else(errors::account_disabled)?;
        if TokenVersions::current(tx, &id.to_string()).await? != verified.version {
            return Err(errors::account_changed());
        }
        Ok(admin)
    }

    /// Counts an attempt and verifies the password of an admin, or does the same work without one.
    /// A correct password resets the count. Returns `None` for a wrong password.
    async fn check_password(
        &self,
        account: &str,
        id: Option<Uuid>,
        password: Secret<String>,
    ) -> Result<Option<VerifiedAdmin>, Error> {
        // The version is read before the hash, so a new password after this read has another one.
        let id = id.unwrap_or_default();
        let version = TokenVersions::current(&self.database, &id.to_string()).await?;
        let admin = admins::by_id(&self.database, id).await?;
        let address = context::with_current(|context| context?.client_address());
        let check = async {
            let stored = admin.as_ref().map(|admin| &**admin.password_hash.expose());
            let check = self.passwords.verify(password, stored).await?;
            let (Some(admin), PasswordCheck::Valid { rehash }) = (admin, check) else {
                return Ok(None);
            };
            Ok::<_, Error>(Some(VerifiedAdmin {
                admin,
                rehash,
                version,
            }))
        };
        let checked = self.lockout.guard(account, address, check).await;
        checked.map_err(|error| match error.retry_after() {
            Some(wait) => errors::account_locked().with_retry_after(wait),
            None => error.into(),
        })?
    }

    /// Returns the remaining attempts.
    ///
    /// # Errors
    /// `ACCOUNT_LOCKED`.
    async fn reject_locked(&self, account: &str) -> Result<u32, Error> {
        let status = self.lockout.status(account).await?;
        if !status.wait.is_zero() {
            return Err(errors::account_locked().with_retry_after(status.wait));
        }
        Ok(status.max_failures.saturating_sub(status.failures))
    }

    /// Records a wrong password in the audit log, also for unknown addresses. Returns the error
    /// with the remaining attempts.
    ///
    /// # Errors
    /// `ACCOUNT_LOCKED` as soon as a failure locks the account.
    async fn reject(
        &self,
        account: &str,
        action: &'static str,
        admin: Option<&Admin>,
    ) -> Result<Error, Error> {
        self.record_rejection(action, admin).await?;
        let remaining = self.reject_locked(account).await?;
        Ok(errors::invalid_credentials().with_metadata("remainingAttempts", remaining.to_string()))
    }

    pub(super) async fn record_rejection(
        &self,
        action: &'static str,
        admin: Option<&Admin>,
    ) -> Result<(), Error> {
        let entry = AuditEntry::new(action).outcome(Outcome::Refused);
        let entry = match admin {
            Some(admin) => entry.target("admin", admin.id.to_string()),
            None => entry,
        };
        Ok(self.audit.record(entry).await?)
    }

    /// Requires the password of a logged-in admin.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` or `ACCOUNT_LOCKED`.
    pub(super) async fn require_password(
        &self,
        admin: &Admin,
        password: Secret<String>,
    ) -> Result<VerifiedAdmin, Error> {
        let account = admin.email.expose();
        if let Some(verified) = self
            .check_password(account, Some(admin.id), password)
            .await?
        {
            return Ok(verified);
        }
        Err(self.reject(account, "admin.password", Some(admin)).await?)
    }

    /// Changes the password of an admin and ends all sessions. It also cancels an enrollment of a
    /// second factor, because an attacker who has the password may have begun it.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `ACCOUNT_LOCKED`, `VALIDATION_ERROR` or `CONFLICT`, and
    /// `TOKEN_INVALID` if the session of the caller ended during the call.
    pub(crate) async fn change_password(
        &self,
        caller: &Caller,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(), Error> {
        let admin = &caller.admin;
        let verified = self.require_password(admin, current).await?;
        let mut checks = Checks::new();
        checks.new_password("newPassword", &new);
        checks.finish()?;
        let hash = self.passwords.hash(new).await?;
        let ended = self
            .database
            .transaction(|tx| {
                let (hash, verified) = (&hash, &verified);
                async move {
                    let current = self.lock_unchanged(&tx, verified).await?;
                    caller.session.require_active(&tx).await?;
                    let before = current.password_hash.expose();
                    admins::replace_hash(&tx, admin.id, before, hash.as_str()).await?;
                    let id = admin.id.to_string();
                    self.factors.cancel_enrollment(&tx, &id).await?;
                    let ended = self.revoke_sessions(&tx, admin.id).await?;
                    let entry = AuditEntry::new("admin.change_password");
                    self.audit.append(&tx, entry.target("admin", id)).await?;
                    Ok::<_, Error>(ended)
                }
            })
            .await?;
        self.revoke_access_tokens(&ended).await;
        Ok(())
    }

    /// Returns the admin of an access token, with the current data of the database.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the admin does not exist, `FORBIDDEN` if the admin is not active.
    pub(crate) async fn caller(&self, token: &VerifiedToken) -> Result<Caller, Error> {
        let session = CallerSession::from_token(token)?;
        let admin = admins::by_id(&self.database, session.user()).await?;
        let admin = admin.ok_or_else(errors::token_invalid)?;
        if admin.status != Status::Active {
            return Err(errors::account_disabled());
        }
        Ok(Caller { admin, session })
    }

    /// Locks the rows of the caller and of other admins. Returns the locked admins. The caller must
    /// be active and have the permission, and the session of the caller must not have ended.
    ///
    /// # Errors
    /// `FORBIDDEN` or `TOKEN_INVALID`.
    pub(super) async fn lock_with_caller(
        &self,
        tx: &Transaction,
        caller: &Caller,
        others: &[Uuid],
        permission: Option<&str>,
    ) -> Result<(Admin, Vec<Admin>), Error> {
        let id = caller.admin.id;
        let ids = [std::slice::from_ref(&id), others].concat();
        let locked = admins::lock(tx, &ids).await?;
        let actor = locked.iter().find(|admin| admin.id == id);
        let actor = actor.filter(|actor| actor.status == Status::Active);
        let actor = actor.cloned().ok_or_else(errors::account_disabled)?;
        caller.session.require_active(tx).await?;
        if let Some(permission) = permission {
            actor.require(permission)?;
        }
        Ok((actor, locked))
    }
}
