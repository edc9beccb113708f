//! SIGKILL at each step of a purchase: nothing is lost, and nothing happens twice.

use seaworthy_testkit::http::HttpResponse;
use serde_json::json;
use tutoring_contract::events::StudentChanged;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, wait_for},
    bought::Bought,
    outage::Held,
    peer::Peer,
    provider::Mode,
    tokens::operator_token,
};

const RATING: f64 = 4.8;
const COINS: i64 = 30;

fn package() -> serde_json::Value {
    json!({ "coinsToRedeem": COINS, "claimDeal": true })
}

/// A platform with a trainer and a student with coins.
async fn open(app: TestPlatform) -> (TestPlatform, Peer, Uuid) {
    let peer = Peer::start(&app).await;
    app.approve(&peer, RATING).await;
    let student = Uuid::new_v4();
    app.give_coins(student, COINS);
    (app, peer, student)
}

/// The purchase has reached its end once: 30 sessions with slots, and the coins are spent.
async fn check(app: &TestPlatform, student: Uuid) {
    app.wait_for_sessions(student, 30);
    app.finish_pending_work().await;
    assert_eq!(app.allocations(student).len(), 1);
    assert_eq!(app.booked_slots(student).await, 30);
    assert_eq!(app.progress(student), Some((0, 30)));
    app.check_invariants().await;
    app.check_student(student, COINS).await;
}

fn succeeded(answer: Option<HttpResponse>) {
    let answer = answer.unwrap();
    assert_eq!(crate::app::data(&answer)["status"], "succeeded");
}

/// Waits until a group has received a message and not acknowledged it.
fn wait_for_delivery(app: &TestPlatform, group: &str) {
    wait_for("the delivery", || {
        (app.metric("messages_unacknowledged", &[group]) > 0).then_some(())
    });
}

pub(crate) async fn killed_creation_of_an_order_is_completed_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    app.provider.set_mode(Mode::Hangs);
    std::thread::scope(|scope| {
        scope.spawn(|| app.buy(student, &package(), "first"));
        wait_for("the order", || {
            (!app.provider.orders().is_empty()).then_some(())
        });
        app.kill();
    });
    app.provider.set_mode(Mode::Works);
    app.run();
    // The client repeats its request.
    let (bought, paid) = app.paid(student, &package());
    assert_eq!(app.provider.orders().len(), 1);
    succeeded(app.confirm(&bought, &paid));
    check(&app, student).await;
}

pub(crate) async fn kill_before_the_confirmation_keeps_the_payment_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    app.restart();
    let body = app.webhook_body(&paid);
    assert_eq!(app.webhook("evt_1", &body).unwrap().status, 200);
    succeeded(app.confirm(&bought, &paid));
    check(&app, student).await;
}

pub(crate) async fn killed_confirmation_is_completed_by_the_provider_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let bought = app.bought(student, &package(), "first");
    let paid = app.provider.pay(&bought.order, "authorized");
    // The confirmation captures the money, and waits for the database.
    let held = Held::new(&app, "payment").await;
    std::thread::scope(|scope| {
        scope.spawn(|| app.confirm(&bought, &paid));
        wait_for("the capture", || {
            (app.provider.captures() > 0).then_some(())
        });
        app.kill();
    });
    held.free().await;
    app.run();
    // The client is gone.
    app.finish_pending_work().await;
    check(&app, student).await;
}

pub(crate) async fn kill_before_the_event_is_published_loses_nothing_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    let held = app.hold_broker().await;
    succeeded(app.confirm(&bought, &paid));
    app.kill();
    held.free().await;
    app.run();
    check(&app, student).await;
}

pub(crate) async fn kill_before_the_course_opens_loses_nothing_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    let held = Held::new(&app, "course").await;
    succeeded(app.confirm(&bought, &paid));
    wait_for_delivery(&app, "purchase-creation-workers");
    app.kill();
    held.free().await;
    app.run();
    check(&app, student).await;
}

pub(crate) async fn kill_before_the_allocation_loses_nothing_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    let held = Held::new(&app, "booking").await;
    succeeded(app.confirm(&bought, &paid));
    wait_for_delivery(&app, "trainer-allocation-workers");
    app.kill();
    held.free().await;
    app.run();
    check(&app, student).await;
}

pub(crate) async fn kill_between_allocation_and_sessions_loses_nothing_res_1(app: TestPlatform) {
    let (app, peer, student) = open(app).await;
    peer.publish(StudentChanged {
        student_id: student,
        version: 1,
        snapshot: json!({}),
    })
    .await;
    let path = "/admin/allocations";
    // Without a known course, no allocation is stored.
    let unknown = json!({
        "studentId": student, "courseId": Uuid::nil(), "sessionCount": 30,
        "schedule": { "timeSlot": "16:00" },
    });
    wait_for("the student", || {
        let refused = app.call("POST", path, &operator_token(), &unknown);
        refused.body.contains("this course").then_some(())
    });
    // The event of the allocation is stored and not published.
    let held = app.hold_broker().await;
    let body = json!({
        "studentId": student, "courseId": app.course(), "sessionCount": 30,
        "schedule": { "timeSlot": "16:00" },
        "location": { "latitude": 12.3, "longitude": 76.6 },
    });
    let created = app.call("POST", path, &operator_token(), &body);
    assert_eq!(crate::app::data(&created)["status"], "approved");
    app.kill();
    held.free().await;
    app.run();
    app.wait_for_sessions(student, 30);
    app.finish_pending_work().await;
    assert_eq!(app.booked_slots(student).await, 30);
    assert_eq!(app.sessions(student).len(), 30);
    app.check_invariants().await;
}

pub(crate) async fn kill_after_the_sessions_repeats_nothing_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    succeeded(app.confirm(&bought, &paid));
    let booking = app.database("booking").await;
    app.wait_for_row(&booking, "SELECT COUNT(*) FROM tutoring_sessions")
        .await;
    app.restart();
    // The client and the provider repeat everything.
    for event in ["evt_1", "evt_2"] {
        let body = app.webhook_body(&paid);
        assert_eq!(app.webhook(event, &body).unwrap().status, 200);
        succeeded(app.confirm(&bought, &paid));
        let again: Bought = app.bought(student, &package(), "first");
        assert_eq!(again, bought);
    }
    check(&app, student).await;
}

pub(crate) async fn killed_refund_returns_money_once_res_1(app: TestPlatform) {
    let (app, _peer, student) = open(app).await;
    let (bought, paid) = app.paid(student, &package());
    succeeded(app.confirm(&bought, &paid));
    app.wait_for_sessions(student, 30);
    app.provider.set_mode(Mode::Hangs);
    std::thread::scope(|scope| {
        scope.spawn(|| app.refund(&bought.id));
        wait_for("the refund", || {
            (!app.provider.refunds().is_empty()).then_some(())
        });
        app.kill();
    });
    app.provider.set_mode(Mode::Works);
    app.run();
    app.finish_pending_work().await;
    assert_eq!(app.provider.refunds().len(), 1);
    assert_eq!(app.progress(student), None);
    assert_eq!(app.booked_slots(student).await, 0);
    app.check_invariants().await;
    app.check_student(student, COINS).await;
}
