use chrono::{DateTime, Utc};
use seaworthy::data::{DataError, sql};
use uuid::Uuid;

use super::Store;

/// Maximum number of events that one request ranks: those that start next.
const MAX_CANDIDATES: i64 = 2_000;

/// A published event that has not started, as the ranking needs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) id: Uuid,
    pub(crate) category: String,
    pub(crate) start_time: DateTime<Utc>,
    /// Half score points of joins and views.
    pub(crate) points: i64,
}

/// Conditions of a feed. An empty text adds no condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    pub(crate) city: String,
    pub(crate) category: String,
    /// Part of the title or the city, in any case.
    pub(crate) text: String,
}

impl EventFilter {
    /// Returns whether the filter has no condition.
    pub(crate) fn is_empty(&self) -> bool {
        self.city.is_empty() && self.category.is_empty() && self.text.is_empty()
    }
}

macro_rules! limited_events {
    () => {
        "SELECT event_id, category, start_time FROM feed_events
         WHERE status = 'published' AND start_time > ? AND (? = '' OR city = ?) AND (? = '' OR category = ?) AND words LIKE ? ESCAPE '!'
         ORDER BY start_time, event_id LIMIT ?"
    };
}

macro_rules! later_changes {
    () => {
        " LEFT JOIN (SELECT event_id, SUM(points) AS points FROM feed_score_changes WHERE changed_at > ? GROUP BY event_id) c ON c.event_id = e.event_id"
    };
}

impl Store {
    /// Returns the next 2,000 published events that start after `now`, with their points at a given
    /// time. The number of rows that it reads does not depend on the number of joins and views
    /// before that time.
    pub(crate) async fn upcoming(
        &self,
        filter: &EventFilter,
        now: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Candidate>, DataError> {
        let pattern = format!("%{}%", escape_pattern(&filter.text.to_lowercase()));
        // Servers run the nested query of a column once per row. For a join they may read all
        // scores.
        let rows: Vec<(Uuid, String, DateTime<Utc>, i64)> = sql(concat!(
            "SELECT e.event_id, e.category, e.start_time, CAST(COALESCE((SELECT s.points FROM feed_scores s WHERE s.event_id = e.event_id), 0) - COALESCE(c.points, 0) AS BIGINT) FROM (",
            limited_events!(),
            ") e",
            later_changes!()
        ))
        .on_mysql(concat!(
            "SELECT e.event_id, e.category, e.start_time, CAST(COALESCE((SELECT s.points FROM feed_scores s WHERE s.event_id = e.event_id), 0) - COALESCE(c.points, 0) AS SIGNED) FROM (",
            limited_events!(),
            ") e",
            later_changes!()
        ))
        .bind(now)
        .bind(&filter.city)
        .bind(&filter.city)
        .bind(&filter.category)
        .bind(&filter.category)
        .bind(pattern)
        .bind(MAX_CANDIDATES)
        .bind(at)
        .fetch_all(&self.0)
        .await?;
        let candidates = rows.into_iter();
        Ok(candidates
            .map(|(id, category, start_time, points)| Candidate {
                id,
                category,
                start_time,
                points,
            })
            .collect())
    }
}

/// Escapes the wildcards of a `LIKE` pattern with `!`.
fn escape_pattern(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
