//! Statements on the copy of the courses.

use seaworthy::{data::prelude::*, prelude::*};

/// Maximum number of courses that a statement reads, more than a platform offers.
const MAX_COURSES: u32 = 1_000;

/// A published course.
#[derive(Debug, Serialize, FromRow)]
pub(crate) struct Course {
    id: Uuid,
    title: String,
    category: String,
}

/// The fields of a course in an event that applications need.
#[derive(Debug, Deserialize)]
pub(crate) struct CourseCopy {
    title: String,
    category: String,
    status: String,
}

/// Stores a version of a course. An older one changes nothing.
pub(crate) async fn store(
    tx: &Transaction,
    (id, version): (Uuid, i64),
    course: &CourseCopy,
) -> DataResult<()> {
    let is_published = course.status == "published";
    let updated = sql!("UPDATE courses SET title = {&course.title}, category = {&course.category}, is_published = {is_published}, version = {version} WHERE id = {id} AND version < {version}")
        .execute(tx)
        .await?;
    if updated.rows_affected() > 0 {
        return Ok(());
    }
    insert_or_ignore!("courses (id, title, category, is_published, version) VALUES ({id}, {&course.title}, {&course.category}, {is_published}, {version})")
    .apply(tx)
    .await
}

/// Returns the published courses by title.
pub(crate) async fn published(connection: &dyn Connection) -> DataResult<Vec<Course>> {
    sql!("SELECT id, title, category FROM courses WHERE is_published = {true} ORDER BY title, id LIMIT {MAX_COURSES}")
        .fetch_all(connection)
        .await
}

/// Returns those of the courses that are published.
pub(crate) async fn published_of(
    connection: &dyn Connection,
    ids: &[Uuid],
) -> DataResult<Vec<Uuid>> {
    sql("SELECT id FROM courses WHERE is_published = ? AND id IN (?*)")
        .bind(true)
        .bind_list(ids.iter().copied())
        .fetch_all(connection)
        .await
}
