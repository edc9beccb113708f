use seaworthy::{
    account::{DeviceClaim, Origin, SecretToken, TokenVersions},
    audit_log::AuditEntry,
    data::Transaction,
    prelude::*,
};

use super::Accounts;
use crate::errors;

/// The result of a login with the correct password.
pub(crate) enum LoggedIn {
    /// The user has no second factor.
    Session(Login),
    /// The user has a second factor. The token is valid once, for the request with the code.
    CodeNeeded(SecretToken),
}

/// A complete login.
pub(crate) struct Login {
    pub(crate) user: String,
    /// The token of the session.
    pub(crate) token: SecretToken,
    /// The version of the user's tokens, for the cookie of the device.
    pub(crate) version: u64,
}

impl Accounts {
    /// Starts a session for a user without a second factor, and otherwise a login that waits for a
    /// code.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let user = self
            .verify_password("user.login", email, password, device)
            .await?;
        let needs_code = self.factors.is_required(&user.id).await?;
        self.database
            .transaction(|tx| {
                let user = user.id.as_str();
                async move {
                    if needs_code {
                        let token = self.pending_logins.issue(&tx, user).await?;
                        return Ok(LoggedIn::CodeNeeded(token));
                    }
                    let login = self.start_session(&tx, user, "user.login").await?;
                    Ok::<_, Error>(LoggedIn::Session(login))
                }
            })
            .await
    }

    /// Completes a login with a TOTP code or a recovery code.
    pub(crate) async fn log_in_by_code(
        &self,
        token: &Secret<String>,
        code: &Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<Login, Error> {
        let token = SecretToken::parse(token.expose()).ok_or_else(errors::login_expired)?;
        let user = self.pending_logins.user(&token).await?;
        let user = user.ok_or_else(errors::login_expired)?;
        self.verify_code("user.login_by_code", &user, code, device)
            .await?;
        self.database
            .transaction(|tx| {
                let (user, token) = (user.as_str(), &token);
                async move {
                    // If two codes arrive at the same time, one of them completes the login.
                    let taken = self.pending_logins.consume(&tx, token).await?;
                    taken.ok_or_else(errors::login_expired)?;
                    self.start_session(&tx, user, "user.login_by_code").await
                }
            })
            .await
    }

    async fn start_session(
        &self,
        tx: &Transaction,
        user: &str,
        action: &'static str,
    ) -> Result<Login, Error> {
        let request = context::current();
        let request = request.as_deref();
        let address = request.and_then(RequestContext::client_address);
        let address = address.map(|address| address.to_string());
        let origin = Origin {
            user_agent: request
                .and_then(|request| request.user_agent())
                .unwrap_or_default(),
            address: address.as_deref().unwrap_or_default(),
        };
        let session = self.sessions.begin(tx, user, origin).await?;
        let entry = AuditEntry::new(action).actor(user).target("user", user);
        self.audit.append(tx, entry).await?;
        Ok(Login {
            user: user.to_owned(),
            token: session.token,
            version: TokenVersions::current(tx, user).await?,
        })
    }
}
