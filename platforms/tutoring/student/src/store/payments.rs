//! Statements on the paid sessions of courses. Purchases and refunds may arrive in any order.

use seaworthy::data::prelude::*;
use serde_json::Value;
use tutoring_contract::events::{CourseAccessGranted, PaymentRefunded};

/// Stores the paid sessions of a purchase, unless their payment was refunded.
pub(crate) async fn pay(tx: &Transaction, event: &CourseAccessGranted) -> DataResult<()> {
    let payment = event.metadata.get("paymentId").and_then(Value::as_str);
    let payment: Option<Uuid> = payment.and_then(|id| id.parse().ok());
    let payment = payment.unwrap_or(event.purchase_id);
    let sessions = event.metadata.get("sessionCount").and_then(Value::as_i64);
    let sessions = sessions.and_then(|count| i32::try_from(count).ok());
    let sessions = sessions.unwrap_or_else(|| event.purchase_tier.into());
    insert_or_ignore!("my_payments (payment_id, student_id, course_id, session_count, is_refunded) VALUES ({payment}, {event.student_id}, {event.course_id}, {sessions}, {false})")
        .apply(tx)
        .await
}

/// Stores the refund of a payment, whose sessions may not be known.
pub(crate) async fn refund(tx: &Transaction, event: &PaymentRefunded) -> DataResult<()> {
    insert_or_ignore!("my_payments (payment_id, student_id, course_id, session_count, is_refunded) VALUES ({event.payment_id}, {event.student_id}, {event.course_id}, 0, {true})")
        .execute(tx)
        .await?;
    sql!("UPDATE my_payments SET is_refunded = {true} WHERE payment_id = {event.payment_id}")
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
