//! Operations on accounts, independent of the transport.

mod caller;
mod federated_login;
mod links;
mod login;
mod moderation;
mod passwords;
mod profile;
mod publish;
mod refresh;
mod second_factor;

use seaworthy::{
    account::{Lockout, OneTimeTokens, ReplayGuard, SecondFactors, Sessions},
    audit_log::AuditLog,
    auth::{
        password::{PasswordPolicy, PasswordReservation, Passwords},
        token::{NewToken, TokenSigner},
    },
    data::Database,
    outbox::Outbox,
    prelude::*,
};

use crate::{
    config::AuthConfig,
    domain::{User, errors},
    metrics::LoginMetrics,
};
pub(crate) use caller::Caller;
pub(crate) use login::LoggedIn;
pub(crate) use publish::topics;
pub(crate) use second_factor::second_factors;

/// The accounts and their dependencies.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) sessions: Sessions,
    /// Used logins by a provider.
    pub(crate) logins: ReplayGuard,
    pub(crate) lockout: Lockout,
    pub(crate) factors: SecondFactors,
    pub(crate) passwords: Passwords,
    pub(crate) policy: PasswordPolicy,
    pub(crate) signer: TokenSigner,
    pub(crate) verify_email: OneTimeTokens,
    pub(crate) password_reset: OneTimeTokens,
    pub(crate) audit: AuditLog,
    pub(crate) metrics: LoginMetrics,
    pub(crate) settings: AuthConfig,
}

#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(crate) text: Secret<String>,
    /// How long it is valid.
    pub(crate) seconds: u64,
    /// The version of the user's tokens that it contains.
    pub(crate) version: u64,
}

impl Accounts {
    /// Returns an access token with the version of the user's tokens. The transaction that read the
    /// version must have created or locked the user. A ban or a new role raises the version under
    /// the same lock, so no token has an old role and a new version.
    fn sign(&self, user: &User, version: u64) -> Result<AccessToken, Error> {
        let id = user.id.to_string();
        let token = NewToken::for_subject(id.as_str())
            .claim("uid", id.as_str())
            .claim("role", user.role.as_str())
            .claim("ver", version);
        let text = self.signer.sign(token).map_err(|error| {
            Error::new(
                Code::Internal,
                "TOKEN_SIGN_FAILED",
                "the service failed to respond",
            )
            .with_cause(error)
        })?;
        Ok(AccessToken {
            text,
            seconds: self.signer.lifetime().as_secs(),
            version,
        })
    }

    /// Checks a new password against the policy, and hashes it.
    ///
    /// # Errors
    /// `WEAK_PASSWORD`.
    async fn hash(
        &self,
        reservation: &PasswordReservation,
        password: Secret<String>,
        email: &str,
    ) -> Result<String, Error> {
        self.policy
            .check(&password, &[email])
            .map_err(errors::weak_password)?;
        Ok(reservation.hash(password).await?.as_str().to_owned())
    }
}

/// Returns the text of a required field.
///
/// # Errors
/// `MISSING_FIELD`.
fn required(field: &'static str, given: Option<Secret<String>>) -> Result<Secret<String>, Error> {
    given
        .filter(|text| !text.expose().is_empty())
        .ok_or_else(|| errors::missing_field(field))
}

#[cfg(test)]
mod tests;
