use seaworthy::{
    account::{Enrollment, TokenVersions},
    audit_log::AuditEntry,
    prelude::*,
};

use super::{Accounts, TokenPair, caller, login::VerifiedUser, refresh::end_access};
use crate::domain::errors;

impl Accounts {
    /// Begins an enrollment. It requires the password, so that a stolen token cannot lock out the
    /// owner.
    ///
    /// # Errors
    /// `FEATURE_DISABLED`, `PASSWORD_INCORRECT` or `TOTP_EXISTS`.
    pub(crate) async fn enroll_totp(&self, password: Secret<String>) -> Result<Enrollment, Error> {
        if !self.settings.totp_enabled {
            return Err(errors::totp_disabled());
        }
        let user = self.verify_caller(password).await?.user;
        let (id, label) = (user.id.to_string(), user.username.expose());
        let enrollment = self.factors.enroll(&id, label).await?;
        enrollment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor. It ends all sessions of the user, because a thief of the password
    /// may have one, and begins a new one for the caller. Returns the recovery codes.
    ///
    /// # Errors
    /// `TOTP_INVALID`, and `TOKEN_INVALID` if the tokens of the user are revoked during the call.
    pub(crate) async fn confirm_totp(
        &self,
        code: &Secret<String>,
    ) -> Result<(Vec<String>, TokenPair), Error> {
        let id = caller()?;
        let owner = id.to_string();
        let version = TokenVersions::current(&self.database, &owner).await?;
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
                    if TokenVersions::current(&tx, owner).await? != version {
                        return Err(errors::token_invalid());
                    }
                    let Some(codes) = self.factors.confirm(&tx, proved).await? else {
                        return Ok(None);
                    };
                    end_access(&self.sessions, &tx, owner).await?;
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

    /// Returns the caller, whose password is right.
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
        self.verify_password(reservation, user.username.expose(), password)
            .await
    }
}
