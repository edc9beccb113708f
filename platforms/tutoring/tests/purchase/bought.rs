//! The steps of the client, the bank and the provider in a purchase.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{CENTRE, TestPlatform, data},
    tokens::{operator_token, student_token},
};

pub(crate) const API_KEY: &str = "rzp_test_key";
pub(crate) const API_SECRET: &str = "secret-of-the-api-key";
pub(crate) const WEBHOOK_SECRET: &str = "secret-of-the-webhooks";

/// A created payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bought {
    pub(crate) student: Uuid,
    pub(crate) id: String,
    pub(crate) order: String,
}

fn sign(secret: &str, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, message).as_ref())
}

impl TestPlatform {
    /// Returns the body of a booking, with changed fields.
    pub(crate) fn package(&self, changes: &Value) -> Value {
        let mut body = json!({
            "courseId": self.course(),
            "sessionCount": 30,
            "groupSize": 1,
            "learningMode": "home",
            "schedule": {
                "timeSlot": "16:00",
                "startDate": "2026-12-01",
                "deliveryMode": "WEEKDAY_DAILY",
            },
            "location": { "address": "4th Cross", "latitude": CENTRE.0, "longitude": CENTRE.1 },
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    pub(crate) fn buy(&self, student: Uuid, changes: &Value, key: &str) -> Option<HttpResponse> {
        let body = self.package(changes).to_string();
        let headers = [("idempotency-key", key)];
        let token = student_token(student);
        self.send("POST", "/payments/session-booking", &token, &headers, &body)
    }

    /// Buys a package. The program runs.
    pub(crate) fn bought(&self, student: Uuid, changes: &Value, key: &str) -> Bought {
        let answer = self.buy(student, changes, key).unwrap();
        bought(student, &data(&answer))
    }

    /// Confirms a payment with a valid signature.
    pub(crate) fn confirm(&self, bought: &Bought, provider_payment: &str) -> Option<HttpResponse> {
        let text = format!("{}|{provider_payment}", bought.order);
        let signature = sign(API_SECRET, text.as_bytes());
        self.confirm_with(bought, provider_payment, &signature)
    }

    pub(crate) fn confirm_with(
        &self,
        bought: &Bought,
        provider_payment: &str,
        signature: &str,
    ) -> Option<HttpResponse> {
        let body = json!({ "providerPaymentId": provider_payment, "signature": signature });
        let path = format!("/payments/{}/confirm", bought.id);
        self.try_call("POST", &path, &student_token(bought.student), &body)
    }

    /// Returns the body of a webhook about a payment as the provider has it.
    pub(crate) fn webhook_body(&self, provider_payment: &str) -> String {
        let entity = self.provider.payment(provider_payment);
        let payload = json!({ "payment": { "entity": entity } });
        json!({ "entity": "event", "event": "payment.changed", "payload": payload }).to_string()
    }

    /// Returns the body of a webhook about a refund, with its payment as the provider has it.
    pub(crate) fn refund_body(&self, refund: &Value) -> String {
        let payment = refund["payment_id"].as_str().unwrap();
        let entity = self.provider.payment(payment);
        let payload = json!({ "payment": { "entity": entity }, "refund": { "entity": refund } });
        json!({ "entity": "event", "event": "refund.processed", "payload": payload }).to_string()
    }

    /// Sends a signed webhook.
    pub(crate) fn webhook(&self, event_id: &str, body: &str) -> Option<HttpResponse> {
        self.webhook_with(event_id, body, &sign(WEBHOOK_SECRET, body.as_bytes()))
    }

    pub(crate) fn webhook_with(
        &self,
        id: &str,
        body: &str,
        signature: &str,
    ) -> Option<HttpResponse> {
        let headers = [
            ("x-razorpay-event-id", id),
            ("x-razorpay-signature", signature),
        ];
        self.send("POST", "/payments/webhook/razorpay", "", &headers, body)
    }

    /// Buys and pays. Returns the payment and that of the provider, which is not confirmed.
    pub(crate) fn paid(&self, student: Uuid, changes: &Value) -> (Bought, String) {
        let bought = self.bought(student, changes, "first");
        let paid = self.provider.pay(&bought.order, "captured");
        (bought, paid)
    }

    pub(crate) fn refund(&self, payment: &str) -> Option<HttpResponse> {
        let path = format!("/payments/{payment}/refund");
        let body = json!({ "reason": "a test" });
        self.try_call("POST", &path, &operator_token(), &body)
    }

    /// Gives a student coins.
    pub(crate) fn give_coins(&self, student: Uuid, amount: i64) {
        if amount > 0 {
            let body = json!({ "studentId": student, "referenceId": "gift", "amount": amount });
            data(&self.call("POST", "/payments/coins/adjust", &operator_token(), &body));
        }
    }

    /// Creates a coupon for a number of students.
    pub(crate) fn create_coupon(&self, code: &str, max_redemptions: u32) {
        let body = json!({
            "code": code, "type": "school", "discountType": "class_amount",
            "maxRedemptions": max_redemptions,
            "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
        });
        data(&self.call("POST", "/booking/coupons", &operator_token(), &body));
    }

    /// Lets the order of a payment expire. Returns `false` if the program was killed meanwhile.
    pub(crate) async fn expire(&self, payment: &str) -> bool {
        let database = self.database("payment").await;
        sql("UPDATE payments SET expires_at = ? WHERE id = ?")
            .bind(Utc::now() - TimeDelta::hours(1))
            .bind(payment.parse::<Uuid>().unwrap())
            .execute(&database)
            .await
            .unwrap();
        tokio::task::block_in_place(|| self.run_worker("payment", "expire payments"))
    }
}

/// Reads a created payment.
pub(crate) fn bought(student: Uuid, data: &Value) -> Bought {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Bought {
        student,
        id: text(&data["payment"]["id"]),
        order: text(&data["orderId"]),
    }
}
