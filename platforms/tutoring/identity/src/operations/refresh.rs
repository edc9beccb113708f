use seaworthy::{
    account::{Rotation, SecretToken},
    prelude::*,
};

use super::LoggedIn;
use crate::{Accounts, errors, identity::Parts};

impl Parts {
    /// Rotates a refresh token. A token that was used already ends its session, and with it the
    /// access tokens.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, and `RATE_LIMITED` during another refresh of the session.
    pub(crate) async fn refresh(&self, token: &SecretToken) -> Result<LoggedIn, Error> {
        let found = self.sessions.find(&self.database, token).await?;
        let (session, _) = found.ok_or_else(errors::refresh_token_invalid)?;
        if !self.live.lock_refresh(&session).await? {
            return Err(errors::refresh_in_progress());
        }
        let refreshed = self.rotate(&session, token).await;
        self.live.unlock_refresh(&session).await;
        self.started(refreshed?).await
    }

    async fn rotate(&self, session: &str, token: &SecretToken) -> Result<LoggedIn, Error> {
        let rotated = self
            .database
            .transaction(|tx| async move {
                let refreshed = match self.sessions.rotate(&tx, token).await? {
                    Rotation::Rotated(refreshed) => refreshed,
                    Rotation::Unknown | Rotation::AlreadyRotated | Rotation::Reused { .. } => {
                        return Ok(None);
                    }
                };
                let id = refreshed.user.parse().map_err(Error::internal)?;
                let account = Accounts::lock(&tx, id).await?;
                if account.is_disabled {
                    return Err(errors::account_disabled());
                }
                Ok::<_, Error>(Some(LoggedIn {
                    access: self
                        .tokens
                        .sign(&account.subject(self.kind), &refreshed.id)?,
                    account,
                    begun_us: refreshed.begun_us,
                    session: refreshed.id,
                    refresh: refreshed.token,
                }))
            })
            .await?;
        if let Some(rotated) = rotated {
            return Ok(rotated);
        }
        // The session of a reused token has ended.
        self.live.remove(session).await?;
        Err(errors::refresh_token_invalid())
    }

    /// Ends the session of a refresh token. An unknown token is a no-op.
    ///
    /// # Errors
    /// An error of the database, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub(crate) async fn log_out(&self, token: &SecretToken) -> Result<(), Error> {
        let Some((session, user)) = self.sessions.find(&self.database, token).await? else {
            return Ok(());
        };
        self.live.remove(&session).await?;
        self.sessions.end_one(&user, &session).await?;
        Ok(())
    }

    /// Ends all sessions of an account.
    ///
    /// # Errors
    /// As for [`log_out`](Self::log_out).
    pub(crate) async fn log_out_all(&self, id: uuid::Uuid) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                Accounts::lock(&tx, id).await?;
                self.end_sessions(&tx, id).await
            })
            .await
    }
}
