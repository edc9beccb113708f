use data_encoding::BASE64;
use seaworthy::{
    axum::http::StatusCode,
    client::{ClientError, HttpClient, HttpResponse, RequestBuilder},
    prelude::*,
};
use tutoring_contract::{Currency, Money};

use super::{
    NewOrder, PaymentProvider, ProviderError, ProviderFuture, ProviderPage, ProviderPayment,
    ProviderRefund, ProviderStatus, api_key::ApiKeys,
};
use crate::config::PaymentConfig;

/// The name of the HTTP client in settings and metrics.
const CLIENT: &str = "razorpay";

/// A client of version 1 of the Razorpay API.
pub(super) struct Razorpay {
    client: HttpClient,
    keys: ApiKeys,
}

/// A payment in responses and webhooks.
#[derive(Deserialize)]
pub(super) struct PaymentEntity {
    id: String,
    order_id: Option<String>,
    amount: i64,
    currency: Currency,
    status: ProviderStatus,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct OrderEntity {
    id: String,
    receipt: Option<String>,
}

/// A list in responses.
#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

impl From<PaymentEntity> for ProviderPayment {
    fn from(entity: PaymentEntity) -> Self {
        Self {
            id: entity.id,
            order_id: entity.order_id,
            amount: Money::new(entity.amount, entity.currency),
            status: entity.status,
            failure: entity.error_description,
        }
    }
}

impl Razorpay {
    pub(super) fn new(
        service: &Assembly<PaymentConfig>,
        keys: &ApiKeys,
    ) -> Result<Self, StartError> {
        Ok(Self {
            client: service.http_client(CLIENT)?,
            keys: keys.clone(),
        })
    }

    fn authenticated(&self, request: RequestBuilder) -> RequestBuilder {
        let key = self.keys.current();
        let key = format!("{}:{}", key.id, key.secret.expose());
        let authorization = Secret::new(format!("Basic {}", BASE64.encode(key.as_bytes())));
        request.header("authorization", authorization.expose().as_str())
    }

    /// Sends a request, and reads the response.
    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ProviderError> {
        let sent = self.authenticated(request).send().await;
        let response = sent.and_then(HttpResponse::success);
        let response = response.map_err(provider_error)?;
        response.json().await.map_err(ProviderError::Unavailable)
    }
}

fn provider_error(error: ClientError) -> ProviderError {
    match &error {
        // 408 and 429 are transient. 401 is too, because a key rotation reaches the provider and
        // this service at different times.
        ClientError::Status { status, .. }
            if status.is_client_error()
                && ![
                    StatusCode::UNAUTHORIZED,
                    StatusCode::REQUEST_TIMEOUT,
                    StatusCode::TOO_MANY_REQUESTS,
                ]
                .contains(status) =>
        {
            ProviderError::Rejected(error)
        }
        _ => ProviderError::Unavailable(error),
    }
}

fn is_not_found(error: &ProviderError) -> bool {
    // Razorpay responds with 400 for IDs that do not exist.
    matches!(
        error,
        ProviderError::Rejected(ClientError::Status { status, .. })
            if *status == StatusCode::BAD_REQUEST || *status == StatusCode::NOT_FOUND
    )
}

/// Whether a text can be a part of a path: IDs of the provider have letters, digits and `_`.
fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(is_plain)
}

impl PaymentProvider for Razorpay {
    fn create_order(&self, order: NewOrder) -> ProviderFuture<'_, String> {
        Box::pin(async move {
            let body = json!({
                "amount": order.amount.minor,
                "currency": order.amount.currency,
                "receipt": order.receipt,
                "notes": { "paymentId": order.payment, "studentId": order.student },
            });
            let request = self.client.post("/v1/orders").json(&body);
            let created: OrderEntity = self.call(request).await?;
            Ok(created.id)
        })
    }

    fn find_order<'a>(&'a self, receipt: &'a str) -> ProviderFuture<'a, Option<String>> {
        Box::pin(async move {
            let request = self.client.get("/v1/orders").query(&[("receipt", receipt)]);
            let found: Items<OrderEntity> = self.call(request).await?;
            let mut orders = found.items.into_iter();
            let order = orders.find(|order| order.receipt.as_deref() == Some(receipt));
            Ok(order.map(|order| order.id))
        })
    }

    fn payments_of_order<'a>(&'a self, order: &'a str) -> ProviderFuture<'a, Vec<ProviderPayment>> {
        Box::pin(async move {
            if !is_id(order) {
                return Ok(Vec::new());
            }
            let path = format!("/v1/orders/{order}/payments");
            let found: Items<ProviderPayment> = self.call(self.client.get(&path)).await?;
            Ok(found.items)
        })
    }

    fn payment<'a>(&'a self, id: &'a str) -> ProviderFuture<'a, Option<ProviderPayment>> {
        Box::pin(async move {
            if !is_id(id) {
                return Ok(None);
            }
            let path = format!("/v1/payments/{id}");
            match self.call::<ProviderPayment>(self.client.get(&path)).await {
                Ok(found) => Ok(Some(found)),
                Err(error) if is_not_found(&error) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn capture<'a>(&'a self, id: &'a str, amount: Money) -> ProviderFuture<'a, ProviderPayment> {
        Box::pin(async move {
            let path = format!("/v1/payments/{id}/capture");
            let body = json!({ "amount": amount.minor, "currency": amount.currency });
            let request = self.client.post(&path).json(&body);
            self.call::<ProviderPayment>(request).await
        })
    }

    fn refund<'a>(&'a self, payment: &'a str, amount: Money) -> ProviderFuture<'a, ProviderRefund> {
        Box::pin(async move {
            let path = format!("/v1/payments/{payment}/refund");
            let body = json!({ "amount": amount.minor });
            let request = self.client.post(&path).json(&body);
            self.call::<ProviderRefund>(request).await
        })
    }

    fn refunds<'a>(&'a self, payment: &'a str) -> ProviderFuture<'a, Vec<ProviderRefund>> {
        Box::pin(async move {
            let path = format!("/v1/payments/{payment}/refunds");
            let found: Items<ProviderRefund> = self.call(self.client.get(&path)).await?;
            Ok(found.items)
        })
    }

    fn payments_between(&self, page: ProviderPage) -> ProviderFuture<'_, Vec<ProviderPayment>> {
        Box::pin(async move {
            let query = [
                ("from", page.from.timestamp()),
                ("to", page.until.timestamp()),
                ("skip", page.skip.into()),
                ("count", page.count.into()),
            ];
            let request = self.client.get("/v1/payments").query(&query);
            let found: Items<ProviderPayment> = self.call(request).await?;
            Ok(found.items)
        })
    }
}
