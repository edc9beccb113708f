//! Statements on sessions.

use jiff::civil::Date;
use seaworthy::{
    data::{Value, prelude::*},
    prelude::*,
};
use serde_json::{Value as Json, json};
use tutoring_contract::{CheckedPage, Page, Slot};
use tutoring_identity::paged;

use super::{Limit, in_territory, place};
use crate::domain::{Action, Mode, Place, SessionStatus, errors};

/// Maximum number of sessions of one allocation: 30, and one for each cancelled session.
const MAX_SESSIONS: u32 = 500;

// The first part of statements that read sessions.
statements! { statement: "SELECT id, allocation_id, session_number, student_id, trainer_id, course_id, scheduled_date, timeslot, start_minute, starts_at, duration_min, mode, status, latitude, longitude, otp_hash, otp_issued_at, otp_attempts, started_at, ended_at, confirmed_at, verification, notes FROM tutoring_sessions " }

/// A session of an allocation. Responses never contain the code.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) allocation_id: Uuid,
    pub(crate) session_number: u16,
    pub(crate) student_id: Uuid,
    pub(crate) trainer_id: Uuid,
    pub(crate) course_id: Uuid,
    #[from_row(with = from_text)]
    pub(crate) scheduled_date: Date,
    #[serde(rename = "timeSlot")]
    #[from_row(with = from_text, column = "timeslot")]
    pub(crate) slot: Slot,
    #[serde(skip)]
    pub(crate) start_minute: u16,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) duration_min: u16,
    #[from_row(with = from_text)]
    pub(crate) mode: Mode,
    #[from_row(with = from_text)]
    pub(crate) status: SessionStatus,
    #[from_row(with = place)]
    pub(crate) place: Option<Place>,
    #[serde(skip)]
    pub(crate) otp_hash: Option<String>,
    #[serde(skip)]
    pub(crate) otp_issued_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) otp_attempts: u32,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) verification: Json,
    pub(crate) notes: Option<String>,
}

impl Session {
    /// Requires a status.
    ///
    /// # Errors
    /// `CONFLICT`.
    pub(crate) fn require(&self, status: SessionStatus) -> Result<(), Error> {
        match self.status == status {
            true => Ok(()),
            false => Err(errors::wrong_state("session", self.status.as_str())),
        }
    }

    /// Returns the status after an action.
    ///
    /// # Errors
    /// `CONFLICT` if the status does not allow the action.
    pub(crate) fn after(&self, action: Action) -> Result<SessionStatus, Error> {
        let wrong = || errors::wrong_state("session", self.status.as_str());
        self.status.after(action).ok_or_else(wrong)
    }
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Session>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a session, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Session>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Inserts sessions, except those whose number exists. Returns how many are new.
pub(crate) async fn insert(tx: &Transaction, sessions: &[Session]) -> DataResult<u64> {
    if sessions.is_empty() {
        return Ok(0);
    }
    let now = Utc::now();
    let rows = sessions.iter().map(|one| -> [Value; 19] {
        [
            one.id.into(),
            one.allocation_id.into(),
            one.session_number.into(),
            one.student_id.into(),
            one.trainer_id.into(),
            one.course_id.into(),
            one.scheduled_date.to_string().into(),
            one.slot.to_string().into(),
            one.start_minute.into(),
            one.starts_at.into(),
            one.duration_min.into(),
            one.mode.as_str().into(),
            one.status.as_str().into(),
            one.place.map(|place| place.latitude).into(),
            one.place.map(|place| place.longitude).into(),
            0_i32.into(),
            json!({}).into(),
            now.into(),
            now.into(),
        ]
    });
    let inserted = insert_or_ignore!("tutoring_sessions (id, allocation_id, session_number, student_id, trainer_id, course_id, scheduled_date, timeslot, start_minute, starts_at, duration_min, mode, status, latitude, longitude, otp_attempts, verification, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)**")
        .bind_rows(rows)
        .execute(tx)
        .await?;
    Ok(inserted.rows_affected())
}

/// Stores the fields that change.
pub(crate) async fn update(tx: &Transaction, session: &Session) -> DataResult<()> {
    sql!("UPDATE tutoring_sessions SET trainer_id = {session.trainer_id}, scheduled_date = {session.scheduled_date.to_string()}, timeslot = {session.slot.to_string()}, start_minute = {session.start_minute}, starts_at = {session.starts_at}, status = {session.status.as_str()}, otp_hash = {session.otp_hash.as_deref()}, otp_issued_at = {session.otp_issued_at}, otp_attempts = {session.otp_attempts}, started_at = {session.started_at}, ended_at = {session.ended_at}, confirmed_at = {session.confirmed_at}, verification = {session.verification.clone()}, notes = {session.notes.as_deref()}, updated_at = {Utc::now()} WHERE id = {session.id}")
        .apply(tx)
        .await
}

/// Returns the sessions of an allocation in order.
pub(crate) async fn of_allocation(
    connection: &dyn Connection,
    allocation: Uuid,
) -> DataResult<Vec<Session>> {
    statement!(
        sql,
        "WHERE allocation_id = {allocation} ORDER BY session_number LIMIT {MAX_SESSIONS}"
    )
    .fetch_all(connection)
    .await
}

/// Returns a page of the sessions of a student or a trainer in a territory by date.
pub(crate) async fn of_user(
    connection: &dyn Connection,
    user: Uuid,
    is_trainer: bool,
    limit: &Limit,
    page: CheckedPage,
) -> DataResult<Page<Session>> {
    macro_rules! matching {
        ($condition:literal) => {
            in_territory!(statement, limit, [paged, $condition], "tutoring_sessions.allocation_id", [; "ORDER BY scheduled_date, start_minute, id", page])
        };
    }
    let statement = match is_trainer {
        true => matching!("WHERE trainer_id = {user}"),
        false => matching!("WHERE student_id = {user}"),
    };
    statement.fetch(connection).await
}

/// Returns the first scheduled session of a trainer and a student on a day.
pub(crate) async fn scheduled_on(
    connection: &dyn Connection,
    trainer: Uuid,
    student: Uuid,
    date: Date,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM tutoring_sessions WHERE trainer_id = {trainer} AND scheduled_date = {date.to_string()} AND student_id = {student} AND status = 'scheduled' ORDER BY session_number LIMIT 1")
        .fetch_optional(connection)
        .await
}

/// Returns the scheduled sessions of an allocation in order, and locks the rows.
pub(crate) async fn lock_scheduled(tx: &Transaction, allocation: Uuid) -> DataResult<Vec<Session>> {
    statement!(
        locked,
        "WHERE allocation_id = {allocation} AND status = 'scheduled' ORDER BY session_number"
    )
    .fetch_all(tx)
    .await
}

/// Returns sessions that wait for their student since before a time.
pub(crate) async fn unconfirmed(
    connection: &dyn Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> DataResult<Vec<Uuid>> {
    sql!("SELECT id FROM tutoring_sessions WHERE status = 'pending_confirmation' AND ended_at < {before} ORDER BY ended_at LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns the number of sessions in ended allocations of a purchase that were held or take
/// place.
pub(crate) async fn held_before(connection: &dyn Connection, purchase: Uuid) -> DataResult<u16> {
    sql!("SELECT COUNT(*) FROM tutoring_sessions s JOIN allocations a ON a.id = s.allocation_id WHERE a.purchase_id = {purchase} AND a.open_course_id IS NULL AND s.status NOT IN ('scheduled', 'cancelled')")
        .fetch_one(connection)
        .await
}

/// Returns the number of sessions of an allocation that were held or take place.
pub(crate) async fn begun(connection: &dyn Connection, allocation: Uuid) -> DataResult<u16> {
    sql!("SELECT COUNT(*) FROM tutoring_sessions WHERE allocation_id = {allocation} AND status NOT IN ('scheduled', 'cancelled')")
        .fetch_one(connection)
        .await
}

/// Returns the number of completed sessions of an allocation.
pub(crate) async fn completed(connection: &dyn Connection, allocation: Uuid) -> DataResult<u16> {
    sql!("SELECT COUNT(*) FROM tutoring_sessions WHERE allocation_id = {allocation} AND status = 'completed'")
        .fetch_one(connection)
        .await
}
