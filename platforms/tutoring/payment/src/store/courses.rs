//! Statements on the copy of the courses.

use seaworthy::data::prelude::*;

/// Stores a version of a course. An older one changes nothing.
pub(crate) async fn store(
    tx: &Transaction,
    id: Uuid,
    is_published: bool,
    version: i64,
) -> DataResult<()> {
    let is_updated =
        sql!("UPDATE courses SET is_published = {is_published}, version = {version} WHERE id = {id} AND version < {version}")
            .changes(tx)
            .await?;
    if is_updated {
        return Ok(());
    }
    insert_or_ignore!(
        "courses (id, is_published, version) VALUES ({id}, {is_published}, {version})"
    )
    .apply(tx)
    .await
}

pub(crate) async fn is_published(connection: &dyn Connection, id: Uuid) -> DataResult<bool> {
    sql!("SELECT id FROM courses WHERE id = {id} AND is_published = {true}")
        .exists(connection)
        .await
}
