use seaworthy::{
    data::{
        Connection, DataError, FromRow, Row, Transaction,
        chrono::{DateTime, Utc},
        sql,
    },
    prelude::*,
};
use tutoring_identity::locked;
use uuid::Uuid;

/// Returns the text of a statement that reads courses.
macro_rules! statement {
    ($rest:literal) => {
        concat!(
            "SELECT id, title, description, category, difficulty, status, version, created_at, updated_at FROM courses ",
            $rest
        )
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
#[derive(Debug, Clone, Serialize)]
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

impl FromRow for Course {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            title: row.get("title")?,
            description: row.get("description")?,
            category: row.get("category")?,
            difficulty: row.get("difficulty")?,
            status: row.get("status")?,
            version: row.get("version")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
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
        sql(statement!("WHERE id = ?"))
            .bind(id)
            .fetch_optional(connection)
            .await
    }

    /// Returns a course, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<Course>, DataError> {
        locked!(statement!("WHERE id = ?"))
            .bind(id)
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
        sql("INSERT INTO courses (id, title, description, category, difficulty, status, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(course.id)
            .bind(&course.title)
            .bind(&course.description)
            .bind(&course.category)
            .bind(&course.difficulty)
            .bind(&course.status)
            .bind(course.version)
            .bind(course.created_at)
            .bind(course.updated_at)
            .execute(tx)
            .await
            .map(drop)
    }

    pub(crate) async fn update(tx: &Transaction, course: &Course) -> Result<(), DataError> {
        sql("UPDATE courses SET title = ?, description = ?, category = ?, difficulty = ?, status = ?, version = ?, updated_at = ? WHERE id = ?")
            .bind(&course.title)
            .bind(&course.description)
            .bind(&course.category)
            .bind(&course.difficulty)
            .bind(&course.status)
            .bind(course.version)
            .bind(Utc::now())
            .bind(course.id)
            .execute(tx)
            .await
            .map(drop)
    }
}
