//! Statements on reviews.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page, Role};
use tutoring_identity::paged;

use super::{Limit, in_territory};
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
fn rating(row: &Row, _: &str) -> DataResult<Rating> {
    let unexpected = || DataError::unexpected_value("the column is not a rating");
    Rating::from_halves(row.get("rating_halves")?).ok_or_else(unexpected)
}

/// Inserts a review. Returns `false` if the side has reviewed the session.
pub(crate) async fn insert(tx: &Transaction, review: &Review) -> DataResult<bool> {
    insert_or_ignore!("session_reviews (id, session_id, review_type, reviewer_id, rating_halves, feedback, created_at) VALUES ({review.id}, {review.session_id}, {review.review_type.as_str()}, {review.reviewer_id}, {review.rating.halves()}, {review.feedback.as_deref()}, {review.created_at})")
        .changes(tx)
        .await
}

/// Returns a page of reviews in a territory, the newest first.
pub(crate) async fn list(
    connection: &dyn Connection,
    limit: &Limit,
    page: CheckedPage,
) -> DataResult<Page<Review>> {
    in_territory!(paged, limit, ["SELECT id, session_id, review_type, reviewer_id, rating_halves, feedback, created_at FROM session_reviews WHERE 1 = 1"], "(SELECT s.allocation_id FROM tutoring_sessions s WHERE s.id = session_reviews.session_id)", [; "ORDER BY created_at DESC, id", page])
        .fetch(connection)
        .await
}
