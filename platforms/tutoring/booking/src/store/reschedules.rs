//! Statements on requests of another time.

use jiff::civil::Date;
use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Page, Slot};
use tutoring_identity::paged;

use super::{Limit, in_territory};

statements! { statement: "SELECT id, session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, decided_by, rejection_reason, created_at FROM reschedules " }

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

/// Inserts a pending request. Returns `false` if the session has one.
pub(crate) async fn insert(tx: &Transaction, request: &Reschedule) -> DataResult<bool> {
    insert_or_ignore!("reschedules (id, session_id, pending_session_id, requested_by, requester_role, new_date, new_timeslot, reason, notes, status, created_at, updated_at) VALUES ({request.id}, {request.session_id}, {request.session_id}, {request.requested_by}, {&request.requester_role}, {request.new_date.to_string()}, {request.new_slot.to_string()}, {&request.reason}, {request.notes.as_deref()}, 'pending', {request.created_at}, {request.created_at})")
        .changes(tx)
        .await
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Reschedule>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a request, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Reschedule>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Stores the fields that change.
pub(crate) async fn update(tx: &Transaction, request: &Reschedule) -> DataResult<()> {
    let pending = (request.status == "pending").then_some(request.session_id);
    sql!("UPDATE reschedules SET pending_session_id = {pending}, new_date = {request.new_date.to_string()}, new_timeslot = {request.new_slot.to_string()}, reason = {&request.reason}, notes = {request.notes.as_deref()}, status = {&request.status}, decided_by = {request.decided_by}, rejection_reason = {request.rejection_reason.as_deref()}, updated_at = {Utc::now()} WHERE id = {request.id}")
        .apply(tx)
        .await
}

/// Cancels the pending requests of the scheduled sessions of an allocation.
pub(crate) async fn cancel_scheduled(tx: &Transaction, allocation: Uuid) -> DataResult<()> {
    sql!("UPDATE reschedules SET status = 'cancelled', pending_session_id = NULL, updated_at = {Utc::now()} WHERE pending_session_id IN (SELECT id FROM tutoring_sessions WHERE allocation_id = {allocation} AND status = 'scheduled')")
        .apply(tx)
        .await
}

/// Cancels the pending request of a session.
pub(crate) async fn cancel_of_session(tx: &Transaction, session: Uuid) -> DataResult<()> {
    sql!("UPDATE reschedules SET status = 'cancelled', pending_session_id = NULL, updated_at = {Utc::now()} WHERE pending_session_id = {session}")
        .apply(tx)
        .await
}

/// Returns a page of requests in a territory, newest first. Without a state, all requests match.
pub(crate) async fn list(
    connection: &dyn Connection,
    status: Option<&str>,
    limit: &Limit,
    page: CheckedPage,
) -> DataResult<Page<Reschedule>> {
    let (is_any, status) = (i64::from(status.is_none()), status.unwrap_or_default());
    in_territory!(statement, limit, [paged, "WHERE ({is_any} = 1 OR status = {status})"], "(SELECT s.allocation_id FROM tutoring_sessions s WHERE s.id = reschedules.session_id)", [; "ORDER BY created_at DESC, id", page])
        .fetch(connection)
        .await
}
