//! Creates rows within the quota of their owner.

use seaworthy_data::{DataError, Transaction, sql};
use seaworthy_http::is_anonymous_owner;
use uuid::Uuid;

use crate::{
    NewUpload, Upload, UploadError,
    store::{Inner, find},
};

/// Maximum length of an owner or a purpose, in bytes: the size of the text column.
const MAX_NAME: usize = 255;
/// Maximum length of a media type, in bytes, as in the storage.
const MAX_MEDIA_TYPE: usize = 200;
/// Maximum length of the metadata, in bytes: a file name and a media type in Base64 fit.
const MAX_METADATA: usize = 4 * 1024;
/// The minimum size that each upload reserves, even if it fails. It limits the rows of an owner.
pub(crate) const MIN_RESERVED: u64 = 4 * 1024;
/// Maximum number of incomplete uploads of an anonymous client, which can change its network.
const MAX_OPEN_ANONYMOUS: u32 = 5;

/// Returns whether a text is a media type that the storage accepts.
pub(crate) fn is_media_type(text: &str) -> bool {
    text.len() <= MAX_MEDIA_TYPE
        && text.contains('/')
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text
}

pub(crate) fn check(store: &Inner, new: &NewUpload) -> Result<(), UploadError> {
    let limit = store.config.max_size;
    if new.size.is_some_and(|size| size > limit.get()) {
        return Err(UploadError::TooLarge(limit));
    }
    if new.owner.len() > MAX_NAME || new.purpose.len() > MAX_NAME {
        return Err(UploadError::Invalid(
            "the owner or the purpose is longer than 255 bytes",
        ));
    }
    let content_type = new.content_type.as_deref();
    if !content_type.is_none_or(is_media_type) {
        return Err(UploadError::Invalid(
            "the media type is not valid: use TYPE/SUBTYPE, such as image/jpeg",
        ));
    }
    if new
        .metadata
        .as_ref()
        .is_some_and(|text| text.len() > MAX_METADATA)
    {
        return Err(UploadError::Invalid("the metadata is longer than 4 KiB"));
    }
    Ok(())
}

/// Stores the row of an upload.
pub(crate) async fn create(store: &Inner, new: &NewUpload) -> Result<Upload, UploadError> {
    check(store, new)?;
    let id = seaworthy_core::new_id();
    let created = store
        .database
        .transaction(|tx| async move {
            lock_owner(&tx, &new.owner).await?;
            let reserved = new.size.unwrap_or(store.config.max_size.get());
            let reserved = reserved.max(MIN_RESERVED);
            check_quota(store, &tx, &new.owner, reserved).await?;
            insert(&tx, id, new, reserved).await?;
            find(&tx, id).await
        })
        .await?;
    store.metrics.created.add(1);
    Ok(created)
}

/// Locks the row of an owner until the end of the transaction, so that concurrent requests cannot
/// exceed the quota together.
async fn lock_owner(tx: &Transaction, owner: &str) -> Result<(), DataError> {
    let lock = || {
        sql("UPDATE upload_owners SET changes = changes + 1 WHERE owner_id = ?")
            .bind(owner)
            .execute(tx)
    };
    if lock().await?.rows_affected() > 0 {
        return Ok(());
    }
    sql("INSERT INTO upload_owners (owner_id, changes) VALUES (?, 0) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO upload_owners (owner_id, changes) VALUES (?, 0)")
        .bind(owner)
        .execute(tx)
        .await?;
    lock().await.map(drop)
}

async fn check_quota(
    store: &Inner,
    tx: &Transaction,
    owner: &str,
    reserved: u64,
) -> Result<(), UploadError> {
    let (open,): (i64,) =
        sql("SELECT COUNT(*) FROM uploads WHERE owner_id = ? AND status = 'pending'")
            .bind(owner)
            .fetch_one(tx)
            .await?;
    let max_open = store.config.max_open_per_owner.get();
    let max_open = match is_anonymous_owner(owner) {
        true => max_open.min(MAX_OPEN_ANONYMOUS),
        false => max_open,
    };
    if open >= i64::from(max_open) {
        return Err(UploadError::TooManyOpen(max_open));
    }
    let (used,): (i64,) = sql(
        "SELECT CAST(COALESCE(SUM(reserved_bytes), 0) AS BIGINT) FROM uploads WHERE owner_id = ?",
    )
    .on_mysql(
        "SELECT CAST(COALESCE(SUM(reserved_bytes), 0) AS SIGNED) FROM uploads WHERE owner_id = ?",
    )
    .bind(owner)
    .fetch_one(tx)
    .await?;
    let quota = store.config.max_bytes_per_owner;
    let used = u64::try_from(used).unwrap_or_default();
    if used.saturating_add(reserved) > quota.get() {
        return Err(UploadError::Quota(quota));
    }
    Ok(())
}

async fn insert(
    tx: &Transaction,
    id: Uuid,
    new: &NewUpload,
    reserved: u64,
) -> Result<(), DataError> {
    sql("INSERT INTO uploads (id, owner_id, purpose, status, content_type, metadata, size_bytes, reserved_bytes, received_bytes, has_object, attempts, claimed_until_us, created_us, changed_us) VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, 0, TRUE, 0, 0, {now_us}, {now_us})")
        .bind(id)
        .bind(new.owner.as_str())
        .bind(new.purpose.as_str())
        .bind(new.content_type.clone())
        .bind(new.metadata.clone())
        .bind(new.size.map(signed))
        .bind(signed(reserved))
        .execute(tx)
        .await
        .map(drop)
}

/// Stores the length that a client declares after the creation. It does not replace a known length.
pub(crate) async fn declare_length(
    store: &Inner,
    id: Uuid,
    length: u64,
) -> Result<(), UploadError> {
    if length > store.config.max_size.get() {
        return Err(UploadError::TooLarge(store.config.max_size));
    }
    sql("UPDATE uploads SET size_bytes = ? WHERE id = ? AND status = 'pending' AND size_bytes IS NULL")
        .bind(signed(length))
        .bind(id)
        .execute(&store.database)
        .await?;
    Ok(())
}

/// Converts a size for the database.
pub(crate) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
