use seaworthy::data::{
    Database,
    chrono::{DateTime, TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{
    COURSE, STUDENT, TRAINER, TestApp, admin, create_partition, data, json_of, reader, student,
    token,
};

/// Records events of the student.
fn record(app: &TestApp, event_type: &str, course: Option<u128>, count: usize) {
    let event = json!({ "eventType": event_type, "courseId": course.map(Uuid::from_u128) });
    let body = json!({ "events": vec![event; count] });
    data(&app.call("POST", "/events/bulk", &student(), &body));
}

pub(crate) async fn counts_are_by_type_and_course_api_3(app: TestApp) {
    record(&app, "page_view", None, 3);
    record(&app, "video_watched", Some(COURSE), 2);
    record(&app, "quiz_opened", Some(COURSE), 2);
    record(&app, "video_watched", Some(4), 3);
    let types = app.get("/metrics/event-types", &reader());
    assert_eq!(
        types["items"],
        json!([
            { "eventType": "video_watched", "count": 5 },
            { "eventType": "page_view", "count": 3 },
            { "eventType": "quiz_opened", "count": 2 },
        ])
    );
    let top = app.get("/metrics/event-types?limit=1", &reader());
    assert_eq!(top["items"].as_array().unwrap().len(), 1);
    let courses = app.get("/metrics/courses", &reader());
    assert_eq!(
        courses["items"],
        json!([
            { "courseId": Uuid::from_u128(COURSE), "count": 4 },
            { "courseId": Uuid::from_u128(4), "count": 3 },
        ])
    );
    let watched = app.get(
        "/metrics/courses?eventType=video_watched&limit=1",
        &reader(),
    );
    assert_eq!(
        watched["items"],
        json!([{ "courseId": Uuid::from_u128(4), "count": 3 }])
    );
    let past = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    for path in ["event-types", "courses"] {
        let none = app.get(&format!("/metrics/{path}?{past}"), &reader());
        assert_eq!(none["items"], json!([]));
        let wrong = app.call(
            "GET",
            &format!("/metrics/{path}?limit=0"),
            &reader(),
            &Value::Null,
        );
        assert_eq!(wrong.status, 400);
    }
}

/// Moves all events of a type to a time.
async fn set_time(database: &Database, event_type: &str, time: &str) {
    let time: DateTime<Utc> = time.parse().unwrap();
    sql("UPDATE events SET occurred_at = ? WHERE event_type = ?")
        .bind(time)
        .bind(event_type.to_owned())
        .execute(database)
        .await
        .unwrap();
}

pub(crate) async fn trends_follow_the_time_zone_api_3(app: TestApp) {
    let database = app.database().await;
    let then = Utc::now() - TimeDelta::days(40);
    create_partition(&database, then).await;
    let (month, year) = (then.format("%m"), then.format("%Y"));
    // Midnight in India is 18:30 UTC of the day before.
    let day = |day: u8, time: &str| format!("{year}-{month}-{day:02}T{time}Z");
    for (name, time, count) in [
        ("a", day(10, "18:29:59.999999"), 1),
        ("b", day(10, "18:30:00"), 2),
        ("c", day(11, "18:29:59"), 4),
        ("d", day(12, "00:00:00"), 8),
    ] {
        record(&app, name, None, count);
        set_time(&database, name, &time).await;
    }
    let range = format!("from={}&to={}", day(10, "00:00:00"), day(13, "00:00:00"));
    let counts = |query: &str| -> Vec<(String, u64)> {
        let trend = app.get(&format!("/metrics/trends?{range}&{query}"), &reader());
        let items = trend["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                let start = item["start"].as_str().unwrap().to_owned();
                (start, item["count"].as_u64().unwrap())
            })
            .collect()
    };
    let days = [
        (day(9, "18:30:00"), 1),
        (day(10, "18:30:00"), 6),
        (day(11, "18:30:00"), 8),
        (day(12, "18:30:00"), 0),
    ];
    assert_eq!(counts("interval=day"), days);
    assert_eq!(counts(""), days);
    assert_eq!(counts("eventType=b")[1], (day(10, "18:30:00"), 2));
    let hours = counts("interval=hour");
    assert_eq!(hours.len(), 73);
    assert!(hours.contains(&(day(10, "17:30:00"), 1)));
    assert!(hours.contains(&(day(11, "23:30:00"), 8)));
    let weeks = counts("interval=week");
    assert_eq!(weeks.iter().map(|(_, count)| count).sum::<u64>(), 15);
    for query in [
        "interval=month",
        "interval=hour&from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "interval=day&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
    ] {
        let path = format!("/metrics/trends?{query}");
        let refused = app.call("GET", &path, &reader(), &Value::Null);
        assert_eq!(refused.status, 400, "{query}: {}", refused.body);
    }
}

pub(crate) async fn timelines_are_own_only_auth_5(app: TestApp) {
    record(&app, "page_view", None, 2);
    let trainer = token(TRAINER, Role::Trainer);
    let event = json!({ "eventType": "login" });
    data(&app.call("POST", "/events", &trainer, &event));
    let path = |id: u128| format!("/users/{}/timeline", Uuid::from_u128(id));
    let total = |token: &str, id: u128| app.get(&path(id), token)["pagination"]["total"].clone();
    assert_eq!(total(&student(), STUDENT), 2);
    assert_eq!(total(&trainer, TRAINER), 1);
    assert_eq!(total(&reader(), STUDENT), 2);
    assert_eq!(total(&reader(), TRAINER), 1);
    for (token, id) in [
        (student(), TRAINER),
        (trainer, STUDENT),
        (admin(&[]), STUDENT),
    ] {
        let refused = app.call("GET", &path(id), &token, &Value::Null);
        assert_eq!(
            (refused.status, &json_of(&refused)["code"]),
            (403, &json!("FORBIDDEN"))
        );
    }
    // The query does not widen the timeline.
    let foreign = format!("{}?userId={}", path(STUDENT), Uuid::from_u128(TRAINER));
    let page = app.get(&foreign, &student());
    assert_eq!(page["pagination"]["total"], 2);
    let wrong = app.call("GET", "/users/me/timeline", &student(), &Value::Null);
    assert_eq!(wrong.status, 403);
}
