use seaworthy::{account::Enrollment, audit_log::AuditEntry, prelude::*};

use super::{Accounts, TokenPair, caller, refresh::end_access};
use crate::domain::{User, errors};

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
        let user = self.verify_caller(password).await?;
        let (id, label) = (user.id.to_string(), user.username.expose());
        let enrollment = self.factors.enroll(&id, label).await?;
        enrollment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor. It ends all sessions of the user, because a thief of the password
    /// may have one, and begins a new one for the caller. Returns the recovery codes.
    ///
    /// # Errors
    /// `TOTP_INVALID`.
    pub(crate) async fn confirm_totp(
        &self,
        code: &Secret<String>,
    ) -> Result<(Vec<String>, TokenPair), Error> {
        let id = caller()?;
        let proved = self
            .factors
            .verify_enrollment(&id.to_string(), code.expose())
            .await?;
        let proved = proved.ok_or_else(errors::totp_invalid)?;
        let confirmed = self
            .database
            .transaction(|tx| {
                let proved = &proved;
                async move {
                    let user = self.users.lock(&tx, id).await?;
                    let user = user.filter(|user| user.is_active);
                    let user = user.ok_or_else(errors::token_invalid)?;
                    let Some(codes) = self.factors.confirm(&tx, proved).await? else {
                        return Ok(None);
                    };
                    end_access(&self.sessions, &tx, &id.to_string()).await?;
                    let session = self.begin_session(&tx, &user).await?;
                    let entry = AuditEntry::new("totp.enable").target("user", id.to_string());
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
    /// `PASSWORD_INCORRECT` or `TOTP_INVALID`.
    pub(crate) async fn disable_totp(
        &self,
        password: Secret<String>,
        code: &Secret<String>,
    ) -> Result<(), Error> {
        let user = self.verify_caller(password).await?.id.to_string();
        if !self.factors.verify(&user, code.expose()).await? {
            return Err(errors::totp_invalid());
        }
        self.database
            .transaction(|tx| {
                let user = user.as_str();
                async move {
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
    pub(super) async fn verify_caller(&self, password: Secret<String>) -> Result<User, Error> {
        let reservation = self.passwords.reserve()?;
        let user = self.users.by_id(&self.database, caller()?).await?;
        let user = user.ok_or_else(errors::password_incorrect)?;
        let (user, _) = self
            .verify_password(reservation, user.username.expose(), password)
            .await?;
        Ok(user)
    }
}
