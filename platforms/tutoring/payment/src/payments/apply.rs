use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{BusinessEvent, PurchaseConfirmed, message},
};

use super::{Payments, create::MAX_SESSIONS};
use crate::{
    domain::{CaptureKind, CoinState, Decision, DiscountState, Payment, Status, decide},
    provider::{ProviderPayment, ProviderStatus},
    store::{CoinKind, captures, coins, payments},
};

impl Payments {
    /// Applies a payment at the provider to the payment of its order, in one transaction. A repeat
    /// changes nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`, or those of the database.
    pub(crate) async fn apply(
        &self,
        id: Uuid,
        found: &ProviderPayment,
    ) -> Result<(Payment, Decision), Error> {
        self.database
            .transaction(|tx| async move { self.apply_in(&tx, id, found).await })
            .await
    }

    /// Applies a payment at the provider within a transaction.
    pub(super) async fn apply_in(
        &self,
        tx: &Transaction,
        id: Uuid,
        found: &ProviderPayment,
    ) -> Result<(Payment, Decision), Error> {
        let now = Utc::now();
        let mut payment = payments::lock(tx, id).await?;
        let mut decision = decide(&payment, found, now);
        if matches!(decision, Decision::Succeed | Decision::Revive) {
            decision = self.decide_use(tx, &payment, found, decision).await?;
        }
        match &decision {
            Decision::Ignore | Decision::Mismatch => return Ok((payment, decision)),
            Decision::Process => {
                payment.status = Status::Processing;
                payment.provider_payment_id = Some(found.id.clone());
            }
            Decision::Fail(reason) => {
                payment.status = Status::Failed;
                payment.failure_reason = Some(reason.clone());
                release(tx, &mut payment).await?;
                if found.status == ProviderStatus::Refunded {
                    // A delayed event of the capture must not complete the payment.
                    record(tx, payment.id, found, CaptureKind::Late).await?;
                }
            }
            Decision::Succeed => self.succeed(tx, &mut payment, found, now).await?,
            Decision::Revive => {
                if payment.coins > 0
                    && !coins::reserve(tx, payment.student_id, payment.coins).await?
                {
                    // Another payment has spent the coins.
                    return flag(tx, payment, found, CaptureKind::Late).await;
                }
                if payment.coins > 0 {
                    payment.coin_state = CoinState::Reserved;
                }
                self.succeed(tx, &mut payment, found, now).await?;
            }
            Decision::Flag(CaptureKind::Excess) if payment.is_open() => {
                payment.status = Status::Failed;
                payment.failure_reason = Some("the course has at most 30 sessions".to_owned());
                release(tx, &mut payment).await?;
                payments::update(tx, &payment).await?;
                return flag(tx, payment, found, CaptureKind::Excess).await;
            }
            Decision::Flag(kind) => return flag(tx, payment, found, *kind).await,
        }
        payments::update(tx, &payment).await?;
        Ok((payment, decision))
    }

    /// Decides whether a payment can use captured money. An operator handles flagged money, and
    /// money for more sessions than a course has.
    async fn decide_use(
        &self,
        tx: &Transaction,
        payment: &Payment,
        found: &ProviderPayment,
        decision: Decision,
    ) -> Result<Decision, Error> {
        if captures::by_id(tx, &found.id).await?.is_some() {
            return Ok(Decision::Flag(CaptureKind::Late));
        }
        let Some(course) = payment.course_id else {
            return Ok(decision);
        };
        // The lock serializes the payments of a student.
        coins::lock(tx, payment.student_id).await?;
        let paid = payments::paid_sessions(tx, payment.student_id, course).await?;
        let more = payment.metadata.get("sessionCount").and_then(Value::as_u64);
        match paid + more.unwrap_or_default() > MAX_SESSIONS {
            true => Ok(Decision::Flag(CaptureKind::Excess)),
            false => Ok(decision),
        }
    }

    /// Completes a payment whose row is locked: spends the coins, marks the discount for
    /// redemption, and stores the event.
    async fn succeed(
        &self,
        tx: &Transaction,
        payment: &mut Payment,
        found: &ProviderPayment,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        payment.status = Status::Succeeded;
        payment.provider_payment_id = Some(found.id.clone());
        payment.confirmed_at = Some(now);
        payment.failure_reason = None;
        if payment.coin_state == CoinState::Reserved {
            let (student, coins) = (payment.student_id, payment.coins);
            coins::free(tx, student, coins).await?;
            let reference = payment.id.to_string();
            coins::post(tx, student, -coins, CoinKind::Redeem, &reference).await?;
            payment.coin_state = CoinState::Spent;
        }
        if payment.discount_state != DiscountState::None {
            payment.discount_state = DiscountState::Redeeming;
        }
        let Some(course_id) = payment.course_id else {
            return Ok(());
        };
        let mut metadata = payment.metadata.clone();
        if let Value::Object(members) = &mut metadata {
            // This payment is not stored as successful yet.
            let paid = payments::paid_sessions(tx, payment.student_id, course_id).await?;
            members.insert("isUpgrade".to_owned(), (paid > 0).into());
            // A refund names its payment.
            members.insert("paymentId".to_owned(), payment.id.to_string().into());
            // A student has one discount in a lifetime.
            for name in ["claimDealApplied", "couponApplied"] {
                let is_applied = payment.quote.get(name).and_then(Value::as_bool);
                members.insert(name.to_owned(), is_applied.unwrap_or_default().into());
            }
        }
        let confirmed = PurchaseConfirmed {
            payment_id: payment.id,
            student_id: payment.student_id,
            course_id,
            amount_cents: payment.amount.minor,
            metadata,
        };
        let event = BusinessEvent::new(confirmed).by(payment.student_id, Role::Student);
        self.outbox.store(tx, message(&event)).await?;
        Ok(())
    }
}

/// Frees the reserved coins of a payment that has ended, and marks its discount for release.
pub(super) async fn release(tx: &Transaction, payment: &mut Payment) -> Result<(), Error> {
    if payment.coin_state == CoinState::Reserved {
        coins::free(tx, payment.student_id, payment.coins).await?;
        payment.coin_state = CoinState::Returned;
    }
    if payment.discount_state == DiscountState::Reserved {
        payment.discount_state = DiscountState::Releasing;
    }
    Ok(())
}

/// Records captured money that the payment cannot use.
async fn flag(
    tx: &Transaction,
    payment: Payment,
    found: &ProviderPayment,
    kind: CaptureKind,
) -> Result<(Payment, Decision), Error> {
    record(tx, payment.id, found, kind).await?;
    Ok((payment, Decision::Flag(kind)))
}

/// Records a capture. An operator does not handle one that the provider has refunded.
async fn record(
    tx: &Transaction,
    payment: Uuid,
    found: &ProviderPayment,
    kind: CaptureKind,
) -> DataResult<()> {
    let is_new = captures::insert(tx, payment, found, kind).await?;
    if found.status == ProviderStatus::Refunded {
        return captures::set_refunded(tx, &found.id).await;
    }
    if is_new {
        tracing::warn!(
            %payment,
            provider_payment = found.id,
            kind = kind.as_str(),
            "no payment can use captured money: see /api/v1/payments/unexpected-captures"
        );
    }
    Ok(())
}
