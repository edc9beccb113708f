use seaworthy::{data::prelude::*, prelude::*};
use tutoring_identity::locked;
use uuid::Uuid;

/// Returns the text of a statement that reads courses.
macro_rules! statement {
    (locked $rest:literal) => {
        locked!("SELECT id, title, description, category, difficulty, status, version, created_at, updated_at FROM courses ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, title, description, category, difficulty, status, version, created_at, updated_at FROM courses ", $($rest),+)
    };
}

/// The condition of a list. An absent filter matches every course.
macro_rules! matching {
    ($start:literal, $end:literal) => {
        concat!(
            $start,
            " WHERE status = ? AND (? = 0 OR category = ?) AND (? = 0 OR difficulty = ?) AND (? = 0 OR lower(title) LIKE ? ESCAPE '!') ",
            $end
        )
    };
}

/// A course.
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
        let search = self.search.as_deref().map(|text| {
            let text = text.to_lowercase();
            // The text is a plain part of the title, not a pattern.
            let text = text
                .replace('!', "!!")
                .replace('%', "!%")
                .replace('_', "!_");
            format!("%{text}%")
        });
        [self.category.clone(), self.difficulty.clone(), search].map(|value| {
            // No stored text has this character, and PostgreSQL rejects it.
            let text = value.as_deref().unwrap_or_default();
            (i64::from(value.is_some()), text.replace('\0', "\u{fffd}"))
        })
    }
}

/// Statements on courses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Catalogue;

impl Catalogue {
    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Course>, DataError> {
        statement!("WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a course, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<Course>, DataError> {
        statement!(locked "WHERE id = {id}")
            .fetch_optional(tx)
            .await
    }

    /// Returns a page of the published courses by title, and their number.
    pub(crate) async fn published(
        connection: &dyn Connection,
        filter: &CourseFilter,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Course>, u64), DataError> {
        let mut count = sql(matching!("SELECT COUNT(*) FROM courses", "")).bind("published");
        let mut page = sql(matching!(
            "SELECT id, title, description, category, difficulty, status, version, created_at, updated_at FROM courses",
            "ORDER BY title, id LIMIT ? OFFSET ?"
        ))
        .bind("published");
        for (counts, value) in filter.values() {
            count = count.bind(counts).bind(value.clone());
            page = page.bind(counts).bind(value);
        }
        let (total,): (u64,) = count.fetch_one(connection).await?;
        let courses = page.bind(limit).bind(offset).fetch_all(connection).await?;
        Ok((courses, total))
    }

    pub(crate) async fn count(connection: &dyn Connection) -> Result<u64, DataError> {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM courses")
            .fetch_one(connection)
            .await?;
        Ok(count)
    }

    pub(crate) async fn insert(tx: &Transaction, course: &Course) -> Result<(), DataError> {
        sql!("INSERT INTO courses (id, title, description, category, difficulty, status, version, created_at, updated_at) VALUES ({course.id}, {&course.title}, {&course.description}, {&course.category}, {&course.difficulty}, {&course.status}, {course.version}, {course.created_at}, {course.updated_at})")
            .apply(tx)
            .await
    }

    pub(crate) async fn update(tx: &Transaction, course: &Course) -> Result<(), DataError> {
        sql!("UPDATE courses SET title = {&course.title}, description = {&course.description}, category = {&course.category}, difficulty = {&course.difficulty}, status = {&course.status}, version = {course.version}, updated_at = {Utc::now()} WHERE id = {course.id}")
            .apply(tx)
            .await
    }
}
