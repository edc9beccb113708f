use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use tokio::{runtime::Handle, task::block_in_place};
use uuid::Uuid;

use crate::{
    app::{Bought, TestApp, data},
    provider::Mode,
};

/// Coins of each student at the start.
const COINS: i64 = 30;
/// Sequences of one run. Each takes a second.
const CASES: u32 = 16;

/// A step of the client, the provider or time.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The client creates the payment again with the same key.
    Repeat,
    /// The bank captures, authorizes or rejects a payment.
    Pay(&'static str),
    /// The client confirms the payment with this number.
    Confirm(usize),
    /// The provider sends the webhook of a payment as it is.
    Webhook(usize),
    /// The provider creates the webhook of a payment and delays it.
    Delay(usize),
    /// The provider sends a delayed webhook, or repeats an old one.
    OldWebhook(usize),
    /// The responses of the provider are lost from here on.
    LoseResponses,
    /// The provider works from here on.
    Work,
    Expire,
    SettleDiscounts,
    Refund,
    /// An operator refunds a payment at the provider, which delays the webhook.
    RefundAtProvider(usize),
    Reconcile,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Repeat),
        3 => prop_oneof![Just("captured"), Just("authorized"), Just("failed")].prop_map(Step::Pay),
        3 => (0..3_usize).prop_map(Step::Confirm),
        3 => (0..3_usize).prop_map(Step::Webhook),
        1 => (0..3_usize).prop_map(Step::Delay),
        2 => (0..4_usize).prop_map(Step::OldWebhook),
        1 => Just(Step::LoseResponses),
        1 => Just(Step::Work),
        1 => Just(Step::Expire),
        1 => Just(Step::SettleDiscounts),
        1 => Just(Step::Refund),
        1 => (0..3_usize).prop_map(Step::RefundAtProvider),
        1 => Just(Step::Reconcile),
    ]
}

pub(crate) async fn random_interleavings_keep_the_invariants_msg_5(app: TestApp) {
    let strategy = (any::<bool>(), prop::collection::vec(step(), 1..14));
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    block_in_place(|| {
        let run = TestRunner::new(config).run(&strategy, |(claims_deal, steps)| {
            play(&app, claims_deal, &steps);
            Ok(())
        });
        run.unwrap_or_else(|failure| panic!("{failure}"));
    });
    app.check_invariants();
}

fn play(app: &TestApp, claims_deal: bool, steps: &[Step]) {
    let student = Uuid::new_v4();
    app.give_coins(student, COINS);
    let changes = json!({ "coinsToRedeem": COINS, "claimDeal": claims_deal });
    let key = [("idempotency-key", "model")];
    let bought = app.bought_with(student, &changes, &key);
    let mut paid = Vec::new();
    let mut webhooks = Vec::new();
    let mut number = 0;
    let mut new_event = || {
        number += 1;
        format!("evt_{}_{number}", bought.id)
    };
    for step in steps {
        match *step {
            Step::Repeat => {
                let again = app.buy(student, &changes, &key);
                assert_eq!(data(&again)["orderId"], bought.order);
            }
            Step::Pay(status) => paid.push(app.provider.pay(&bought.order, status)),
            Step::Confirm(of) => {
                if let Some(paid) = paid.get(of) {
                    app.confirm(&bought, paid);
                }
            }
            Step::Webhook(of) => {
                if let Some(paid) = paid.get(of) {
                    let (id, body) = (new_event(), app.webhook_body("payment.changed", paid));
                    assert_eq!(app.webhook(&id, &body).status, 200);
                    webhooks.push((id, body));
                }
            }
            Step::Delay(of) => {
                if let Some(paid) = paid.get(of) {
                    webhooks.push((new_event(), app.webhook_body("payment.changed", paid)));
                }
            }
            Step::OldWebhook(of) => {
                if let Some((id, body)) = webhooks.get(of) {
                    assert_eq!(app.webhook(id, body).status, 200);
                    // The same old state as a new event.
                    assert_eq!(app.webhook(&format!("{id}_again"), body).status, 200);
                }
            }
            Step::LoseResponses => app.provider.set_mode(Mode::LosesResponses),
            Step::Work => app.provider.set_mode(Mode::Works),
            Step::Expire => {
                Handle::current().block_on(app.expire(&bought));
                app.run_worker("expire payments");
            }
            Step::SettleDiscounts => app.run_worker("settle discounts"),
            Step::Refund => {
                let path = format!("/{}/refund", bought.id);
                let token = crate::app::admin_token(&["payment:refund"]);
                app.post(&path, &token, &json!({ "reason": "a test" }));
            }
            Step::RefundAtProvider(of) => {
                if let Some(refund) = paid.get(of).and_then(|paid| app.provider.refund(paid)) {
                    webhooks.push((new_event(), app.refund_body(&refund)));
                }
            }
            Step::Reconcile => app.run_worker("reconcile payments"),
        }
    }
    app.provider.set_mode(Mode::Works);
    app.run_worker("reconcile payments");
    app.run_worker("settle discounts");
    check(app, student, &bought);
}

/// Checks one payment against the provider.
fn check(app: &TestApp, student: Uuid, bought: &Bought) {
    let payment = app.payment(bought);
    let status = payment["status"].as_str().unwrap();
    let has_succeeded = matches!(status, "succeeded" | "refunded");
    // One event of each success, and none without.
    if has_succeeded {
        app.wait_for_event("PURCHASE_CONFIRMED", bought);
    }
    let confirmed = app.events_of("PURCHASE_CONFIRMED", bought).len();
    assert_eq!(confirmed, usize::from(has_succeeded), "{status}");
    // All money is used once, waits for an operator, or was refunded.
    let is_refunded = |paid: &String| app.provider.payment(paid)["status"] == "refunded";
    let captured = app.provider.captured_of(&bought.order).into_iter();
    let captured: BTreeSet<_> = captured.filter(|paid| !is_refunded(paid)).collect();
    let reader = crate::app::admin_token(&["payment:read"]);
    let flagged = data(&app.get("/unexpected-captures?limit=100", &reader));
    let flagged = flagged["items"].as_array().unwrap().iter();
    let mut known: BTreeSet<_> = flagged
        .filter(|capture| capture["paymentId"] == bought.id.as_str())
        .map(|capture| capture["providerPaymentId"].as_str().unwrap().to_owned())
        .collect();
    if has_succeeded {
        let own = payment["providerPaymentId"].as_str().unwrap().to_owned();
        assert_eq!(is_refunded(&own), status == "refunded");
        if status == "succeeded" {
            known.insert(own);
        }
    }
    assert_eq!(known, captured, "{status}");
    // Coins are spent by a success alone, and returned by a refund.
    let (balance, reserved) = app.wallet(student);
    let expected = match status {
        "succeeded" => (0, 0),
        "initiated" | "processing" => (COINS, COINS),
        _ => (COINS, 0),
    };
    assert_eq!((balance, reserved), expected, "{status}");
}
