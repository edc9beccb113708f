use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Reply};

use super::{HandlerResult, State};
use crate::domain::errors;

#[derive(Deserialize)]
pub(super) struct FakeRequest {
    /// Whether the payment fails.
    #[serde(default)]
    fail: bool,
}

/// Pays an order at the fake provider, which sends its signed webhook immediately. Returns the
/// signature with which the client confirms the payment.
pub(super) async fn pay(
    payments: State,
    Path(order): Path<String>,
    Json(request): Json<FakeRequest>,
) -> HandlerResult {
    let provider = &payments.provider;
    let paid = provider.fake.as_ref();
    let paid = paid.and_then(|fake| fake.pay(&order, request.fail));
    let paid = paid.ok_or_else(errors::payment_not_found)?;
    let body = paid.webhook.to_string();
    let signature = provider.signatures.sign_webhook(body.as_bytes());
    payments
        .receive(body.as_bytes(), Some(&signature), Some(&paid.event_id))
        .await?;
    let data = json!({
        "providerPaymentId": paid.id,
        "signature": provider.signatures.sign_confirmation(&order, &paid.id),
    });
    Reply::ok("paid at the fake provider", data)
}
