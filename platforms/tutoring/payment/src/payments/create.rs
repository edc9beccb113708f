use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use seaworthy::{
    data::chrono::{TimeDelta, Utc},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{Currency, Money};
use tutoring_identity::Checks;

use super::Payments;
use crate::{
    domain::{CoinState, DiscountState, Payment, Purpose, SessionBooking, Status, errors},
    provider::NewOrder,
    store::{coins, courses, payments},
};

/// Minimum amount of an order, in minor units: one rupee, as at the provider.
pub(crate) const MIN_AMOUNT: i64 = 100;
/// Maximum amount of an order, in minor units: ten million rupees.
const MAX_AMOUNT: i64 = 1_000_000_000;
const MAX_DESCRIPTION: usize = 500;
/// Maximum number of sessions of a course, also after upgrades.
pub(super) const MAX_SESSIONS: u64 = 30;

/// An order of another service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GeneralOrder {
    student_id: Uuid,
    amount_cents: i64,
    #[serde(default)]
    currency: Currency,
    description: Option<String>,
    metadata: Option<Value>,
}

/// A payment with its order.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) payment: Payment,
    pub(crate) order_id: String,
}

impl Payments {
    /// Creates the payment of a package. The price comes from the booking service.
    ///
    /// A repeat with the same key returns the same payment, and completes one whose order was not
    /// created.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, the rejections of the booking service, `CONFLICT` for a key
    /// of another request and for more than 30 sessions, and `SERVICE_UNAVAILABLE`.
    pub(crate) async fn create_booking(
        &self,
        student: Uuid,
        package: &SessionBooking,
        key: Option<String>,
    ) -> Result<Created, Error> {
        package.check(self.zone.today())?;
        let hash = hash(package)?;
        let id = payment_id(student, key.as_deref());
        if let Some(known) = payments::by_id(&self.database, id).await? {
            return self.repeated(known, &hash).await;
        }
        if !courses::is_published(&self.database, package.course_id).await? {
            return Err(errors::course_not_found());
        }
        let paid = payments::paid_sessions(&self.database, student, package.course_id).await?;
        if paid + u64::from(package.session_count) > MAX_SESSIONS {
            return Err(errors::too_many_sessions());
        }
        let expires_at = Utc::now() + time_delta(self.order_ttl);
        let quote = self.booking.reserve(id, student, package, expires_at);
        let quote = quote.await?;
        let total = Money::new(quote.total, quote.currency);
        let has_discount = quote.coupon_applied || quote.claim_deal_applied;
        let payment = Payment {
            course_id: Some(package.course_id),
            quote: serde_json::to_value(&quote).map_err(Error::internal)?,
            metadata: package.metadata(),
            discount_state: match has_discount {
                true => DiscountState::Reserved,
                false => DiscountState::None,
            },
            expires_at,
            ..draft(id, student, Purpose::SessionBooking, total, key, hash)
        };
        let stored = self.store(payment, package.coins_to_redeem).await;
        if stored.is_err() && has_discount {
            self.release_unstored(id).await;
        }
        self.with_order(stored?).await
    }

    /// Releases the discount of a payment that was not stored. Another request with the same key
    /// may have stored it. After a failure the booking service releases the discount later.
    async fn release_unstored(&self, id: Uuid) {
        if let Ok(None) = payments::by_id(&self.database, id).await {
            let _ = self.booking.release(id).await;
        }
    }

    /// Creates the payment of an order of another service.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `CONFLICT` or `SERVICE_UNAVAILABLE`.
    pub(crate) async fn create_general(
        &self,
        order: &GeneralOrder,
        key: Option<String>,
    ) -> Result<Created, Error> {
        let mut checks = Checks::new();
        checks.range("amountCents", order.amount_cents, MIN_AMOUNT, MAX_AMOUNT);
        let description = order.description.as_deref().unwrap_or_default();
        let is_short = description.len() <= MAX_DESCRIPTION;
        checks.require("description", is_short, "must be at most 500 bytes");
        checks.finish()?;
        let hash = hash(order)?;
        let id = payment_id(order.student_id, key.as_deref());
        if let Some(known) = payments::by_id(&self.database, id).await? {
            return self.repeated(known, &hash).await;
        }
        let amount = Money::new(order.amount_cents, order.currency);
        let payment = Payment {
            metadata: json!({ "description": order.description, "metadata": order.metadata }),
            expires_at: Utc::now() + time_delta(self.order_ttl),
            ..draft(id, order.student_id, Purpose::General, amount, key, hash)
        };
        let stored = self.store(payment, 0).await?;
        self.with_order(stored).await
    }

    /// Stores a payment and reserves its coins. Returns the payment of another request with the
    /// same key instead.
    async fn store(&self, payment: Payment, coins_to_redeem: i64) -> Result<Payment, Error> {
        let draft = &payment;
        let stored = self
            .database
            .transaction(|tx| async move {
                let mut payment = draft.clone();
                if coins_to_redeem > 0 {
                    let rate = coins::settings(&tx).await?.value("coin_to_rupee_rate");
                    let wallet = coins::wallet(&tx, payment.student_id).await?;
                    let worth = rate.saturating_mul(MIN_AMOUNT);
                    let coins =
                        redeemable(payment.amount.minor, worth, wallet.free()).min(coins_to_redeem);
                    if coins > 0 && coins::reserve(&tx, payment.student_id, coins).await? {
                        payment.coins = coins;
                        payment.coin_state = CoinState::Reserved;
                        payment.amount.minor -= coins * worth;
                    }
                }
                if payments::insert(&tx, &payment).await? {
                    return Ok(payment);
                }
                // The error rolls back the reservation of coins.
                Err(errors::key_reused())
            })
            .await;
        match stored {
            Err(refused) if refused.reason() == errors::key_reused().reason() => {
                let known = payments::by_id(&self.database, payment.id).await?;
                let known = known.filter(|known| known.request_hash == payment.request_hash);
                known.ok_or(refused)
            }
            stored => stored,
        }
    }

    async fn repeated(&self, known: Payment, hash: &str) -> Result<Created, Error> {
        if known.request_hash != hash {
            return Err(errors::key_reused());
        }
        if known.order_id.is_none() && !known.is_open() {
            return Err(errors::order_closed());
        }
        self.with_order(known).await
    }

    /// Returns the payment with its order, and creates a missing order.
    async fn with_order(&self, payment: Payment) -> Result<Created, Error> {
        if let Some(order_id) = payment.order_id.clone() {
            return Ok(Created { payment, order_id });
        }
        let provider = &self.provider.calls;
        // An earlier attempt may have created the order without storing its ID.
        let known = provider.find_order(&payment.receipt).await?;
        let order = match known {
            Some(order) => order,
            None => {
                let created = provider.create_order(NewOrder {
                    amount: payment.amount,
                    receipt: payment.receipt.clone(),
                    payment: payment.id.to_string(),
                    student: payment.student_id.to_string(),
                });
                match created.await {
                    Ok(order) => order,
                    Err(error) => {
                        if error.is_permanent() {
                            let failed = (Status::Failed, "the provider rejected the order");
                            self.end(payment.id, failed, |payment| payment.order_id.is_none())
                                .await?;
                        }
                        return Err(error.into());
                    }
                }
            }
        };
        payments::set_order(&self.database, payment.id, &order).await?;
        let stored = payments::by_id(&self.database, payment.id).await?;
        let payment = stored.ok_or_else(errors::payment_not_found)?;
        // A concurrent repeat may have stored its order first.
        let order_id = payment.order_id.clone().unwrap_or(order);
        Ok(Created { payment, order_id })
    }
}

/// Returns the coins that may reduce an amount: at least the minimum of the provider remains.
fn redeemable(amount: i64, worth: i64, free: i64) -> i64 {
    let max_reduction = amount.saturating_sub(MIN_AMOUNT).max(0);
    max_reduction
        .checked_div(worth)
        .unwrap_or(0)
        .min(free)
        .max(0)
}

pub(super) fn time_delta(timeout: Timeout) -> TimeDelta {
    TimeDelta::from_std(timeout.get()).unwrap_or(TimeDelta::MAX)
}

/// Returns a payment without price details.
fn draft(
    id: Uuid,
    student: Uuid,
    purpose: Purpose,
    amount: Money,
    idempotency_key: Option<String>,
    request_hash: String,
) -> Payment {
    let now = Utc::now();
    Payment {
        id,
        student_id: student,
        course_id: None,
        purpose,
        amount,
        status: Status::Initiated,
        order_id: None,
        provider_payment_id: None,
        receipt: id.simple().to_string(),
        idempotency_key,
        request_hash,
        quote: Value::Null,
        metadata: Value::Null,
        coins: 0,
        coin_state: CoinState::None,
        discount_state: DiscountState::None,
        failure_reason: None,
        enrollment_status: "PENDING".to_owned(),
        purchase_status: "PROCESSING".to_owned(),
        assignment_status: "NOT_ASSIGNED".to_owned(),
        expires_at: now,
        confirmed_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn hash(request: &impl Serialize) -> Result<String, Error> {
    let body = serde_json::to_vec(request).map_err(Error::internal)?;
    Ok(sha256(&body))
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Returns the ID of a payment. The same key of a student leads to the same ID, so that a repeat
/// finds the discount that the first request reserved.
fn payment_id(student: Uuid, key: Option<&str>) -> Uuid {
    let Some(key) = key else {
        return Uuid::new_v4();
    };
    let text = format!("{student}\n{key}");
    let hashed = digest::digest(&digest::SHA256, text.as_bytes());
    let hashed: &[u8] = hashed.as_ref();
    let bytes = hashed.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_leave_the_minimum_of_the_provider_api_1() {
        // One coin is worth 100 minor units.
        for (amount, free, expected) in [
            (1_000, 100, 9),
            (1_099, 100, 9),
            (1_100, 100, 10),
            (100, 100, 0),
            (50, 100, 0),
            (1_000, 5, 5),
            (1_000, -5, 0),
        ] {
            assert_eq!(redeemable(amount, 100, free), expected, "{amount} {free}");
        }
        assert_eq!(redeemable(1_000, 0, 10), 0, "coins without a value");
    }

    #[test]
    fn key_of_a_student_decides_the_id_api_6() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(payment_id(one, Some("a")), payment_id(one, Some("a")));
        assert_ne!(payment_id(one, Some("a")), payment_id(one, Some("b")));
        assert_ne!(payment_id(one, Some("a")), payment_id(two, Some("a")));
        assert_ne!(payment_id(one, None), payment_id(one, None));
    }
}
