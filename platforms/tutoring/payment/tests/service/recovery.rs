use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Bought, TestApp, admin_token, data, rejection, wait_for},
    provider::Mode,
};

/// The service ends between the call of the provider and its commit: the order exists at the
/// provider alone.
pub(crate) async fn lost_order_is_completed_msg_5(app: TestApp) {
    let key = [("idempotency-key", "monday")];
    for (mode, status) in [(Mode::LosesResponses, 502), (Mode::Hangs, 504)] {
        let student = Uuid::new_v4();
        let orders = app.provider.orders().len();
        app.provider.set_mode(mode);
        let lost = app.buy(student, &json!({}), &key);
        assert_eq!(lost.status, status, "{}", lost.body);
        app.provider.set_mode(Mode::Works);
        let bought = app.bought_with(student, &json!({}), &key);
        assert_eq!(app.provider.orders().len(), orders + 1, "one order");
        assert_eq!(
            app.provider.order(&bought.order)["notes"]["paymentId"],
            bought.id
        );
    }
    // Without a repeat of the client, the reconciliation finds the order and its money.
    app.provider.set_mode(Mode::LosesResponses);
    assert_eq!(app.buy(Uuid::from_u128(8), &json!({}), &[]).status, 502);
    app.provider.set_mode(Mode::Works);
    let order = app.provider.orders().pop().unwrap()["id"].clone();
    let order = order.as_str().unwrap();
    app.provider.pay(order, "captured");
    app.assert_differences(&[("order_missing", true), ("status", true)]);
    let path = format!("/student/{}", Uuid::from_u128(8));
    let list = data(&app.get(&path, &admin_token(&["payment:read"])));
    assert_eq!(list["items"][0]["status"], "succeeded");
    assert_eq!(list["items"][0]["orderId"], order);
    app.assert_differences(&[]);
    app.check_invariants();
}

/// Neither the client nor a webhook reports the money.
pub(crate) async fn captured_money_without_news_is_found_msg_5(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({ "claimDeal": true }));
    let expired = app.bought(Uuid::from_u128(8), &json!({}));
    let refunded = app.bought(Uuid::from_u128(9), &json!({}));
    app.provider.pay(&bought.order, "authorized");
    app.provider.pay(&expired.order, "captured");
    let paid = app.provider.pay(&refunded.order, "captured");
    assert_eq!(app.confirm(&refunded, &paid).status, 200);
    let refund = admin_token(&["payment:refund"]);
    // The expiry reads the provider before it cancels.
    app.expire(&expired).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&expired), "succeeded");
    app.assert_differences(&[("status", true)]);
    assert_eq!(app.status(&bought), "succeeded");
    app.wait_for_event("PURCHASE_CONFIRMED", &bought);
    let path = format!("/{}/refund", refunded.id);
    data(&app.post(&path, &refund, &json!({ "reason": "moved away" })));
    app.assert_differences(&[]);
    app.check_invariants();
}

/// Two attempts were authorized, and the client never confirms.
pub(crate) async fn authorized_money_is_captured_at_expiry_msg_5(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    app.provider.pay(&bought.order, "failed");
    let paid = app.provider.pay(&bought.order, "authorized");
    app.provider.pay(&bought.order, "authorized");
    let body = app.webhook_body("payment.authorized", &paid);
    assert_eq!(app.webhook("evt_1", &body).status, 200);
    app.expire(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.payment(&bought)["status"], "succeeded");
    assert_eq!(app.provider.captures(), 1, "one attempt of the order");
    app.wait_for_event("PURCHASE_CONFIRMED", &bought);
    app.check_invariants();
}

/// The webhook of the second attempt is lost.
pub(crate) async fn later_attempt_without_news_is_found_in_time_msg_5(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let failed = app.provider.pay(&bought.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_failed", &body).status, 200);
    app.provider.pay(&bought.order, "captured");
    app.run_worker("expire payments");
    assert_eq!(app.payment(&bought)["status"], "failed", "not due yet");
    app.expire_soon(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.payment(&bought)["status"], "succeeded");
    app.wait_for_event("PURCHASE_CONFIRMED", &bought);
    app.check_invariants();
}

pub(crate) async fn provider_outage_keeps_payments_open_res_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let paid = app.provider.pay(&bought.order, "captured");
    app.provider.set_mode(Mode::Unavailable);
    assert_eq!(app.confirm(&bought, &paid).status, 502);
    // The expiry does not cancel a payment before it reads the provider.
    app.expire(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&bought), "initiated");
    app.provider.set_mode(Mode::Works);
    app.run_worker("expire payments");
    assert_eq!(app.payment(&bought)["status"], Value::from("succeeded"));
    app.check_invariants();
}

/// The provider refuses more expired payments than one statement reads.
pub(crate) async fn rejected_payments_do_not_delay_expired_ones_msg_5(app: TestApp) {
    let buy = |student| app.bought(Uuid::from_u128(student), &json!({}));
    let refused: Vec<_> = (100..150).map(buy).collect();
    for bought in &refused {
        app.provider.remove_order(&bought.order);
        app.expire(bought).await;
    }
    let last = buy(150);
    app.expire(&last).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&last), "cancelled");
    assert_eq!(app.status(&refused[0]), "initiated");
}

pub(crate) async fn rotated_api_key_takes_effect_conf_5(app: TestApp) {
    let (id, secret) = ("rzp_test_second", "second-secret-of-the-api-key");
    let first = app.bought(Uuid::new_v4(), &json!({}));
    assert_eq!(first.data["keyId"], "rzp_test_key");
    let before = app.provider.pay(&first.order, "captured");
    // The provider rejects the old key before the settings have the new one. No payment fails.
    app.provider.set_key(id, secret);
    let student = Uuid::new_v4();
    let key = [("idempotency-key", "rotation")];
    let buy = || app.buy(student, &json!({}), &key);
    assert_eq!(rejection(&buy()), (502, "SERVICE_UNAVAILABLE".to_owned()));
    app.rotate_key(id, secret);
    let second = wait_for("the new key", || {
        let answer = buy();
        (answer.status == 201).then(|| data(&answer))
    });
    assert_eq!(second["keyId"], id);
    let second = Bought {
        student,
        id: second["payment"]["id"].as_str().unwrap().to_owned(),
        order: second["orderId"].as_str().unwrap().to_owned(),
        data: second,
    };
    let paid = app.provider.pay(&second.order, "captured");
    let refused = app.confirm(&second, &paid);
    assert_eq!(rejection(&refused), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(app.confirm_by(secret, &second, &paid).status, 200);
    assert_eq!(app.status(&second), "succeeded");
    // The webhook confirms a payment whose confirmation has the signature of the old key.
    assert_eq!(app.captured(&before).status, 200);
    assert_eq!(app.status(&first), "succeeded");
}
