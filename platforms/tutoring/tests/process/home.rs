//! The first page of a student, with parts of other services.

use serde_json::{Value, json};
use tutoring_contract::events::NotificationRequested;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, json_of, wait_for},
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
