use seaworthy::data::prelude::*;
use tutoring_contract::{CheckedPage, named};
use uuid::Uuid;

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
    #[from_row(column = "course_id")]
    pub(crate) course: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    #[from_row(column = "file_key")]
    pub(crate) key: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// Statements on the files of courses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files;

impl Files {
    pub(crate) async fn insert(
        tx: &Transaction,
        kind: FileKind,
        file: &CourseFile,
    ) -> Result<(), DataError> {
        sql!("INSERT INTO course_files (id, course_id, kind, title, description, file_key, created_at) VALUES ({file.id}, {file.course}, {kind.as_str()}, {&file.title}, {&file.description}, {&file.key}, {file.created_at})")
            .apply(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        kind: FileKind,
        id: Uuid,
    ) -> Result<Option<CourseFile>, DataError> {
        sql!("SELECT id, course_id, title, description, file_key, created_at FROM course_files WHERE id = {id} AND kind = {kind.as_str()}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the files of a course, the oldest first, and their number.
    pub(crate) async fn of_course(
        connection: &dyn Connection,
        kind: FileKind,
        course: Uuid,
        page: CheckedPage,
    ) -> Result<(Vec<CourseFile>, u64), DataError> {
        let (total,): (u64,) =
            sql!("SELECT COUNT(*) FROM course_files WHERE course_id = {course} AND kind = {kind.as_str()}")
                .fetch_one(connection)
                .await?;
        let items = sql!("SELECT id, course_id, title, description, file_key, created_at FROM course_files WHERE course_id = {course} AND kind = {kind.as_str()} ORDER BY created_at, id LIMIT {page.limit} OFFSET {page.offset()}")
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }
}
