use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::Slot;
use tutoring_identity::{from_text, insert_or_ignore, locked};
use uuid::Uuid;

macro_rules! statement {
    (locked $rest:literal) => {
        locked!("SELECT id, session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, decided_by, rejection_reason, created_at FROM reschedules ", $rest)
    };
    ($($rest:literal),+) => {
        sql!("SELECT id, session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, decided_by, rejection_reason, created_at FROM reschedules ", $($rest),+)
    };
}

/// A request to hold a session at another time.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reschedule {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) requested_by: Uuid,
    pub(crate) requester_role: String,
    #[from_row(with = from_text)]
    pub(crate) new_date: Date,
    #[serde(rename = "newTime")]
    #[from_row(with = from_text, column = "new_timeslot")]
    pub(crate) new_slot: Slot,
    pub(crate) reason: String,
    pub(crate) notes: Option<String>,
    /// `pending`, `approved`, `rejected` or `cancelled`.
    pub(crate) status: String,
    pub(crate) decided_by: Option<Uuid>,
    pub(crate) rejection_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Statements on requests of another time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reschedules;

impl Reschedules {
    /// Inserts a pending request. Returns `false` if the session has one.
    pub(crate) async fn insert(tx: &Transaction, request: &Reschedule) -> Result<bool, DataError> {
        insert_or_ignore!("reschedules (id, session_id, pending_session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, created_at, updated_at) VALUES ({request.id}, {request.session_id}, {request.session_id}, {request.requested_by}, {&request.requester_role}, {request.new_date.to_string()}, {request.new_slot.to_string()}, {&request.reason}, {request.notes.as_deref()}, 'pending', {request.created_at}, {request.created_at})")
            .changes(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        id: Uuid,
    ) -> Result<Option<Reschedule>, DataError> {
        statement!("WHERE id = {id}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a request, and locks the row until the transaction ends.
    pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Option<Reschedule>, DataError> {
        statement!(locked "WHERE id = {id}")
            .fetch_optional(tx)
            .await
    }

    /// Stores the members that change.
    pub(crate) async fn update(tx: &Transaction, request: &Reschedule) -> Result<(), DataError> {
        let pending = (request.status == "pending").then_some(request.session_id);
        sql!("UPDATE reschedules SET pending_session_id = {pending}, new_date = {request.new_date.to_string()}, new_timeslot = {request.new_slot.to_string()}, reason = {&request.reason}, notes = {request.notes.as_deref()}, status = {&request.status}, decided_by = {request.decided_by}, rejection_reason = {request.rejection_reason.as_deref()}, updated_at = {Utc::now()} WHERE id = {request.id}")
            .apply(tx)
            .await
    }

    /// Cancels the pending requests of the scheduled sessions of an allocation.
    pub(crate) async fn cancel_scheduled(
        tx: &Transaction,
        allocation: Uuid,
    ) -> Result<(), DataError> {
        sql!("UPDATE reschedules SET status = 'cancelled', pending_session_id = NULL, updated_at = {Utc::now()} WHERE pending_session_id IN (SELECT id FROM tutoring_sessions WHERE allocation_id = {allocation} AND status = 'scheduled')")
            .apply(tx)
            .await
    }

    /// Returns a page of requests with a state, the newest first, and their number.
    pub(crate) async fn list(
        connection: &dyn Connection,
        status: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Reschedule>, u64), DataError> {
        let (total,): (u64,) = sql!("SELECT COUNT(*) FROM reschedules WHERE status = {status}")
            .fetch_one(connection)
            .await?;
        let items = statement!(
            "WHERE status = {status} ORDER BY created_at DESC, id LIMIT {limit} OFFSET {offset}"
        )
        .fetch_all(connection)
        .await?;
        Ok((items, total))
    }
}

/// A session that another trainer holds.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Substitution {
    pub(crate) id: Uuid,
    #[from_row(with = from_text)]
    pub(crate) session_date: Date,
    pub(crate) original_trainer_id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) substitute_trainer_id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) created_by: Uuid,
}

/// Statements on substitutions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Substitutions;

impl Substitutions {
    /// Inserts a substitution. Returns `false` if the day has one.
    pub(crate) async fn insert(tx: &Transaction, given: &Substitution) -> Result<bool, DataError> {
        insert_or_ignore!("substitutions (id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by, created_at) VALUES ({given.id}, {given.session_date.to_string()}, {given.original_trainer_id}, {given.student_id}, {given.substitute_trainer_id}, {given.session_id}, {given.created_by}, {Utc::now()})")
            .changes(tx)
            .await
    }

    /// Returns a substitution, and locks the row until the transaction ends.
    pub(crate) async fn lock(
        tx: &Transaction,
        id: Uuid,
    ) -> Result<Option<Substitution>, DataError> {
        locked!("SELECT id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by FROM substitutions WHERE id = {id}")
            .fetch_optional(tx)
            .await
    }

    pub(crate) async fn delete(tx: &Transaction, id: Uuid) -> Result<(), DataError> {
        sql!("DELETE FROM substitutions WHERE id = {id}")
            .apply(tx)
            .await
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
        let items = sql!("SELECT id, session_date, original_trainer_id, student_id, substitute_trainer_id, session_id, created_by FROM substitutions ORDER BY session_date DESC, id LIMIT {limit} OFFSET {offset}")
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
        sql!("DELETE FROM attendance WHERE session_id = {session}")
            .execute(tx)
            .await?;
        sql!("INSERT INTO attendance (session_id, status, notes, recorded_by, recorded_at) VALUES ({session}, {status}, {notes}, {recorded_by}, {Utc::now()})")
            .apply(tx)
            .await
    }
}
