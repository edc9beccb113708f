use serde_json::{Value, json};
use tutoring_testkit::{audit_entries, audited_change, connect};
use uuid::Uuid;

use crate::{
    app::{Bought, TestApp, admin_token, data, rejection},
    provider::Mode,
};

fn paid(app: &TestApp, coins: i64) -> (Bought, String) {
    let student = Uuid::new_v4();
    app.give_coins(student, coins);
    let bought = app.bought(student, &json!({ "coinsToRedeem": coins }));
    let paid = app.provider.pay(&bought.order, "captured");
    assert_eq!(app.confirm(&bought, &paid).status, 200);
    (bought, paid)
}

fn refund(app: &TestApp, bought: &Bought) -> Value {
    let path = format!("/{}/refund", bought.id);
    let body = json!({ "reason": "moved away" });
    data(&app.post(&path, &admin_token(&["payment:refund"]), &body))
}

pub(crate) async fn refund_returns_money_and_coins_once_msg_5(app: TestApp) {
    let (bought, of) = paid(&app, 40);
    assert_eq!(app.wallet(bought.student), (0, 0));
    for _ in 0..3 {
        assert_eq!(refund(&app, &bought)["status"], "refunded");
    }
    assert_eq!(app.wallet(bought.student), (40, 0));
    let refunds = app.provider.refunds();
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0]["payment_id"], of);
    let entries = audit_entries(&connect(&app.empty).await, "payment.refund").await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["permission"], "payment:refund");
    assert_eq!(
        audited_change(&entries[0], "refund"),
        (Value::Null, json!("requested"))
    );
    // The webhook of the refund repeats what is known.
    let body = json!({
        "event": "refund.processed",
        "payload": { "refund": { "entity": refunds[0] } },
    });
    assert_eq!(app.webhook("evt_refund", &body).status, 200);
    let event = app.wait_for_event("PAYMENT_REFUNDED", &bought);
    assert_eq!(event["amountCents"], 1_058_000);
    assert_eq!(app.events_of("PAYMENT_REFUNDED", &bought).len(), 1);
    // Money that did not arrive cannot be returned.
    let open = app.bought(Uuid::new_v4(), &json!({}));
    let path = format!("/{}/refund", open.id);
    let body = json!({ "reason": "a mistake" });
    let refused = app.post(&path, &admin_token(&["payment:refund"]), &body);
    assert_eq!(rejection(&refused), (409, "CONFLICT".to_owned()));
    app.check_invariants();
}

pub(crate) async fn lost_response_of_a_refund_refunds_once_msg_5(app: TestApp) {
    let (bought, _) = paid(&app, 0);
    app.provider.set_mode(Mode::LosesResponses);
    assert_eq!(refund(&app, &bought)["status"], "succeeded");
    assert_eq!(app.provider.refunds().len(), 1);
    app.provider.set_mode(Mode::Works);
    app.backdate_refund(&bought).await;
    app.run_worker("settle refunds");
    assert_eq!(app.status(&bought), "refunded");
    assert_eq!(app.provider.refunds().len(), 1);
    app.wait_for_event("PAYMENT_REFUNDED", &bought);
    app.check_invariants();
}

pub(crate) async fn refund_at_the_provider_is_taken_over_api_1(app: TestApp) {
    let (bought, of) = paid(&app, 0);
    app.provider.set_status(&of, "refunded");
    let entity = json!({
        "id": "rfnd_dashboard",
        "amount": 1_062_000,
        "payment_id": of,
        "status": "processed",
    });
    let webhook = |amount: i64, status: &str| {
        let mut entity = entity.clone();
        entity["amount"] = json!(amount);
        entity["status"] = json!(status);
        json!({ "event": "refund.processed", "payload": { "refund": { "entity": entity } } })
    };
    // A part, and one that waits, change nothing.
    assert_eq!(app.webhook("evt_1", &webhook(5, "processed")).status, 200);
    assert_eq!(
        app.webhook("evt_2", &webhook(1_062_000, "pending")).status,
        200
    );
    assert_eq!(app.status(&bought), "succeeded");
    assert_eq!(
        app.webhook("evt_3", &webhook(1_062_000, "processed"))
            .status,
        200
    );
    assert_eq!(app.status(&bought), "refunded");
    app.wait_for_event("PAYMENT_REFUNDED", &bought);
    app.check_invariants();
}

/// The event of the capture comes after the refund.
pub(crate) async fn refunded_money_does_not_open_a_course_api_1(app: TestApp) {
    let buy = |student: u128| {
        let student = Uuid::from_u128(student);
        app.give_coins(student, 40);
        let bought = app.bought(student, &json!({ "coinsToRedeem": 40 }));
        let paid = app.provider.pay(&bought.order, "captured");
        let captured = app.webhook_body("payment.captured", &paid);
        let refund = app.provider.refund(&paid).unwrap();
        (bought, paid, captured, refund)
    };
    // The client confirms first.
    let (bought, paid, captured, _) = buy(7);
    assert_eq!(data(&app.confirm(&bought, &paid))["status"], "failed");
    assert_eq!(app.webhook("evt_1", &captured).status, 200);
    // The event of the refund comes first.
    let (other, _, late, refund) = buy(8);
    let body = app.refund_body(&refund);
    assert_eq!(app.webhook("evt_2", &body).status, 200);
    assert_eq!(app.webhook("evt_3", &late).status, 200);
    // An earlier attempt failed.
    let (third, paid, late, _) = buy(9);
    let failed = app.provider.pay(&third.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_4", &body).status, 200);
    let refused = app.confirm(&third, &paid);
    assert_eq!(rejection(&refused), (409, "CONFLICT".to_owned()));
    assert_eq!(app.webhook("evt_5", &late).status, 200);
    for bought in [&bought, &other, &third] {
        assert_eq!(app.status(bought), "failed");
        assert_eq!(app.wallet(bought.student), (40, 0));
        assert!(app.events_of("PURCHASE_CONFIRMED", bought).is_empty());
    }
    let waiting = data(&app.get("/unexpected-captures", &admin_token(&["payment:read"])));
    assert_eq!(waiting["items"], json!([]), "an operator has nothing to do");
    // The events in the order of the provider.
    let (bought, _, captured, refund) = buy(10);
    assert_eq!(app.webhook("evt_6", &captured).status, 200);
    assert_eq!(app.status(&bought), "succeeded");
    let body = app.refund_body(&refund);
    assert_eq!(app.webhook("evt_7", &body).status, 200);
    assert_eq!(app.status(&bought), "refunded");
    assert_eq!(app.wallet(bought.student), (40, 0));
    app.check_invariants();
}

pub(crate) async fn refund_of_an_authorized_payment_is_accepted_api_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    let paid = app.provider.pay(&bought.order, "authorized");
    let body = app.webhook_body("payment.authorized", &paid);
    assert_eq!(app.webhook("evt_1", &body).status, 200);
    assert_eq!(app.status(&bought), "processing");
    app.provider.set_status(&paid, "captured");
    let captured = app.webhook_body("payment.captured", &paid);
    let refund = app.provider.refund(&paid).unwrap();
    // Without its payment, the event does not show that the money was captured.
    let mut alone = app.refund_body(&refund);
    alone["payload"]["payment"] = Value::Null;
    assert_eq!(app.webhook("evt_2", &alone).status, 200);
    assert_eq!(app.status(&bought), "processing");
    let body = app.refund_body(&refund);
    assert_eq!(app.webhook("evt_3", &body).status, 200);
    assert_eq!(app.webhook("evt_4", &captured).status, 200);
    assert_eq!(app.status(&bought), "failed");
    assert!(app.events_of("PURCHASE_CONFIRMED", &bought).is_empty());
    app.check_invariants();
}
