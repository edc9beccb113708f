use seaworthy::data::sql;
use serde_json::json;
use tutoring_payment::INVARIANTS;
use tutoring_testkit::{audit_entries, audited_change, connect};
use uuid::Uuid;

use crate::app::{
    TestApp, admin_token, data, json_of, rejection, service_token, student_token, wait_for,
};

pub(crate) async fn coins_are_reserved_spent_and_returned_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 100);
    // More coins than the wallet has: all of them count.
    let bought = app.bought(student, &json!({ "coinsToRedeem": 500 }));
    assert_eq!(bought.data["coinsRedeemed"], 100);
    assert_eq!(bought.data["coinDiscount"], 10_000);
    assert_eq!(bought.data["payment"]["amountCents"], 1_052_000);
    assert_eq!(app.wallet(student), (100, 100));
    // A second payment finds no free coins.
    let second = app.bought(student, &json!({ "coinsToRedeem": 1 }));
    assert_eq!(second.data["coinsRedeemed"], 0);
    let take = json!({ "studentId": student, "referenceId": "x", "amount": 1 });
    let refused = app.post("/coins/redeem", &service_token(), &take);
    assert_eq!(rejection(&refused), (409, "CONFLICT".to_owned()));

    app.expire(&bought).await;
    app.run_worker("expire payments");
    assert_eq!(app.wallet(student), (100, 0));
    let third = app.bought(student, &json!({ "coinsToRedeem": 60 }));
    let paid = app.provider.pay(&third.order, "captured");
    for _ in 0..2 {
        assert_eq!(app.captured(&paid).status, 200);
    }
    assert_eq!(app.wallet(student), (40, 0));
    let path = format!("/wallet/{student}/transactions");
    let ledger = data(&app.get(&path, &student_token(student)));
    let types = ledger["items"].as_array().unwrap().iter();
    let types: Vec<_> = types
        .map(|entry| (&entry["type"], &entry["amount"]))
        .collect();
    assert_eq!(
        types,
        [
            (&json!("redeem"), &json!(-60)),
            (&json!("adjust"), &json!(100))
        ]
    );
    app.check_invariants();
}

/// The entry of another payment with the same coins does not count.
pub(crate) async fn invariant_matches_coins_with_their_payment_api_1(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 40);
    let bought = app.bought(student, &json!({ "coinsToRedeem": 40 }));
    let paid = app.provider.pay(&bought.order, "captured");
    assert_eq!(app.captured(&paid).status, 200);
    app.check_invariants();
    let database = connect(&app.empty).await;
    sql("UPDATE coin_transactions SET reference_id = 'another' WHERE type = 'redeem'")
        .execute(&database)
        .await
        .unwrap();
    let violations = INVARIANTS.violations(&database).await.unwrap();
    let broken: Vec<_> = violations
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(broken, [("paid_coins_are_spent_once", 1)]);
}

pub(crate) async fn bonus_and_rewards_are_credited_once_msg_5(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.publish_student(student, 1, false).await;
    app.publish_student(student, 2, true).await;
    app.publish_student(student, 3, true).await;
    wait_for("the bonus", || (app.wallet(student).0 == 10).then_some(()));
    let post = |path: &str, reference: &str| {
        let body = json!({ "studentId": student, "referenceId": reference });
        data(&app.post(path, &service_token(), &body))["balance"].clone()
    };
    for expected in [110, 110] {
        assert_eq!(post("/coins/course-completion", "course-1"), expected);
    }
    for expected in [160, 160] {
        assert_eq!(post("/coins/referral", "student-8"), expected);
    }
    let operator = admin_token(&["coins:write"]);
    let configured = app.call(
        "PUT",
        "/coins/configuration",
        &operator,
        &[],
        &json!({ "referral": 70 }),
    );
    assert_eq!(configured.status, 200, "{}", configured.body);
    assert_eq!(post("/coins/referral", "student-9"), 230);
    let values = data(&app.get("/coins/configuration", &operator));
    assert_eq!(
        (&values["referral"], &values["registration"]),
        (&json!(70), &json!(10))
    );
    // Each invalid field is named, and no database stores U+0000.
    let fields = |body: &serde_json::Value| {
        let refused = json_of(&app.post("/coins/adjust", &operator, body));
        let errors = refused["errors"].as_array().unwrap().clone();
        errors
            .into_iter()
            .map(|error| error["field"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&json!({})), ["studentId", "referenceId", "amount"]);
    let nul = json!({ "studentId": student, "referenceId": "a\u{0}b", "amount": 1 });
    assert_eq!(fields(&nul), ["referenceId"]);
    // The configuration decides about the amount, whatever a caller sends.
    let amount = json!({ "studentId": student, "referenceId": "y", "amount": 1_000, "more": 1 });
    let credited = data(&app.post("/coins/referral", &service_token(), &amount));
    assert_eq!(credited["balance"], 300);

    // Each write has an entry, and one of the operator names the permission.
    let take = json!({ "studentId": student, "referenceId": "z", "amount": -50 });
    assert_eq!(
        data(&app.post("/coins/adjust", &operator, &take))["balance"],
        250
    );
    let database = connect(&app.empty).await;
    let changes = audit_entries(&database, "coins.change").await;
    assert!(changes[0]["permission"].is_null(), "{changes:?}");
    let adjusted = changes.last().unwrap();
    assert_eq!(adjusted["permission"], "coins:write");
    assert_eq!(
        audited_change(adjusted, "balance"),
        (json!(300), json!(250))
    );
    let configured = audit_entries(&database, "coins.configure").await;
    assert_eq!(
        audited_change(&configured[0], "referral"),
        (json!(50), json!(70))
    );
    app.check_invariants();
}

pub(crate) async fn redemption_is_counted_once_when_repeated_msg_5(app: TestApp) {
    let student = Uuid::from_u128(7);
    app.give_coins(student, 10);
    let take = json!({ "studentId": student, "referenceId": "x", "amount": 10 });
    for _ in 0..2 {
        let taken = app.post("/coins/redeem", &service_token(), &take);
        assert_eq!(taken.status, 200, "{}", taken.body);
        assert_eq!(app.wallet(student), (0, 0));
    }
    let other = json!({ "studentId": student, "referenceId": "y", "amount": 1 });
    let refused = app.post("/coins/redeem", &service_token(), &other);
    assert_eq!(rejection(&refused), (409, "CONFLICT".to_owned()));
    app.check_invariants();
}

pub(crate) async fn reversal_takes_free_coins_once_msg_5(app: TestApp) {
    let student = Uuid::from_u128(7);
    let post = |path: &str, reference: &str| {
        let body = json!({ "studentId": student, "referenceId": reference });
        data(&app.post(path, &service_token(), &body))["balance"].clone()
    };
    let reverse = "/coins/referral/reverse";
    assert_eq!(post(reverse, "student-8"), 0, "no reward");
    assert_eq!(post("/coins/referral", "student-8"), 50);
    for _ in 0..2 {
        assert_eq!(post(reverse, "student-8"), 0);
    }
    // Coins that a payment reserves stay.
    let referred = Uuid::from_u128(9).to_string();
    assert_eq!(post("/coins/referral", &referred), 50);
    app.bought(student, &json!({ "coinsToRedeem": 30 }));
    assert_eq!(app.wallet(student), (50, 30));
    assert_eq!(post(reverse, &referred), 30);
    // Another course replaces the coins that the reversal took, once.
    for number in [1, 1, 2] {
        let reference = format!("{referred}:{number}");
        assert_eq!(post("/coins/referral", &reference), 50);
    }
    // A reward that did not arrive before its reversal is given by the next one.
    let other = Uuid::from_u128(10).to_string();
    assert_eq!(post(reverse, &other), 50);
    for _ in 0..2 {
        assert_eq!(post("/coins/referral", &format!("{other}:1")), 100);
    }
    app.check_invariants();
}
