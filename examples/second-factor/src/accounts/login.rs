use seaworthy::{
    account::{DeviceClaim, Origin, SecretToken, TokenVersions},
    audit_log::AuditEntry,
    data::Transaction,
    prelude::*,
};

use super::Accounts;
use crate::refusal;

/// The result of a right password.
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
    /// Begins a session of somebody without a second factor, and a login of everybody else.
    pub(crate) async fn log_in(
        &self,
        email: &str,
        password: Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<LoggedIn, Error> {
        let user = self.prove("user.login", email, password, device).await?;
        let needs_code = self.factors.is_required(&user.id).await?;
        self.database
            .transaction(|tx| {
                let user = user.id.as_str();
                async move {
                    if needs_code {
                        let token = self.begun.issue(&tx, user).await?;
                        return Ok(LoggedIn::CodeNeeded(token));
                    }
                    let login = self.begin(&tx, user, "user.login").await?;
                    Ok::<_, Error>(LoggedIn::Session(login))
                }
            })
            .await
    }

    /// Ends a login by a code of the application, or by a recovery code.
    pub(crate) async fn log_in_by_code(
        &self,
        token: &Secret<String>,
        code: &Secret<String>,
        device: Option<&DeviceClaim>,
    ) -> Result<Login, Error> {
        let token = SecretToken::parse(token.expose()).ok_or_else(refusal::no_login)?;
        let user = self.begun.holder(&token).await?;
        let user = user.ok_or_else(refusal::no_login)?;
        self.prove_by_code("user.login_by_code", &user, code, device)
            .await?;
        self.database
            .transaction(|tx| {
                let (user, token) = (user.as_str(), &token);
                async move {
                    // Two codes at once end one login.
                    let taken = self.begun.take(&tx, token).await?;
                    taken.ok_or_else(refusal::no_login)?;
                    self.begin(&tx, user, "user.login_by_code").await
                }
            })
            .await
    }

    async fn begin(
        &self,
        tx: &Transaction,
        user: &str,
        action: &'static str,
    ) -> Result<Login, Error> {
        let now = context::current();
        let now = now.as_deref();
        let address = now.and_then(RequestContext::client_address);
        let address = address.map(|address| address.to_string());
        let origin = Origin {
            user_agent: now.and_then(|now| now.user_agent()).unwrap_or_default(),
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
