use seaworthy::data::{Connection, DataError, Transaction, sql};
use uuid::Uuid;

/// The sessions of a course that a student has paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaidSessions {
    pub(crate) payment: Uuid,
    pub(crate) student: Uuid,
    pub(crate) course: Uuid,
    pub(crate) sessions: i32,
}

/// Statements on the paid sessions of courses. Purchases and refunds may arrive in any order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MyPayments;

impl MyPayments {
    async fn ensure(
        tx: &Transaction,
        paid: &PaidSessions,
        is_refunded: bool,
    ) -> Result<(), DataError> {
        sql("INSERT INTO my_payments (payment_id, student_id, course_id, session_count, is_refunded) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO my_payments (payment_id, student_id, course_id, session_count, is_refunded) VALUES (?, ?, ?, ?, ?)")
            .bind(paid.payment)
            .bind(paid.student)
            .bind(paid.course)
            .bind(paid.sessions)
            .bind(is_refunded)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Stores the sessions of a payment, unless it was refunded.
    pub(crate) async fn pay(tx: &Transaction, paid: &PaidSessions) -> Result<(), DataError> {
        Self::ensure(tx, paid, false).await
    }

    /// Stores the refund of a payment, whose sessions may not be known.
    pub(crate) async fn refund(tx: &Transaction, paid: &PaidSessions) -> Result<(), DataError> {
        Self::ensure(tx, paid, true).await?;
        sql("UPDATE my_payments SET is_refunded = ? WHERE payment_id = ?")
            .bind(true)
            .bind(paid.payment)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns the paid sessions of a course without those that were refunded.
    pub(crate) async fn sessions(
        connection: &dyn Connection,
        student: Uuid,
        course: Uuid,
    ) -> Result<i32, DataError> {
        let counts: Vec<(i32,)> = sql("SELECT session_count FROM my_payments WHERE student_id = ? AND course_id = ? AND is_refunded = ?")
            .bind(student)
            .bind(course)
            .bind(false)
            .fetch_all(connection)
            .await?;
        Ok(counts.into_iter().map(|(count,)| count).sum())
    }
}
