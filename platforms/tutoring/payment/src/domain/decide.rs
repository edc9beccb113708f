use seaworthy::data::chrono::{DateTime, Utc};
use seaworthy::named;

use super::{Payment, Status};
use crate::provider::{ProviderPayment, ProviderStatus};

/// The effect of a payment at the provider on the payment of its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It changes nothing.
    Ignore,
    /// It belongs to another order, or its amount or currency differs. It changes nothing.
    Mismatch,
    /// The money is authorized.
    Process,
    /// The money is captured.
    Succeed,
    /// An attempt failed, and a later one of the same order was captured in time. The payment takes
    /// the freed coins and the discount again.
    Revive,
    /// The provider rejected the payment.
    Fail(String),
    /// The money was captured, but the payment cannot use it. An operator decides.
    Flag(CaptureKind),
}

named! {
    /// The reason why an operator decides about captured money.
    pub(crate) enum CaptureKind {
        /// The payment had expired or failed, or the provider had already refunded the money.
        Late = "late",
        /// Another payment of the same order was captured.
        Second = "second",
        /// The amount or the currency differs from the order's.
        Mismatch = "mismatch",
        /// The student has already paid for all sessions of the course.
        Excess = "excess",
    }
}

/// Decides the effect of a payment at the provider. The decision depends on the states alone, so
/// the order of confirmation, webhooks and reconciliation does not matter.
pub(crate) fn decide(payment: &Payment, found: &ProviderPayment, now: DateTime<Utc>) -> Decision {
    if found.order_id.is_none() || found.order_id != payment.order_id {
        return Decision::Mismatch;
    }
    let is_known = payment.provider_payment_id.as_deref() == Some(found.id.as_str());
    if is_known && matches!(payment.status, Status::Succeeded | Status::Refunded) {
        return Decision::Ignore;
    }
    let has_captured = matches!(
        found.status,
        ProviderStatus::Captured | ProviderStatus::Refunded
    );
    if found.amount != payment.amount {
        return match has_captured {
            true => Decision::Flag(CaptureKind::Mismatch),
            false => Decision::Mismatch,
        };
    }
    match (payment.status, found.status) {
        // Another attempt was refunded. This one may still be captured.
        (Status::Processing, ProviderStatus::Refunded) if !is_known => {
            Decision::Flag(CaptureKind::Second)
        }
        // A refunded payment does not unlock a course.
        (Status::Initiated | Status::Processing, ProviderStatus::Refunded) => {
            Decision::Fail("the payment was refunded at the provider".to_owned())
        }
        (Status::Initiated | Status::Processing, ProviderStatus::Captured) => Decision::Succeed,
        (Status::Failed, ProviderStatus::Captured) if !payment.is_expired(now) => Decision::Revive,
        (Status::Failed | Status::Cancelled, _) if has_captured => {
            Decision::Flag(CaptureKind::Late)
        }
        (Status::Succeeded | Status::Refunded, _) if has_captured => {
            Decision::Flag(CaptureKind::Second)
        }
        (Status::Initiated, ProviderStatus::Authorized) => Decision::Process,
        (Status::Initiated, ProviderStatus::Failed) => Decision::Fail(reason(found)),
        // Another attempt may have failed before this one was authorized.
        (Status::Processing, ProviderStatus::Failed) if is_known => Decision::Fail(reason(found)),
        _ => Decision::Ignore,
    }
}

fn reason(found: &ProviderPayment) -> String {
    let known = found.failure.clone();
    known.unwrap_or_else(|| "the provider rejected the payment".to_owned())
}

#[cfg(test)]
mod tests {
    use seaworthy::data::chrono::TimeDelta;
    use serde_json::Value;
    use tutoring_contract::{Currency, Money};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{CoinState, DiscountState, Purpose};

    fn payment(status: Status) -> Payment {
        let now = Utc::now();
        let has_paid = matches!(
            status,
            Status::Succeeded | Status::Refunded | Status::Processing
        );
        Payment {
            id: Uuid::from_u128(1),
            student_id: Uuid::from_u128(2),
            course_id: None,
            purpose: Purpose::General,
            amount: Money::new(900_000, Currency::INR),
            status,
            order_id: Some("order_1".to_owned()),
            provider_payment_id: has_paid.then(|| "pay_1".to_owned()),
            receipt: "1".to_owned(),
            idempotency_key: None,
            request_hash: String::new(),
            quote: Value::Null,
            metadata: Value::Null,
            coins: 0,
            coin_state: CoinState::None,
            discount_state: DiscountState::None,
            failure_reason: None,
            enrollment_status: String::new(),
            purchase_status: String::new(),
            assignment_status: String::new(),
            expires_at: now + TimeDelta::minutes(30),
            confirmed_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    fn found(id: &str, status: ProviderStatus) -> ProviderPayment {
        ProviderPayment {
            id: id.to_owned(),
            order_id: Some("order_1".to_owned()),
            amount: Money::new(900_000, Currency::INR),
            status,
            failure: None,
        }
    }

    #[test]
    fn only_captured_money_succeeds_api_1() {
        use ProviderStatus::{Authorized, Captured, Created, Failed, Refunded};
        let now = Utc::now();
        let refused = || Decision::Fail("the provider rejected the payment".to_owned());
        let refunded = || Decision::Fail("the payment was refunded at the provider".to_owned());
        for (status, id, provider, expected) in [
            (Status::Initiated, "pay_1", Created, Decision::Ignore),
            (Status::Initiated, "pay_1", Authorized, Decision::Process),
            (Status::Initiated, "pay_1", Captured, Decision::Succeed),
            (Status::Initiated, "pay_1", Failed, refused()),
            (Status::Processing, "pay_1", Authorized, Decision::Ignore),
            (Status::Processing, "pay_2", Captured, Decision::Succeed),
            (Status::Processing, "pay_1", Failed, refused()),
            (Status::Processing, "pay_2", Failed, Decision::Ignore),
            (Status::Initiated, "pay_1", Refunded, refunded()),
            (Status::Processing, "pay_1", Refunded, refunded()),
            (
                Status::Processing,
                "pay_2",
                Refunded,
                Decision::Flag(CaptureKind::Second),
            ),
            (Status::Failed, "pay_2", Captured, Decision::Revive),
            (Status::Failed, "pay_2", Authorized, Decision::Ignore),
            (
                Status::Failed,
                "pay_2",
                Refunded,
                Decision::Flag(CaptureKind::Late),
            ),
            (
                Status::Cancelled,
                "pay_1",
                Captured,
                Decision::Flag(CaptureKind::Late),
            ),
            (Status::Succeeded, "pay_1", Captured, Decision::Ignore),
            (
                Status::Succeeded,
                "pay_2",
                Captured,
                Decision::Flag(CaptureKind::Second),
            ),
            (
                Status::Succeeded,
                "pay_2",
                Refunded,
                Decision::Flag(CaptureKind::Second),
            ),
            (Status::Succeeded, "pay_1", Failed, Decision::Ignore),
            (Status::Succeeded, "pay_1", Authorized, Decision::Ignore),
            (Status::Refunded, "pay_1", Captured, Decision::Ignore),
            (Status::Refunded, "pay_1", Refunded, Decision::Ignore),
        ] {
            let decided = decide(&payment(status), &found(id, provider), now);
            assert_eq!(decided, expected, "{status:?} {id} {provider:?}");
        }
        let late = now + TimeDelta::hours(1);
        let decided = decide(&payment(Status::Failed), &found("pay_2", Captured), late);
        assert_eq!(decided, Decision::Flag(CaptureKind::Late));
    }

    #[test]
    fn other_amount_order_or_currency_never_succeeds_api_3() {
        let now = Utc::now();
        let open = payment(Status::Initiated);
        let other_order = ProviderPayment {
            order_id: Some("order_2".to_owned()),
            ..found("pay_1", ProviderStatus::Captured)
        };
        assert_eq!(decide(&open, &other_order, now), Decision::Mismatch);
        let without = ProviderPayment {
            order_id: None,
            ..found("pay_1", ProviderStatus::Captured)
        };
        let unsent = Payment {
            order_id: None,
            ..payment(Status::Initiated)
        };
        assert_eq!(decide(&unsent, &without, now), Decision::Mismatch);
        for amount in [
            Money::new(1, Currency::INR),
            Money::new(900_000, "EUR".parse().unwrap()),
        ] {
            let other = ProviderPayment {
                amount,
                ..found("pay_1", ProviderStatus::Captured)
            };
            let flagged = Decision::Flag(CaptureKind::Mismatch);
            assert_eq!(decide(&open, &other, now), flagged);
            // The reconciliation reports the money that completed a payment.
            let paid = payment(Status::Succeeded);
            assert_eq!(decide(&paid, &other, now), Decision::Ignore);
        }
    }
}
