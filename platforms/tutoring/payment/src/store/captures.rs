use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::Money;
use tutoring_identity::insert_or_ignore;
use uuid::Uuid;

use super::money;
use crate::{domain::CaptureKind, provider::ProviderPayment};

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

/// Statements on unexpected captures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Captures;

impl Captures {
    /// Records a capture. Returns `false` if it is known.
    pub(crate) async fn insert(
        tx: &Transaction,
        payment: Uuid,
        found: &ProviderPayment,
        kind: CaptureKind,
    ) -> Result<bool, DataError> {
        let now = Utc::now();
        insert_or_ignore!("unexpected_captures (provider_payment_id, payment_id, amount_cents, currency, kind, state, created_at, updated_at) VALUES ({&found.id}, {payment}, {found.amount.minor}, {found.amount.currency.as_str()}, {kind.as_str()}, 'open', {now}, {now})")
            .changes(tx)
            .await
    }

    pub(crate) async fn by_id(
        connection: &dyn Connection,
        provider_payment: &str,
    ) -> Result<Option<UnexpectedCapture>, DataError> {
        sql!("SELECT provider_payment_id, payment_id, amount_cents, currency, kind, state, created_at FROM unexpected_captures WHERE provider_payment_id = {provider_payment}")
            .fetch_optional(connection)
            .await
    }

    /// Returns a page of the open captures, the oldest first, and their number.
    pub(crate) async fn open(
        connection: &dyn Connection,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<UnexpectedCapture>, u64), DataError> {
        let (total,): (u64,) =
            sql!("SELECT COUNT(*) FROM unexpected_captures WHERE state = 'open'")
                .fetch_one(connection)
                .await?;
        let page = sql!("SELECT provider_payment_id, payment_id, amount_cents, currency, kind, state, created_at FROM unexpected_captures WHERE state = 'open' ORDER BY created_at, provider_payment_id LIMIT {limit} OFFSET {offset}")
            .fetch_all(connection)
            .await?;
        Ok((page, total))
    }

    pub(crate) async fn set_refunded(
        tx: &Transaction,
        provider_payment: &str,
    ) -> Result<(), DataError> {
        sql!("UPDATE unexpected_captures SET state = 'refunded', updated_at = {Utc::now()} WHERE provider_payment_id = {provider_payment}")
            .apply(tx)
            .await
    }
}
