use jiff::civil::Date;
use seaworthy::{
    data::{
        Connection, DataError, FromRow, Row, Transaction,
        chrono::{DateTime, Utc},
        sql,
    },
    prelude::*,
};
use tutoring_contract::Slot;
use tutoring_identity::{insert_or_ignore, locked};
use uuid::Uuid;

use super::{date, slot};

macro_rules! statement {
    ($rest:expr) => {
        concat!(
            "SELECT id, session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, decided_by, rejection_reason, created_at FROM reschedules ",
            $rest
        )
    };
}

/// A request to hold a session at another time.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reschedule {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) requested_by: Uuid,
    pub(crate) requester_role: String,
    pub(crate) new_date: Date,
    #[serde(rename = "newTime")]
    pub(crate) new_slot: Slot,
    pub(crate) reason: String,
    pub(crate) notes: Option<String>,
    /// `pending`, `approved`, `rejected` or `cancelled`.
    pub(crate) status: String,
    pub(crate) decided_by: Option<Uuid>,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl FromRow for Reschedule {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            session_id: row.get("session_id")?,
            requested_by: row.get("requested_by")?,
            requester_role: row.get("requester_role")?,
            new_date: date(row, "new_date")?,
            new_slot: slot(row, "new_timeslot")?,
            reason: row.get("reason")?,
            notes: row.get("notes")?,
            status: row.get("status")?,
            decided_by: row.get("decided_by")?,
            rejection_reason: row.get("rejection_reason")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Statements on requests of another time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reschedules;

impl Reschedules {
    /// Inserts a pending request. Returns `false` if the session has one.
    pub(crate) async fn insert(tx: &Transaction, request: &Reschedule) -> Result<bool, DataError> {
        let inserted = insert_or_ignore!("reschedules (id, session_id, pending_session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)")
            .bind(request.id)
            .bind(request.session_id)
            .bind(request.session_id)
            .bind(request.requested_by)
            .bind(&request.requester_role)
            .bind(request.new_date.to_string())
            .bind(request.new_slot.to_string())
            .bind(&request.reason)
            .bind(request.notes.as_deref())
            .bind(request.created_at)
            .bind(request.created_at)
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Reschedule>, DataError> {
        sql(statement!("WHERE id = ?"))
            .bind(id)
            .fetch_optional(connection)
            .await
    }

    /// Returns a request, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<Reschedule>, DataError> {
        locked!(statement!("WHERE id = ?"))
            .bind(id)
            .fetch_optional(tx)
            .await
    }

    /// Stores the members that change.
    pub(crate) async fn update(tx: &Transaction, request: &Reschedule) -> Result<(), DataError> {
        let pending = (request.status == "pending").then_some(request.session_id);
        sql("UPDATE reschedules SET pending_session_id = ?, new_date = ?, new_timeslot = ?, reason = ?, notes = ?, status = ?, decided_by = ?, rejection_reason = ?, updated_at = ? WHERE id = ?")
            .bind(pending)
            .bind(request.new_date.to_string())
            .bind(request.new_slot.to_string())
            .bind(&request.reason)
            .bind(request.notes.as_deref())
            .bind(&request.status)
            .bind(request.decided_by)
            .bind(request.rejection_reason.as_deref())
            .bind(Utc::now())
            .bind(request.id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Cancels the pending requests of the scheduled sessions of an allocation.
    pub(crate) async fn cancel_scheduled(
        tx: &Transaction,
        allocation: Uuid,
    ) -> Result<(), DataError> {
        sql("UPDATE reschedules SET status = 'cancelled', pending_session_id = NULL, updated_at = ? WHERE pending_session_id IN (SELECT id FROM tutoring_sessions WHERE allocation_id = ? AND status = 'scheduled')")
            .bind(Utc::now())
            .bind(allocation)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns a page of requests with a state, the newest first, and their number.
    pub(crate) async fn list(
        connection: &dyn Connection,
        status: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Reschedule>, u64), DataError> {
        let (total,): (u64,) = sql("SELECT COUNT(*) FROM reschedules WHERE status = ?")
            .bind(status)
            .fetch_one(connection)
            .await?;
        let items = sql(statement!(
            "WHERE status = ? ORDER BY created_at DESC, id LIMIT ? OFFSET ?"
        ))
        .bind(status)
        .bind(limit)
        .bind(offset)
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }
}

/// A session that another trainer holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Substitution {
    pub(crate) id: Uuid,
    pub(crate) session_date: Date,
    pub(crate) original_trainer_id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) substitute_trainer_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) created_by: Uuid,
}

impl FromRow for Substitution {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            id: row.get("id")?,
            session_date: date(row, "session_date")?,
            original_trainer_id: row.get("original_trainer_id")?,
            student_id: row.get("student_id")?,
            substitute_trainer_id: row.get("substitute_trainer_id")?,
            session_id: row.get("session_id")?,
            created_by: row.get("created_by")?,
        })
    }
}

/// Statements on substitutions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Substitutions;

impl Substitutions {
    /// Inserts a substitution. Returns `false` if the day has one.
    pub(crate) async fn insert(tx: &Transaction, given: &Substitution) -> Result<bool, DataError> {
        let inserted = insert_or_ignore!("substitutions (id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(given.id)
            .bind(given.session_date.to_string())
            .bind(given.original_trainer_id)
            .bind(given.student_id)
            .bind(given.substitute_trainer_id)
            .bind(given.session_id)
            .bind(given.created_by)
            .bind(Utc::now())
            .execute(tx)
            .await?;
        Ok(inserted.rows_affected() > 0)
    }

    /// Returns a substitution, and locks the row until the transaction ends.
    pub(crate) async fn lock(
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Option<Substitution>, DataError> {
        locked!("SELECT id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by FROM substitutions WHERE id = ?")
            .bind(id)
            .fetch_optional(tx)
            .await
    }

    pub(crate) async fn delete(tx: &Transaction, id: Uuid) -> Result<(), DataError> {
        sql("DELETE FROM substitutions WHERE id = ?")
            .bind(id)
            .execute(tx)
            .await
            .map(drop)
    }

    /// Returns a page of substitutions, the latest day first, and their number.
    pub(crate) async fn list(
        connection: &dyn Connection,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Substitution>, u64), DataError> {
        let (total,): (u64,) = sql("SELECT COUNT(*) FROM substitutions")
            .fetch_one(connection)
            .await?;
        let items = sql("SELECT id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by FROM substitutions ORDER BY session_date DESC, id LIMIT ? OFFSET ?")
            .bind(limit)
            .bind(offset)
            .fetch_all(connection)
            .await?;
        Ok((items, total))
    }
}

/// Statements on attendance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attendance;

impl Attendance {
    /// Stores whether a session took place. A later record replaces it.
    pub(crate) async fn store(
        tx: &Transaction,
        session: Uuid,
        status: &str,
        notes: Option<&str>,
        recorded_by: Uuid,
    ) -> Result<(), DataError> {
        sql("DELETE FROM attendance WHERE session_id = ?")
            .bind(session)
            .execute(tx)
            .await?;
        sql("INSERT INTO attendance (session_id, status, notes, recorded_by, recorded_at) VALUES (?, ?, ?, ?, ?)")
            .bind(session)
            .bind(status)
            .bind(notes)
            .bind(recorded_by)
            .bind(Utc::now())
            .execute(tx)
            .await
            .map(drop)
    }
}
