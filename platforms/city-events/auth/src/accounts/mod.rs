//! What can be done with an account, whoever asks and over whatever transport.

mod caller;
mod federated_login;
mod links;
mod login;
mod moderation;
mod passwords;
mod profile;
mod tell;

use seaworthy::{
    account::{Lockout, OneTimeTokens, ReplayGuard, Sessions, TokenVersions},
    audit_log::AuditLog,
    auth::{
        password::{PasswordPolicy, PasswordReservation, Passwords},
        token::{NewToken, TokenSigner},
    },
    data::{Database, Transaction},
    outbox::Outbox,
    prelude::*,
};

use crate::{
    config::AuthConfig,
    domain::{User, refusal},
    metrics::Counts,
};
pub(crate) use caller::Caller;
pub(crate) use login::LoggedIn;
pub(crate) use tell::topics;

/// The accounts and all that they need.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) sessions: Sessions,
    /// Those that came back from a provider.
    pub(crate) logins: ReplayGuard,
    pub(crate) lockout: Lockout,
    pub(crate) passwords: Passwords,
    pub(crate) policy: PasswordPolicy,
    pub(crate) signer: TokenSigner,
    pub(crate) verify_email: OneTimeTokens,
    pub(crate) password_reset: OneTimeTokens,
    pub(crate) audit: AuditLog,
    pub(crate) counts: Counts,
    pub(crate) settings: AuthConfig,
}

/// An access token, and how long it is good for.
#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(crate) text: Secret<String>,
    pub(crate) seconds: u64,
    /// The version of the user's tokens that it carries.
    pub(crate) version: u64,
}

impl Accounts {
    /// An access token of the user's present version. The transaction has made or locked the user: a ban or another role raises the version under the same lock, so that no token says the old with the new version.
    async fn sign(&self, tx: &Transaction, user: &User) -> Result<AccessToken, Error> {
        let id = user.id.to_string();
        let version = TokenVersions::current(tx, &id).await?;
        let token = NewToken::about(id.as_str())
            .claim("uid", id.as_str())
            .claim("role", user.role.as_str())
            .claim("ver", version);
        let text = self.signer.sign(token).map_err(|error| {
            Error::new(
                Code::Internal,
                "TOKEN_SIGN_FAILED",
                "the service failed to answer",
            )
            .with_cause(error)
        })?;
        Ok(AccessToken {
            text,
            seconds: self.signer.lifetime().as_secs(),
            version,
        })
    }

    /// A hash of a new password, or why it is none.
    async fn hash(
        &self,
        place: &PasswordReservation,
        password: Secret<String>,
        email: &str,
    ) -> Result<String, Error> {
        self.policy
            .check(&password, &[email])
            .map_err(refusal::weak_password)?;
        Ok(place.hash(password).await?.as_str().to_owned())
    }
}

/// A text that has to be there.
///
/// # Errors
/// `MISSING_FIELD`.
fn required(field: &'static str, given: Option<Secret<String>>) -> Result<Secret<String>, Error> {
    given
        .filter(|text| !text.expose().is_empty())
        .ok_or_else(|| refusal::missing_field(field))
}

#[cfg(test)]
mod tests;
