//! Statements on allocations.

use jiff::civil::Date;
use seaworthy::{
    data::{Value, prelude::*},
    prelude::*,
};
use tutoring_contract::{CheckedPage, DeliveryMode, Page};
use tutoring_identity::paged;

use super::{Limit, bookings, in_territory, place};
use crate::domain::{Package, Place, Rejection, errors};

// The first part of statements that read allocations.
statements! { statement: "SELECT id, student_id, trainer_id, course_id, purchase_id, status, session_count, package, zone_id, locality, latitude, longitude, start_date, end_date, decided_by, reason, notes, created_at FROM allocations " }

/// Sessions of a course that one trainer holds for one student.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Allocation {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) trainer_id: Option<Uuid>,
    pub(crate) course_id: Uuid,
    pub(crate) purchase_id: Option<Uuid>,
    /// `pending`, `approved`, `active`, `completed`, `rejected` or `cancelled`.
    pub(crate) status: String,
    pub(crate) session_count: u16,
    #[from_row(with = from_json)]
    pub(crate) package: Package,
    pub(crate) zone_id: Option<Uuid>,
    /// The cluster of the place.
    #[serde(skip)]
    pub(crate) locality: Option<String>,
    #[from_row(with = place)]
    pub(crate) place: Option<Place>,
    #[from_row(with = from_optional_text)]
    pub(crate) start_date: Option<Date>,
    #[from_row(with = from_optional_text)]
    pub(crate) end_date: Option<Date>,
    /// `system` or the ID of an administrator.
    pub(crate) decided_by: Option<String>,
    pub(crate) reason: Option<String>,
    /// The notes of an administrator.
    pub(crate) notes: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Allocation {
    /// Whether the allocation is open. A student has at most one open allocation per course.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "approved" | "active")
    }

    /// Requires an open allocation.
    ///
    /// # Errors
    /// `CONFLICT`.
    pub(crate) fn require_open(&self) -> Result<(), Error> {
        match self.is_open() {
            true => Ok(()),
            false => Err(errors::wrong_state("allocation", &self.status)),
        }
    }

    /// Returns the trainer, whom every allocation with sessions has.
    pub(crate) fn trainer(&self) -> Result<Uuid, Error> {
        self.trainer_id
            .ok_or_else(|| Error::internal("the allocation has no trainer"))
    }
}

/// A trainer who was not chosen.
#[derive(Debug, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RejectionRow {
    trainer_id: Uuid,
    pub(crate) reason: String,
    detail: String,
    refused_at: DateTime<Utc>,
}

/// The filter of a list of allocations.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Filter {
    All,
    Status(&'static str),
    Student(Uuid),
    Trainer(Uuid),
}

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Allocation>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns an allocation, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Allocation>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

/// Returns the open allocation of a student and course, and locks the row.
pub(crate) async fn lock_open(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<Allocation>> {
    statement!(
        locked,
        "WHERE student_id = {student} AND open_course_id = {course}"
    )
    .fetch_optional(tx)
    .await
}

/// Inserts an allocation. Returns `false` if the student has an open one of the course.
pub(crate) async fn insert(tx: &Transaction, allocation: &Allocation) -> Result<bool, Error> {
    let package = serde_json::to_value(&allocation.package).map_err(Error::internal)?;
    let place = allocation.place;
    let inserted = insert_or_ignore!("allocations (id, student_id, course_id, open_course_id, purchase_id, status, session_count, package, timeslot, latitude, longitude, reason, notes, created_at, updated_at)
         VALUES ({allocation.id}, {allocation.student_id}, {allocation.course_id}, {allocation.course_id}, {allocation.purchase_id}, {&allocation.status}, {allocation.session_count}, {package}, {allocation.package.time_slot.to_string()}, {place.map(|place| place.latitude)}, {place.map(|place| place.longitude)}, {allocation.reason.as_deref()}, {allocation.notes.as_deref()}, {allocation.created_at}, {allocation.created_at})");
    Ok(inserted.changes(tx).await?)
}

/// Stores the fields that change. The bookings of the allocation get its state.
pub(crate) async fn update(tx: &Transaction, allocation: &Allocation) -> DataResult<()> {
    let open = allocation.is_open().then_some(allocation.course_id);
    let text = |date: Option<Date>| date.map(|date| date.to_string());
    sql!("UPDATE allocations SET trainer_id = {allocation.trainer_id}, open_course_id = {open}, status = {&allocation.status}, session_count = {allocation.session_count}, timeslot = {allocation.package.time_slot.to_string()}, zone_id = {allocation.zone_id}, locality = {allocation.locality.as_deref()}, latitude = {allocation.place.map(|place| place.latitude)}, longitude = {allocation.place.map(|place| place.longitude)}, start_date = {text(allocation.start_date)}, end_date = {text(allocation.end_date)}, decided_by = {allocation.decided_by.as_deref()}, reason = {allocation.reason.as_deref()}, notes = {allocation.notes.as_deref()}, updated_at = {Utc::now()} WHERE id = {allocation.id}")
        .execute(tx)
        .await?;
    bookings::follow(tx, allocation).await
}

/// Stores the package of an allocation without a trainer.
pub(crate) async fn set_package(tx: &Transaction, allocation: &Allocation) -> Result<(), Error> {
    let package = serde_json::to_value(&allocation.package).map_err(Error::internal)?;
    sql!("UPDATE allocations SET package = {package}, timeslot = {allocation.package.time_slot.to_string()} WHERE id = {allocation.id}")
        .apply(tx)
        .await?;
    Ok(())
}

/// Returns the last allocation of a student and course, and locks the row. A refund of its
/// payments waits.
pub(crate) async fn lock_last(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<Allocation>> {
    statement!(
        locked,
        "WHERE student_id = {student} AND course_id = {course} ORDER BY created_at DESC, id LIMIT 1"
    )
    .fetch_optional(tx)
    .await
}

/// Returns the delivery mode of the package of a session.
pub(crate) async fn mode_of(
    connection: &dyn Connection,
    session: Uuid,
) -> DataResult<Option<DeliveryMode>> {
    let found: Option<Allocation> = statement!(
        sql,
        "WHERE id = (SELECT s.allocation_id FROM tutoring_sessions s WHERE s.id = {session})"
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|allocation| allocation.package.delivery_mode))
}

/// Returns a page of allocations in a territory, the newest first.
pub(crate) async fn list(
    connection: &dyn Connection,
    filter: Filter,
    limit: &Limit,
    page: CheckedPage,
) -> DataResult<Page<Allocation>> {
    macro_rules! matching {
        ($condition:literal) => {
            in_territory!(statement, limit, [paged, $condition], "allocations.id", [; "ORDER BY created_at DESC, id", page])
        };
    }
    let statement = match filter {
        Filter::All => matching!("WHERE 1 = 1"),
        Filter::Status(status) => matching!("WHERE status = {status}"),
        Filter::Student(student) => matching!("WHERE student_id = {student}"),
        Filter::Trainer(trainer) => matching!("WHERE trainer_id = {trainer}"),
    };
    statement.fetch(connection).await
}

/// Returns pending allocations in a territory, those with the oldest attempt first.
pub(crate) async fn pending(
    connection: &dyn Connection,
    limit: &Limit,
    max: u32,
) -> DataResult<Vec<Uuid>> {
    in_territory!(sql, limit, ["SELECT id FROM allocations WHERE status = 'pending'"], "allocations.id", [, " ORDER BY updated_at, id LIMIT {max}"])
        .fetch_all(connection)
        .await
}

/// Returns approved allocations in a territory without all of their sessions.
pub(crate) async fn without_sessions(
    connection: &dyn Connection,
    limit: &Limit,
    max: u32,
) -> DataResult<Vec<Uuid>> {
    in_territory!(sql, limit, ["SELECT a.id FROM allocations a WHERE a.status IN ('approved', 'active')
         AND (SELECT COUNT(*) FROM tutoring_sessions s WHERE s.allocation_id = a.id AND s.status <> 'cancelled') < a.session_count"], "a.id", [, " ORDER BY a.id LIMIT {max}"])
        .fetch_all(connection)
        .await
}

/// Replaces the rejections of an allocation by those of the last attempt.
pub(crate) async fn set_rejections(
    tx: &Transaction,
    allocation: Uuid,
    rejections: &[(Uuid, Rejection)],
) -> DataResult<()> {
    sql!("DELETE FROM allocation_refusals WHERE allocation_id = {allocation}")
        .execute(tx)
        .await?;
    if rejections.is_empty() {
        return Ok(());
    }
    let now = Utc::now();
    let rows = rejections.iter().map(|(trainer, rejection)| -> [Value; 5] {
        [
            allocation.into(),
            (*trainer).into(),
            rejection.name().into(),
            rejection.detail().into(),
            now.into(),
        ]
    });
    sql("INSERT INTO allocation_refusals (allocation_id, trainer_id, reason, detail, refused_at) VALUES (?, ?, ?, ?, ?)**")
        .bind_rows(rows)
        .apply(tx)
        .await
}

/// Returns the rejections of the last attempt.
pub(crate) async fn rejections(
    connection: &dyn Connection,
    allocation: Uuid,
) -> DataResult<Vec<RejectionRow>> {
    sql!("SELECT trainer_id, reason, detail, refused_at FROM allocation_refusals WHERE allocation_id = {allocation} ORDER BY reason, trainer_id")
        .fetch_all(connection)
        .await
}

/// Stores the purchase of an allocation.
pub(crate) async fn set_purchase(
    tx: &Transaction,
    allocation: Uuid,
    purchase: Uuid,
) -> DataResult<()> {
    sql!("UPDATE allocations SET purchase_id = {purchase} WHERE id = {allocation}")
        .apply(tx)
        .await
}
