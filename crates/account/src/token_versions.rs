use seaworthy_data::{Connection, DataError, sql};

/// The version of a user's access tokens (AUTH-3): raising it takes back all that were issued before, wherever `seaworthy_auth::token::Revocations` hear of it.
///
/// An access token carries the version as `ver`; a user without a row is at 0.
#[derive(Debug, Clone, Copy)]
pub struct TokenVersions;

impl TokenVersions {
    /// The version that a new token of the user carries.
    ///
    /// # Errors
    /// The database's.
    pub async fn current(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        let version: Option<(i64,)> = sql("SELECT version FROM account_versions WHERE user_id = ?")
            .bind(user)
            .fetch_optional(connection)
            .await?;
        Ok(version.map_or(0, |(version,)| version.unsigned_abs()))
    }

    /// Takes back all tokens of a user, in the transaction of the ban, the role or the password that is the reason; tells the new version.
    ///
    /// # Errors
    /// The database's.
    pub async fn raise(connection: &dyn Connection, user: &str) -> Result<u64, DataError> {
        sql("INSERT INTO account_versions (user_id, version) VALUES (?, 1)
             ON CONFLICT (user_id) DO UPDATE SET version = account_versions.version + 1")
            .on_mysql("INSERT INTO account_versions (user_id, version) VALUES (?, 1) ON DUPLICATE KEY UPDATE version = version + 1")
            .bind(user)
            .execute(connection)
            .await?;
        Self::current(connection, user).await
    }
}
