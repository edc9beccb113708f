//! Statements on reserved and redeemed discounts.

use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;

use crate::domain::errors;

/// A discount of a payment.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Redemption {
    pub(crate) payment_id: Uuid,
    pub(crate) student_id: Uuid,
    /// Absent for the welcome offer.
    pub(crate) coupon_id: Option<Uuid>,
    /// `reserved`, `redeemed` or `released`.
    pub(crate) state: String,
    pub(crate) quote: Value,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Returns the discount of a payment, and locks the row until the transaction ends.
pub(crate) async fn lock(tx: &Transaction, payment: Uuid) -> DataResult<Option<Redemption>> {
    locked!("SELECT payment_id, student_id, coupon_id, state, quote, expires_at FROM coupon_redemptions WHERE payment_id = {payment}")
        .fetch_optional(tx)
        .await
}

/// Inserts a reservation. Returns `false` if the payment has one or the student holds a discount.
pub(crate) async fn insert(tx: &Transaction, redemption: &Redemption) -> DataResult<bool> {
    let now = Utc::now();
    insert_or_ignore!("coupon_redemptions (payment_id, student_id, holder_id, coupon_id, state, quote, expires_at, created_at, updated_at) VALUES ({redemption.payment_id}, {redemption.student_id}, {redemption.student_id}, {redemption.coupon_id}, {&redemption.state}, {redemption.quote.clone()}, {redemption.expires_at}, {now}, {now})")
        .changes(tx)
        .await
}

/// Deletes the discount of a payment.
pub(crate) async fn delete(tx: &Transaction, payment: Uuid) -> DataResult<()> {
    sql!("DELETE FROM coupon_redemptions WHERE payment_id = {payment}")
        .apply(tx)
        .await
}

/// Sets the state. A released discount has no holder.
///
/// # Errors
/// `CONFLICT` if the student holds another discount.
pub(crate) async fn set_state(
    tx: &Transaction,
    redemption: &Redemption,
    state: &str,
) -> Result<(), Error> {
    let holder = (state != "released").then_some(redemption.student_id);
    let updated = sql!("UPDATE coupon_redemptions SET state = {state}, holder_id = {holder}, updated_at = {Utc::now()} WHERE payment_id = {redemption.payment_id}")
        .execute(tx)
        .await;
    match updated {
        Err(error) if error.is_unique_violation() => Err(errors::discount_used()),
        other => Ok(other.map(drop)?),
    }
}

/// Returns payments whose reservation ended before a time.
pub(crate) async fn expired(
    connection: &dyn Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> DataResult<Vec<Uuid>> {
    sql!("SELECT payment_id FROM coupon_redemptions WHERE state = 'reserved' AND expires_at < {before} ORDER BY expires_at LIMIT {limit}")
        .fetch_all(connection)
        .await
}

/// Whether a student holds a discount.
pub(crate) async fn is_held_by(connection: &dyn Connection, student: Uuid) -> DataResult<bool> {
    sql!("SELECT payment_id FROM coupon_redemptions WHERE holder_id = {student}")
        .exists(connection)
        .await
}
