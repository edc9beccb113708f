//! The home page of a student, with parts of other services.

use serde_json::{Value, json};
use tutoring_contract::{
    PlatformZone,
    events::{NotificationRequested, SessionRescheduled, SessionsGenerated},
};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, json_of, wait_for},
    authorization::USER,
    live::session_of_today,
    peer::Peer,
    students::send,
};

fn student(app: &TestPlatform) -> (String, Uuid) {
    let token = app.student("asha@example.org").access;
    let own = app.call(&token, "GET", "/profile", &Value::Null);
    let id = json_of(&own)["data"]["id"].as_str().unwrap().parse();
    (token, id.unwrap())
}

fn home(app: &TestPlatform, (token, id): &(String, Uuid)) -> Value {
    let page = send(
        app,
        token,
        "GET",
        &format!("/students/{id}/home"),
        &Value::Null,
    );
    assert_eq!(page.status, 200, "{}", page.body);
    json_of(&page)["data"].clone()
}

pub(crate) async fn home_has_unread_notifications_and_wallet_api_3(app: &TestPlatform) {
    let student = student(app);
    // The bonus of the registration.
    wait_for("the bonus", || {
        (home(app, &student)["wallet"]["balance"] == 10).then_some(())
    });
    assert_eq!(home(app, &student)["unreadNotifications"], 0);
    let peer = Peer::start(app).await;
    peer.publish(NotificationRequested {
        recipient_id: student.1,
        notification_type: "system".to_owned(),
        title: "Welcome".to_owned(),
        body: "Choose a course.".to_owned(),
        data: None,
    })
    .await;
    wait_for("the notification", || {
        (home(app, &student)["unreadNotifications"] == 1).then_some(())
    });
}

pub(crate) async fn home_has_dates_of_sessions_api_3(app: &TestPlatform) {
    let student = student(app);
    let session = session_of_today(app, student.1, USER).await;
    let peer = Peer::start(app).await;
    // The message about new sessions has no dates.
    peer.publish(SessionsGenerated {
        allocation_id: Uuid::from_u128(1),
        trainer_id: USER,
        student_id: student.1,
        course_id: Uuid::from_u128(3),
        session_count: 1,
        session_ids: vec![session],
        start_date: "2026-12-01".parse().unwrap(),
    })
    .await;
    let today = PlatformZone::default().today().to_string();
    // A page has no date while booking does not respond in time.
    let upcoming = wait_for("the date of the session", || {
        let session = home(app, &student)["upcomingSessions"].get(0)?.clone();
        (!session["scheduledDate"].is_null()).then_some(session)
    });
    assert_eq!(
        (&upcoming["scheduledDate"], &upcoming["timeSlot"]),
        (&json!(today), &json!("16:00"))
    );
    // A change is newer than the first date, and an older change that arrives late is ignored.
    let changed = |date: &str, slot: &str| SessionRescheduled {
        session_id: session,
        old_date: today.parse().unwrap(),
        new_date: date.parse().unwrap(),
        old_time_slot: "16:00".to_owned(),
        new_time_slot: slot.to_owned(),
        trainer_id: USER,
        student_id: student.1,
    };
    peer.publish(changed("2099-12-03", "09:00")).await;
    peer.publish_late(changed("2099-12-02", "08:00"), 60_000)
        .await;
    // The next message of the same topic shows that both have arrived.
    let next = Uuid::from_u128(0x77);
    let mut last = changed("2099-12-04", "10:00");
    last.session_id = next;
    peer.publish(last).await;
    let sessions = wait_for("the changes", || {
        let page = home(app, &student);
        let sessions = page["upcomingSessions"].as_array().unwrap().clone();
        (sessions.len() == 2).then_some(sessions)
    });
    assert_eq!(sessions[0]["scheduledDate"], "2099-12-03");
    assert_eq!(sessions[1]["id"], json!(next));
    // A session whose date is over is not upcoming.
    let mut past = changed("2020-12-04", "10:00");
    past.session_id = next;
    peer.publish(past).await;
    wait_for("the past session", || {
        let page = home(app, &student);
        let sessions = page["upcomingSessions"].as_array().unwrap().clone();
        (sessions.len() == 1 && sessions[0]["id"] == json!(session)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn home_works_without_other_services_res_1() {
    let silent = seaworthy_testkit::server::free_address().unwrap();
    let stopped = format!("student.clients.payment.base_url=http://{silent}");
    let app = TestPlatform::with(vec![stopped]).await;
    let page = home(&app, &student(&app));
    assert_eq!(
        (
            &page["wallet"],
            &page["unreadNotifications"],
            &page["activeCourses"]
        ),
        (&Value::Null, &json!(0), &json!([]))
    );
    app.stop().await;
}
