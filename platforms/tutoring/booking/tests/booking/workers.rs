use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::json;
use uuid::Uuid;

use crate::app::{TestApp, data};

/// A student has 24 hours for an answer. A session that cannot be read does not block the others.
pub(crate) async fn session_is_confirmed_after_a_day_api_1(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let database = app.database().await;
    for (number, hours) in [(1, 30), (2, 25), (3, 23)] {
        sql("UPDATE tutoring_sessions SET status = 'pending_confirmation', ended_at = ? WHERE session_number = ?")
            .bind(Utc::now() - TimeDelta::hours(hours))
            .bind(number)
            .execute(&database)
            .await
            .unwrap();
    }
    let set_slot = async |slot: &str| {
        sql("UPDATE tutoring_sessions SET timeslot = ? WHERE session_number = 1")
            .bind(slot)
            .execute(&database)
            .await
            .unwrap();
    };
    let statuses = || -> Vec<String> {
        let sessions = app.sessions(owner);
        let first = sessions.iter().take(3).map(|one| one["status"].as_str());
        first.map(|status| status.unwrap().to_owned()).collect()
    };
    set_slot("unreadable").await;
    app.run_worker("confirm sessions");
    set_slot("16:00").await;
    let (waiting, completed) = ("pending_confirmation", "completed");
    assert_eq!(statuses(), [waiting, completed, waiting]);
    let second = app.sessions(owner)[1].clone();
    assert_eq!(second["notes"], "confirmed automatically after 24 hours");
    let event = app.wait_for_events("SESSION_COMPLETED", owner, 1);
    assert_eq!(event["sessionId"], second["id"]);
    let stored: (String, Uuid) =
        sql("SELECT status, recorded_by FROM attendance WHERE session_id = ?")
            .bind(second["id"].as_str().unwrap().parse::<Uuid>().unwrap())
            .fetch_one(&database)
            .await
            .unwrap();
    assert_eq!(stored, ("present".to_owned(), holder));
    app.run_worker("confirm sessions");
    assert_eq!(statuses(), [completed, completed, waiting]);
    app.wait_for_events("SESSION_COMPLETED", owner, 2);
    app.check_invariants();
}

/// The payment of a reservation may never be stored. A reservation that cannot be released does not
/// block the others.
pub(crate) async fn expired_discount_is_released_data_3(app: TestApp) {
    let database = app.database().await;
    for (id, code, minutes) in [(1, "BROKEN", 90), (2, "OLD", 61), (3, "NEW", 59)] {
        app.coupon(code, "fixed", 100_000, 5);
        let (payment, student) = (Uuid::from_u128(id), Uuid::from_u128(10 + id));
        data(&app.reserve(payment, student, Some(code)));
        sql("UPDATE coupon_redemptions SET expires_at = ? WHERE payment_id = ?")
            .bind(Utc::now() - TimeDelta::minutes(minutes))
            .bind(payment)
            .execute(&database)
            .await
            .unwrap();
    }
    let count = async |redemptions: i64| {
        sql("UPDATE coupons SET current_redemptions = ? WHERE code = 'BROKEN'")
            .bind(redemptions)
            .execute(&database)
            .await
            .unwrap();
    };
    // The count cannot become negative.
    count(0).await;
    app.run_worker("release expired discounts");
    count(1).await;
    let redemptions = || ["BROKEN", "OLD", "NEW"].map(|code| app.redemptions(code));
    assert_eq!(redemptions(), [1, 0, 1]);
    app.run_worker("release expired discounts");
    assert_eq!(redemptions(), [0, 0, 1]);
    // The student can use another discount.
    let student = Uuid::from_u128(12);
    data(&app.reserve(Uuid::from_u128(4), student, Some("OLD")));
    assert_eq!(redemptions(), [0, 1, 1]);
    app.check_invariants();
}

pub(crate) async fn failed_allocation_does_not_block_others_res_1(app: TestApp) {
    app.open_zone().await;
    let owners = [
        app.grant(7, "16:00", 10, 10).await,
        app.grant(8, "17:00", 10, 10).await,
    ];
    for owner in owners {
        app.wait_for_allocation(owner, "pending");
    }
    let database = app.database().await;
    sql("UPDATE allocations SET package = ?, updated_at = ? WHERE student_id = ?")
        .bind(json!({}))
        .bind(Utc::now() - TimeDelta::hours(1))
        .bind(owners[0])
        .execute(&database)
        .await
        .unwrap();
    app.approve(0x7a, 4.5).await;
    app.run_worker("retry pending allocations");
    assert_eq!(app.allocations(owners[1])[0]["status"], "approved");
    app.check_invariants();
}
