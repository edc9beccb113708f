use seaworthy::{
    account::DeviceClaim,
    audit_log::AuditEntry,
    auth::password::{PasswordCheck, PasswordReservation},
    data::Transaction,
    prelude::*,
};

use super::{Accounts, Caller, login::is_unchanged, required};
use crate::{
    domain::{User, UserId, errors},
    store::{Identities, Users},
};

/// The action in the audit log.
const CHANGE: &str = "user.change_password";

impl Accounts {
    /// Stores a new password. Ends sessions, access tokens, open links and known devices. Returns
    /// the new version of the tokens.
    pub(super) async fn replace_password(
        &self,
        tx: &Transaction,
        user: UserId,
        hash: &str,
        action: &'static str,
    ) -> Result<u64, Error> {
        let id = user.to_string();
        Users::set_password(tx, user, hash).await?;
        let version = self.end_access(tx, user).await?;
        let entry = AuditEntry::new(action)
            .actor(id.as_str())
            .target("user", id.as_str());
        self.audit.append(tx, entry).await?;
        Ok(version)
    }

    /// Removes all credentials that do not prove ownership of the address of the account. These are
    /// the password, identities with an unverified address, open links, sessions and access tokens.
    /// A registrant who does not own the address loses access.
    pub(super) async fn drop_unproven_access(
        &self,
        tx: &Transaction,
        user: UserId,
    ) -> Result<(), Error> {
        Users::clear_password(tx, user).await?;
        Identities::unlink_unverified(tx, user).await?;
        self.verify_email.end_all(tx, &user.to_string()).await?;
        self.end_access(tx, user).await.map(drop)
    }

    /// Ends sessions, access tokens, known devices and links to a new password. Returns the new
    /// version of the tokens.
    pub(super) async fn end_access(&self, tx: &Transaction, user: UserId) -> Result<u64, Error> {
        let id = user.to_string();
        self.password_reset.end_all(tx, &id).await?;
        self.sessions.end_all(tx, &id).await?;
        self.revoke_tokens(tx, user).await
    }

    /// Checks the caller's password for an action.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `MISSING_FIELD`, or `TOO_MANY_ATTEMPTS` from the lockout.
    pub(super) async fn require_password(
        &self,
        user: &User,
        password: Option<Secret<String>>,
        device: Option<DeviceClaim>,
        action: &'static str,
    ) -> Result<(), Error> {
        let password = required("password", password)?;
        let reservation = self.passwords.reserve()?;
        let is_right = self
            .is_password(&reservation, user, password, device)
            .await?;
        drop(reservation);
        if !is_right {
            self.record_rejection(action, Some(user)).await?;
            return Err(errors::invalid_credentials());
        }
        Ok(())
    }

    /// Checks a password of the caller within the lockout of logins.
    async fn is_password(
        &self,
        reservation: &PasswordReservation,
        user: &User,
        password: Secret<String>,
        device: Option<DeviceClaim>,
    ) -> Result<bool, Error> {
        let device = self.known_device(Some(user), device).await?;
        let email = user.email.expose();
        let attempt = self.begin_attempt(email, device.as_ref()).await?;
        let check = match reservation.verify(password, user.stored_hash()).await {
            Ok(check) => check,
            Err(error) => {
                self.lockout.cancel(attempt).await?;
                return Err(error);
            }
        };
        if check == PasswordCheck::Invalid {
            return Ok(false);
        }
        self.lockout.record_success(attempt).await?;
        Ok(true)
    }

    /// Replaces the caller's password. Wrong old passwords count in the same lockout as logins.
    /// Returns the new version of the tokens.
    pub(crate) async fn change_password(
        &self,
        caller: &Caller,
        old: Option<Secret<String>>,
        new: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<u64, Error> {
        let Caller(user) = caller;
        let old = required("old_password", old)?;
        let new = required("new_password", new)?;
        let email = user.email.expose();
        let reservation = self.passwords.reserve()?;
        if !self.is_password(&reservation, user, old, device).await? {
            drop(reservation);
            self.record_rejection(CHANGE, Some(user)).await?;
            return Err(errors::invalid_credentials());
        }
        let hash = self.hash(&reservation, new, email).await?;
        drop(reservation);
        self.database
            .transaction(|tx| {
                let hash = hash.as_str();
                async move {
                    let current = Users::lock(&tx, user.id).await?;
                    // The user may have been banned or the password replaced during the check.
                    if !current.is_some_and(|current| is_unchanged(&current, user)) {
                        return Err(errors::invalid_credentials());
                    }
                    self.replace_password(&tx, user.id, hash, CHANGE).await
                }
            })
            .await
    }

    /// Ends all sessions of a user, and revokes their access tokens.
    pub(crate) async fn revoke_sessions(&self, user: &User) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let id = user.id.to_string();
                self.sessions.end_all(&tx, &id).await?;
                self.revoke_tokens(&tx, user.id).await?;
                let entry = AuditEntry::new("sessions.revoke").target("user", id);
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }
}
