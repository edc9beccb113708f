use seaworthy::{
    axum::{body::Bytes, http::HeaderMap},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_contract::{CheckedPage, Json, Path, Reply};
use tutoring_identity::{caller, invalid};

use super::{HandlerResult, State, access::require_reader, views::payment_view};
use crate::{
    domain::{Payment, SessionBooking, errors},
    payments::{Created, GeneralOrder, Payments, RefundRequest},
    store::{captures, payments, reports},
};

const SIGNATURE: &str = "x-razorpay-signature";
const EVENT_ID: &str = "x-razorpay-event-id";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const MAX_KEY: usize = 255;
/// Differences that a response shows.
const MAX_DIFFERENCES: u32 = 500;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmation {
    provider_payment_id: String,
    signature: String,
}

/// Returns the key of a request that may be repeated.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > MAX_KEY || !is_visible {
        let problem = "must be 1 to 255 visible ASCII characters";
        return Err(invalid("Idempotency-Key", problem));
    }
    Ok(Some(text.to_owned()))
}

/// Returns the fields that every created payment has.
fn created_view(payments: &Payments, created: Created) -> Value {
    json!({
        "orderId": created.order_id,
        "keyId": payments.provider.key_id(),
        "expiresAt": created.payment.expires_at,
        "payment": payment_view(&created.payment),
    })
}

pub(super) async fn create_general(
    payments: State,
    headers: HeaderMap,
    Json(order): Json<GeneralOrder>,
) -> HandlerResult {
    let key = idempotency_key(&headers)?;
    let created = payments.create_general(&order, key).await?;
    Reply::created("payment created", created_view(&payments, created))
}

pub(super) async fn create_booking(
    payments: State,
    headers: HeaderMap,
    Json(package): Json<SessionBooking>,
) -> HandlerResult {
    let key = idempotency_key(&headers)?;
    let created = payments.create_booking(caller()?, &package, key).await?;
    let payment = &created.payment;
    let total = payment.quote.get("total").and_then(Value::as_i64);
    let discount = total.unwrap_or_default() - payment.amount.minor;
    let more = json!({
        "pricing": payment.quote,
        "coinsRedeemed": payment.coins,
        "coinDiscount": discount,
    });
    let mut data = created_view(&payments, created);
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Reply::created("payment created", data)
}

pub(super) async fn confirm(
    payments: State,
    Path(id): Path<Uuid>,
    Json(given): Json<Confirmation>,
) -> HandlerResult {
    let (of, signature) = (&given.provider_payment_id, &given.signature);
    let payment = payments.confirm(caller()?, id, of, signature).await?;
    Reply::ok("payment", payment_view(&payment))
}

/// Returns a payment that the caller may read.
async fn readable(payments: &Payments, id: Uuid) -> Result<Payment, Error> {
    let found = payments::by_id(&payments.database, id).await?;
    let payment = found.ok_or_else(errors::payment_not_found)?;
    require_reader(payment.student_id)?;
    Ok(payment)
}

pub(super) async fn show(payments: State, Path(id): Path<Uuid>) -> HandlerResult {
    let payment = readable(&payments, id).await?;
    Reply::ok("payment", payment_view(&payment))
}

pub(super) async fn status(payments: State, Path(id): Path<Uuid>) -> HandlerResult {
    let payment = readable(&payments, id).await?;
    let data = json!({
        "paymentStatus": payment.status,
        "enrollmentStatus": payment.enrollment_status,
        "purchaseStatus": payment.purchase_status,
        "assignmentStatus": payment.assignment_status,
    });
    Reply::ok("status of the payment", data)
}

pub(super) async fn list(
    payments: State,
    Path(student): Path<Uuid>,
    page: CheckedPage,
) -> HandlerResult {
    require_reader(student)?;
    let found = payments::of_student(&payments.database, student, page).await?;
    Reply::ok("payments", found.map(|payment| payment_view(&payment)))
}

pub(super) async fn webhook(payments: State, headers: HeaderMap, body: Bytes) -> HandlerResult {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    payments
        .receive(&body, text(SIGNATURE), text(EVENT_ID))
        .await?;
    Ok(Reply::message("webhook received").into_response())
}

pub(super) async fn refund(
    payments: State,
    Path(id): Path<Uuid>,
    Json(request): Json<RefundRequest>,
) -> HandlerResult {
    let payment = payments.refund(caller()?, id, &request).await?;
    Reply::ok("refund", payment_view(&payment))
}

pub(super) async fn captures(payments: State, page: CheckedPage) -> HandlerResult {
    let found = captures::open(&payments.database, page).await?;
    Reply::ok("unexpected captures", found)
}

pub(super) async fn reconciliation(payments: State) -> HandlerResult {
    let last = reports::last(&payments.database, MAX_DIFFERENCES).await?;
    let data =
        last.map(|(report, differences)| json!({ "report": report, "differences": differences }));
    Reply::ok("last reconciliation", data)
}
