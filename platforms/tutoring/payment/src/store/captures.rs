//! Statements on unexpected captures.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{CheckedPage, Money, Page};
use tutoring_identity::paged;

use super::money;
use crate::{domain::CaptureKind, provider::ProviderPayment};

// The first part of statements that read captures.
statements! { statement: "SELECT provider_payment_id, payment_id, amount_cents, currency, kind, state, created_at FROM unexpected_captures " }

/// Captured money that does not belong to an open payment.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnexpectedCapture {
    pub(crate) provider_payment_id: String,
    pub(crate) payment_id: Uuid,
    #[from_row(with = money)]
    pub(crate) amount: Money,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// Records a capture. Returns `false` if it is already recorded.
pub(crate) async fn insert(
    tx: &Transaction,
    payment: Uuid,
    found: &ProviderPayment,
    kind: CaptureKind,
) -> DataResult<bool> {
    let now = Utc::now();
    insert_or_ignore!("unexpected_captures (provider_payment_id, payment_id, amount_cents, currency, kind, state, created_at, updated_at) VALUES ({&found.id}, {payment}, {found.amount.minor}, {found.amount.currency.as_str()}, {kind.as_str()}, 'open', {now}, {now})")
        .changes(tx)
        .await
}

pub(crate) async fn by_id(
    connection: &dyn Connection,
    provider_payment: &str,
) -> DataResult<Option<UnexpectedCapture>> {
    statement!(sql, "WHERE provider_payment_id = {provider_payment}")
        .fetch_optional(connection)
        .await
}

/// Returns a page of the open captures, the oldest first.
pub(crate) async fn open(
    connection: &dyn Connection,
    page: CheckedPage,
) -> DataResult<Page<UnexpectedCapture>> {
    statement!(paged, "WHERE state = 'open'"; "ORDER BY created_at, provider_payment_id", page)
        .fetch(connection)
        .await
}

/// Returns the next open captures after a time and an ID, the oldest first.
pub(crate) async fn open_after(
    connection: &dyn Connection,
    (time, id): (DateTime<Utc>, &str),
    limit: u32,
) -> DataResult<Vec<UnexpectedCapture>> {
    statement!(sql, "WHERE state = 'open' AND (created_at, provider_payment_id) > ({time}, {id}) ORDER BY created_at, provider_payment_id LIMIT {limit}")
        .fetch_all(connection)
        .await
}

pub(crate) async fn set_refunded(tx: &Transaction, provider_payment: &str) -> DataResult<()> {
    sql!("UPDATE unexpected_captures SET state = 'refunded', updated_at = {Utc::now()} WHERE provider_payment_id = {provider_payment}")
        .apply(tx)
        .await
}
