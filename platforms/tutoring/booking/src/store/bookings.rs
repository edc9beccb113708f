//! Statements on bookings.

use seaworthy::data::prelude::*;
use serde_json::Value;
use tutoring_contract::Slot;

use super::Allocation;

statements! { statement: "SELECT id, student_id, course_id, timeslot, status, payment_id, allocation_id FROM bookings " }

/// A package that a student requests.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Booking {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) course_id: Uuid,
    #[from_row(with = from_text, column = "timeslot")]
    pub(crate) slot: Slot,
    /// `pending`, `confirmed`, `active`, `completed` or `cancelled`.
    pub(crate) status: String,
    /// The payment that confirmed the booking, and the allocation with its sessions.
    #[from_row(with = paid)]
    pub(crate) paid: Option<(Uuid, Uuid)>,
}

/// Reads the payment and the allocation of a paid booking.
fn paid(row: &Row, _: &str) -> DataResult<Option<(Uuid, Uuid)>> {
    let payment: Option<Uuid> = row.get("payment_id")?;
    Ok(payment.zip(row.get("allocation_id")?))
}

/// Inserts a pending booking. Returns `false` if the student has one of the course.
pub(crate) async fn insert(
    tx: &Transaction,
    booking: &Booking,
    details: Value,
) -> DataResult<bool> {
    let now = Utc::now();
    insert_or_ignore!("bookings (id, student_id, course_id, pending_course_id, timeslot, details, status, created_at, updated_at) VALUES ({booking.id}, {booking.student_id}, {booking.course_id}, {booking.course_id}, {booking.slot.to_string()}, {details}, {&booking.status}, {now}, {now})")
        .changes(tx)
        .await
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Booking>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns the pending booking of a student and course, and locks the row.
pub(crate) async fn lock_pending(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<Booking>> {
    statement!(
        locked,
        "WHERE student_id = {student} AND pending_course_id = {course}"
    )
    .fetch_optional(tx)
    .await
}

/// Confirms the pending booking of the student and course of an allocation, if there is one.
pub(crate) async fn confirm(
    tx: &Transaction,
    payment: Uuid,
    allocation: &Allocation,
) -> DataResult<()> {
    sql!("UPDATE bookings SET status = {status_of(&allocation.status)}, pending_course_id = NULL, payment_id = {payment}, allocation_id = {allocation.id}, updated_at = {Utc::now()} WHERE student_id = {allocation.student_id} AND pending_course_id = {allocation.course_id}")
        .apply(tx)
        .await
}

/// Stores the state of the allocation in its bookings that have not ended.
pub(crate) async fn follow(tx: &Transaction, allocation: &Allocation) -> DataResult<()> {
    let status = status_of(&allocation.status);
    sql!("UPDATE bookings SET status = {status}, updated_at = {Utc::now()} WHERE allocation_id = {allocation.id} AND status NOT IN ('completed', 'cancelled') AND status <> {status}")
        .apply(tx)
        .await
}

/// Moves the bookings of an allocation to the one that continues it.
pub(crate) async fn move_to(tx: &Transaction, from: Uuid, to: Uuid) -> DataResult<()> {
    sql!("UPDATE bookings SET allocation_id = {to} WHERE allocation_id = {from}")
        .apply(tx)
        .await
}

/// Cancels the booking of a refunded payment, unless its sessions were held.
pub(crate) async fn cancel(tx: &Transaction, payment: Uuid) -> DataResult<()> {
    sql!("UPDATE bookings SET status = 'cancelled', updated_at = {Utc::now()} WHERE payment_id = {payment} AND status NOT IN ('completed', 'cancelled')")
        .apply(tx)
        .await
}

/// Returns the state of a booking whose allocation has this state.
fn status_of(allocation: &str) -> &'static str {
    match allocation {
        "active" => "active",
        "completed" => "completed",
        "rejected" | "cancelled" => "cancelled",
        _ => "confirmed",
    }
}
