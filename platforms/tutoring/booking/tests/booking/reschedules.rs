use seaworthy::data::chrono::{Timelike as _, Utc};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::PlatformZone;
use uuid::Uuid;

use crate::app::{TestApp, data, json_of, operator, student, trainer, wait_for};

/// Requests of a student to move a session.
struct Request<'a> {
    app: &'a TestApp,
    session: Value,
}

impl Request<'_> {
    fn send(&self, date: &str, slot: &str) -> HttpResponse {
        let body = json!({
            "sessionId": self.session, "newDate": date, "newTime": slot, "reason": "a feast",
        });
        let path = "/admin/reschedule";
        self.app.call("POST", path, &student(7), &body)
    }

    fn cancel(&self, request: &Value, token: &str) -> HttpResponse {
        let id = request["id"].as_str().unwrap();
        let path = format!("/admin/reschedule/{id}/cancel");
        self.app.call("POST", &path, token, &json!({}))
    }
}

fn require_invalid(answer: &HttpResponse, problem: &str) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(json_of(answer)["errors"][0]["field"], "newDate");
    assert!(answer.body.contains(problem), "{}", answer.body);
}

/// Returns a time zone in which the hour of noon has begun.
fn zone_at_noon() -> String {
    // The name has the opposite sign of the offset.
    format!("Etc/GMT{:+}", i64::from(Utc::now().hour()) - 12)
}

pub(crate) async fn reschedule_needs_notice_and_its_requester_api_1(mut app: TestApp) {
    let zone = zone_at_noon();
    app.restart_with(&format!("time_zone={zone}")).await;
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let sessions = app.sessions(owner);
    let request = Request {
        app: &app,
        session: sessions[9]["id"].clone(),
    };
    let today = zone.parse::<PlatformZone>().unwrap().today().to_string();
    require_invalid(&request.send(&today, "15:00"), "4 hours");
    let made = data(&request.send(&today, "18:00"));

    // Only the requester cancels it, once.
    for other in [student(8), trainer(holder)] {
        assert_eq!(request.cancel(&made, &other).status, 404);
    }
    assert_eq!(request.send(&today, "19:00").status, 409);
    let cancelled = data(&request.cancel(&made, &student(7)));
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(request.cancel(&made, &student(7)).status, 409);
    let approve = |made: &Value| {
        let id = made["id"].as_str().unwrap();
        let path = format!("/admin/reschedule/{id}/approve");
        app.call("POST", &path, &operator(), &json!({}))
    };
    assert_eq!(approve(&made).status, 409);

    // A holiday is refused, also if the request is older.
    let day = TestApp::in_days(60);
    let made = data(&request.send(&day, "16:00"));
    let holiday = json!({ "date": day, "name": "Dasara" });
    let stored = app.call("POST", "/holidays", &operator(), &holiday);
    assert_eq!(stored.status, 200, "{}", stored.body);
    require_invalid(&approve(&made), "day without sessions");
    data(&request.cancel(&made, &student(7)));
    require_invalid(&request.send(&day, "16:00"), "day without sessions");
    assert_eq!(app.sessions(owner), sessions);
    app.check_invariants();
}

pub(crate) async fn substituted_session_is_not_moved_data_3(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.9).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let substitute = app.approve(0x7b, 3.0).await;
    let session = app.sessions(owner)[9].clone();
    let request = Request {
        app: &app,
        session: session["id"].clone(),
    };
    let made = data(&request.send(&TestApp::in_days(60), "16:00"));
    let body = json!({
        "sessionDate": session["scheduledDate"], "originalTrainerId": holder,
        "studentId": owner, "substituteTrainerId": substitute,
    });
    let substitution = wait_for("the substitute", || {
        let answer = app.call("POST", "/admin/substitutions", &operator(), &body);
        (answer.status == 201).then(|| data(&answer))
    });
    let path = format!("/admin/reschedule/{}/approve", made["id"].as_str().unwrap());
    let approve = || app.call("POST", &path, &operator(), &json!({})).status;
    assert_eq!(approve(), 409);
    let after = app.sessions(owner)[9].clone();
    assert_eq!(after["scheduledDate"], session["scheduledDate"]);
    // The trainer of the allocation holds it again.
    let id = substitution["id"].as_str().unwrap();
    let path = format!("/admin/substitutions/{id}");
    let deleted = app.call("DELETE", &path, &operator(), &Value::Null);
    assert_eq!((deleted.status, approve()), (200, 200));
    assert_eq!(app.sessions(owner)[9]["trainerId"], json!(holder));
    app.check_invariants();
}

pub(crate) async fn later_substitution_is_deleted_first_data_3(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.9).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let second = app.approve(0x7b, 3.0).await;
    let third = app.approve(0x7c, 2.0).await;
    let session = app.sessions(owner)[5].clone();
    let substitute = |from: Uuid, by: Uuid| {
        let body = json!({
            "sessionDate": session["scheduledDate"], "originalTrainerId": from,
            "studentId": owner, "substituteTrainerId": by,
        });
        let made = data(&app.call("POST", "/admin/substitutions", &operator(), &body));
        format!("/admin/substitutions/{}", made["id"].as_str().unwrap())
    };
    let first = substitute(holder, second);
    let later = substitute(second, third);
    let delete = |path: &str| app.call("DELETE", path, &operator(), &Value::Null).status;
    assert_eq!(delete(&first), 409);
    assert_eq!((delete(&later), delete(&first)), (200, 200));
    assert_eq!(app.sessions(owner)[5]["trainerId"], json!(holder));
    app.check_invariants();
}
