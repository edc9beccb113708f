use seaworthy::data::sql;
use serde_json::json;
use tutoring_contract::events::PaymentRefunded;
use uuid::Uuid;

use crate::{
    allocation::{booked, wait_for_lock},
    app::{COURSE, TestApp, wait_for},
};

pub(crate) async fn upgrade_and_refund_change_the_sessions_msg_5(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    app.grant(7, "16:00", 30, 20).await;
    let generated = app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    assert_eq!(generated["sessionIds"].as_array().unwrap().len(), 30);
    let sessions = app.sessions(owner);
    let dates: Vec<_> = sessions
        .iter()
        .map(|one| one["scheduledDate"].as_str().unwrap())
        .collect();
    assert!(dates.is_sorted() && dates.len() == 30, "{dates:?}");
    assert_eq!(booked(&app).await, 30);
    let refund = async |tier: u128| {
        app.publish(PaymentRefunded {
            payment_id: Uuid::from_u128(700 + tier),
            student_id: owner,
            course_id: COURSE,
            amount_cents: 1,
        })
        .await;
    };
    // The upgrade is refunded, twice, and then the first payment.
    refund(30).await;
    refund(30).await;
    wait_for("the refund", || {
        (app.allocations(owner)[0]["sessionCount"] == 10).then_some(())
    });
    assert_eq!(booked(&app).await, 10);
    // Payroll counts the days until the last session.
    let allocated = app.wait_for_events("TRAINER_ALLOCATED", owner, 3);
    assert_eq!(
        (&allocated["sessionCount"], &allocated["endDate"]),
        (&json!(10), &sessions[9]["scheduledDate"])
    );
    refund(10).await;
    app.wait_for_events("STUDENT_DEALLOCATED", owner, 1);
    assert_eq!(booked(&app).await, 0);
    // A refund that arrives before its purchase.
    let other = Uuid::from_u128(8);
    app.publish(PaymentRefunded {
        payment_id: Uuid::from_u128(810),
        student_id: other,
        course_id: COURSE,
        amount_cents: 1,
    })
    .await;
    let third = app.grant(9, "16:00", 10, 10).await;
    app.wait_for_events("TRAINER_ALLOCATED", third, 1);
    app.grant(8, "17:00", 10, 10).await;
    let fourth = app.grant(10, "18:00", 10, 10).await;
    app.wait_for_events("TRAINER_ALLOCATED", fourth, 1);
    assert!(app.allocations(other).is_empty());
    app.wait_for_events("SESSIONS_GENERATED", fourth, 1);
    app.check_invariants();
}

/// Refunds and purchases come from two services, so they arrive in any order.
pub(crate) async fn refund_between_payments_keeps_paid_sessions_msg_5(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let refund = async |student: Uuid, payment: u128| {
        app.publish(PaymentRefunded {
            payment_id: Uuid::from_u128(payment),
            student_id: student,
            course_id: COURSE,
            amount_cents: 1,
        })
        .await;
    };
    // The course has handled the refund of 10 sessions before the upgrade by 20.
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    app.grant(7, "16:00", 20, 20).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    refund(owner, 710).await;
    wait_for("the refund", || {
        (app.allocations(owner)[0]["sessionCount"] == 20).then_some(())
    });
    // The course has handled it after the upgrade.
    let other = app.grant(8, "17:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", other, 1);
    refund(other, 810).await;
    app.wait_for_events("STUDENT_DEALLOCATED", other, 1);
    app.grant(8, "17:00", 30, 20).await;
    app.wait_for_events("SESSIONS_GENERATED", other, 2);
    let open = app.wait_for_allocation(other, "approved");
    assert_eq!(open["sessionCount"], 20);
    assert_eq!(booked(&app).await, 40);
    app.check_invariants();
}

/// Only PostgreSQL runs transactions that write concurrently.
pub(crate) async fn concurrent_refund_opens_no_sessions_data_3(app: TestApp) {
    if !app.is_postgres() {
        return;
    }
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let database = app.database().await;
    let tx = database.begin().await.unwrap();
    sql("INSERT INTO allocation_payments (payment_id, allocation_id, session_count, is_refunded) VALUES (?, NULL, 0, ?)")
        .bind(Uuid::from_u128(710))
        .bind(true)
        .execute(&tx)
        .await
        .unwrap();
    app.grant(7, "16:00", 10, 10).await;
    wait_for_lock(&app).await;
    tx.commit().await.unwrap();
    // Messages of one key are handled in order.
    let second = app.grant(7, "17:00", 20, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", second, 1);
    let open = app.wait_for_allocation(second, "approved");
    assert_eq!(open["sessionCount"], 10);
    assert_eq!(booked(&app).await, 10);
}
