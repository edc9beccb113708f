use seaworthy::{
    account::{Rotation, SecretToken, TokenVersions},
    audit_log::{AuditEntry, Outcome},
    data::Transaction,
    prelude::*,
};

use super::{AccessToken, Accounts, login::LoggedIn};
use crate::{
    domain::{User, UserId, errors},
    store::Users,
};

impl Accounts {
    /// Exchanges a refresh token for the next one and a new access token.
    pub(crate) async fn refresh(&self, token: Option<SecretToken>) -> Result<LoggedIn, Error> {
        let outcome = self.try_refresh(token).await;
        self.metrics.record_refresh(&outcome);
        outcome
    }

    async fn try_refresh(&self, token: Option<SecretToken>) -> Result<LoggedIn, Error> {
        let token = token.ok_or_else(errors::refresh_token_invalid)?;
        // Sign before the rotation, so a banned user keeps the refresh token until the ban ends. A
        // ban between the two revokes the signed token.
        let signed = match self.sessions.user(&token).await? {
            Some(holder) => Some(self.signed_for(UserId::parse(&holder)?).await?),
            None => None,
        };
        let rotation = self
            .database
            .transaction(|tx| {
                let token = &token;
                async move {
                    let rotation = self.sessions.rotate(&tx, token).await?;
                    if let Rotation::Reused { user } = &rotation {
                        self.revoke_stolen(&tx, user).await?;
                    }
                    Ok::<_, Error>(rotation)
                }
            })
            .await?;
        let Rotation::Rotated(refreshed) = rotation else {
            return Err(errors::refresh_token_invalid());
        };
        let (user, access) = signed.ok_or_else(errors::refresh_token_invalid)?;
        Ok(LoggedIn {
            user,
            access,
            refresh: refreshed.token,
        })
    }

    /// Returns the current user of a session, and an access token.
    async fn signed_for(&self, id: UserId) -> Result<(User, AccessToken), Error> {
        self.database
            .transaction(|tx| async move {
                let user = Users::lock(&tx, id).await?;
                let user = user.ok_or_else(errors::refresh_token_invalid)?;
                if user.locked {
                    return Err(errors::account_locked());
                }
                let version = TokenVersions::current(&tx, &id.to_string()).await?;
                let access = self.sign(&user, version)?;
                Ok((user, access))
            })
            .await
    }

    /// Revokes the access tokens of a user whose refresh token was used twice. It runs in the
    /// transaction that ends the session, so both are committed or neither.
    async fn revoke_stolen(&self, tx: &Transaction, user: &str) -> Result<(), Error> {
        let user = UserId::parse(user)?;
        self.revoke_tokens(tx, user).await?;
        let entry = AuditEntry::new("session.reuse")
            .target("user", user.to_string())
            .outcome(Outcome::Refused);
        Ok(self.audit.append(tx, entry).await?)
    }
}
