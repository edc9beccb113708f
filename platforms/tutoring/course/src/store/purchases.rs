//! Statements on purchases.

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;

// The first part of statements that read purchases.
statements! { statement: "SELECT id, student_id, course_id, active_course_id, purchase_tier, metadata, expires_at, completed_at, created_at FROM purchases " }

#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Purchase {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) course_id: Uuid,
    #[from_row(map = is_set, column = "active_course_id")]
    pub(crate) is_active: bool,
    /// The number of bought sessions: 10, 20 or 30, and 0 after refunds.
    pub(crate) purchase_tier: u8,
    pub(crate) metadata: Value,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

fn is_set(course: Option<Uuid>) -> bool {
    course.is_some()
}

/// Returns the active purchase of a student and course.
pub(crate) async fn active(
    connection: &dyn Connection,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<Purchase>> {
    statement!(
        sql,
        "WHERE student_id = {student} AND active_course_id = {course}"
    )
    .fetch_optional(connection)
    .await
}

/// Returns the active purchase, and locks the row until the transaction ends.
pub(crate) async fn lock_active(
    tx: &Transaction,
    student: Uuid,
    course: Uuid,
) -> DataResult<Option<Purchase>> {
    statement!(
        locked,
        "WHERE student_id = {student} AND active_course_id = {course}"
    )
    .fetch_optional(tx)
    .await
}

/// Returns the course of a purchase, which never changes.
pub(crate) async fn course_of(connection: &dyn Connection, id: Uuid) -> DataResult<Option<Uuid>> {
    sql!("SELECT course_id FROM purchases WHERE id = {id}")
        .fetch_optional(connection)
        .await
}

/// Returns a purchase, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, id: Uuid) -> DataResult<Option<Purchase>> {
    statement!(locked, "WHERE id = {id}")
        .fetch_optional(tx)
        .await
}

pub(crate) async fn insert(tx: &Transaction, purchase: &Purchase) -> DataResult<()> {
    sql!("INSERT INTO purchases (id, student_id, course_id, active_course_id, purchase_tier, metadata, expires_at, created_at, updated_at) VALUES ({purchase.id}, {purchase.student_id}, {purchase.course_id}, {purchase.course_id}, {purchase.purchase_tier}, {purchase.metadata.clone()}, {purchase.expires_at}, {purchase.created_at}, {purchase.created_at})")
        .apply(tx)
        .await
}

/// Stores the tier. A purchase without sessions is not active, and a higher tier is not complete.
pub(crate) async fn set_tier(tx: &Transaction, purchase: &Purchase, tier: u8) -> DataResult<()> {
    let active = (tier > 0).then_some(purchase.course_id);
    let completed = purchase.completed_at;
    let completed = completed.filter(|_| tier <= purchase.purchase_tier);
    sql!("UPDATE purchases SET purchase_tier = {tier}, active_course_id = {active}, completed_at = {completed}, updated_at = {Utc::now()} WHERE id = {purchase.id}")
        .apply(tx)
        .await
}

/// Records that all sessions were held.
pub(crate) async fn set_completed(tx: &Transaction, id: Uuid) -> DataResult<()> {
    sql!("UPDATE purchases SET completed_at = {Utc::now()} WHERE id = {id}")
        .apply(tx)
        .await
}

/// Records a payment. Returns `false` if it is known.
pub(crate) async fn add_payment(
    tx: &Transaction,
    payment: Uuid,
    purchase: Uuid,
    session_count: u8,
) -> DataResult<bool> {
    insert_or_ignore!("purchase_payments (payment_id, purchase_id, session_count, is_refunded, created_at) VALUES ({payment}, {purchase}, {session_count}, {false}, {Utc::now()})")
        .changes(tx)
        .await
}

/// Returns the purchase of a payment.
pub(crate) async fn of_payment(
    connection: &dyn Connection,
    payment: Uuid,
) -> DataResult<Option<(Uuid, u8)>> {
    sql!("SELECT purchase_id, session_count FROM purchase_payments WHERE payment_id = {payment}")
        .fetch_optional(connection)
        .await
}

/// Records the refund of a payment whose purchase has not arrived. A repeat changes nothing.
pub(crate) async fn add_early_refund(tx: &Transaction, payment: Uuid) -> DataResult<()> {
    insert_or_ignore!("early_refunds (payment_id, created_at) VALUES ({payment}, {Utc::now()})")
        .apply(tx)
        .await
}

/// Whether the refund of a payment arrived before its purchase.
pub(crate) async fn has_early_refund(
    connection: &dyn Connection,
    payment: Uuid,
) -> DataResult<bool> {
    sql!("SELECT payment_id FROM early_refunds WHERE payment_id = {payment}")
        .exists(connection)
        .await
}

/// Records the refund of a payment. Returns `false` if it is known.
pub(crate) async fn set_refunded(tx: &Transaction, payment: Uuid) -> DataResult<bool> {
    sql!("UPDATE purchase_payments SET is_refunded = {true} WHERE payment_id = {payment} AND is_refunded = {false}")
        .changes(tx)
        .await
}
