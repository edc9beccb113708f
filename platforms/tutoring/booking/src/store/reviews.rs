use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::Role;
use tutoring_identity::{from_text, insert_or_ignore};
use uuid::Uuid;

use crate::domain::Rating;

/// The review of a completed session by one side.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    /// The side that reviews: `student` or `trainer`.
    #[from_row(with = from_text)]
    pub(crate) review_type: Role,
    pub(crate) reviewer_id: Uuid,
    #[from_row(with = rating)]
    pub(crate) rating: Rating,
    pub(crate) feedback: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Reads a rating.
fn rating(row: &Row, _: &str) -> Result<Rating, DataError> {
    let unexpected = || DataError::unexpected_value("the column is not a rating");
    Rating::of_halves(row.get("rating_halves")?).ok_or_else(unexpected)
}

/// Statements on reviews.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reviews;

impl Reviews {
    /// Inserts a review. Returns `false` if the side has reviewed the session.
    pub(crate) async fn insert(tx: &Transaction, review: &Review) -> Result<bool, DataError> {
        insert_or_ignore!("session_reviews (id, session_id, review_type, reviewer_id, rating_halves, feedback, created_at) VALUES ({review.id}, {review.session_id}, {review.review_type.as_str()}, {review.reviewer_id}, {review.rating.halves()}, {review.feedback.as_deref()}, {review.created_at})")
            .changes(tx)
            .await
    }

    /// Returns a page of reviews, the newest first, and their number.
    pub(crate) async fn list(
        connection: &dyn Connection,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Review>, u64), DataError> {
        let (total,): (u64,) = sql("SELECT COUNT(*) FROM session_reviews")
            .fetch_one(connection)
            .await?;
        let items = sql!("SELECT id, session_id, review_type, reviewer_id, rating_halves, feedback, created_at FROM session_reviews ORDER BY created_at DESC, id LIMIT {limit} OFFSET {offset}")
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }
}
