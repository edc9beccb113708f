//! Statements on pre-bookings and their capacity.

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::Slot;

/// The maximum number of pre-bookings of one course and slot.
pub(crate) const MAX_CAPACITY: u32 = 10;

// The first part of statements that read pre-bookings.
statements! { statement: "SELECT id, student_id, course_id, timeslot, details, status, expires_at FROM pre_bookings " }

/// A reservation of a course and slot, before the payment.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreBooking {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) course_id: Uuid,
    #[serde(rename = "timeslot")]
    #[from_row(with = from_text, column = "timeslot")]
    pub(crate) slot: Slot,
    pub(crate) details: Value,
    /// `pending`, `converted` or `expired`.
    pub(crate) status: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Returns the pending pre-booking of a student and course, and locks the row.
pub(crate) async fn lock_pending(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<PreBooking>> {
    statement!(
        locked,
        "WHERE student_id = {student} AND pending_course_id = {course}"
    )
    .fetch_optional(tx)
    .await
}

/// Returns the students of a list who have a pending pre-booking of a course and slot.
pub(crate) async fn joined(
    connection: &dyn Connection,
    course: Uuid,
    slot: Slot,
    students: &[Uuid],
) -> DataResult<Vec<Uuid>> {
    if students.is_empty() {
        return Ok(Vec::new());
    }
    sql("SELECT student_id FROM pre_bookings WHERE pending_course_id = ? AND timeslot = ? AND student_id IN (?*)")
        .bind(course)
        .bind(slot.to_string())
        .bind_list(students.iter().copied())
        .fetch_all(connection)
        .await
}

/// Counts one more pre-booking, by one conditional statement. Returns `false` if none is left.
pub(crate) async fn take(tx: &Transaction, course: Uuid, slot: Slot) -> DataResult<bool> {
    insert_or_ignore!("pre_booking_capacity (course_id, timeslot, current_count, max_capacity) VALUES ({course}, {slot.to_string()}, 0, {MAX_CAPACITY})")
        .execute(tx)
        .await?;
    sql!("UPDATE pre_booking_capacity SET current_count = current_count + 1 WHERE course_id = {course} AND timeslot = {slot.to_string()} AND current_count < max_capacity")
        .changes(tx)
        .await
}

/// Counts one pre-booking less.
pub(crate) async fn release(tx: &Transaction, course: Uuid, slot: Slot) -> DataResult<()> {
    sql!("UPDATE pre_booking_capacity SET current_count = current_count - 1 WHERE course_id = {course} AND timeslot = {slot.to_string()}")
        .apply(tx)
        .await
}

/// Returns the count and the capacity of a course and slot.
pub(crate) async fn capacity(
    connection: &dyn Connection,
    course: Uuid,
    slot: Slot,
) -> DataResult<(u32, u32)> {
    let found: Option<(u32, u32)> = sql!("SELECT current_count, max_capacity FROM pre_booking_capacity WHERE course_id = {course} AND timeslot = {slot.to_string()}")
        .fetch_optional(connection)
        .await?;
    Ok(found.unwrap_or((0, MAX_CAPACITY)))
}

pub(crate) async fn insert(tx: &Transaction, given: &PreBooking) -> DataResult<()> {
    let now = Utc::now();
    sql!("INSERT INTO pre_bookings (id, student_id, course_id, pending_course_id, timeslot, details, status, expires_at, created_at, updated_at) VALUES ({given.id}, {given.student_id}, {given.course_id}, {given.course_id}, {given.slot.to_string()}, {given.details.clone()}, {&given.status}, {given.expires_at}, {now}, {now})")
        .apply(tx)
        .await
}

/// Ends a pending pre-booking. Returns `false` if it has ended.
pub(crate) async fn end(tx: &Transaction, id: Uuid, status: &str) -> DataResult<bool> {
    sql!("UPDATE pre_bookings SET status = {status}, pending_course_id = NULL, updated_at = {Utc::now()} WHERE id = {id} AND status = 'pending'")
        .changes(tx)
        .await
}

/// Returns pending pre-bookings that expired before a time.
pub(crate) async fn expired(
    connection: &dyn Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> DataResult<Vec<PreBooking>> {
    statement!(
        sql,
        "WHERE status = 'pending' AND expires_at < {before} ORDER BY expires_at LIMIT {limit}"
    )
    .fetch_all(connection)
    .await
}
