use seaworthy_core::{Code, Error};
use seaworthy_data::{DataError, Transaction, microseconds, sql};

use super::sessions::{Sessions, revoke};
use crate::SecretToken;

/// A refreshed session.
#[derive(Debug)]
pub struct Refreshed {
    /// The ID of the session.
    pub id: String,
    /// The user of the session.
    pub user: String,
    /// The time of the login, in microseconds since 1970.
    pub begun_us: i64,
    /// The next refresh token.
    pub token: SecretToken,
}

/// The reason for a rejected refresh token. A client gets the same error for all but `Failed`.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is unknown, or its session has ended.
    #[error("the refresh token is unknown, or its session has ended")]
    Unknown,
    /// Another request rotated the token within the grace period.
    #[error("the refresh token was rotated within the grace period")]
    AlreadyRotated,
    /// The token was used twice, so it may be stolen. Its session is revoked.
    #[error("the refresh token was used twice, so its session is revoked")]
    Reused {
        /// The user of the session.
        user: String,
    },
    /// The token cannot be checked, so it is rejected.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<DataError> for RefreshError {
    fn from(error: DataError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<RefreshError> for Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Failed(error) => error,
            rejected => Self::new(
                Code::Unauthenticated,
                "REFRESH_TOKEN_INVALID",
                "log in again",
            )
            .with_cause(rejected),
        }
    }
}

/// The outcome of [`rotate`](Sessions::rotate). Commit the transaction in each case.
#[derive(Debug)]
#[must_use = "on `Reused`, also revoke the access tokens"]
pub enum Rotation {
    /// The session continues with the new token.
    Rotated(Refreshed),
    /// The token is unknown, or its session has ended.
    Unknown,
    /// Another request rotated the token within the grace period.
    AlreadyRotated,
    /// The token was used twice, so it may be stolen. The transaction revokes its session.
    Reused {
        /// The user of the session.
        user: String,
    },
}

impl Sessions {
    /// Rotates the token in its own transaction. If two requests present the same token, one of
    /// them gets the next one.
    ///
    /// A service that can revoke access tokens calls [`rotate`](Self::rotate) instead. One
    /// transaction then revokes the session of a reused token and its access tokens.
    ///
    /// # Errors
    /// [`RefreshError`]. The transaction is committed in each case, also if a reused token revokes
    /// the session.
    pub async fn refresh(&self, token: &SecretToken) -> Result<Refreshed, RefreshError> {
        let exchange = self
            .database
            .transaction(|tx| async move { self.rotate(&tx, token).await })
            .await?;
        match exchange {
            Rotation::Rotated(refreshed) => Ok(refreshed),
            Rotation::Unknown => Err(RefreshError::Unknown),
            Rotation::AlreadyRotated => Err(RefreshError::AlreadyRotated),
            Rotation::Reused { user } => Err(RefreshError::Reused { user }),
        }
    }

    /// Rotates the token in the caller's transaction. The caller commits it in each case. On
    /// [`Rotation::Reused`] the caller first revokes the access tokens in the same transaction, by
    /// [`TokenVersions::increment`](crate::TokenVersions::increment). If access tokens have the ID
    /// of their session and the service checks it by [`token_version`](Self::token_version), they
    /// are revoked already.
    ///
    /// # Errors
    /// Any error of the database, and those of [`SecretToken::generate`].
    pub async fn rotate(&self, tx: &Transaction, token: &SecretToken) -> Result<Rotation, Error> {
        let (old, next) = (token.hash(), SecretToken::generate()?);
        let updated = sql("UPDATE account_sessions SET token_hash = ?, used_us = {now_us}, until_us = {now_us} + ?
                           WHERE token_hash = ? AND until_us > {now_us} AND ends_us > {now_us}")
            .bind(next.hash())
            .bind(microseconds(self.config.idle_timeout.get()))
            .bind(old.clone())
            .execute(tx)
            .await?;
        if updated.rows_affected() == 0 {
            return Ok(self.reject(tx, old).await?);
        }
        let (id, user, begun_us): (String, String, i64) =
            sql("SELECT id, user_id, begun_us FROM account_sessions WHERE token_hash = ?")
                .bind(next.hash())
                .fetch_one(tx)
                .await?;
        sql("INSERT INTO account_used_tokens (token_hash, session_id, used_us) VALUES (?, ?, {now_us})")
            .bind(old)
            .bind(id.as_str())
            .execute(tx)
            .await?;
        Ok(Rotation::Rotated(Refreshed {
            id,
            user,
            begun_us,
            token: next,
        }))
    }

    async fn reject(&self, tx: &Transaction, token: Vec<u8>) -> Result<Rotation, DataError> {
        let used: Option<(String, String, i64)> = sql(
            "SELECT s.id, s.user_id, {now_us} - u.used_us FROM account_used_tokens u JOIN account_sessions s ON s.id = u.session_id
             WHERE u.token_hash = ?",
        )
        .bind(token)
        .fetch_optional(tx)
        .await?;
        let Some((id, user, since)) = used else {
            return Ok(Rotation::Unknown);
        };
        if since < microseconds(self.config.rotation_grace_period.get()) {
            return Ok(Rotation::AlreadyRotated);
        }
        revoke(tx, &user, &id).await?;
        let warned = user.clone();
        tx.on_commit(move || {
            tracing::warn!(
                user = warned,
                "a refresh token was used twice and its session was revoked"
            );
        });
        Ok(Rotation::Reused { user })
    }
}
