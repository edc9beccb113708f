//! The kinds of differences in the report of the reconciliation.

use serde_json::json;
use uuid::Uuid;

use crate::{
    app::{Bought, TestApp, admin_token, data},
    provider::Mode,
};

impl TestApp {
    /// Runs the reconciliation. Returns its differences: kind and whether they are resolved.
    fn differences(&self) -> Vec<(String, bool)> {
        self.run_worker("reconcile payments");
        let report = data(&self.get("/reconciliation", &admin_token(&["payment:read"])));
        assert!(report["report"]["finishedAt"].is_string(), "{report}");
        let differences = report["differences"].as_array().unwrap().iter();
        let mut differences: Vec<_> = differences
            .map(|difference| {
                let kind = difference["kind"].as_str().unwrap().to_owned();
                (kind, difference["isResolved"].as_bool().unwrap())
            })
            .collect();
        differences.sort();
        differences
    }

    /// Runs the reconciliation, and compares its differences in the order of their kinds.
    #[track_caller]
    pub(crate) fn assert_differences(&self, expected: &[(&str, bool)]) {
        let found = self.differences();
        let found: Vec<_> = found
            .iter()
            .map(|(kind, is_resolved)| (kind.as_str(), *is_resolved))
            .collect();
        assert_eq!(found, expected);
    }

    fn succeeded(&self) -> (Bought, String) {
        let bought = self.bought(Uuid::new_v4(), &json!({}));
        let paid = self.provider.pay(&bought.order, "captured");
        assert_eq!(self.confirm(&bought, &paid).status, 200);
        (bought, paid)
    }
}

pub(crate) async fn unknown_money_is_reported_api_1(app: TestApp) {
    let (bought, paid) = app.succeeded();
    app.provider
        .pay_amount("order_of_another_system", "captured", 500);
    app.assert_differences(&[("unknown", false)]);
    // The provider denies the money of a payment that succeeded.
    app.provider.set_status(&paid, "failed");
    app.assert_differences(&[("status", false), ("unknown", false)]);
    assert_eq!(app.status(&bought), "succeeded");
}

pub(crate) async fn changed_money_is_reported_api_1(app: TestApp) {
    let (bought, paid) = app.succeeded();
    let amount = app.provider.payment(&paid)["amount"].as_i64().unwrap();
    app.provider.set_amount(&paid, amount - 1);
    app.assert_differences(&[("amount", false)]);
    assert_eq!(app.status(&bought), "succeeded");
    app.check_invariants();
    app.provider.set_amount(&paid, amount);
    app.assert_differences(&[]);
    app.provider.remove_payment(&paid);
    app.assert_differences(&[("missing", false)]);
    assert_eq!(app.status(&bought), "succeeded");
}

/// The webhook of the refund is lost.
pub(crate) async fn refund_at_the_provider_is_found_api_1(app: TestApp) {
    let (bought, paid) = app.succeeded();
    // The provider does not show the refund yet.
    app.provider.set_status(&paid, "refunded");
    app.assert_differences(&[("refund", false)]);
    assert_eq!(app.status(&bought), "succeeded");
    app.provider.set_status(&paid, "captured");
    app.provider.refund(&paid).unwrap();
    app.assert_differences(&[("refund", true)]);
    assert_eq!(app.status(&bought), "refunded");
    app.wait_for_event("PAYMENT_REFUNDED", &bought);
    app.assert_differences(&[]);
    app.check_invariants();
}

/// Two attempts of a student use the welcome offer, and the first one is captured last.
pub(crate) async fn discount_that_was_used_again_is_reported_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    let package = json!({ "sessionCount": 10, "claimDeal": true });
    let first = app.bought(student, &package);
    let failed = app.provider.pay(&first.order, "failed");
    let body = app.webhook_body("payment.failed", &failed);
    assert_eq!(app.webhook("evt_failed", &body).status, 200);
    app.run_worker("settle discounts");
    let second = app.bought(student, &package);
    for bought in [&second, &first] {
        let paid = app.provider.pay(&bought.order, "captured");
        assert_eq!(app.captured(&paid).status, 200);
        assert_eq!(app.status(bought), "succeeded");
    }
    app.run_worker("settle discounts");
    app.assert_differences(&[("discount", false)]);
    app.check_invariants();
}

/// The bank settles the money of an order after the lookback of its creation.
pub(crate) async fn late_money_of_an_old_order_is_flagged_api_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    app.expire(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.status(&bought), "cancelled");
    app.backdate_creation(&bought).await;
    let paid = app.provider.pay(&bought.order, "captured");
    app.assert_differences(&[("unexpected_capture", false)]);
    let flagged = data(&app.get("/unexpected-captures", &admin_token(&["payment:read"])));
    let capture = &flagged["items"][0];
    assert_eq!(
        (&capture["kind"], &capture["providerPaymentId"]),
        (&json!("late"), &json!(paid))
    );
    let path = format!("/{}/refund", bought.id);
    let body = json!({ "reason": "late", "providerPaymentId": paid });
    data(&app.post(&path, &admin_token(&["payment:refund"]), &body));
    app.assert_differences(&[]);
    app.check_invariants();
}

/// More captures than one statement and one page of the provider return.
pub(crate) async fn every_open_capture_is_reported_api_1(app: TestApp) {
    let bought = app.bought(Uuid::from_u128(7), &json!({}));
    for _ in 0..102 {
        app.provider.pay(&bought.order, "captured");
    }
    let found = app.differences();
    let captures = found
        .iter()
        .filter(|(kind, _)| kind == "unexpected_capture");
    assert_eq!(captures.count(), 101, "{found:?}");
    assert_eq!(app.status(&bought), "succeeded");
}

pub(crate) async fn unreadable_payments_do_not_end_the_run_res_1(app: TestApp) {
    let unreadable = app.bought(Uuid::from_u128(7), &json!({}));
    let paid = app.bought(Uuid::from_u128(8), &json!({}));
    app.provider.remove_order(&unreadable.order);
    app.provider.pay(&paid.order, "captured");
    app.assert_differences(&[("status", true), ("unreadable", false)]);
    assert_eq!(app.status(&paid), "succeeded");
    app.provider.set_mode(Mode::Unavailable);
    let found = app.differences();
    let is_unreadable = |(kind, is_resolved): &(String, bool)| kind == "unreadable" && !is_resolved;
    assert!(
        found.len() > 2 && found.iter().all(is_unreadable),
        "{found:?}"
    );
}
