//! Statements on courses.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::{containing, paged};

// The first part of statements that read courses.
statements! { statement: "SELECT id, title, description, category, difficulty, status, version, created_at, updated_at FROM courses " }

#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Course {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) category: String,
    /// `beginner`, `intermediate` or `advanced`.
    pub(crate) difficulty: String,
    /// `draft`, `published` or `archived`.
    pub(crate) status: String,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// The filter of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CourseFilter {
    category: Option<String>,
    difficulty: Option<String>,
    /// A part of the title, in any case.
    search: Option<String>,
}

impl CourseFilter {
    /// Returns for each filter whether it counts, and its value.
    fn values(&self) -> [(i64, String); 3] {
        let search = self.search.as_deref().map(containing);
        [self.category.clone(), self.difficulty.clone(), search].map(|value| {
            // No stored text has this character, and PostgreSQL rejects it.
            let text = value.as_deref().unwrap_or_default();
            (i64::from(value.is_some()), text.replace('\0', "\u{fffd}"))
        })
    }
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Course>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a course, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Course>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns a page of the published courses by title.
pub(crate) async fn published(
    connection: &dyn Connection,
    filter: &CourseFilter,
    page: CheckedPage,
) -> DataResult<Page<Course>> {
    let [
        (by_category, category),
        (by_difficulty, difficulty),
        (by_title, title),
    ] = &filter.values();
    statement!(paged, "WHERE status = 'published' AND ({*by_category} = 0 OR category = {category}) AND ({*by_difficulty} = 0 OR difficulty = {difficulty}) AND ({*by_title} = 0 OR lower(title) LIKE {title} ESCAPE '!')"; "ORDER BY title, id", page)
        .fetch(connection)
        .await
}

pub(crate) async fn count(connection: &dyn Connection) -> DataResult<u64> {
    sql("SELECT COUNT(*) FROM courses")
        .fetch_one(connection)
        .await
}

pub(crate) async fn insert(tx: &Transaction, course: &Course) -> DataResult<()> {
    sql!("INSERT INTO courses (id, title, description, category, difficulty, status, version, created_at, updated_at) VALUES ({course.id}, {&course.title}, {&course.description}, {&course.category}, {&course.difficulty}, {&course.status}, {course.version}, {course.created_at}, {course.updated_at})")
        .apply(tx)
        .await
}

pub(crate) async fn update(tx: &Transaction, course: &Course) -> DataResult<()> {
    sql!("UPDATE courses SET title = {&course.title}, description = {&course.description}, category = {&course.category}, difficulty = {&course.difficulty}, status = {&course.status}, version = {course.version}, updated_at = {Utc::now()} WHERE id = {course.id}")
        .apply(tx)
        .await
}
