use seaworthy::{
    audit_log::AuditEntry,
    data::{chrono::TimeDelta, prelude::*},
    prelude::*,
};
use tutoring_contract::{
    Money,
    events::{BusinessEvent, PaymentRefunded, message},
};
use tutoring_identity::invalid;

use super::{PAYMENT_REFUND, Payments};
use crate::{
    domain::{CoinState, Payment, Status, errors},
    provider::ProviderRefund,
    store::{CoinKind, Refund, captures, coins, payments, refunds},
};

const MAX_REASON: usize = 500;
/// The time until the next attempt of a refund that the provider has not processed.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Refunds that one step settles.
const BATCH: u32 = 20;

/// A refund in full, of the payment or of an unexpected capture.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundRequest {
    reason: String,
    /// The unexpected capture. By default, the payment itself is refunded.
    provider_payment_id: Option<String>,
}

impl Payments {
    /// Refunds captured money. The request is stored before the call to the provider, so that a
    /// crash loses nothing. A repeat returns the payment with the same refund.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND` or `CONFLICT`. If the provider is unavailable, the refund
    /// stays requested, and a worker repeats it.
    pub(crate) async fn refund(
        &self,
        admin: Uuid,
        id: Uuid,
        request: &RefundRequest,
    ) -> Result<Payment, Error> {
        let reason = request.reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON {
            return Err(invalid("reason", "must be 1 to 500 bytes"));
        }
        let wanted = request.provider_payment_id.as_deref();
        let refund = self
            .database
            .transaction(|tx| async move {
                let payment = payments::lock(&tx, id).await?;
                let captured = refundable(&tx, &payment, wanted).await?;
                let captured = captured.ok_or_else(errors::not_refundable)?;
                if let Some(known) = refunds::of(&tx, &captured.0).await? {
                    return Ok(known);
                }
                let refund = refunds::insert(&tx, id, captured, reason, Some(admin)).await?;
                let entry = AuditEntry::new("payment.refund")
                    .target("payment", id.to_string())
                    .detail("permission", PAYMENT_REFUND)
                    .detail("providerPayment", refund.provider_payment_id.as_str())
                    .detail("amount", refund.amount.minor.to_string())
                    .detail("reason", reason)
                    .change(
                        &json!({ "refund": null }),
                        &json!({ "refund": "requested" }),
                    );
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(refund)
            })
            .await?;
        if !refund.is_processed
            && let Err(error) = self.settle_refund(&refund).await
        {
            tracing::warn!(%error, payment = %id, "a refund failed and is retried later");
        }
        let payment = payments::by_id(&self.database, id).await?;
        payment.ok_or_else(errors::payment_not_found)
    }

    /// Settles a batch of refunds that the provider has not processed. Returns whether there may be
    /// more.
    ///
    /// # Errors
    /// An error of the database.
    pub(crate) async fn settle_refunds(&self) -> Result<bool, Error> {
        let open = refunds::open(&self.database, Utc::now() - RETRY_AFTER, BATCH).await?;
        for refund in &open {
            refunds::touch(&self.database, refund.id).await?;
            if let Err(error) = self.settle_refund(refund).await {
                tracing::warn!(%error, payment = %refund.payment_id, "a refund failed and is retried later");
            }
        }
        Ok(open.len() == BATCH as usize)
    }

    /// Requests a refund from the provider, unless it already has one.
    async fn settle_refund(&self, refund: &Refund) -> Result<(), Error> {
        let provider = &self.provider.calls;
        let known = provider.refunds(&refund.provider_payment_id).await?;
        let mut known = known.into_iter().filter(|known| known.status != "failed");
        let found = match known.next() {
            Some(found) => found,
            None => {
                let refunded = provider.refund(&refund.provider_payment_id, refund.amount);
                refunded.await?
            }
        };
        let found = &found;
        self.database
            .transaction(|tx| async move {
                let provider_payment = &refund.provider_payment_id;
                self.apply_refund(&tx, provider_payment, found)
                    .await
                    .map(drop)
            })
            .await
    }

    /// Applies a refund at the provider. Returns `false` if no payment of this service belongs to
    /// it.
    pub(super) async fn apply_refund(
        &self,
        tx: &Transaction,
        provider_payment: &str,
        found: &ProviderRefund,
    ) -> Result<bool, Error> {
        let Some(id) = owner_of(tx, provider_payment).await? else {
            return Ok(false);
        };
        let mut payment = payments::lock(tx, id).await?;
        if found.status != "processed" {
            return Ok(true);
        }
        let Some(captured) = refundable(tx, &payment, Some(provider_payment)).await? else {
            tracing::warn!(payment = %id, "the provider refunded money whose capture is unknown");
            return Ok(true);
        };
        if found.amount != captured.1.minor {
            // After a partial refund, an operator decides about the purchase.
            tracing::warn!(payment = %id, "the provider refunded only a part of a payment");
            return Ok(true);
        }
        let refund = match refunds::of(tx, &captured.0).await? {
            Some(known) => known,
            None => refunds::insert(tx, id, captured, "refunded at the provider", None).await?,
        };
        if !refunds::set_processed(tx, refund.id, &found.id).await? {
            return Ok(true);
        }
        // An authorized payment that ended keeps the ID, although its money is an unexpected
        // capture.
        let is_own = payment.provider_payment_id.as_deref() == Some(provider_payment);
        if !is_own || payment.status != Status::Succeeded {
            captures::set_refunded(tx, provider_payment).await?;
            return Ok(true);
        }
        payment.status = Status::Refunded;
        if payment.coin_state == CoinState::Spent {
            let reference = payment.id.to_string();
            let kind = CoinKind::RedeemReversal;
            coins::post(tx, payment.student_id, payment.coins, kind, &reference).await?;
            payment.coin_state = CoinState::Returned;
        }
        payments::update(tx, &payment).await?;
        if let Some(course_id) = payment.course_id {
            let refunded = PaymentRefunded {
                payment_id: payment.id,
                student_id: payment.student_id,
                course_id,
                amount_cents: payment.amount.minor,
            };
            let event = message(&BusinessEvent::new(refunded));
            self.outbox.store(tx, event).await?;
        }
        Ok(true)
    }
}

/// Returns the ID of the payment to which a payment at the provider belongs.
async fn owner_of(tx: &Transaction, provider_payment: &str) -> DataResult<Option<Uuid>> {
    if let Some(id) = payments::id_of_provider_payment(tx, provider_payment).await? {
        return Ok(Some(id));
    }
    let capture = captures::by_id(tx, provider_payment).await?;
    Ok(capture.map(|capture| capture.payment_id))
}

/// Returns the ID at the provider and the amount of the captured money that a request refunds.
async fn refundable(
    tx: &Transaction,
    payment: &Payment,
    wanted: Option<&str>,
) -> DataResult<Option<(String, Money)>> {
    let own = payment.provider_payment_id.as_deref();
    let is_own = wanted.is_none() || wanted == own;
    if is_own && matches!(payment.status, Status::Succeeded | Status::Refunded) {
        return Ok(own.map(|own| (own.to_owned(), payment.amount)));
    }
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let capture = captures::by_id(tx, wanted).await?;
    let capture = capture.filter(|capture| capture.payment_id == payment.id);
    Ok(capture.map(|capture| (capture.provider_payment_id, capture.amount)))
}
