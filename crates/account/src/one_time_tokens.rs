use std::time::Duration;

use seaworthy_core::Error;
use seaworthy_data::{Connection, DataError, Database, sql};
use seaworthy_service::Worker;

use crate::{
    SecretToken, microseconds,
    purge::{delete_page, purge_worker},
};

/// Tokens that are good once, for links in messages: to confirm an address, to set a new password. Cheap to clone.
///
/// A token is for one purpose, so the link of one cannot be used for another. Asking for a new one ends the older ones of the same user and purpose: the last message counts.
#[derive(Debug, Clone)]
pub struct OneTimeTokens {
    database: Database,
    purpose: &'static str,
    life: Duration,
}

impl OneTimeTokens {
    /// Tokens of a purpose, each good for `life`, in this database, whose migrations hold [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, purpose: &'static str, life: Duration) -> Self {
        Self {
            database,
            purpose,
            life,
        }
    }

    /// A new one for a user, in the transaction that stores its message; the user's older ones of this purpose end.
    ///
    /// # Errors
    /// The database's.
    pub async fn issue(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<SecretToken, Error> {
        self.end_all(connection, user).await?;
        let token = SecretToken::generate()?;
        sql("INSERT INTO account_one_time_tokens (token_hash, purpose, user_id, until_us) VALUES (?, ?, ?, {now_us} + ?)")
            .bind(token.hash())
            .bind(self.purpose)
            .bind(user)
            .bind(microseconds(self.life))
            .execute(connection)
            .await?;
        Ok(token)
    }

    /// Whose the token is, without using it up.
    ///
    /// # Errors
    /// The database's.
    pub async fn holder(&self, token: &SecretToken) -> Result<Option<String>, DataError> {
        self.find(&self.database, token).await
    }

    /// Uses the token up, in the transaction of what it is for, and tells whose it was. Of two at once one gets it.
    ///
    /// # Errors
    /// The database's.
    pub async fn take(
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

    /// Ends the tokens of a user.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_all(&self, connection: &dyn Connection, user: &str) -> Result<(), DataError> {
        sql("DELETE FROM account_one_time_tokens WHERE user_id = ? AND purpose = ?")
            .bind(user)
            .bind(self.purpose)
            .execute(connection)
            .await
            .map(drop)
    }

    /// The worker that removes tokens of every purpose whose time is over. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge one-time tokens", self, async |tokens| {
            tokens.purge().await
        })
    }

    /// Deletes a page of expired tokens, for every purpose. Returns whether more may be left.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<bool, DataError> {
        let page = sql("DELETE FROM account_one_time_tokens WHERE token_hash IN (SELECT token_hash FROM account_one_time_tokens WHERE until_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_one_time_tokens WHERE until_us <= {now_us} LIMIT ?");
        delete_page(&self.database, page).await
    }
}
