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

/// Razorpay, by version 1 of its interface.
pub(super) struct Razorpay {
    client: HttpClient,
    keys: ApiKeys,
}

/// A payment in responses and webhooks.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PaymentEntity {
    id: String,
    order_id: Option<String>,
    amount: i64,
    currency: Currency,
    status: ProviderStatus,
    error_description: Option<String>,
}

/// A refund in responses and webhooks.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RefundEntity {
    id: String,
    amount: i64,
    status: String,
    pub(crate) payment_id: Option<String>,
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

impl From<RefundEntity> for ProviderRefund {
    fn from(entity: RefundEntity) -> Self {
        Self {
            id: entity.id,
            amount: entity.amount,
            is_processed: entity.status == "processed",
            has_failed: entity.status == "failed",
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

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let key = self.keys.current();
        let key = format!("{}:{}", key.id, key.secret.expose());
        let authorization = Secret::new(format!("Basic {}", BASE64.encode(key.as_bytes())));
        request.header("authorization", authorization.expose().as_str())
    }

    async fn send(&self, request: RequestBuilder) -> Result<HttpResponse, ProviderError> {
        let sent = self.signed(request).send().await;
        sent.and_then(HttpResponse::success).map_err(provider_error)
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ProviderError> {
        let response = self.send(self.client.get(path)).await?;
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
            let created = self
                .send(self.client.post("/v1/orders").json(&body))
                .await?;
            let created: OrderEntity = created.json().await.map_err(ProviderError::Unavailable)?;
            Ok(created.id)
        })
    }

    fn find_order<'a>(&'a self, receipt: &'a str) -> ProviderFuture<'a, Option<String>> {
        Box::pin(async move {
            let request = self.client.get("/v1/orders").query(&[("receipt", receipt)]);
            let found = self.send(request).await?;
            let found: Items<OrderEntity> =
                found.json().await.map_err(ProviderError::Unavailable)?;
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
            let found: Items<PaymentEntity> = self.get(&path).await?;
            Ok(found.items.into_iter().map(Into::into).collect())
        })
    }

    fn payment<'a>(&'a self, id: &'a str) -> ProviderFuture<'a, Option<ProviderPayment>> {
        Box::pin(async move {
            if !is_id(id) {
                return Ok(None);
            }
            match self
                .get::<PaymentEntity>(&format!("/v1/payments/{id}"))
                .await
            {
                Ok(entity) => Ok(Some(entity.into())),
                Err(error) if is_not_found(&error) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn capture<'a>(&'a self, id: &'a str, amount: Money) -> ProviderFuture<'a, ProviderPayment> {
        Box::pin(async move {
            let path = format!("/v1/payments/{id}/capture");
            let body = json!({ "amount": amount.minor, "currency": amount.currency });
            let captured = self.send(self.client.post(&path).json(&body)).await?;
            let captured: PaymentEntity =
                captured.json().await.map_err(ProviderError::Unavailable)?;
            Ok(captured.into())
        })
    }

    fn refund<'a>(&'a self, payment: &'a str, amount: Money) -> ProviderFuture<'a, ProviderRefund> {
        Box::pin(async move {
            let path = format!("/v1/payments/{payment}/refund");
            let body = json!({ "amount": amount.minor });
            let refunded = self.send(self.client.post(&path).json(&body)).await?;
            let refunded: RefundEntity =
                refunded.json().await.map_err(ProviderError::Unavailable)?;
            Ok(refunded.into())
        })
    }

    fn refunds<'a>(&'a self, payment: &'a str) -> ProviderFuture<'a, Vec<ProviderRefund>> {
        Box::pin(async move {
            let path = format!("/v1/payments/{payment}/refunds");
            let found: Items<RefundEntity> = self.get(&path).await?;
            Ok(found.items.into_iter().map(Into::into).collect())
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
            let found = self
                .send(self.client.get("/v1/payments").query(&query))
                .await?;
            let found: Items<PaymentEntity> =
                found.json().await.map_err(ProviderError::Unavailable)?;
            Ok(found.items.into_iter().map(Into::into).collect())
        })
    }
}
