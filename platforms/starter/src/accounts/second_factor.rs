use seaworthy::{account::Enrollment, audit_log::AuditEntry, prelude::*};

use super::{
    Accounts, TokenPair,
    caller::{caller, is_session_current},
    login::VerifiedUser,
};
use crate::domain::errors;

impl Accounts {
    /// Begins an enrollment. It requires the password, so that a stolen token cannot lock out the
    /// owner.
    ///
    /// # Errors
    /// `FEATURE_DISABLED`, `PASSWORD_INCORRECT`, `ACCOUNT_CHANGED` or `TOTP_EXISTS`.
    pub(crate) async fn enroll_totp(&self, password: Secret<String>) -> Result<Enrollment, Error> {
        self.check_totp()?;
        let verified = self.verify_caller(password).await?;
        let id = verified.user.id.to_string();
        let enrollment = self
            .database
            .transaction(|tx| {
                let (verified, id) = (&verified, id.as_str());
                async move {
                    let user = self.lock_unchanged(&tx, verified).await?;
                    let label = user.username.expose();
                    self.factors.enroll_in(&tx, id, label).await
                }
            })
            .await?;
        enrollment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor. It revokes all sessions of the user, because an attacker with the
    /// password may have one. Begins a new session for the caller, and returns the recovery codes.
    ///
    /// # Errors
    /// `FEATURE_DISABLED`, `TOTP_INVALID`, and `TOKEN_INVALID` if a concurrent call revokes tokens.
    pub(crate) async fn confirm_totp(
        &self,
        code: &Secret<String>,
    ) -> Result<(Vec<String>, TokenPair), Error> {
        self.check_totp()?;
        let id = caller()?;
        let owner = id.to_string();
        let proved = self.factors.verify_enrollment(&owner, code.expose());
        let proved = proved.await?.ok_or_else(errors::totp_invalid)?;
        let confirmed = self
            .database
            .transaction(|tx| {
                let (proved, owner) = (&proved, owner.as_str());
                async move {
                    let user = self.users.lock(&tx, id).await?;
                    let user = user.filter(|user| user.is_active);
                    let user = user.ok_or_else(errors::token_invalid)?;
                    // The token may have been revoked after the head of the request arrived.
                    if !is_session_current(&tx).await? {
                        return Err(errors::token_invalid());
                    }
                    let Some(codes) = self.factors.confirm(&tx, proved).await? else {
                        return Ok(None);
                    };
                    self.sessions.revoke_access(&tx, owner).await?;
                    let session = self.begin_session(&tx, &user).await?;
                    let entry = AuditEntry::new("totp.enable").target("user", owner);
                    self.audit.append(&tx, entry).await?;
                    Ok::<_, Error>(Some((codes, session)))
                }
            })
            .await?;
        // Another enrollment replaced this one, so the code does not belong to it.
        confirmed.ok_or_else(errors::totp_invalid)
    }

    /// Checks that the settings and the flag `totp` allow enrollments.
    fn check_totp(&self) -> Result<(), Error> {
        let is_available = self.settings.totp_enabled && self.factors.is_on();
        is_available.then_some(()).ok_or_else(errors::totp_disabled)
    }

    /// Removes the second factor. It requires the password and a code.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT`, `TOTP_INVALID` or `ACCOUNT_CHANGED`.
    pub(crate) async fn disable_totp(
        &self,
        password: Secret<String>,
        code: &Secret<String>,
    ) -> Result<(), Error> {
        let verified = self.verify_caller(password).await?;
        let user = verified.user.id.to_string();
        if !self.factors.verify(&user, code.expose()).await? {
            return Err(errors::totp_invalid());
        }
        self.database
            .transaction(|tx| {
                let (user, verified) = (user.as_str(), &verified);
                async move {
                    self.lock_unchanged(&tx, verified).await?;
                    self.factors.remove(&tx, user).await?;
                    let entry = AuditEntry::new("totp.disable").target("user", user);
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }

    /// Verifies the password of the caller, and returns the caller.
    ///
    /// # Errors
    /// `PASSWORD_INCORRECT` or `ACCOUNT_LOCKED`.
    pub(super) async fn verify_caller(
        &self,
        password: Secret<String>,
    ) -> Result<VerifiedUser, Error> {
        let reservation = self.passwords.reserve()?;
        let user = self.users.by_id(&self.database, caller()?).await?;
        let user = user.ok_or_else(errors::password_incorrect)?;
        let verified = self.verify_password(reservation, user.username.expose(), password);
        verified.await.map(VerifiedUser::with_session)
    }
}
