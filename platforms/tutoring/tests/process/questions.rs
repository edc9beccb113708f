//! Doubts and analytics through the gateway.

use seaworthy::prelude::Timeout;
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of, wait_for},
    authorization::token_of,
    students::send,
};

pub(crate) async fn gateway_reaches_doubts_and_analytics_api_1(app: &TestPlatform) {
    let student = app.student("asha@example.org").access;
    let own = app.call(&student, "GET", "/profile", &Value::Null);
    let id: Uuid = json_of(&own)["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let question = json!({ "subject": "Loops", "question": "Why does this loop never end?" });
    let asked = send(app, &student, "POST", "/doubts", &question);
    assert_eq!(asked.status, 201, "{}", asked.body);
    let path = format!(
        "/doubts/{}",
        json_of(&asked)["data"]["id"].as_str().unwrap()
    );
    let shown = send(app, &student, "GET", &path, &Value::Null);
    assert_eq!(json_of(&shown)["data"]["studentId"], json!(id));
    let lifetime = Timeout::from_secs(600);
    let trainer = token_of(Uuid::from_u128(9), Role::Trainer, &student, lifetime);
    let foreign = send(app, &trainer, "GET", &path, &Value::Null);
    assert_error(&foreign, 404, "NOT_FOUND");
    let assigned = send(app, &trainer, "GET", "/trainer/doubts", &Value::Null);
    assert_eq!(json_of(&assigned)["data"]["pagination"]["total"], 0);

    // The registration of the student is an event of another service.
    let timeline = format!("/analytics/users/{id}/timeline?eventType=STUDENT_CHANGED");
    wait_for("the event of the registration", || {
        let page = send(app, &student, "GET", &timeline, &Value::Null);
        let total = json_of(&page)["data"]["pagination"]["total"].as_u64();
        (total? > 0).then_some(())
    });
    let event = json!({ "eventType": "page_view", "userId": id });
    let recorded = send(app, &student, "POST", "/analytics/events", &event);
    assert_eq!(recorded.status, 201, "{}", recorded.body);
    let foreign = send(app, &trainer, "POST", "/analytics/events", &event);
    assert_error(&foreign, 403, "FORBIDDEN");
}
