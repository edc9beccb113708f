use seaworthy::{
    data::chrono::{DateTime, Utc},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::Currency;
use uuid::Uuid;

use crate::domain::{Payment, Purpose, Status};

/// A payment in responses.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentView {
    id: Uuid,
    student_id: Uuid,
    course_id: Option<Uuid>,
    purpose: Purpose,
    amount_cents: i64,
    currency: Currency,
    status: Status,
    order_id: Option<String>,
    provider_payment_id: Option<String>,
    receipt: String,
    pricing: Value,
    metadata: Value,
    coins_redeemed: i64,
    failure_reason: Option<String>,
    expires_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            student_id: payment.student,
            course_id: payment.course,
            purpose: payment.purpose,
            amount_cents: payment.amount.minor,
            currency: payment.amount.currency,
            status: payment.status,
            order_id: payment.order_id,
            provider_payment_id: payment.provider_payment_id,
            receipt: payment.receipt,
            pricing: payment.quote,
            metadata: payment.metadata,
            coins_redeemed: payment.coins,
            failure_reason: payment.failure_reason,
            expires_at: payment.expires_at,
            confirmed_at: payment.confirmed_at,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
