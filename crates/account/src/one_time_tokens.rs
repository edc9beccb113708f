use std::{num::NonZeroU32, time::Duration};

use seaworthy_core::Error;
use seaworthy_data::{Connection, DataError, Database, microseconds, purge_worker, sql};
use seaworthy_service::Worker;

use crate::SecretToken;

/// Tokens for links in messages, such as for a new password. Each is valid once. Cheap to clone.
///
/// A token is valid for one purpose. By default, a new token revokes older ones of the same user
/// and purpose. [`max_open`](Self::max_open) keeps the newest of them valid.
///
/// ```no_run
/// use std::time::Duration;
///
/// use seaworthy_account::OneTimeTokens;
/// use seaworthy_data::Database;
///
/// # async fn example(database: Database) -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = OneTimeTokens::new(database.clone(), "reset-password", Duration::from_secs(3600));
/// let token = tokens.issue(&database, "user-7").await?;
/// let user = tokens.consume(&database, &token).await?;
/// # drop(user);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OneTimeTokens {
    database: Database,
    purpose: &'static str,
    ttl: Duration,
    max_open: NonZeroU32,
}

impl OneTimeTokens {
    /// Creates a handle to the tokens of a purpose, each valid for `ttl`, in a database that has
    /// the tables of [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, purpose: &'static str, ttl: Duration) -> Self {
        Self {
            database,
            purpose,
            ttl,
            max_open: NonZeroU32::MIN,
        }
    }

    /// Sets how many tokens of a user and this purpose are valid at once. A new token revokes
    /// only the oldest ones above this number. A user who requests a link twice can then use either
    /// message. Two concurrent calls of [`issue`](Self::issue) may leave one token more, until the
    /// next call.
    #[must_use]
    pub const fn max_open(mut self, max_open: NonZeroU32) -> Self {
        self.max_open = max_open;
        self
    }

    /// Issues a token for a user, in the transaction that stores its message. The user's oldest
    /// tokens of this purpose are revoked, so that at most [`max_open`](Self::max_open) are valid.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn issue(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<SecretToken, Error> {
        self.revoke_oldest(connection, user).await?;
        let token = SecretToken::generate()?;
        sql("INSERT INTO account_one_time_tokens (token_hash, purpose, user_id, until_us) VALUES (?, ?, ?, {now_us} + ?)")
            .bind(token.hash())
            .bind(self.purpose)
            .bind(user)
            .bind(microseconds(self.ttl))
            .execute(connection)
            .await?;
        Ok(token)
    }

    /// Returns the user of a token, without consuming the token.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn user(&self, token: &SecretToken) -> Result<Option<String>, DataError> {
        self.find(&self.database, token).await
    }

    /// Consumes the token, in the transaction of the action that it allows, and returns its user.
    /// Of two concurrent calls, one gets the user.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn consume(
        &self,
        connection: &dyn Connection,
        token: &SecretToken,
    ) -> Result<Option<String>, DataError> {
        let Some(user) = self.find(connection, token).await? else {
            return Ok(None);
        };
        let taken = sql("DELETE FROM account_one_time_tokens WHERE token_hash = ? AND purpose = ? AND until_us > {now_us}")
            .bind(token.hash())
            .bind(self.purpose)
            .execute(connection)
            .await?;
        Ok((taken.rows_affected() > 0).then_some(user))
    }

    async fn find(
        &self,
        connection: &dyn Connection,
        token: &SecretToken,
    ) -> Result<Option<String>, DataError> {
        let user: Option<(String,)> =
            sql("SELECT user_id FROM account_one_time_tokens WHERE token_hash = ? AND purpose = ? AND until_us > {now_us}")
                .bind(token.hash())
                .bind(self.purpose)
                .fetch_optional(connection)
                .await?;
        Ok(user.map(|(user,)| user))
    }

    /// Revokes the oldest tokens of a user, so that one more does not exceed the limit.
    async fn revoke_oldest(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<(), DataError> {
        let max_open = self.max_open.get();
        if max_open == 1 {
            return self.revoke_all(connection, user).await;
        }
        // All tokens of a purpose have the same lifetime, so the oldest expires first. MySQL needs
        // the inner table, because it does not read a table from which it deletes.
        sql("DELETE FROM account_one_time_tokens WHERE user_id = ? AND purpose = ? AND until_us <= (SELECT until_us FROM (SELECT until_us FROM account_one_time_tokens WHERE user_id = ? AND purpose = ? ORDER BY until_us DESC LIMIT 1 OFFSET ?) AS newest_ended)")
            .bind(user)
            .bind(self.purpose)
            .bind(user)
            .bind(self.purpose)
            .bind(i64::from(max_open - 1))
            .execute(connection)
            .await
            .map(drop)
    }

    /// Revokes the tokens of a user for this purpose.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn revoke_all(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<(), DataError> {
        sql("DELETE FROM account_one_time_tokens WHERE user_id = ? AND purpose = ?")
            .bind(user)
            .bind(self.purpose)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Returns the worker that deletes expired tokens of every purpose. It may run on every
    /// replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge one-time tokens", self, async |tokens| {
            tokens.purge().await
        })
    }

    /// Deletes a page of expired tokens, for every purpose. Returns whether more may be left.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn purge(&self) -> Result<bool, DataError> {
        let page = sql("DELETE FROM account_one_time_tokens WHERE token_hash IN (SELECT token_hash FROM account_one_time_tokens WHERE until_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_one_time_tokens WHERE until_us <= {now_us} LIMIT ?");
        page.delete_page(&self.database).await
    }
}
