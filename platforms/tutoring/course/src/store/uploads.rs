//! Statements on the owners of uploaded files.

use seaworthy::{
    data::{self, Database, chrono::TimeDelta, prelude::*},
    prelude::Worker,
};

/// The time for which requests can refer to an uploaded file. Revisions of a project refer to
/// its files again.
const RETENTION: TimeDelta = TimeDelta::days(90);

/// Stores the owner of a new key.
pub(crate) async fn insert(connection: &dyn Connection, key: &str, user: Uuid) -> DataResult<()> {
    sql!(
        "INSERT INTO uploads (object_key, user_id, created_at) VALUES ({key}, {user}, {Utc::now()})"
    )
    .apply(connection)
    .await
}

/// Returns the worker that deletes the rows of old files, and not the files. It may run on every
/// replica.
pub(crate) fn purge_worker(database: &Database) -> Worker {
    data::purge_worker("purge uploads", database, async |database: Database| {
        sql("DELETE FROM uploads WHERE object_key IN (SELECT object_key FROM uploads WHERE created_at < ? LIMIT ?)")
            .on_mysql("DELETE FROM uploads WHERE created_at < ? LIMIT ?")
            .bind(Utc::now() - RETENTION)
            .delete_page(&database)
            .await
    })
}

/// Whether a key belongs to a user.
pub(crate) async fn is_of(connection: &dyn Connection, key: &str, user: Uuid) -> DataResult<bool> {
    sql!("SELECT object_key FROM uploads WHERE object_key = {key} AND user_id = {user}")
        .exists(connection)
        .await
}
