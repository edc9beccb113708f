use seaworthy::{
    account::DeviceClaim, audit_log::AuditEntry, auth::password::PasswordCheck, prelude::*,
};

use super::Accounts;
use crate::{
    errors,
    users::{User, normalize},
};

impl Accounts {
    /// Creates an account.
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

    /// Verifies a password and returns its user. All callers share one lockout. The audit log
    /// records a wrong password as `action`.
    pub(super) async fn verify_password(
        &self,
        action: &'static str,
        email: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<User, Error> {
        // Reserve before the database query, so that many logins do not hold all connections.
        let reservation = self.passwords.reserve()?;
        let email = normalize(email);
        // Every valid device cookie causes this query, whether or not the account exists.
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
                let address = context::with_current(|request| {
                    request.and_then(RequestContext::client_address)
                });
                self.lockout.attempt(&email, address).await?
            }
        };
        let known = User::by_email(&self.database, &email).await?;
        let stored = known.as_ref().map(|user| user.password_hash.expose());
        let check = match reservation
            .verify(password, stored.map(String::as_str))
            .await
        {
            Ok(check) => check,
            // The password was not checked, so this is not a failed attempt.
            Err(busy) => {
                self.lockout.cancel(attempt).await?;
                return Err(busy);
            }
        };
        match (known, check) {
            (Some(user), PasswordCheck::Valid { rehash }) => {
                self.lockout.record_success(attempt).await?;
                if let Some(hash) = rehash {
                    user.rehash(&self.database, hash.as_str()).await?;
                }
                Ok(user)
            }
            (known, _) => {
                let id = known.as_ref().map(|user| user.id.as_str());
                self.record_rejection(action, id).await?;
                Err(errors::invalid_credentials())
            }
        }
    }
}
