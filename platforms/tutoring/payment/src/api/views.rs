use serde_json::{Value, json};

use crate::domain::Payment;

/// Returns a payment in responses.
pub(super) fn payment_view(payment: &Payment) -> Value {
    json!({
        "id": payment.id,
        "studentId": payment.student_id,
        "courseId": payment.course_id,
        "purpose": payment.purpose,
        "amountCents": payment.amount.minor,
        "currency": payment.amount.currency,
        "status": payment.status,
        "orderId": payment.order_id,
        "providerPaymentId": payment.provider_payment_id,
        "receipt": payment.receipt,
        "pricing": payment.quote,
        "metadata": payment.metadata,
        "coinsRedeemed": payment.coins,
        "failureReason": payment.failure_reason,
        "expiresAt": payment.expires_at,
        "confirmedAt": payment.confirmed_at,
        "createdAt": payment.created_at,
        "updatedAt": payment.updated_at,
    })
}
