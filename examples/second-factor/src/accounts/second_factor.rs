use seaworthy::{
    account::{DeviceClaim, Enrolment},
    audit_log::AuditEntry,
    prelude::*,
};

use super::Accounts;
use crate::{refusal, users::User};

impl Accounts {
    /// Begins to set up an application. The password is asked for: whoever has found a session open must not lock its owner out.
    pub(crate) async fn enrol(
        &self,
        user: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<Enrolment, Error> {
        let user = self
            .prove_again("second_factor.enrol", user, password, device)
            .await?;
        let enrolment = self.factors.enrol(&user.id, user.email.expose()).await?;
        enrolment.ok_or_else(refusal::has_second_factor)
    }

    /// The recovery codes, once: from now on logins need a code.
    pub(crate) async fn confirm(
        &self,
        user: &str,
        code: &Secret<String>,
    ) -> Result<Vec<String>, Error> {
        const ACTION: &str = "second_factor.confirm";
        let Some(proved) = self.factors.prove(user, code.expose()).await? else {
            self.refused(ACTION, Some(user)).await?;
            return Err(refusal::wrong_code());
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
        // Another was set up meanwhile: the code is none of it.
        if recovery.is_none() {
            self.refused(ACTION, Some(user)).await?;
        }
        recovery.ok_or_else(refusal::wrong_code)
    }

    /// Removes the second factor. Both proofs are asked for: whoever has found a session open and knows the password would have done without the second one.
    pub(crate) async fn disable(
        &self,
        user: &str,
        password: Secret<String>,
        code: &Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<(), Error> {
        const ACTION: &str = "second_factor.remove";
        self.prove_again(ACTION, user, password, device).await?;
        self.prove_by_code(ACTION, user, code, device).await?;
        self.database
            .transaction(|tx| async move {
                self.factors.remove(&tx, user).await?;
                let entry = AuditEntry::new(ACTION).target("user", user);
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }

    /// Whether the code is the user's; it is used up. Wrong ones are counted by the factors themselves, so that no password ends their count.
    pub(super) async fn prove_by_code(
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
        self.refused(action, Some(user)).await?;
        Err(refusal::wrong_code())
    }

    async fn prove_again(
        &self,
        action: &'static str,
        user: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<User, Error> {
        let user = User::by_id(&self.database, user).await?;
        let user = user.ok_or_else(refusal::invalid_credentials)?;
        self.prove(action, user.email.expose(), password, device)
            .await
    }
}
