use serde_json::{Value, json};
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
