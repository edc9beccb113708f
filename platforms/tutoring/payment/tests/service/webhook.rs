use serde_json::json;
use uuid::Uuid;

use crate::app::{TestApp, admin_token, data};

pub(crate) async fn bad_webhooks_change_nothing_api_3(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let paid = app.provider.pay(&bought.order, "captured");
    let body = app.webhook_body("payment.captured", &paid);
    let text = body.to_string();
    let valid = app.sign_webhook(&text);
    let forged = text.replace("1062000", "1");
    let large = "x".repeat(300 * 1024);
    for (signature, body, status) in [
        (None, text.as_str(), 401),
        (Some(""), &text, 401),
        (Some("00"), &text, 401),
        (Some(valid.to_uppercase().as_str()), &text, 401),
        // Truncated and changed bodies.
        (Some(valid.as_str()), &text[..text.len() - 1], 401),
        (Some(valid.as_str()), &forged, 401),
        (Some(valid.as_str()), "", 401),
        (Some(valid.as_str()), &large, 413),
        // Signed, and not an event.
        (Some(app.sign_webhook("[]").as_str()), "[]", 400),
        (Some(app.sign_webhook("{}").as_str()), "{}", 400),
    ] {
        let answer = app.raw_webhook("evt_bad", signature, body);
        assert_eq!(answer.status, status, "{signature:?}: {}", answer.body);
        assert_eq!(app.status(&bought), "initiated");
    }
    // An event of an unknown order, and one of another kind.
    let mut unknown = body.clone();
    unknown["payload"]["payment"]["entity"]["order_id"] = json!("order_unknown");
    assert_eq!(app.webhook("evt_unknown", &unknown).status, 200);
    let other = json!({ "event": "invoice.paid", "payload": {} });
    assert_eq!(app.webhook("evt_other", &other).status, 200);
    assert_eq!(app.status(&bought), "initiated");
    // A replay of an ID with a valid signature is handled once.
    let failed = app.provider.pay(&bought.order, "failed");
    let failed = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_unknown", &failed).status, 200);
    assert_eq!(app.status(&bought), "initiated");
    assert_eq!(app.webhook("evt_new", &body).status, 200);
    assert_eq!(app.status(&bought), "succeeded");
    assert_eq!(app.webhook("evt_new", &body).status, 200);
    app.check_invariants();
}

pub(crate) async fn reordered_webhooks_end_in_success_msg_5(app: TestApp) {
    let orders = [
        ["authorized", "captured", "failed"],
        ["captured", "authorized", "failed"],
        ["failed", "captured", "authorized"],
        ["captured", "failed", "authorized"],
    ];
    for (number, order) in orders.into_iter().enumerate() {
        let bought = app.bought(Uuid::new_v4(), &json!({}));
        let first = app.provider.pay(&bought.order, "failed");
        let paid = app.provider.pay(&bought.order, "captured");
        for status in order {
            let of = if status == "failed" { &first } else { &paid };
            let mut body = app.webhook_body(&format!("payment.{status}"), of);
            body["payload"]["payment"]["entity"]["status"] = json!(status);
            for repeat in 0..2 {
                let id = format!("evt_{number}_{status}_{repeat}");
                assert_eq!(app.webhook(&id, &body).status, 200);
            }
        }
        assert_eq!(app.status(&bought), "succeeded", "{order:?}");
        app.wait_for_event("PURCHASE_CONFIRMED", &bought);
    }
    app.check_invariants();
}

pub(crate) async fn late_and_second_captures_are_flagged_api_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    app.expire(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&bought), "cancelled");
    let late = app.provider.pay(&bought.order, "captured");
    for _ in 0..2 {
        assert_eq!(app.captured(&late).status, 200);
    }
    assert_eq!(app.confirm(&bought, &late).status, 409);
    assert_eq!(app.status(&bought), "cancelled");

    let twice = app.bought(Uuid::from_u128(8), &json!({}));
    let first = app.provider.pay(&twice.order, "captured");
    let second = app.provider.pay(&twice.order, "captured");
    assert_eq!(app.captured(&first).status, 200);
    assert_eq!(app.captured(&second).status, 200);
    assert_eq!(app.payment(&twice)["providerPaymentId"], first);

    let reader = admin_token(&["payment:read"]);
    let flagged = || data(&app.get("/unexpected-captures", &reader));
    let kinds: Vec<_> = flagged()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|capture| {
            (
                capture["kind"].clone(),
                capture["providerPaymentId"].clone(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (json!("late"), json!(late)),
            (json!("second"), json!(second))
        ]
    );
    // An operator returns the money, and the purchase stays.
    for (bought, capture) in [(&bought, &late), (&twice, &second)] {
        let path = format!("/{}/refund", bought.id);
        let body = json!({ "reason": "paid twice or late", "providerPaymentId": capture });
        data(&app.post(&path, &admin_token(&["payment:refund"]), &body));
    }
    assert_eq!(flagged()["items"], json!([]));
    assert_eq!(app.status(&twice), "succeeded");
    assert_eq!(app.provider.refunds().len(), 2);
    assert!(app.events_of("PURCHASE_CONFIRMED", &bought).is_empty());
    app.check_invariants();
}

pub(crate) async fn failed_attempt_can_be_repeated_in_time_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 50);
    let bought = app.bought(student, &json!({ "coinsToRedeem": 50, "claimDeal": true }));
    let failed = app.provider.pay(&bought.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_failed", &body).status, 200);
    let payment = app.payment(&bought);
    assert_eq!(payment["status"], "failed");
    assert_eq!(payment["failureReason"], "the bank declined");
    assert_eq!(app.wallet(student), (50, 0));
    app.run_worker("settle discounts");
    // The second attempt of the same order takes coins and discount again.
    let paid = app.provider.pay(&bought.order, "captured");
    assert_eq!(app.captured(&paid).status, 200);
    assert_eq!(app.status(&bought), "succeeded");
    assert_eq!(app.wallet(student), (0, 0));
    app.run_worker("settle discounts");
    let again = app.buy(student, &json!({ "claimDeal": true }), &[]);
    assert_eq!(
        again.status, 409,
        "the discount is redeemed: {}",
        again.body
    );
    app.check_invariants();
}

/// The account of the provider does not capture automatically.
pub(crate) async fn authorized_attempt_after_a_failed_one_succeeds_api_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let failed = app.provider.pay(&bought.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_failed", &body).status, 200);
    assert_eq!(app.status(&bought), "failed");
    let paid = app.provider.pay(&bought.order, "authorized");
    let confirmed = app.confirm(&bought, &paid);
    assert_eq!(
        data(&confirmed)["status"],
        "succeeded",
        "{}",
        confirmed.body
    );
    assert_eq!(app.provider.captures(), 1);
    app.wait_for_event("PURCHASE_CONFIRMED", &bought);
    app.check_invariants();
}

/// Two orders of one student were open at the same time.
pub(crate) async fn money_beyond_thirty_sessions_is_flagged_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 50);
    let first = app.bought(student, &json!({}));
    let second = app.bought(student, &json!({ "sessionCount": 10, "coinsToRedeem": 50 }));
    let [paid, excess] = [&first, &second].map(|one| app.provider.pay(&one.order, "captured"));
    assert_eq!(app.captured(&paid).status, 200);
    assert_eq!(app.captured(&excess).status, 200);
    assert_eq!(app.confirm(&second, &excess).status, 409);
    assert_eq!(app.status(&first), "succeeded");
    assert_eq!(app.status(&second), "failed");
    assert_eq!(app.wallet(student), (50, 0));
    assert!(app.events_of("PURCHASE_CONFIRMED", &second).is_empty());
    let flagged = data(&app.get("/unexpected-captures", &admin_token(&["payment:read"])));
    let capture = &flagged["items"][0];
    assert_eq!(
        (&capture["kind"], &capture["providerPaymentId"]),
        (&json!("excess"), &json!(excess))
    );
    app.check_invariants();
}

/// The coins of an order were spent on another one when its money arrived.
pub(crate) async fn flagged_money_completes_no_payment_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 50);
    let coins = json!({ "coinsToRedeem": 50, "sessionCount": 10 });
    let first = app.bought(student, &coins);
    let failed = app.provider.pay(&first.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_failed", &body).status, 200);
    let second = app.bought(student, &coins);
    let late = app.provider.pay(&first.order, "captured");
    let captured = app.webhook_body("payment.captured", &late);
    assert_eq!(app.webhook("evt_1", &captured).status, 200);
    // The coins become free, and an operator returns the money.
    let failed = app.provider.pay(&second.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_2", &body).status, 200);
    let path = format!("/{}/refund", first.id);
    let refund = json!({ "reason": "no coins", "providerPaymentId": late });
    data(&app.post(&path, &admin_token(&["payment:refund"]), &refund));
    // The provider repeats the old state.
    assert_eq!(app.webhook("evt_3", &captured).status, 200);
    assert_eq!(app.status(&first), "failed");
    assert_eq!(app.wallet(student), (50, 0));
    app.check_invariants();
}

/// Two orders end after their authorization: one expires, the other has too many sessions.
pub(crate) async fn flagged_money_of_an_authorized_payment_is_refunded_api_1(app: TestApp) {
    let late = app.bought(Uuid::from_u128(7), &json!({}));
    let student = Uuid::from_u128(8);
    let first = app.bought(student, &json!({}));
    let excess = app.bought(student, &json!({ "sessionCount": 10 }));
    let orders = [&late, &excess].map(|bought| {
        let paid = app.provider.pay(&bought.order, "authorized");
        let body = app.webhook_body("payment.authorized", &paid);
        let id = format!("evt_authorized_{paid}");
        assert_eq!(app.webhook(&id, &body).status, 200);
        assert_eq!(app.status(bought), "processing");
        (bought, paid)
    });
    // The provider does not show the authorization at the expiry.
    app.provider.set_status(&orders[0].1, "created");
    app.expire(&late).await;
    app.run_worker("expire payments");
    let paid = app.provider.pay(&first.order, "captured");
    assert_eq!(app.captured(&paid).status, 200);
    for (bought, paid) in &orders {
        app.provider.set_status(paid, "captured");
        assert_eq!(app.captured(paid).status, 200);
        let path = format!("/{}/refund", bought.id);
        let body = json!({ "reason": "late or too much", "providerPaymentId": paid });
        data(&app.post(&path, &admin_token(&["payment:refund"]), &body));
    }
    assert_eq!(app.provider.refunds().len(), 2);
    let flagged = data(&app.get("/unexpected-captures", &admin_token(&["payment:read"])));
    assert_eq!(flagged["items"], json!([]));
    assert_eq!(app.status(&late), "cancelled");
    assert_eq!(app.status(&excess), "failed");
    app.check_invariants();
}
