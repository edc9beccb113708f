use seaworthy::{
    account::{Rotation, SecretToken},
    prelude::*,
};

use super::LoggedIn;
use crate::{Accounts, CallerSession, errors, identity::Parts};

impl Parts {
    /// Rotates a refresh token. A token that was used already ends its session, and with it the
    /// access tokens.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, and `RATE_LIMITED` during another refresh of the session.
    pub(crate) async fn refresh(&self, token: &SecretToken) -> Result<LoggedIn, Error> {
        let found = self.sessions.find(&self.database, token).await?;
        let (session, user) = found.ok_or_else(errors::refresh_token_invalid)?;
        let user = user.parse().map_err(Error::internal)?;
        if !self.active_sessions.lock_refresh(&session).await? {
            return Err(errors::refresh_in_progress());
        }
        let refreshed = self.rotate(user, token).await;
        self.active_sessions.unlock_refresh(&session).await;
        if let Some(refreshed) = refreshed? {
            return Ok(refreshed);
        }
        // The session of a reused token has ended.
        self.active_sessions.remove(&session).await?;
        Err(errors::refresh_token_invalid())
    }

    /// Rotates a token. Returns `None` if its session has ended.
    async fn rotate(&self, user: Uuid, token: &SecretToken) -> Result<Option<LoggedIn>, Error> {
        self.database
            .transaction(|tx| async move {
                // Every call locks the account before its sessions, so no two calls deadlock.
                let account = Accounts::lock(&tx, user).await?;
                if account.is_disabled {
                    return Err(errors::account_disabled());
                }
                let refreshed = match self.sessions.rotate(&tx, token).await? {
                    Rotation::Rotated(refreshed) => refreshed,
                    Rotation::AlreadyRotated => return Err(errors::refresh_in_progress()),
                    Rotation::Unknown | Rotation::Reused { .. } => return Ok(None),
                };
                self.activate(account, refreshed).await.map(Some)
            })
            .await
    }

    /// Ends the session of a refresh token. Ignores an unknown token.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn log_out(&self, token: &SecretToken) -> Result<(), Error> {
        let Some((session, user)) = self.sessions.find(&self.database, token).await? else {
            return Ok(());
        };
        let user: Uuid = user.parse().map_err(Error::internal)?;
        self.database
            .transaction(|tx| {
                let session = session.as_str();
                async move {
                    // A concurrent refresh completes before this lock, or finds no session.
                    Accounts::lock(&tx, user).await?;
                    self.active_sessions.remove(session).await?;
                    self.sessions.revoke(&tx, token).await?;
                    Ok::<_, Error>(())
                }
            })
            .await
    }

    /// Ends all sessions of the caller.
    ///
    /// # Errors
    /// As for [`log_out`](Self::log_out), and `TOKEN_INVALID` if the session of the caller ended
    /// during the call.
    pub(crate) async fn log_out_all(&self, caller: &CallerSession) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                let id = caller.user();
                Accounts::lock(&tx, id).await?;
                caller.require_active(&tx).await?;
                self.revoke_sessions(&tx, id).await
            })
            .await
    }
}
