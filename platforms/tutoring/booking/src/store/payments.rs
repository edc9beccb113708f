//! Statements on the payments of allocations. Purchases and refunds may arrive in any order.

use seaworthy::data::prelude::*;

/// Records a payment. Waits for a refund of it that another transaction records. Returns
/// `false` if the payment or its refund is known.
pub(crate) async fn add(tx: &Transaction, payment: Uuid, session_count: u16) -> DataResult<bool> {
    insert_or_ignore!("allocation_payments (payment_id, allocation_id, session_count, is_refunded) VALUES ({payment}, NULL, {session_count}, {false})")
        .changes(tx)
        .await
}

/// Stores the allocation of a payment.
pub(crate) async fn set_allocation(
    tx: &Transaction,
    payment: Uuid,
    allocation: Uuid,
) -> DataResult<()> {
    sql!("UPDATE allocation_payments SET allocation_id = {allocation} WHERE payment_id = {payment}")
        .apply(tx)
        .await
}

/// Moves the payments of an allocation to the one that continues it.
pub(crate) async fn move_to(tx: &Transaction, from: Uuid, to: Uuid) -> DataResult<()> {
    sql!("UPDATE allocation_payments SET allocation_id = {to} WHERE allocation_id = {from}")
        .apply(tx)
        .await
}

/// Records the refund of a payment, also of one that is not known yet. Returns its allocation
/// and sessions.
pub(crate) async fn refund(tx: &Transaction, payment: Uuid) -> DataResult<Option<(Uuid, u16)>> {
    insert_or_ignore!("allocation_payments (payment_id, allocation_id, session_count, is_refunded) VALUES ({payment}, NULL, 0, {false})")
        .execute(tx)
        .await?;
    let is_new = sql!("UPDATE allocation_payments SET is_refunded = {true} WHERE payment_id = {payment} AND is_refunded = {false}")
        .changes(tx)
        .await?;
    if !is_new {
        return Ok(None);
    }
    let (allocation, count): (Option<Uuid>, u16) = sql!(
        "SELECT allocation_id, session_count FROM allocation_payments WHERE payment_id = {payment}"
    )
    .fetch_one(tx)
    .await?;
    Ok(allocation.map(|allocation| (allocation, count)))
}

/// Returns the number of sessions of the payments of a purchase or an allocation that were not
/// refunded.
pub(crate) async fn paid_sessions(
    connection: &dyn Connection,
    purchase: Uuid,
    allocation: Uuid,
) -> DataResult<u16> {
    let count: Option<u16> = sql!("SELECT SUM(p.session_count) FROM allocation_payments p JOIN allocations a ON a.id = p.allocation_id WHERE (a.purchase_id = {purchase} OR a.id = {allocation}) AND p.is_refunded = {false}")
        .fetch_one(connection)
        .await?;
    Ok(count.unwrap_or_default())
}

/// Returns the number of sessions of a payment that was not refunded.
pub(crate) async fn paid_by(connection: &dyn Connection, payment: Uuid) -> DataResult<Option<u16>> {
    sql!("SELECT session_count FROM allocation_payments WHERE payment_id = {payment} AND is_refunded = {false}")
        .fetch_optional(connection)
        .await
}
