use seaworthy::{
    account::DeviceClaim,
    audit_log::AuditEntry,
    auth::password::{PasswordCheck, PasswordReservation},
    data::Transaction,
    prelude::*,
};

use super::{Accounts, Caller, login::MAX_CHECKS, required};
use crate::{
    domain::{User, UserId, errors},
    store::{Identities, Users},
};

/// The action in the audit log.
const CHANGE: &str = "user.change_password";

impl Accounts {
    /// Stores a new password. Ends sessions, access tokens, open links and known devices. Also ends
    /// an enrollment of a second factor. An attacker who has the previous password may have begun
    /// it. Returns the new version of the tokens. The transaction must have locked the user.
    pub(super) async fn replace_password(
        &self,
        tx: &Transaction,
        user: UserId,
        hash: &str,
        action: &'static str,
    ) -> Result<u64, Error> {
        let id = user.to_string();
        Users::set_password(tx, user, hash).await?;
        self.factors.cancel_enrollment(tx, &id).await?;
        let version = self.revoke_access(tx, user).await?;
        let entry = AuditEntry::new(action)
            .actor(id.as_str())
            .target("user", id.as_str());
        self.audit.append(tx, entry).await?;
        Ok(version)
    }

    /// Removes all credentials that do not prove ownership of the address of the account. These are
    /// the password with its second factor, identities with an unverified address, open links,
    /// sessions and access tokens. A registrant who does not own the address loses access, and
    /// cannot lock the owner out.
    pub(super) async fn drop_unproven_access(
        &self,
        tx: &Transaction,
        user: UserId,
    ) -> Result<(), Error> {
        let id = user.to_string();
        Users::clear_password(tx, user).await?;
        self.factors.remove(tx, &id).await?;
        Identities::unlink_unverified(tx, user).await?;
        self.verify_email.revoke_all(tx, &id).await?;
        self.revoke_access(tx, user).await.map(drop)
    }

    /// Revokes sessions, access tokens, known devices and links to a new password. Returns the new
    /// version of the tokens. The transaction must have locked the user.
    pub(super) async fn revoke_access(&self, tx: &Transaction, user: UserId) -> Result<u64, Error> {
        self.password_reset
            .revoke_all(tx, &user.to_string())
            .await?;
        self.revoke_user_sessions(tx, user).await
    }

    /// Revokes sessions, access tokens and known devices. Returns the new version of the tokens.
    async fn revoke_user_sessions(&self, tx: &Transaction, user: UserId) -> Result<u64, Error> {
        let revoked = self.sessions.revoke_access(tx, &user.to_string()).await?;
        self.publish_revocation(tx, user, revoked.version).await?;
        Ok(revoked.version)
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
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `WEAK_PASSWORD`, `MISSING_FIELD`, `TOKEN_INVALID` if the access token
    /// is revoked during the call, or `TOO_MANY_ATTEMPTS` from the lockout.
    pub(crate) async fn change_password(
        &self,
        caller: &Caller,
        old: Option<Secret<String>>,
        new: Option<Secret<String>>,
        device: Option<DeviceClaim>,
    ) -> Result<u64, Error> {
        let old = required("old_password", old)?;
        let new = required("new_password", new)?;
        let (mut user, mut hashed) = (caller.user.clone(), None);
        for _ in 0..MAX_CHECKS {
            let reservation = self.passwords.reserve()?;
            let is_right = self
                .is_password(&reservation, &user, old.clone(), device.clone())
                .await?;
            if !is_right {
                drop(reservation);
                self.record_rejection(CHANGE, Some(&user)).await?;
                break;
            }
            let hash = match hashed.take() {
                Some(hash) => hash,
                None => {
                    let email = user.email.expose();
                    self.hash(&reservation, new.clone(), email).await?
                }
            };
            drop(reservation);
            if let Some(version) = self.replace_checked(caller, &user, &hash).await? {
                return Ok(version);
            }
            user = Users::get(&self.database, user.id).await?;
            hashed = Some(hash);
        }
        Err(errors::invalid_credentials())
    }

    /// Replaces the password of the caller, whose current password was checked. Returns `None` if a
    /// login has meanwhile stored a hash of the same password with the current parameters.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` if the user was banned or has another password, and `TOKEN_INVALID` if
    /// the access token was revoked.
    async fn replace_checked(
        &self,
        caller: &Caller,
        checked: &User,
        hash: &str,
    ) -> Result<Option<u64>, Error> {
        self.database
            .transaction(|tx| async move {
                let current = Users::lock(&tx, checked.id).await?;
                let current = current.filter(|current| !current.locked);
                let current = current.ok_or_else(errors::invalid_credentials)?;
                let is_same = current.stored_hash() == checked.stored_hash();
                match (is_same, caller.is_current(&tx).await?) {
                    (true, true) => {
                        let replaced = self.replace_password(&tx, checked.id, hash, CHANGE);
                        replaced.await.map(Some)
                    }
                    (false, true) => Ok(None),
                    // Another password replaces the version too.
                    (false, false) => Err(errors::invalid_credentials()),
                    (true, false) => Err(errors::token_invalid()),
                }
            })
            .await
    }

    /// Revokes all sessions and access tokens of the caller.
    pub(crate) async fn revoke_sessions(&self, caller: &Caller) -> Result<(), Error> {
        let user = caller.user.id;
        self.database
            .transaction(|tx| async move {
                // A login in progress must not begin a session afterwards.
                Users::lock(&tx, user).await?;
                self.revoke_sessions_in(&tx, user).await
            })
            .await
    }

    /// Revokes all sessions and access tokens of a user. The transaction must have locked the user.
    pub(super) async fn revoke_sessions_in(
        &self,
        tx: &Transaction,
        user: UserId,
    ) -> Result<(), Error> {
        self.revoke_user_sessions(tx, user).await?;
        let entry = AuditEntry::new("sessions.revoke").target("user", user.to_string());
        Ok(self.audit.append(tx, entry).await?)
    }
}
