//! Statements on the files of courses.

use seaworthy::data::prelude::*;
use seaworthy::named;
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

named! {
    /// The purpose of a file of a course.
    pub(crate) enum FileKind {
        Video = "video",
        Material = "material",
    }
}

/// A video or a material of a course.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct CourseFile {
    pub(crate) id: Uuid,
    pub(crate) course_id: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) file_key: String,
    pub(crate) created_at: DateTime<Utc>,
}

pub(crate) async fn insert(tx: &Transaction, kind: FileKind, file: &CourseFile) -> DataResult<()> {
    sql!("INSERT INTO course_files (id, course_id, kind, title, description, file_key, created_at) VALUES ({file.id}, {file.course_id}, {kind.as_str()}, {&file.title}, {&file.description}, {&file.file_key}, {file.created_at})")
        .apply(tx)
        .await
}

pub(crate) async fn by_id(
    connection: &dyn Connection,
    kind: FileKind,
    id: Uuid,
) -> DataResult<Option<CourseFile>> {
    sql!("SELECT id, course_id, title, description, file_key, created_at FROM course_files WHERE id = {id} AND kind = {kind.as_str()}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the files of a course, the oldest first.
pub(crate) async fn of_course(
    connection: &dyn Connection,
    kind: FileKind,
    course: Uuid,
    page: CheckedPage,
) -> DataResult<Page<CourseFile>> {
    paged!("SELECT id, course_id, title, description, file_key, created_at FROM course_files WHERE course_id = {course} AND kind = {kind.as_str()}"; "ORDER BY created_at, id", page)
        .fetch(connection)
        .await
}
