//! Statements on device tokens.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use seaworthy::{data::prelude::*, prelude::*};

/// Maximum number of devices per user. A further registration removes the oldest one.
const MAX_DEVICES: u32 = 20;

/// A device token.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) id: Uuid,
    pub(crate) token: String,
    pub(crate) platform: String,
    pub(crate) device_id: Option<String>,
    pub(crate) device_name: Option<String>,
    pub(crate) app_version: Option<String>,
    #[from_row(column = "is_active")]
    pub(crate) active: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A device token to register.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NewDevice {
    pub(crate) token: String,
    pub(crate) platform: String,
    pub(crate) device_id: Option<String>,
    pub(crate) device_name: Option<String>,
    pub(crate) app_version: Option<String>,
}

/// Registers a token. The token then belongs to this user only. Pending pushes to it for another
/// user are not sent.
pub(crate) async fn register(
    tx: &Transaction,
    user: Uuid,
    device: &NewDevice,
) -> DataResult<Device> {
    let (hash, now) = (hash(&device.token), Utc::now());
    sql!("DELETE FROM device_tokens WHERE token_hash = {hash.clone()} AND user_id <> {user}")
        .execute(tx)
        .await?;
    sql("INSERT INTO device_tokens (id, token, token_hash, user_id, platform, device_id, device_name, app_version, is_active, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (token_hash) DO UPDATE SET user_id = excluded.user_id, platform = excluded.platform, device_id = excluded.device_id,
         device_name = excluded.device_name, app_version = excluded.app_version, is_active = excluded.is_active, updated_at = excluded.updated_at")
        .on_mysql("INSERT INTO device_tokens (id, token, token_hash, user_id, platform, device_id, device_name, app_version, is_active, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE user_id = VALUES(user_id), platform = VALUES(platform), device_id = VALUES(device_id),
         device_name = VALUES(device_name), app_version = VALUES(app_version), is_active = VALUES(is_active), updated_at = VALUES(updated_at)")
        .bind(seaworthy::core::new_id())
        .bind(device.token.clone())
        .bind(hash.clone())
        .bind(user)
        .bind(device.platform.clone())
        .bind(device.device_id.clone())
        .bind(device.device_name.clone())
        .bind(device.app_version.clone())
        .bind(true)
        .bind(now)
        .bind(now)
        .execute(tx)
        .await?;
    for old in of_user(tx, user).await?.iter().skip(MAX_DEVICES as usize) {
        sql!("DELETE FROM device_tokens WHERE id = {old.id}")
            .execute(tx)
            .await?;
    }
    sql!("SELECT id, token, platform, device_id, device_name, app_version, is_active, created_at, updated_at FROM device_tokens WHERE token_hash = {hash}")
        .fetch_one(tx)
        .await
}

/// Returns the tokens of a user, the newest first.
pub(crate) async fn of_user(connection: &dyn Connection, user: Uuid) -> DataResult<Vec<Device>> {
    sql!("SELECT id, token, platform, device_id, device_name, app_version, is_active, created_at, updated_at FROM device_tokens WHERE user_id = {user} ORDER BY updated_at DESC, id DESC")
        .fetch_all(connection)
        .await
}

/// Deactivates a user's token. Returns whether the user has it.
pub(crate) async fn deactivate(
    connection: &dyn Connection,
    user: Uuid,
    token: &str,
) -> DataResult<bool> {
    sql!("UPDATE device_tokens SET is_active = {false}, updated_at = {Utc::now()} WHERE token_hash = {hash(token)} AND user_id = {user}")
        .changes(connection)
        .await
}

/// Deactivates a token that the push service reported as invalid, unless the application has
/// registered it again since `sent_at`.
pub(crate) async fn invalidate(
    connection: &dyn Connection,
    id: Uuid,
    sent_at: DateTime<Utc>,
) -> DataResult<()> {
    sql!("UPDATE device_tokens SET is_active = {false}, updated_at = {Utc::now()} WHERE id = {id} AND updated_at <= {sent_at}")
        .apply(connection)
        .await
}

/// Deletes a user's token. Returns whether the user had it.
pub(crate) async fn delete(
    connection: &dyn Connection,
    user: Uuid,
    token: &str,
) -> DataResult<bool> {
    sql!("DELETE FROM device_tokens WHERE token_hash = {hash(token)} AND user_id = {user}")
        .changes(connection)
        .await
}

fn hash(token: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref())
}
