use seaworthy::data::{Connection, DataError, FromRow, Row, Transaction, chrono::Utc, sql};
use serde_json::Value;
use tutoring_contract::Slot;
use uuid::Uuid;

macro_rules! statement {
    ($rest:expr) => {
        concat!(
            "SELECT id, student_id, course_id, status FROM bookings ",
            $rest
        )
    };
}

/// A package that a student asks for.
#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) course_id: Uuid,
    /// `pending`, `confirmed`, `active`, `completed` or `cancelled`.
    pub(crate) status: String,
}

impl FromRow for Booking {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            student_id: row.get("student_id")?,
            course_id: row.get("course_id")?,
            status: row.get("status")?,
        })
    }
}

/// Statements on bookings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bookings;

impl Bookings {
    /// Inserts a pending booking. Returns `false` if the student has one of the course.
    pub(crate) async fn insert(
        tx: &Transaction,
        booking: &Booking,
        slot: Slot,
        details: Value,
    ) -> Result<bool, DataError> {
        let now = Utc::now();
        let inserted = insert_or_ignore!("bookings (id, student_id, course_id, pending_course_id, timeslot, details, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(booking.id)
            .bind(booking.student_id)
            .bind(booking.course_id)
            .bind(booking.course_id)
            .bind(slot.to_string())
            .bind(details)
            .bind(&booking.status)
            .bind(now)
            .bind(now)
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Booking>, DataError> {
        sql(statement!("WHERE id = ?"))
            .bind(id)
            .fetch_optional(connection)
            .await
    }

    /// Returns the pending booking of a student and course, and locks the row.
    pub(crate) async fn lock_pending(
        tx: &Transaction,
        student: Uuid,
        course: Uuid,
    ) -> Result<Option<Booking>, DataError> {
        locked!(statement!("WHERE student_id = ? AND pending_course_id = ?"))
            .bind(student)
            .bind(course)
            .fetch_optional(tx)
            .await
    }

    /// Confirms the pending booking of a student and course, if there is one.
    pub(crate) async fn confirm(
        tx: &Transaction,
        student: Uuid,
        course: Uuid,
    ) -> Result<(), DataError> {
        sql("UPDATE bookings SET status = 'confirmed', pending_course_id = NULL, updated_at = ? WHERE student_id = ? AND pending_course_id = ?")
            .bind(Utc::now())
            .bind(student)
            .bind(course)
            .execute(tx)
            .await
            .map(drop)
    }
}
