use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of, open_zone, wait_for},
    authorization::claims_of,
};

/// Returns the user of an access token.
fn user_of(token: &str) -> Uuid {
    claims_of(token)["sub"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn gateway_reaches_prices_and_payments_api_1(app: &TestPlatform) {
    let get = |path: &str| app.send("GET", &format!("/api/v1{path}"), &[], "");
    let price = get("/booking/pricing/calculate?classType=ONE_ON_ONE&sessionCount=30");
    assert_eq!(
        json_of(&price)["data"]["total"],
        1_062_000,
        "{}",
        price.body
    );
    let switches = get("/booking/feature-flags");
    assert_eq!(json_of(&switches)["data"]["enable_sunday_focus"], true);

    let token = app.student("asha@example.org").access;
    let bearer = format!("Bearer {token}");
    let send = |method: &str, path: &str, body: &Value| {
        let headers = [("authorization", &*bearer)];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        app.send(method, &format!("/api/v1{path}"), &headers, &body)
    };
    // The verified registration is worth 10 coins.
    let wallet = format!("/payments/wallet/{}", user_of(&token));
    wait_for("the bonus", || {
        let answer = send("GET", &wallet, &Value::Null);
        (json_of(&answer)["data"]["balance"] == 10).then_some(())
    });
    let other = format!("/payments/wallet/{}", Uuid::from_u128(7));
    assert_error(&send("GET", &other, &Value::Null), 404, "NOT_FOUND");
    for (path, body) in [
        (
            "/payments",
            json!({ "studentId": user_of(&token), "amountCents": 100 }),
        ),
        ("/payments/coins/adjust", json!({})),
        ("/booking/pricing/reservations", json!({})),
    ] {
        assert_error(&send("POST", path, &body), 403, "FORBIDDEN");
    }
    let webhook = "/api/v1/payments/webhook/razorpay";
    let headers = [("x-razorpay-signature", "00")];
    let forged = app.send("POST", webhook, &headers, "{}");
    assert_eq!(forged.status, 401, "{}", forged.body);
    buy(app, &token);
}

/// Buys all sessions of the sample course. The course opens after the payment.
fn buy(app: &TestPlatform, token: &str) {
    open_zone(app, (12.28, 76.63));
    let bearer = format!("Bearer {token}");
    let send = |method: &str, path: &str, body: &Value| {
        let headers = [("authorization", &*bearer)];
        let body = match body.is_null() {
            true => String::new(),
            false => body.to_string(),
        };
        app.send(method, &format!("/api/v1{path}"), &headers, &body)
    };
    let courses = json_of(&app.send("GET", "/api/v1/courses", &[], ""));
    let course = courses["data"]["items"][0]["id"].as_str().unwrap();
    let package = json!({
        "courseId": course,
        "sessionCount": 30,
        "groupSize": 1,
        "learningMode": "home",
        "coinsToRedeem": 10,
        "schedule": {
            "timeSlot": "16:00",
            "startDate": "2026-12-01",
            "deliveryMode": "WEEKDAY_DAILY",
        },
        "location": { "address": "4th Cross", "latitude": 12.28, "longitude": 76.63 },
    });
    // The payment service learns of the course by an event.
    let created = wait_for("the course", || {
        let created = send("POST", "/payments/session-booking", &package);
        (created.status != 404).then_some(created)
    });
    let created = json_of(&created)["data"].clone();
    assert_eq!(created["payment"]["amountCents"], 1_061_000, "{created}");
    let order = created["orderId"].as_str().unwrap();
    let id = created["payment"]["id"].as_str().unwrap();
    let paid = send("POST", &format!("/payments/fake/{order}/pay"), &json!({}));
    let confirmed = send(
        "POST",
        &format!("/payments/{id}/confirm"),
        &json_of(&paid)["data"],
    );
    assert_eq!(
        json_of(&confirmed)["data"]["status"],
        "succeeded",
        "{}",
        confirmed.body
    );
    wait_for("the purchase", || {
        let status = send("GET", &format!("/payments/{id}/status"), &Value::Null);
        (json_of(&status)["data"]["enrollmentStatus"] == "READY").then_some(())
    });
    let student = user_of(token);
    let own = format!("/students/{student}/courses/{course}/purchase");
    let purchase = json_of(&send("GET", &own, &Value::Null));
    assert_eq!(purchase["data"]["purchaseTier"], 30, "{purchase}");
}
