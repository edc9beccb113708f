use seaworthy::data::prelude::*;
use tutoring_contract::Money;
use uuid::Uuid;

/// Returns the text of a statement that reads refunds.
macro_rules! statement {
    ($($rest:literal),+) => {
        sql!("SELECT id, payment_id, provider_payment_id, amount_cents, currency, state, reason, requested_by FROM refunds ", $($rest),+)
    };
}

/// A refund in full.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: Uuid,
    pub(crate) payment: Uuid,
    pub(crate) provider_payment: String,
    pub(crate) amount: Money,
    pub(crate) is_processed: bool,
    pub(crate) reason: String,
    /// Absent for a refund that began at the provider.
    pub(crate) requested_by: Option<Uuid>,
}

impl FromRow for Refund {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let unexpected = || DataError::unexpected_value("the row is not a valid refund");
        let currency: String = row.get("currency")?;
        let currency = currency.parse().map_err(|_| unexpected())?;
        let state: String = row.get("state")?;
        Ok(Self {
            id: row.get("id")?,
            payment: row.get("payment_id")?,
            provider_payment: row.get("provider_payment_id")?,
            amount: Money::new(row.get("amount_cents")?, currency),
            is_processed: state == "processed",
            reason: row.get("reason")?,
            requested_by: row.get("requested_by")?,
        })
    }
}

/// Statements on refunds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refunds;

impl Refunds {
    /// Returns the refund of a payment at the provider.
    pub(crate) async fn of(
        connection: &dyn Connection,
        provider_payment: &str,
    ) -> Result<Option<Refund>, DataError> {
        statement!("WHERE provider_payment_id = {provider_payment}")
            .fetch_optional(connection)
            .await
    }

    pub(crate) async fn insert(tx: &Transaction, refund: &Refund) -> Result<(), DataError> {
        let now = Utc::now();
        sql("INSERT INTO refunds (id, payment_id, provider_payment_id, amount_cents, currency, state, reason, requested_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(refund.id)
            .bind(refund.payment)
            .bind(&refund.provider_payment)
            .bind(refund.amount.minor)
            .bind(refund.amount.currency.as_str())
            .bind("requested")
            .bind(&refund.reason)
            .bind(refund.requested_by)
            .bind(now)
            .bind(now)
            .apply(tx)
            .await
    }

    /// Records that the provider has returned the money. Returns `false` if that is known.
    pub(crate) async fn set_processed(
        tx: &Transaction,
        id: Uuid,
        provider_refund: &str,
    ) -> Result<bool, DataError> {
        sql("UPDATE refunds SET state = ?, provider_refund_id = ?, updated_at = ? WHERE id = ? AND state = ?")
            .bind("processed")
            .bind(provider_refund)
            .bind(Utc::now())
            .bind(id)
            .bind("requested")
            .changes(tx)
            .await
    }

    /// Returns refunds that the provider has not processed since a time.
    pub(crate) async fn open(
        connection: &dyn Connection,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Refund>, DataError> {
        statement!("WHERE state = ? AND updated_at < ? ORDER BY updated_at, id LIMIT ?")
            .bind("requested")
            .bind(before)
            .bind(limit)
            .fetch_all(connection)
            .await
    }

    /// Postpones the next attempt of a refund.
    pub(crate) async fn touch(connection: &dyn Connection, id: Uuid) -> Result<(), DataError> {
        sql!("UPDATE refunds SET updated_at = {Utc::now()} WHERE id = {id}")
            .apply(connection)
            .await
    }
}
