use seaworthy::data::{
    Connection, DataError, Transaction,
    chrono::{DateTime, Utc},
    sql,
};
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

use super::Purchase;

/// Statements on held sessions and certificates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery;

impl Delivery {
    /// Records a held session. Returns `false` if it is known.
    pub(crate) async fn add(
        tx: &Transaction,
        purchase: Uuid,
        session: Uuid,
        completed_at: DateTime<Utc>,
    ) -> Result<bool, DataError> {
        let inserted = insert_or_ignore!(
            "delivered_sessions (purchase_id, tutoring_session_id, completed_at) VALUES (?, ?, ?)"
        )
        .bind(purchase)
        .bind(session)
        .bind(completed_at)
        .execute(tx)
        .await?;
        Ok(inserted.rows_affected() > 0)
    }

    /// Returns the number of held sessions, and the time of the last one.
    pub(crate) async fn progress(
        connection: &dyn Connection,
        purchase: Uuid,
    ) -> Result<(u16, Option<DateTime<Utc>>), DataError> {
        let (count,): (u16,) = sql("SELECT COUNT(*) FROM delivered_sessions WHERE purchase_id = ?")
            .bind(purchase)
            .fetch_one(connection)
            .await?;
        let last: Option<(DateTime<Utc>,)> = sql("SELECT completed_at FROM delivered_sessions WHERE purchase_id = ? ORDER BY completed_at DESC LIMIT 1")
            .bind(purchase)
            .fetch_optional(connection)
            .await?;
        Ok((count, last.map(|(at,)| at)))
    }

    /// Issues the certificate of a purchase. Returns `false` if it has one.
    pub(crate) async fn issue(
        tx: &Transaction,
        id: Uuid,
        number: &str,
        purchase: &Purchase,
    ) -> Result<bool, DataError> {
        let inserted = insert_or_ignore!("certificates (id, certificate_number, purchase_id, student_id, course_id, issued_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(number)
            .bind(purchase.id)
            .bind(purchase.student_id)
            .bind(purchase.course_id)
            .bind(Utc::now())
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }
}
