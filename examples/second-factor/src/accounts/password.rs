use seaworthy::{
    account::DeviceClaim, audit_log::AuditEntry, auth::password::PasswordCheck, prelude::*,
};

use super::Accounts;
use crate::{
    refusal,
    users::{User, normal},
};

impl Accounts {
    /// Makes an account.
    pub(crate) async fn register(
        &self,
        email: &str,
        password: Secret<String>,
    ) -> Result<User, Error> {
        self.policy.check(&password, &[email])?;
        let hash = self.passwords.hash(password).await?;
        let user = User::new(email, hash.as_str())?;
        self.database
            .transaction(|tx| {
                let user = &user;
                async move {
                    user.insert(&tx).await?;
                    let entry = AuditEntry::new("user.register")
                        .actor(user.id.as_str())
                        .target("user", user.id.as_str());
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await?;
        Ok(user)
    }

    /// Whose the password is. Guessed no faster wherever it is asked for; `action` is what a wrong one is written down as.
    pub(super) async fn prove(
        &self,
        action: &'static str,
        email: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<User, Error> {
        // Before the database is asked: a flood of logins holds no connection that others wait for.
        let place = self.passwords.reserve()?;
        let email = normal(email);
        // A genuine cookie of any user leads here, whether or not the account exists.
        let device = match device {
            Some(claim) => match User::by_email(&self.database, &email).await? {
                Some(owner) => self.known_device(Some(claim), &owner.id).await?,
                None => None,
            },
            None => None,
        };
        let attempt = match device {
            Some(device) => self.lockout.attempt_from(&device).await?,
            None => {
                let address =
                    context::with_current(|now| now.and_then(RequestContext::client_address));
                self.lockout.attempt(&email, address).await?
            }
        };
        let known = User::by_email(&self.database, &email).await?;
        let stored = known.as_ref().map(|user| user.password_hash.expose());
        let check = match place.verify(password, stored.map(String::as_str)).await {
            Ok(check) => check,
            // Nobody has found out whether it is right.
            Err(busy) => {
                self.lockout.withdraw(attempt).await?;
                return Err(busy);
            }
        };
        match (known, check) {
            (Some(user), PasswordCheck::Right { rehash }) => {
                self.lockout.record_success(attempt).await?;
                if let Some(hash) = rehash {
                    user.rehash(&self.database, hash.as_str()).await?;
                }
                Ok(user)
            }
            (known, _) => {
                let id = known.as_ref().map(|user| user.id.as_str());
                self.refused(action, id).await?;
                Err(refusal::invalid_credentials())
            }
        }
    }
}
