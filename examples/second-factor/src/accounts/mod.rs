//! Operations on accounts.

mod login;
mod password;
mod second_factor;

use seaworthy::{
    account::{DeviceClaim, KnownDevice, Lockout, OneTimeTokens, SecondFactors, Sessions},
    audit_log::{AuditEntry, AuditLog, Outcome},
    auth::password::{PasswordPolicy, Passwords},
    data::Database,
    prelude::*,
};

pub(crate) use login::{LoggedIn, Login};

/// The stores and policies of accounts.
pub(crate) struct Accounts {
    pub(crate) database: Database,
    pub(crate) passwords: Passwords,
    pub(crate) policy: PasswordPolicy,
    pub(crate) lockout: Lockout,
    pub(crate) factors: SecondFactors,
    /// Logins that wait for their code.
    pub(crate) pending_logins: OneTimeTokens,
    pub(crate) sessions: Sessions,
    pub(crate) audit: AuditLog,
}

impl Accounts {
    /// Returns the device of a request if this user has logged in on it.
    async fn known_device(
        &self,
        claim: Option<&DeviceClaim>,
        user: &str,
    ) -> Result<Option<KnownDevice>, Error> {
        match claim {
            Some(claim) => Ok(claim.confirm_current(&self.database, user).await?),
            None => Ok(None),
        }
    }

    /// Records a rejected action. This includes unknown accounts, so that response times do not
    /// show whether an account exists.
    async fn record_rejection(
        &self,
        action: &'static str,
        user: Option<&str>,
    ) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let entry = AuditEntry::new(action).outcome(Outcome::Refused);
                let entry = match user {
                    Some(user) => entry.target("user", user),
                    None => entry,
                };
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            })
            .await
    }
}
