//! Statements on deliveries.

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;

/// A push or a mail that is due, with the data to send it.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) id: Uuid,
    pub(crate) attempts: u32,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) notification: Uuid,
    pub(crate) user: Uuid,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) data: Option<Value>,
    /// The device, its platform and its token. `None` for e-mail.
    pub(crate) device: Option<(Uuid, String, String)>,
    /// Whether the device is active.
    pub(crate) is_active: bool,
    pub(crate) email: Option<Personal<String>>,
}

impl FromRow for Due {
    fn from_row(row: &Row) -> DataResult<Self> {
        let device: Option<Uuid> = row.get("device_id")?;
        let (platform, token): (Option<String>, Option<String>) =
            (row.get("platform")?, row.get("token")?);
        let is_active: Option<bool> = row.get("is_active")?;
        let email: Option<String> = row.get("email")?;
        Ok(Self {
            id: row.get("id")?,
            attempts: row.get("attempts")?,
            expires_at: row.get("expires_at")?,
            notification: row.get("notification_id")?,
            user: row.get("user_id")?,
            kind: row.get("type")?,
            title: row.get("title")?,
            body: row.get("body")?,
            data: row.get("data")?,
            device: device
                .zip(platform.zip(token))
                .map(|(id, (platform, token))| (id, platform, token)),
            is_active: is_active.unwrap_or(false),
            email: email.map(Personal::new),
        })
    }
}

/// Schedules a push to a device, or a mail if there is no device.
pub(crate) async fn insert(
    tx: &Transaction,
    notification: Uuid,
    device: Option<Uuid>,
    at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> DataResult<()> {
    sql!("INSERT INTO deliveries (id, notification_id, device_id, attempts, next_attempt_at, expires_at) VALUES ({seaworthy::core::new_id()}, {notification}, {device}, 0, {at}, {expires_at})")
        .apply(tx)
        .await
}

/// Returns at most `limit` deliveries that are due.
pub(crate) async fn due(connection: &dyn Connection, limit: u32) -> DataResult<Vec<Due>> {
    sql!("SELECT d.id, d.attempts, d.expires_at, d.notification_id, d.device_id, n.user_id, n.type, n.title, n.body, n.data, v.platform, v.token, v.is_active, p.email
         FROM deliveries d JOIN notifications n ON n.id = d.notification_id
         LEFT JOIN device_tokens v ON v.id = d.device_id LEFT JOIN preferences p ON p.user_id = n.user_id
         WHERE d.next_attempt_at <= {Utc::now()} ORDER BY d.next_attempt_at, d.id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Removes a delivery that ended.
pub(crate) async fn remove(connection: &dyn Connection, id: Uuid) -> DataResult<()> {
    sql!("DELETE FROM deliveries WHERE id = {id}")
        .apply(connection)
        .await
}

/// Schedules the next attempt.
pub(crate) async fn retry(
    connection: &dyn Connection,
    id: Uuid,
    at: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = {at} WHERE id = {id}")
        .apply(connection)
        .await
}
