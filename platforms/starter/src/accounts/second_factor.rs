use seaworthy::{account::Enrolment, prelude::*};

use super::{Accounts, caller};
use crate::domain::{User, errors};

impl Accounts {
    /// Begins an enrolment. It requires the password, so that a stolen token cannot lock out the
    /// owner.
    ///
    /// # Errors
    /// `FEATURE_DISABLED`, `PASSWORD_INCORRECT` or `TOTP_EXISTS`.
    pub(crate) async fn enroll_totp(&self, password: Secret<String>) -> Result<Enrolment, Error> {
        if !self.settings.totp_enabled {
            return Err(errors::totp_disabled());
        }
        let user = self.verify_caller(password).await?;
        let (id, label) = (user.id.to_string(), user.username.expose());
        let enrolment = self.factors.enrol(&id, label).await?;
        enrolment.ok_or_else(errors::totp_exists)
    }

    /// Enables the second factor, and returns the recovery codes.
    ///
    /// # Errors
    /// `TOTP_INVALID`.
    pub(crate) async fn confirm_totp(&self, code: &Secret<String>) -> Result<Vec<String>, Error> {
        let user = caller()?.to_string();
        let proved = self.factors.prove(&user, code.expose()).await?;
        let proved = proved.ok_or_else(errors::totp_invalid)?;
        let recovery = self
            .database
            .transaction(|tx| {
                let proved = &proved;
                async move { self.factors.confirm(&tx, proved).await }
            })
            .await?;
        // Another enrolment replaced this one, so the code does not belong to it.
        recovery.ok_or_else(errors::totp_invalid)
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
        Ok(self.factors.remove(&self.database, &user).await?)
    }

    async fn verify_caller(&self, password: Secret<String>) -> Result<User, Error> {
        let reservation = self.passwords.reserve()?;
        let user = self.users.by_id(&self.database, caller()?).await?;
        let user = user.ok_or_else(errors::password_incorrect)?;
        let (user, _) = self
            .verify_password(reservation, user.username.expose(), password)
            .await?;
        Ok(user)
    }
}
