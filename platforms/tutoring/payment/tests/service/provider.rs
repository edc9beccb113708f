//! A local server that behaves like Razorpay.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use data_encoding::BASE64;
use seaworthy::axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
    serve,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The behavior of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Works,
    /// 503 without an effect.
    Unavailable,
    /// The effect happens, and the response is lost.
    LosesResponses,
    /// The effect of creating an order happens, and the response never arrives.
    Hangs,
}

#[derive(Default)]
struct Bank {
    mode: Mode,
    /// The header `authorization` of the only valid API key.
    authorization: String,
    orders: BTreeMap<String, Value>,
    payments: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    captures: usize,
    next: u64,
}

impl Bank {
    fn set_key(&mut self, id: &str, secret: &str) {
        let key = BASE64.encode(format!("{id}:{secret}").as_bytes());
        self.authorization = format!("Basic {key}");
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}_{:014}", self.next)
    }

    /// Refunds a captured payment in full. Returns the refund.
    fn refund(&mut self, payment: &str) -> Option<Value> {
        let known = self.payments.get_mut(payment)?;
        if known["status"] != "captured" {
            return None;
        }
        known["status"] = json!("refunded");
        let amount = known["amount"].clone();
        let refund = json!({
            "id": self.id("rfnd"),
            "entity": "refund",
            "amount": amount,
            "payment_id": payment,
            "status": "processed",
        });
        self.refunds.push(refund.clone());
        Some(refund)
    }
}

type Shared = Arc<Mutex<Bank>>;

pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    bank: Shared,
}

fn refused(description: &str) -> Response {
    let error = json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description } });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}

fn list(items: Vec<Value>) -> Response {
    Json(json!({ "entity": "collection", "count": items.len(), "items": items })).into_response()
}

impl Provider {
    pub(crate) async fn start(key_id: &str, secret: &str) -> Self {
        let bank = Shared::default();
        bank.lock().unwrap().set_key(key_id, secret);
        let router = Router::new()
            .route("/v1/orders", post(create_order).get(find_orders))
            .route("/v1/orders/{id}/payments", get(payments_of_order))
            .route("/v1/payments", get(payments))
            .route("/v1/payments/{id}", get(payment))
            .route("/v1/payments/{id}/capture", post(capture))
            .route("/v1/payments/{id}/refund", post(refund))
            .route("/v1/payments/{id}/refunds", get(refunds))
            .layer(middleware::from_fn_with_state(Arc::clone(&bank), disturb))
            .with_state(Arc::clone(&bank));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { serve(listener, router).await.unwrap() });
        Self { address, bank }
    }

    /// Replaces the API key.
    pub(crate) fn set_key(&self, id: &str, secret: &str) {
        self.bank.lock().unwrap().set_key(id, secret);
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        self.bank.lock().unwrap().mode = mode;
    }

    /// Creates a payment of an order, as the page of the provider does. Returns its ID.
    pub(crate) fn pay(&self, order: &str, status: &str) -> String {
        let amount = self.order(order)["amount"].as_i64().unwrap();
        self.pay_amount(order, status, amount)
    }

    pub(crate) fn pay_amount(&self, order: &str, status: &str, amount: i64) -> String {
        let mut bank = self.bank.lock().unwrap();
        let id = bank.id("pay");
        let payment = json!({
            "id": id,
            "entity": "payment",
            "order_id": order,
            "amount": amount,
            "currency": "INR",
            "status": status,
            "error_description": (status == "failed").then_some("the bank declined"),
        });
        bank.payments.insert(id.clone(), payment);
        id
    }

    pub(crate) fn set_status(&self, payment: &str, status: &str) {
        self.bank.lock().unwrap().payments.get_mut(payment).unwrap()["status"] = json!(status);
    }

    pub(crate) fn set_amount(&self, payment: &str, amount: i64) {
        self.bank.lock().unwrap().payments.get_mut(payment).unwrap()["amount"] = json!(amount);
    }

    /// Refunds a captured payment, as an operator does at the provider. Returns the refund.
    pub(crate) fn refund(&self, payment: &str) -> Option<Value> {
        self.bank.lock().unwrap().refund(payment)
    }

    pub(crate) fn payment(&self, id: &str) -> Value {
        self.bank.lock().unwrap().payments[id].clone()
    }

    pub(crate) fn remove_payment(&self, id: &str) {
        self.bank.lock().unwrap().payments.remove(id);
    }

    pub(crate) fn order(&self, id: &str) -> Value {
        self.bank.lock().unwrap().orders[id].clone()
    }

    pub(crate) fn remove_order(&self, id: &str) {
        self.bank.lock().unwrap().orders.remove(id);
    }

    pub(crate) fn orders(&self) -> Vec<Value> {
        self.bank.lock().unwrap().orders.values().cloned().collect()
    }

    pub(crate) fn refunds(&self) -> Vec<Value> {
        self.bank.lock().unwrap().refunds.clone()
    }

    pub(crate) fn captures(&self) -> usize {
        self.bank.lock().unwrap().captures
    }

    /// Returns the IDs of the captured payments of an order.
    pub(crate) fn captured_of(&self, order: &str) -> Vec<String> {
        let bank = self.bank.lock().unwrap();
        let captured = bank.payments.values().filter(|payment| {
            let has_money = payment["status"] == "captured" || payment["status"] == "refunded";
            payment["order_id"] == order && has_money
        });
        captured
            .map(|payment| payment["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Checks the key, and fails as the mode demands.
async fn disturb(State(bank): State<Shared>, request: Request, next: Next) -> Response {
    let key = request.headers().get("authorization");
    let (mode, expected) = {
        let bank = bank.lock().unwrap();
        (bank.mode, bank.authorization.clone())
    };
    if key.is_none_or(|key| key != expected.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let is_write = request.method() == "POST";
    match mode {
        Mode::Works => next.run(request).await,
        Mode::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mode::LosesResponses if !is_write => next.run(request).await,
        Mode::LosesResponses => {
            next.run(request).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Mode::Hangs if !is_write => next.run(request).await,
        Mode::Hangs => {
            next.run(request).await;
            std::future::pending().await
        }
    }
}

async fn create_order(State(bank): State<Shared>, Json(body): Json<Value>) -> Response {
    let (amount, receipt) = (body["amount"].as_i64(), body["receipt"].as_str());
    if amount.is_none_or(|amount| amount < 100) || receipt.is_none_or(|text| text.len() > 40) {
        return refused("the amount must be at least INR 1.00, the receipt at most 40 characters");
    }
    let mut bank = bank.lock().unwrap();
    let id = bank.id("order");
    let order = json!({
        "id": id,
        "entity": "order",
        "amount": amount,
        "currency": body["currency"],
        "receipt": receipt,
        "status": "created",
        "notes": body["notes"],
    });
    bank.orders.insert(id, order.clone());
    Json(order).into_response()
}

async fn find_orders(
    State(bank): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let bank = bank.lock().unwrap();
    let found = bank.orders.values();
    let found = found.filter(|order| order["receipt"] == query["receipt"].as_str());
    list(found.cloned().collect())
}

async fn payments_of_order(State(bank): State<Shared>, Path(order): Path<String>) -> Response {
    let bank = bank.lock().unwrap();
    if !bank.orders.contains_key(&order) {
        return refused("the id provided does not exist");
    }
    let found = bank.payments.values();
    let found = found.filter(|payment| payment["order_id"] == order.as_str());
    list(found.cloned().collect())
}

async fn payments(
    State(bank): State<Shared>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let number = |name: &str| query[name].parse::<usize>().unwrap();
    assert!(number("from") < number("to") && number("count") <= 100);
    let bank = bank.lock().unwrap();
    let page = bank.payments.values().skip(number("skip"));
    list(page.take(number("count")).cloned().collect())
}

async fn payment(State(bank): State<Shared>, Path(id): Path<String>) -> Response {
    match bank.lock().unwrap().payments.get(&id) {
        Some(payment) => Json(payment.clone()).into_response(),
        None => refused("the id provided does not exist"),
    }
}

async fn capture(
    State(bank): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    let mut bank = bank.lock().unwrap();
    bank.captures += 1;
    match bank.payments.get_mut(&id) {
        Some(payment)
            if payment["status"] == "authorized" && payment["amount"] == body["amount"] =>
        {
            payment["status"] = json!("captured");
            Json(payment.clone()).into_response()
        }
        _ => refused("this payment has already been captured"),
    }
}

async fn refund(
    State(bank): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    let mut bank = bank.lock().unwrap();
    let payment = bank.payments.get(&id);
    let is_full = payment.is_some_and(|payment| payment["amount"] == body["amount"]);
    let refund = is_full.then(|| bank.refund(&id)).flatten();
    match refund {
        Some(refund) => Json(refund).into_response(),
        None => refused("the payment has been fully refunded already"),
    }
}

async fn refunds(State(bank): State<Shared>, Path(id): Path<String>) -> Response {
    let bank = bank.lock().unwrap();
    let found = bank.refunds.iter();
    let found = found.filter(|refund| refund["payment_id"] == id.as_str());
    list(found.cloned().collect())
}
