use seaworthy::{
    account::{DeviceClaim, Enrollment},
    audit_log::AuditEntry,
    prelude::*,
};

use super::Accounts;
use crate::{errors, users::User};

impl Accounts {
    /// Starts the setup of an authenticator. It requires the password, so that a stolen session
    /// cannot lock out the owner.
    pub(crate) async fn enroll(
        &self,
        user: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<Enrollment, Error> {
        let user = self
            .verify_password_again("second_factor.enroll", user, password, device)
            .await?;
        let enrollment = self.factors.enroll(&user.id, user.email.expose()).await?;
        enrollment.ok_or_else(errors::second_factor_exists)
    }

    /// Enables the second factor, and returns the recovery codes.
    pub(crate) async fn confirm(
        &self,
        user: &str,
        code: &Secret<String>,
    ) -> Result<Vec<String>, Error> {
        const ACTION: &str = "second_factor.confirm";
        let Some(proved) = self.factors.verify_enrollment(user, code.expose()).await? else {
            self.record_rejection(ACTION, Some(user)).await?;
            return Err(errors::invalid_code());
        };
        let recovery = self
            .database
            .transaction(|tx| {
                let proved = &proved;
                async move {
                    let recovery = self.factors.confirm(&tx, proved).await?;
                    if recovery.is_some() {
                        let entry = AuditEntry::new(ACTION).target("user", user);
                        self.audit.append(&tx, entry).await?;
                    }
                    Ok::<_, Error>(recovery)
                }
            })
            .await?;
        // A later enrollment replaced this one, so the code does not belong to it.
        if recovery.is_none() {
            self.record_rejection(ACTION, Some(user)).await?;
        }
        recovery.ok_or_else(errors::invalid_code)
    }

    /// Removes the second factor. It requires the password and a code, so that a stolen session
    /// and a password are not enough.
    pub(crate) async fn disable(
        &self,
        user: &str,
        password: Secret<String>,
        code: &Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<(), Error> {
        const ACTION: &str = "second_factor.remove";
        self.verify_password_again(ACTION, user, password, device)
            .await?;
        self.verify_code(ACTION, user, code, device).await?;
        self.database
            .transaction(|tx| async move {
                self.factors.remove(&tx, user).await?;
                let entry = AuditEntry::new(ACTION).target("user", user);
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Verifies and uses a code. `SecondFactors` counts wrong codes, and a right password does not
    /// reset this count.
    pub(super) async fn verify_code(
        &self,
        action: &'static str,
        user: &str,
        code: &Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<(), Error> {
        // A known device has its own limit, so that an attacker with the password cannot lock the
        // owner out.
        let is_right = match self.known_device(device, user).await? {
            Some(device) => self.factors.verify_from(&device, code.expose()).await?,
            None => self.factors.verify(user, code.expose()).await?,
        };
        if is_right {
            return Ok(());
        }
        self.record_rejection(action, Some(user)).await?;
        Err(errors::invalid_code())
    }

    async fn verify_password_again(
        &self,
        action: &'static str,
        user: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<User, Error> {
        let user = User::by_id(&self.database, user).await?;
        let user = user.ok_or_else(errors::invalid_credentials)?;
        self.verify_password(action, user.email.expose(), password, device)
            .await
    }
}
