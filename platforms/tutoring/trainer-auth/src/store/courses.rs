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

/// A version of a course, from the event.
#[derive(Debug, Clone)]
pub(crate) struct CourseCopy {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) category: String,
    pub(crate) is_published: bool,
}

/// Stores a version of a course. An older one changes nothing.
pub(crate) async fn store(tx: &Transaction, course: &CourseCopy) -> DataResult<()> {
    let updated = sql!("UPDATE courses SET title = {&course.title}, category = {&course.category}, is_published = {course.is_published}, version = {course.version} WHERE id = {course.id} AND version < {course.version}")
        .execute(tx)
        .await?;
    if updated.rows_affected() > 0 {
        return Ok(());
    }
    insert_or_ignore!("courses (id, title, category, is_published, version) VALUES ({course.id}, {&course.title}, {&course.category}, {course.is_published}, {course.version})")
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
