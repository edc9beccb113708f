//! Statements on the paid sessions of courses. Purchases and refunds may arrive in any order.

use seaworthy::data::prelude::*;

/// The sessions of a course that a student has paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaidSessions {
    pub(crate) payment: Uuid,
    pub(crate) student: Uuid,
    pub(crate) course: Uuid,
    pub(crate) sessions: i32,
}

async fn ensure(tx: &Transaction, paid: &PaidSessions, is_refunded: bool) -> DataResult<()> {
    insert_or_ignore!("my_payments (payment_id, student_id, course_id, session_count, is_refunded) VALUES ({paid.payment}, {paid.student}, {paid.course}, {paid.sessions}, {is_refunded})")
        .apply(tx)
        .await
}

/// Stores the sessions of a payment, unless it was refunded.
pub(crate) async fn pay(tx: &Transaction, paid: &PaidSessions) -> DataResult<()> {
    ensure(tx, paid, false).await
}

/// Stores the refund of a payment, whose sessions may not be known.
pub(crate) async fn refund(tx: &Transaction, paid: &PaidSessions) -> DataResult<()> {
    ensure(tx, paid, true).await?;
    sql!("UPDATE my_payments SET is_refunded = {true} WHERE payment_id = {paid.payment}")
        .apply(tx)
        .await
}

/// Whether a student has ever paid for a course. A refund changes nothing.
pub(crate) async fn exist(connection: &dyn Connection, student: Uuid) -> DataResult<bool> {
    sql!("SELECT payment_id FROM my_payments WHERE student_id = {student} LIMIT 1")
        .exists(connection)
        .await
}

/// Whether a student has paid sessions of any course that were not refunded.
pub(crate) async fn has_sessions(connection: &dyn Connection, student: Uuid) -> DataResult<bool> {
    sql!("SELECT payment_id FROM my_payments WHERE student_id = {student} AND is_refunded = {false} AND session_count > 0 LIMIT 1")
        .exists(connection)
        .await
}

/// Returns the paid sessions of a course without those that were refunded.
pub(crate) async fn sessions(
    connection: &dyn Connection,
    student: Uuid,
    course: Uuid,
) -> DataResult<i32> {
    let counts: Vec<i32> = sql!("SELECT session_count FROM my_payments WHERE student_id = {student} AND course_id = {course} AND is_refunded = {false}")
        .fetch_all(connection)
        .await?;
    Ok(counts.into_iter().sum())
}
