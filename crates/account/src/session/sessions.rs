use std::time::Duration;

use seaworthy_core::{Error, new_id};
use seaworthy_data::{
    Connection, DataError, Database, FromRow, Row, Transaction, microseconds, sql, truncated,
};
use serde::Serialize;

use super::SessionConfig;
use crate::{SecretToken, TokenVersions};

/// The sessions of a service's users. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub(super) database: Database,
    pub(super) config: SessionConfig,
}

/// The client that begins a session, for the user's list of devices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The `User-Agent` header.
    pub user_agent: &'a str,
    /// The client's IP address.
    pub address: &'a str,
}

/// A new session.
#[derive(Debug)]
pub struct NewSession {
    /// The ID of the session.
    pub id: String,
    /// The first refresh token.
    pub token: SecretToken,
}

/// The result of [`revoke_access`](Sessions::revoke_access).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedAccess {
    /// The IDs of the revoked sessions.
    pub sessions: Vec<String>,
    /// The new version of the user's tokens.
    pub version: u64,
}

/// A session in the user's list of devices.
#[derive(Debug, Clone, Serialize)]
pub struct SessionSummary {
    /// The ID of the session.
    pub id: String,
    /// The `User-Agent` of the login.
    pub user_agent: String,
    /// The IP address of the login.
    pub address: String,
    /// The time of the login, in microseconds since 1970.
    pub begun_us: i64,
    /// The time of the last refresh, in microseconds since 1970.
    pub used_us: i64,
}

impl FromRow for SessionSummary {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            user_agent: row.get("user_agent")?,
            address: row.get("address")?,
            begun_us: row.get("begun_us")?,
            used_us: row.get("used_us")?,
        })
    }
}

impl Sessions {
    /// Creates a handle to the sessions in a database that has the tables of
    /// [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, config: SessionConfig) -> Self {
        Self { database, config }
    }

    /// Begins a session, in the transaction of the login if there is one. It ignores a token of the
    /// client, which prevents session fixation.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn begin(
        &self,
        connection: &dyn Connection,
        user: &str,
        origin: Origin<'_>,
    ) -> Result<NewSession, Error> {
        self.revoke_surplus(connection, user).await?;
        let (id, token) = (new_id().to_string(), SecretToken::generate()?);
        sql("INSERT INTO account_sessions (id, user_id, token_hash, user_agent, address, begun_us, used_us, until_us, ends_us)
             VALUES (?, ?, ?, ?, ?, {now_us}, {now_us}, {now_us} + ?, {now_us} + ?)")
            .bind(id.as_str())
            .bind(user)
            .bind(token.hash())
            .bind(truncated(origin.user_agent))
            .bind(truncated(origin.address))
            .bind(microseconds(self.config.idle_timeout.get()))
            .bind(microseconds(self.config.absolute_timeout.get()))
            .execute(connection)
            .await?;
        Ok(NewSession { id, token })
    }

    /// Revokes the least recently used sessions of a user, so that there is room for one more.
    /// [`begin`](Self::begin) does so, too. Returns their IDs, for a service that also has active
    /// sessions elsewhere, such as in Redis.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke_surplus(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<Vec<String>, DataError> {
        let max = i64::from(self.config.max_per_user.get());
        let surplus: Vec<(String,)> =
            sql("SELECT id FROM account_sessions WHERE user_id = ? ORDER BY used_us DESC, id DESC LIMIT 1000 OFFSET ?")
                .bind(user)
                .bind(max - 1)
                .fetch_all(connection)
                .await?;
        let mut revoked = Vec::new();
        for (id,) in surplus {
            revoke(connection, user, &id).await?;
            revoked.push(id);
        }
        Ok(revoked)
    }

    /// Returns the user of a refresh token, without rotating the token.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn user(&self, token: &SecretToken) -> Result<Option<String>, DataError> {
        let user: Option<(String,)> =
            sql("SELECT user_id FROM account_sessions WHERE token_hash = ? AND until_us > {now_us} AND ends_us > {now_us}")
                .bind(token.hash())
                .fetch_optional(&self.database)
                .await?;
        Ok(user.map(|(user,)| user))
    }

    /// Returns the session and the user of a token, also of one that was rotated. It changes
    /// nothing.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn find(
        &self,
        connection: &dyn Connection,
        token: &SecretToken,
    ) -> Result<Option<(String, String)>, DataError> {
        let session =
            sql("SELECT id, user_id FROM account_sessions WHERE token_hash = ? AND until_us > {now_us} AND ends_us > {now_us}")
                .bind(token.hash())
                .fetch_optional(connection)
                .await?;
        if session.is_some() {
            return Ok(session);
        }
        sql("SELECT s.id, s.user_id FROM account_used_tokens u JOIN account_sessions s ON s.id = u.session_id
             WHERE u.token_hash = ? AND s.until_us > {now_us} AND s.ends_us > {now_us}")
            .bind(token.hash())
            .fetch_optional(connection)
            .await
    }

    /// Returns the [version](crate::TokenVersions) that access tokens of a session need. `None` for
    /// a session that has ended. The reuse of a refresh token thus revokes the access tokens with
    /// the ID of its session. Other sessions of the user continue.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn token_version(
        connection: &dyn Connection,
        user: &str,
        id: &str,
    ) -> Result<Option<u64>, DataError> {
        let version: Option<(i64,)> =
            sql("SELECT COALESCE(v.version, 0) FROM account_sessions s LEFT JOIN account_versions v ON v.user_id = s.user_id
                 WHERE s.id = ? AND s.user_id = ? AND s.until_us > {now_us} AND s.ends_us > {now_us}")
                .bind(id)
                .bind(user)
                .fetch_optional(connection)
                .await?;
        Ok(version.map(|(version,)| version.unsigned_abs()))
    }

    /// Revokes the session of a token, as a logout does. The token may have been rotated, by its
    /// owner or by an attacker. Returns the user, or `None` if the token is unknown or its session
    /// has ended.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke(
        &self,
        tx: &Transaction,
        token: &SecretToken,
    ) -> Result<Option<String>, DataError> {
        let Some((id, user)) = self.find(tx, token).await? else {
            return Ok(None);
        };
        Ok(revoke(tx, &user, &id).await?.then_some(user))
    }

    /// Revokes one session of a user. Returns `false` if the user does not have a session with this
    /// ID.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke_one(&self, user: &str, id: &str) -> Result<bool, DataError> {
        revoke(&self.database, user, id).await
    }

    /// Revokes all sessions of a user, in the transaction of a new password or a ban. Access tokens
    /// stay valid until they expire or
    /// [`TokenVersions::increment`](crate::TokenVersions::increment).
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke_all(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<u64, DataError> {
        let done = sql("DELETE FROM account_sessions WHERE user_id = ?")
            .bind(user)
            .execute(connection)
            .await?;
        Ok(done.rows_affected())
    }

    /// Revokes all access of a user: sessions, and by [`TokenVersions::increment`] access tokens,
    /// API keys and known devices. The transaction must have locked the row of the user first.
    /// Otherwise a concurrent login can begin a session after the revocation. A service that also
    /// has active sessions elsewhere, such as in Redis, removes the returned sessions there.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke_access(
        &self,
        tx: &Transaction,
        user: &str,
    ) -> Result<RevokedAccess, DataError> {
        // Expired sessions too: their access tokens may still be valid.
        let mut sessions: Vec<String> = Vec::new();
        loop {
            let page: Vec<(String,)> = sql(
                "SELECT id FROM account_sessions WHERE user_id = ? AND id > ? ORDER BY id LIMIT 1000",
            )
            .bind(user)
            .bind(sessions.last().cloned().unwrap_or_default())
            .fetch_all(tx)
            .await?;
            if page.is_empty() {
                break;
            }
            sessions.extend(page.into_iter().map(|(id,)| id));
        }
        self.revoke_all(tx, user).await?;
        Ok(RevokedAccess {
            sessions,
            version: TokenVersions::increment(tx, user).await?,
        })
    }

    /// Whether the user has a session that has not expired.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn has_any(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<bool, DataError> {
        sql("SELECT id FROM account_sessions WHERE user_id = ? AND until_us > {now_us} AND ends_us > {now_us} LIMIT 1")
            .bind(user)
            .exists(connection)
            .await
    }

    /// Returns the sessions of a user, most recently used first.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn for_user(&self, user: &str) -> Result<Vec<SessionSummary>, DataError> {
        self.list(&self.database, user).await
    }

    /// Returns the sessions of a user as [`for_user`](Self::for_user) does, in a transaction.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn list(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<Vec<SessionSummary>, DataError> {
        sql("SELECT id, user_agent, address, begun_us, used_us FROM account_sessions
             WHERE user_id = ? AND until_us > {now_us} AND ends_us > {now_us} ORDER BY used_us DESC, id DESC LIMIT 1000")
            .bind(user)
            .fetch_all(connection)
            .await
    }

    /// Returns the maximum lifetime of a session, however often it is refreshed.
    #[must_use]
    pub fn absolute_timeout(&self) -> Duration {
        self.config.absolute_timeout.get()
    }

    /// Returns how long a session lasts without a refresh, which is also the lifetime of its
    /// cookie.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        self.config.idle_timeout.get()
    }
}

pub(super) async fn revoke(
    connection: &dyn Connection,
    user: &str,
    id: &str,
) -> Result<bool, DataError> {
    let done = sql("DELETE FROM account_sessions WHERE id = ? AND user_id = ?")
        .bind(id)
        .bind(user)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
