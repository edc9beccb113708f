use seaworthy::data::{Connection, DataError, chrono::Utc, sql};
use uuid::Uuid;

/// Statements on the owners of uploaded files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uploads;

impl Uploads {
    /// Stores the owner of a new key.
    pub(crate) async fn insert(
        connection: &dyn Connection,
        key: &str,
        user: Uuid,
    ) -> Result<(), DataError> {
        sql("INSERT INTO uploads (object_key, user_id, created_at) VALUES (?, ?, ?)")
            .bind(key)
            .bind(user)
            .bind(Utc::now())
            .execute(connection)
            .await
            .map(drop)
    }

    /// Whether a key belongs to a user.
    pub(crate) async fn is_of(
        connection: &dyn Connection,
        key: &str,
        user: Uuid,
    ) -> Result<bool, DataError> {
        let (count,): (u64,) =
            sql("SELECT COUNT(*) FROM uploads WHERE object_key = ? AND user_id = ?")
                .bind(key)
                .bind(user)
                .fetch_one(connection)
                .await?;
        Ok(count > 0)
    }
}
