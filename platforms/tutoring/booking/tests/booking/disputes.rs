use seaworthy::data::{chrono::Utc, sql};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    allocation::booked,
    app::{TestApp, data, operator, student},
    session_day::today,
};

async fn attendance(app: &TestApp, session: &Value) -> Option<String> {
    let database = app.database().await;
    let found: Option<(String,)> = sql("SELECT status FROM attendance WHERE session_id = ?")
        .bind(session["id"].as_str().unwrap().parse::<Uuid>().unwrap())
        .fetch_optional(&database)
        .await
        .unwrap();
    found.map(|(status,)| status)
}

pub(crate) async fn dispute_is_decided_by_an_administrator_api_1(app: TestApp) {
    let (owner, _, _) = today(&app).await;
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET status = 'pending_confirmation', ended_at = ? WHERE session_number <= 2")
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    let sessions = app.sessions(owner);
    let (held, missed) = (&sessions[0], &sessions[1]);
    let post = |session: &Value, action: &str, token: &str, body: &Value| {
        let path = format!(
            "/admin/sessions/{}/{action}",
            session["id"].as_str().unwrap()
        );
        app.call("POST", &path, token, body)
    };
    let answer = |session: &Value, confirmed: bool| {
        let body = json!({ "confirmed": confirmed, "notes": "the trainer was ill" });
        post(session, "confirm", &student(7), &body)
    };
    let resolve = |session: &Value, was_held: bool| {
        let body = json!({ "wasHeld": was_held, "reason": "the trainer called" });
        post(session, "resolve", &operator(), &body)
    };
    assert_eq!(resolve(held, true).status, 409);
    for session in [held, missed] {
        let disputed = data(&answer(session, false));
        assert_eq!(
            (&disputed["status"], &disputed["notes"]),
            (&json!("disputed"), &json!("the trainer was ill"))
        );
        // Only an administrator decides it.
        assert_eq!(answer(session, true).status, 409);
        assert_eq!(attendance(&app, session).await, None);
    }
    let notice = app.wait_for_events("NOTIFICATION_REQUESTED", Uuid::from_u128(1), 2);
    assert_eq!(
        (&notice["title"], &notice["data"]["sessionId"]),
        (&json!("Session is disputed"), &missed["id"])
    );
    assert!(app.events_of("SESSION_COMPLETED", owner).is_empty());

    assert_eq!(data(&resolve(held, true))["status"], "completed");
    let completed = app.wait_for_events("SESSION_COMPLETED", owner, 1);
    assert_eq!(completed["sessionId"], held["id"]);
    assert_eq!(attendance(&app, held).await.as_deref(), Some("present"));

    assert_eq!(data(&resolve(missed, false))["status"], "cancelled");
    let cancelled = app.wait_for_events("SESSION_CANCELLED", owner, 1);
    assert_eq!(
        (&cancelled["sessionId"], &cancelled["reason"]),
        (&missed["id"], &json!("the trainer called"))
    );
    assert_eq!(attendance(&app, missed).await.as_deref(), Some("absent"));
    // A session at the end replaces it.
    assert_eq!(app.sessions(owner).len(), 11);
    assert_eq!(booked(&app).await, 10);
    for session in [held, missed] {
        assert_eq!(resolve(session, true).status, 409);
    }
    assert_eq!(app.events_of("SESSION_COMPLETED", owner).len(), 1);
    app.check_invariants();
}
