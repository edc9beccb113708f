//! Statements on refunds.

use seaworthy::data::prelude::*;
use tutoring_contract::Money;

use super::money;

// The first part of statements that read refunds.
statements! { statement: "SELECT id, payment_id, provider_payment_id, amount_cents, currency, state, reason, requested_by FROM refunds " }

/// A refund in full.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Refund {
    pub(crate) id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) provider_payment_id: String,
    #[from_row(with = money)]
    pub(crate) amount: Money,
    #[from_row(with = is_processed)]
    pub(crate) is_processed: bool,
    pub(crate) reason: String,
    /// Absent for a refund that began at the provider.
    pub(crate) requested_by: Option<Uuid>,
}

fn is_processed(row: &Row, _: &str) -> DataResult<bool> {
    Ok(row.get::<String>("state")? == "processed")
}

/// Returns the refund of a payment at the provider.
pub(crate) async fn of(
    connection: &dyn Connection,
    provider_payment: &str,
) -> DataResult<Option<Refund>> {
    statement!(sql, "WHERE provider_payment_id = {provider_payment}")
        .fetch_optional(connection)
        .await
}

/// Inserts a requested refund of a payment at the provider.
pub(crate) async fn insert(
    tx: &Transaction,
    payment: Uuid,
    (provider_payment_id, amount): (String, Money),
    reason: &str,
    requested_by: Option<Uuid>,
) -> DataResult<Refund> {
    let refund = Refund {
        id: Uuid::new_v4(),
        payment_id: payment,
        provider_payment_id,
        amount,
        is_processed: false,
        reason: reason.to_owned(),
        requested_by,
    };
    let now = Utc::now();
    sql!("INSERT INTO refunds (id, payment_id, provider_payment_id, amount_cents, currency, state, reason, requested_by, created_at, updated_at) VALUES ({refund.id}, {refund.payment_id}, {&refund.provider_payment_id}, {refund.amount.minor}, {refund.amount.currency.as_str()}, 'requested', {&refund.reason}, {refund.requested_by}, {now}, {now})")
        .apply(tx)
        .await?;
    Ok(refund)
}

/// Records that the provider has refunded the money. Returns `false` if this is already recorded.
pub(crate) async fn set_processed(
    tx: &Transaction,
    id: Uuid,
    provider_refund: &str,
) -> DataResult<bool> {
    sql!("UPDATE refunds SET state = 'processed', provider_refund_id = {provider_refund}, updated_at = {Utc::now()} WHERE id = {id} AND state = 'requested'")
        .changes(tx)
        .await
}

/// Returns refunds that the provider has not processed since a time.
pub(crate) async fn open(
    connection: &dyn Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> DataResult<Vec<Refund>> {
    statement!(
        sql,
        "WHERE state = 'requested' AND updated_at < {before} ORDER BY updated_at, id LIMIT {limit}"
    )
    .fetch_all(connection)
    .await
}

/// Postpones the next attempt of a refund.
pub(crate) async fn touch(connection: &dyn Connection, id: Uuid) -> DataResult<()> {
    sql!("UPDATE refunds SET updated_at = {Utc::now()} WHERE id = {id}")
        .apply(connection)
        .await
}
