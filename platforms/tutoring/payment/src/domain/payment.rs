use seaworthy::{data::prelude::*, prelude::*};
use serde_json::Value;
use tutoring_contract::Money;

use crate::store::money;

named! {
    /// The state of a payment.
    pub(crate) enum Status {
        /// The order can be paid.
        Initiated = "initiated",
        /// The provider has authorized the money and not captured it.
        Processing = "processing",
        /// The money was captured.
        Succeeded = "succeeded",
        /// The provider rejected the payment.
        Failed = "failed",
        /// The order expired.
        Cancelled = "cancelled",
        /// The money was refunded.
        Refunded = "refunded",
    }
}

named! {
    /// The kind of order.
    pub(crate) enum Purpose {
        /// A package of sessions of a course.
        SessionBooking = "session_booking",
        /// An order of another service.
        General = "general",
    }
}

named! {
    /// The state of the coins of a payment.
    pub(crate) enum CoinState {
        /// No coins.
        None = "none",
        /// Reserved in the wallet.
        Reserved = "reserved",
        /// Taken from the wallet.
        Spent = "spent",
        /// Released to the wallet.
        Returned = "returned",
    }
}

named! {
    /// The state of the discount at the booking service.
    pub(crate) enum DiscountState {
        /// No discount.
        None = "none",
        /// The discount is reserved for the payment.
        Reserved = "reserved",
        /// The payment succeeded. A worker has to redeem the discount at the booking service.
        Redeeming = "redeeming",
        /// The discount is used.
        Redeemed = "redeemed",
        /// The payment failed. A worker has to release the discount at the booking service.
        Releasing = "releasing",
        /// Another payment can use the discount.
        Released = "released",
        /// The discount was released and used again before a late capture.
        Conflict = "conflict",
    }
}

#[derive(Debug, Clone, FromRow)]
pub(crate) struct Payment {
    pub(crate) id: Uuid,
    pub(crate) student_id: Uuid,
    pub(crate) course_id: Option<Uuid>,
    #[from_row(with = from_text)]
    pub(crate) purpose: Purpose,
    /// With tax and after all discounts.
    #[from_row(with = money)]
    pub(crate) amount: Money,
    #[from_row(with = from_text)]
    pub(crate) status: Status,
    pub(crate) order_id: Option<String>,
    pub(crate) provider_payment_id: Option<String>,
    pub(crate) receipt: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_hash: String,
    pub(crate) quote: Value,
    pub(crate) metadata: Value,
    pub(crate) coins: i64,
    #[from_row(with = from_text)]
    pub(crate) coin_state: CoinState,
    #[from_row(with = from_text)]
    pub(crate) discount_state: DiscountState,
    pub(crate) failure_reason: Option<String>,
    pub(crate) enrollment_status: String,
    pub(crate) purchase_status: String,
    pub(crate) assignment_status: String,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Payment {
    /// Whether the payment can still succeed.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, Status::Initiated | Status::Processing)
    }

    /// Whether authorized money is captured: the payment is open, or an earlier attempt failed and
    /// the order has not expired.
    pub(crate) fn can_capture(&self, now: DateTime<Utc>) -> bool {
        self.is_open() || (self.status == Status::Failed && !self.is_expired(now))
    }

    /// Whether the order has expired.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }
}
