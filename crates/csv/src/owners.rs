//! The locks of owners, which serialize the check of their quota.

use seaworthy_data::{DataError, Database, Transaction, sql};

/// Locks an owner until the end of the transaction, so that concurrent requests cannot exceed the
/// quota together.
pub(crate) async fn lock(tx: &Transaction, kind: &str, owner: &str) -> Result<(), DataError> {
    let lock = || {
        sql("UPDATE csv_import_owners SET changes = changes + 1 WHERE owner_id = ? AND kind = ?")
            .bind(owner)
            .bind(kind)
            .execute(tx)
    };
    if lock().await?.rows_affected() > 0 {
        return Ok(());
    }
    sql("INSERT INTO csv_import_owners (owner_id, kind, changes) VALUES (?, ?, 0) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO csv_import_owners (owner_id, kind, changes) VALUES (?, ?, 0)")
        .bind(owner)
        .bind(kind)
        .execute(tx)
        .await?;
    lock().await.map(drop)
}

/// Deletes owners without imports. Returns their number.
pub(crate) async fn purge(
    database: &Database,
    kind: &str,
    max_rows: u32,
) -> Result<usize, DataError> {
    let left: Vec<(String,)> = sql("SELECT owner_id FROM csv_import_owners WHERE kind = ? AND owner_id NOT IN (SELECT owner_id FROM csv_imports WHERE kind = ?) LIMIT ?")
        .bind(kind)
        .bind(kind)
        .bind(max_rows)
        .fetch_all(database)
        .await?;
    if left.is_empty() {
        return Ok(0);
    }
    let count = left.len();
    sql("DELETE FROM csv_import_owners WHERE kind = ? AND owner_id IN (?*)")
        .bind(kind)
        .bind_list(left.into_iter().map(|(owner,)| owner))
        .execute(database)
        .await?;
    Ok(count)
}
