//! Statements on payments.

use seaworthy::{
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::paged;

use crate::domain::{DiscountState, Payment, Status, errors};

// The first part of statements that read payments.
statements! { statement: "SELECT id, student_id, course_id, purpose, amount_cents, currency, status, order_id, provider_payment_id, receipt, idempotency_key, request_hash, quote, metadata, coins, coin_state, discount_state, failure_reason, enrollment_status, purchase_status, assignment_status, expires_at, confirmed_at, created_at, updated_at FROM payments " }

pub(crate) async fn by_id(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Payment>> {
    statement!(sql, "WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a payment, and locks the row until the transaction ends.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> Result<Payment, Error> {
    let found = statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await?;
    found.ok_or_else(errors::payment_not_found)
}

/// Returns the ID of the payment of an order.
pub(crate) async fn id_of_order(
    connection: &dyn Connection,
    order: &str,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM payments WHERE order_id = {order}")
        .fetch_optional(connection)
        .await
}

/// Returns the ID of the payment that a payment at the provider completed.
pub(crate) async fn id_of_provider_payment(
    connection: &dyn Connection,
    provider_payment: &str,
) -> DataResult<Option<Uuid>> {
    sql!("SELECT id FROM payments WHERE provider_payment_id = {provider_payment}")
        .fetch_optional(connection)
        .await
}

/// Inserts a payment. Returns `false` if a concurrent request has stored one with the same key.
pub(crate) async fn insert(tx: &Transaction, payment: &Payment) -> DataResult<bool> {
    insert_or_ignore!("payments (id, student_id, course_id, purpose, amount_cents, currency, status, receipt, idempotency_key, request_hash, quote, metadata, coins, coin_state, discount_state, enrollment_status, purchase_status, assignment_status, expires_at, created_at, updated_at)
         VALUES ({payment.id}, {payment.student_id}, {payment.course_id}, {payment.purpose.as_str()}, {payment.amount.minor}, {payment.amount.currency.as_str()}, {payment.status.as_str()}, {&payment.receipt}, {payment.idempotency_key.clone()}, {&payment.request_hash}, {payment.quote.clone()}, {payment.metadata.clone()}, {payment.coins}, {payment.coin_state.as_str()}, {payment.discount_state.as_str()}, {&payment.enrollment_status}, {&payment.purchase_status}, {&payment.assignment_status}, {payment.expires_at}, {payment.created_at}, {payment.created_at})")
        .changes(tx)
        .await
}

/// Stores the order of a payment that has none.
pub(crate) async fn set_order(
    connection: &dyn Connection,
    id: Uuid,
    order: &str,
) -> DataResult<()> {
    sql!("UPDATE payments SET order_id = {order}, updated_at = {Utc::now()} WHERE id = {id} AND order_id IS NULL")
        .apply(connection)
        .await
}

/// Stores the state of a payment. The transaction has locked the row.
pub(crate) async fn update(tx: &Transaction, payment: &Payment) -> DataResult<()> {
    sql!("UPDATE payments SET status = {payment.status.as_str()}, provider_payment_id = {payment.provider_payment_id.clone()}, coin_state = {payment.coin_state.as_str()}, discount_state = {payment.discount_state.as_str()}, failure_reason = {payment.failure_reason.clone()}, confirmed_at = {payment.confirmed_at}, updated_at = {Utc::now()} WHERE id = {payment.id}")
        .apply(tx)
        .await
}

/// Replaces the state of a discount, if it has not changed meanwhile.
pub(crate) async fn set_discount(
    connection: &dyn Connection,
    id: Uuid,
    from: DiscountState,
    to: DiscountState,
) -> DataResult<()> {
    sql!("UPDATE payments SET discount_state = {to.as_str()}, updated_at = {Utc::now()} WHERE id = {id} AND discount_state = {from.as_str()}")
        .apply(connection)
        .await
}

/// Returns payments whose discount must be settled with the booking service.
pub(crate) async fn with_open_discount(
    connection: &dyn Connection,
    limit: u32,
) -> DataResult<Vec<(Uuid, String)>> {
    sql!("SELECT id, discount_state FROM payments WHERE discount_state IN ({DiscountState::Redeeming.as_str()}, {DiscountState::Releasing.as_str()}) ORDER BY updated_at, id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Failed payments are read for this time before their expiry: in two runs of the worker.
const FINAL_CHECK: TimeDelta = TimeDelta::seconds(60);

/// Returns the next open payments whose order has expired, and failed ones whose order expires
/// soon. They are in the order of their expiry, with the key of each.
pub(crate) async fn expired(
    connection: &dyn Connection,
    now: DateTime<Utc>,
    (expiry, id): (DateTime<Utc>, Uuid),
    limit: u32,
) -> DataResult<Vec<(DateTime<Utc>, Uuid)>> {
    sql!("SELECT expires_at, id FROM payments WHERE ((status IN ({Status::Initiated.as_str()}, {Status::Processing.as_str()}) AND expires_at <= {now}) OR (status = {Status::Failed.as_str()} AND expires_at > {now} AND expires_at <= {now + FINAL_CHECK})) AND (expires_at, id) > ({expiry}, {id}) ORDER BY expires_at, id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns the next payments after a time and an ID, in the order of their creation.
pub(crate) async fn created_after(
    connection: &dyn Connection,
    (time, id): (DateTime<Utc>, Uuid),
    limit: u32,
) -> DataResult<Vec<Payment>> {
    // MySQL uses no index for a row comparison, so repeat the condition on the time.
    statement!(sql, "WHERE created_at >= {time} AND (created_at, id) > ({time}, {id}) ORDER BY created_at, id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Returns a page of the payments of a student, the newest first.
pub(crate) async fn of_student(
    connection: &dyn Connection,
    student: Uuid,
    page: CheckedPage,
) -> DataResult<Page<Payment>> {
    statement!(paged, "WHERE student_id = {student}"; "ORDER BY created_at DESC, id", page)
        .fetch(connection)
        .await
}

/// Returns the number of sessions of a course that a student has paid.
pub(crate) async fn paid_sessions(
    connection: &dyn Connection,
    student: Uuid,
    course: Uuid,
) -> DataResult<u64> {
    let paid: Vec<serde_json::Value> = sql!("SELECT metadata FROM payments WHERE student_id = {student} AND course_id = {course} AND status = {Status::Succeeded.as_str()}")
    .fetch_all(connection)
    .await?;
    let counts = paid
        .iter()
        .filter_map(|metadata| metadata.get("sessionCount")?.as_u64());
    Ok(counts.sum())
}

/// Records the progress after the payments of a course.
pub(crate) async fn set_progress(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
    progress: Progress,
) -> DataResult<()> {
    macro_rules! set {
        ($assignment:literal) => {
            sql!("UPDATE payments SET ", $assignment, ", updated_at = {Utc::now()} WHERE student_id = {student} AND course_id = {course} AND status = {Status::Succeeded.as_str()}")
        };
    }
    let statement = match progress {
        Progress::Purchased => set!("purchase_status = 'READY'"),
        Progress::Enrolled => set!("enrollment_status = 'READY'"),
        Progress::Assigned => set!("assignment_status = 'ASSIGNED'"),
    };
    statement.apply(tx).await
}

/// A step after a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Purchased,
    Enrolled,
    Assigned,
}
