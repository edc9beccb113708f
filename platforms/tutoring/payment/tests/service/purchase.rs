use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use tutoring_contract::{PlatformZone, max_date};
use uuid::Uuid;

use crate::app::{COURSE, TestApp, data, json_of, open_in, rejection, student_token};

pub(crate) async fn price_is_the_quote_and_not_the_clients_api_3(app: TestApp) {
    let student = Uuid::from_u128(7);
    let cheap = json!({ "amountCents": 1, "amount": 1, "total": 1, "price": 1, "currency": "USD" });
    let bought = app.bought(student, &cheap);
    assert_eq!(bought.data["payment"]["amountCents"], 1_062_000);
    assert_eq!(bought.data["pricing"]["total"], 1_062_000);
    assert_eq!(bought.data["pricing"]["gstAmount"], 162_000);
    assert_eq!(bought.data["keyId"], "rzp_test_key");
    let order = app.provider.order(&bought.order);
    assert_eq!(
        (&order["amount"], &order["currency"]),
        (&json!(1_062_000), &json!("INR"))
    );
    assert_eq!(order["notes"]["paymentId"], bought.id);
    for (changes, total) in [
        (json!({ "sessionCount": 10 }), 354_000),
        (json!({ "groupSize": 2, "sessionCount": 20 }), 590_000),
        (json!({ "groupSize": 3 }), 708_000),
        (json!({ "learningMode": "hybrid" }), 590_000),
        (json!({ "claimDeal": true }), 944_000),
    ] {
        let bought = app.bought(Uuid::new_v4(), &changes);
        assert_eq!(bought.data["payment"]["amountCents"], total, "{changes}");
    }
    let refused = |changes| rejection(&app.buy(Uuid::new_v4(), &changes, &[]));
    assert_eq!(refused(json!({ "sessionCount": 11 })).0, 400);
    // The switch of the booking service also applies to payments.
    let sundays = json!({
        "schedule": {
            "timeSlot": "16:00", "startDate": PlatformZone::default().today(),
            "deliveryMode": "SUNDAY_ONLY",
        },
    });
    app.bought(Uuid::new_v4(), &sundays);
    // No dates are left for these packages, so a student cannot pay for them.
    for (member, value) in [("startDate", "9999-12-31"), ("timeSlot", "19:00")] {
        let mut never = sundays.clone();
        never["schedule"][member] = json!(value);
        let refused = app.buy(Uuid::new_v4(), &never, &[]);
        let field = json_of(&refused)["errors"][0]["field"].clone();
        assert_eq!(
            (refused.status, field),
            (400, json!(format!("schedule.{member}")))
        );
    }
    app.switch(&json!({ "enable_sunday_focus": false }));
    let fields = |changes: &Value| {
        let refused = json_of(&app.buy(Uuid::new_v4(), changes, &[]));
        refused["errors"][0]["field"].clone()
    };
    assert_eq!(fields(&sundays), "schedule.deliveryMode");
    assert_eq!(fields(&json!({ "couponCode": "NONE" })), "couponCode");
    assert_eq!(
        refused(json!({ "couponCode": "NONE" })),
        (400, "VALIDATION_ERROR".to_owned())
    );
    assert_eq!(
        refused(json!({ "courseId": Uuid::from_u128(1) })),
        (404, "NOT_FOUND".to_owned())
    );
    // The place is outside of all zones.
    let place = json!({ "address": "4th Cross", "latitude": 1, "longitude": 1 });
    assert_eq!(
        refused(json!({ "location": place })),
        (404, "SERVICE_NOT_AVAILABLE".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn start_date_is_checked_in_the_configured_zone_api_3() {
    // Their dates always differ, so at any time one of them differs from that of the default zone.
    let (first, last) = ("Pacific/Kiritimati", "Pacific/Pago_Pago");
    for name in [first, last] {
        let empty = EmptyDatabase::sqlite().unwrap();
        // Booking accepts every date that payment accepts.
        let app = open_in(empty, name, first).await;
        let max = max_date(name.parse::<PlatformZone>().unwrap().today());
        for (date, status) in [(max, 201), (max.tomorrow().unwrap(), 400)] {
            let changes = json!({
                "schedule": {
                    "timeSlot": "16:00", "startDate": date, "deliveryMode": "WEEKDAY_DAILY",
                },
            });
            let response = app.buy(Uuid::new_v4(), &changes, &[]);
            assert_eq!(response.status, status, "{name}: {}", response.body);
        }
    }
}

pub(crate) async fn repeated_request_with_a_key_is_one_payment_api_6(app: TestApp) {
    let student = Uuid::from_u128(7);
    let key = [("idempotency-key", "order-of-monday")];
    let orders = app.provider.orders().len();
    let first = app.bought_with(student, &json!({}), &key);
    let second = app.bought_with(student, &json!({}), &key);
    assert_eq!((&first.id, &first.order), (&second.id, &second.order));
    assert_eq!(app.provider.orders().len(), orders + 1);
    let other = app.buy(student, &json!({ "sessionCount": 10 }), &key);
    assert_eq!(rejection(&other), (409, "CONFLICT".to_owned()));
    // Another student has own keys.
    let other = app.bought_with(Uuid::from_u128(8), &json!({}), &key);
    assert_ne!(first.id, other.id);
    let malformed = app.buy(student, &json!({}), &[("idempotency-key", "a b")]);
    assert_eq!(malformed.status, 400, "{}", malformed.body);
}

pub(crate) async fn confirmation_and_webhooks_make_one_success_msg_5(app: TestApp) {
    for first in ["confirmation", "webhook"] {
        let bought = app.bought(
            Uuid::new_v4(),
            &json!({ "amountCents": 5, "sessionCount": 20 }),
        );
        let paid = app.provider.pay(&bought.order, "captured");
        if first == "webhook" {
            assert_eq!(app.captured(&paid).status, 200);
            assert_eq!(app.status(&bought), "succeeded");
        }
        std::thread::scope(|scope| {
            for repeat in 0..3 {
                let (app, bought, paid) = (&app, &bought, &paid);
                scope.spawn(move || {
                    let answer = app.confirm(bought, paid);
                    assert_eq!(answer.status, 200, "{}", answer.body);
                });
                scope.spawn(move || {
                    let body = app.webhook_body("payment.captured", paid);
                    let answer = app.webhook(&format!("evt_{paid}_{repeat}"), &body);
                    assert_eq!(answer.status, 200, "{}", answer.body);
                });
            }
        });
        let payment = app.payment(&bought);
        assert_eq!(payment["status"], "succeeded");
        assert_eq!(payment["providerPaymentId"], paid);
        assert_eq!(payment["orderId"], bought.order);
        let event = app.wait_for_event("PURCHASE_CONFIRMED", &bought);
        assert_eq!(event["courseId"], json!(COURSE));
        assert_eq!(event["amountCents"], 708_000);
        assert_eq!(event["metadata"]["classType"], "ONE_ON_ONE");
        assert_eq!(event["metadata"]["schedule"]["timeSlot"], "16:00");
        assert_eq!(event["metadata"]["isUpgrade"], false);
        // The next purchase is an upgrade. Its event follows all events of this one.
        assert_eq!(event["metadata"]["claimDealApplied"], false);
        let next = json!({ "sessionCount": 10, "claimDeal": true });
        let next = app.bought(bought.student, &next);
        let paid = app.provider.pay(&next.order, "captured");
        assert_eq!(app.confirm(&next, &paid).status, 200);
        let event = app.wait_for_event("PURCHASE_CONFIRMED", &next);
        assert_eq!(event["metadata"]["isUpgrade"], true);
        assert_eq!(event["metadata"]["claimDealApplied"], true);
        assert_eq!(app.events_of("PURCHASE_CONFIRMED", &bought).len(), 1);
        // 30 sessions are all.
        let more = app.buy(bought.student, &json!({ "sessionCount": 10 }), &[]);
        assert_eq!(rejection(&more), (409, "CONFLICT".to_owned()));
    }
    app.check_invariants();
}

pub(crate) async fn forged_confirmations_change_nothing_api_3(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let token = student_token(bought.student);
    let path = format!("/{}/confirm", bought.id);
    let paid = app.provider.pay(&bought.order, "captured");
    for signature in ["", "00", &"0".repeat(64)] {
        let body = json!({ "providerPaymentId": paid, "signature": signature });
        let refused = app.post(&path, &token, &body);
        assert_eq!(rejection(&refused), (400, "VALIDATION_ERROR".to_owned()));
        assert_eq!(json_of(&refused)["errors"][0]["field"], "signature");
    }
    // A valid signature of the student's own order, with the money of another one.
    let other = app.bought(Uuid::from_u128(8), &json!({ "sessionCount": 10 }));
    let other_paid = app.provider.pay(&other.order, "captured");
    let small = app.provider.pay_amount(&bought.order, "captured", 100);
    for foreign in [
        other_paid.as_str(),
        small.as_str(),
        "pay_unknown",
        "../orders",
    ] {
        let refused = app.confirm(&bought, foreign);
        assert!(
            (400..500).contains(&refused.status),
            "{foreign}: {}",
            refused.body
        );
        assert_eq!(app.status(&bought), "initiated", "{foreign}");
    }
    // Another student cannot confirm it.
    let refused = app.post(
        &path,
        &student_token(Uuid::from_u128(8)),
        &json!({
            "providerPaymentId": paid, "signature": "00",
        }),
    );
    assert_eq!(rejection(&refused), (404, "NOT_FOUND".to_owned()));
    assert_eq!(app.confirm(&bought, &paid).status, 200);
    assert_eq!(app.status(&bought), "succeeded");
    app.check_invariants();
}

pub(crate) async fn authorized_money_is_captured_once_msg_5(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let paid = app.provider.pay(&bought.order, "authorized");
    let body = app.webhook_body("payment.authorized", &paid);
    assert_eq!(app.webhook("evt_1", &body).status, 200);
    assert_eq!(app.status(&bought), "processing");
    assert!(app.events_of("PURCHASE_CONFIRMED", &bought).is_empty());
    for _ in 0..2 {
        let confirmed = app.confirm(&bought, &paid);
        assert_eq!(
            data(&confirmed)["status"],
            "succeeded",
            "{}",
            confirmed.body
        );
    }
    assert_eq!(app.provider.captures(), 1);
}

pub(crate) async fn coupon_is_reserved_redeemed_and_released_api_1(app: TestApp) {
    app.create_coupon("SCHOOL", "class_amount", 0, 2);
    let student = Uuid::from_u128(7);
    let with_coupon = json!({ "couponCode": "school" });
    let bought = app.bought(student, &with_coupon);
    assert_eq!(bought.data["payment"]["amountCents"], 826_000);
    assert_eq!(app.redemptions("SCHOOL"), 1);
    // One discount of a student, and never two in one price.
    let again = app.buy(student, &with_coupon, &[]);
    assert_eq!(again.status, 409, "{}", again.body);
    let both = json!({ "couponCode": "school", "claimDeal": true });
    assert_eq!(app.buy(Uuid::from_u128(9), &both, &[]).status, 400);
    let paid = app.provider.pay(&bought.order, "captured");
    assert_eq!(app.confirm(&bought, &paid).status, 200);
    app.run_worker("settle discounts");
    // The last one is released by the expiry, and free for the next student.
    let second = app.bought(Uuid::from_u128(8), &with_coupon);
    let none = app.buy(Uuid::from_u128(9), &with_coupon, &[]);
    assert_eq!(
        rejection(&none),
        (400, "VALIDATION_ERROR".to_owned()),
        "{}",
        json_of(&none)
    );
    let reason = json_of(&none)["errors"][0]["message"].clone();
    assert!(reason.as_str().unwrap().contains("coupon"), "{reason}");
    app.expire(&second).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&second), "cancelled");
    app.run_worker("settle discounts");
    assert_eq!(app.redemptions("SCHOOL"), 1);
    app.bought(Uuid::from_u128(9), &with_coupon);
    // A redeemed discount counts for a lifetime.
    let again = app.buy(student, &json!({ "claimDeal": true }), &[]);
    assert_eq!(again.status, 409, "{}", again.body);
    app.check_invariants();
}

pub(crate) async fn coupon_leaves_the_minimum_of_the_provider_api_1(app: TestApp) {
    app.create_coupon("ALL", "percentage", 100, 1);
    let bought = app.bought(Uuid::from_u128(7), &json!({ "couponCode": "all" }));
    // One rupee with tax.
    assert_eq!(bought.data["payment"]["amountCents"], 118);
    let paid = app.provider.pay(&bought.order, "captured");
    assert_eq!(app.confirm(&bought, &paid).status, 200);
    app.check_invariants();
}

/// Two requests with one key want the discount at the same time.
pub(crate) async fn rejected_request_keeps_the_discount_of_another_api_6(app: TestApp) {
    let key = [("idempotency-key", "same")];
    for number in 100..120 {
        let student = Uuid::from_u128(number);
        std::thread::scope(|scope| {
            for address in ["4th Cross", "5th Cross"] {
                let app = &app;
                scope.spawn(move || {
                    let location = json!({
                        "address": address, "latitude": 12.28, "longitude": 76.63,
                    });
                    let changes = json!({ "claimDeal": true, "location": location });
                    app.buy(student, &changes, &key)
                });
            }
        });
        let second = app.buy(student, &json!({ "claimDeal": true }), &[]);
        assert_eq!(second.status, 409, "{}", second.body);
    }
    app.check_invariants();
}
