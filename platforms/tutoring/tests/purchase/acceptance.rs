//! The acceptance of purchases and sessions, through the gateway.

use seaworthy::data::sql;
use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::{Value, json};
use tutoring_contract::{PlatformZone, events::SessionCompleted};
use uuid::Uuid;

use crate::{
    app::{CENTRE, TestPlatform, data, json_of, wait_for},
    peer::Peer,
    tokens::{operator_token, student_token, trainer_token},
};

const RATING: f64 = 4.8;
/// The welcome bonus of a verified student.
const BONUS: i64 = 10;
const PASSWORD: &str = "Boat4Harbour";
/// Pairs of students who pay for the last slot of a trainer.
const PAIRS: usize = 4;

async fn open(app: TestPlatform) -> (TestPlatform, Peer, Uuid) {
    let peer = Peer::start(&app).await;
    let trainer = app.approve(&peer, RATING).await;
    (app, peer, trainer)
}

/// Buys sessions and waits for them. Returns the student.
fn allocated(app: &TestPlatform, slot: &str, sessions: usize) -> Uuid {
    let student = Uuid::new_v4();
    let schedule = json!({
        "timeSlot": slot, "startDate": "2026-12-01", "deliveryMode": "WEEKDAY_DAILY",
    });
    let changes = json!({ "schedule": schedule, "sessionCount": sessions });
    let (bought, paid) = app.paid(student, &changes);
    let confirmed = app.confirm(&bought, &paid).unwrap();
    assert_eq!(data(&confirmed)["status"], "succeeded");
    app.wait_for_sessions(student, sessions);
    student
}

/// Registers and verifies a student by the code of the mail. Returns the student.
fn registered(app: &TestPlatform, email: &str) -> Uuid {
    let post = |path: &str, body: &Value| -> HttpResponse {
        let headers = [("x-client-type", "mobile")];
        let path = format!("/students/auth{path}");
        app.send("POST", &path, "", &headers, &body.to_string())
            .unwrap()
    };
    let body = json!({ "email": email, "password": PASSWORD });
    assert_eq!(post("/register", &body).status, 201);
    let (accounts, _) = app.address("student-auth");
    let code = wait_for("the mail", || {
        let mails = request(accounts, "GET", "/mailbox.json", &[], "").unwrap();
        let (_, after) = mails.body.split_once("Your code is ")?;
        Some(after[..6].to_owned())
    });
    let verified = data(&post(
        "/email/verify",
        &json!({ "email": email, "otp": code }),
    ));
    verified["user"]["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn confirmations_and_webhooks_make_one_purchase_msg_5(app: TestPlatform) {
    let (app, _peer, trainer) = open(app).await;
    let student = registered(&app, "asha@example.org");
    let path = "/booking/pricing/calculate?classType=ONE_ON_ONE&sessionCount=30";
    let quote = app.get(path, "");
    let (bought, paid) = app.paid(student, &json!({}));
    assert_eq!(app.provider.order(&bought.order)["amount"], quote["total"]);
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (app, bought, paid) = (&app, &bought, &paid);
            scope.spawn(move || {
                let confirmed = app.confirm(bought, paid).unwrap();
                assert_eq!(data(&confirmed)["status"], "succeeded");
            });
            scope.spawn(move || {
                let body = app.webhook_body(paid);
                let answer = app.webhook(&format!("evt_{number}"), &body).unwrap();
                assert_eq!(answer.status, 200, "{}", answer.body);
            });
        }
    });
    let sessions = app.wait_for_sessions(student, 30);
    assert!(
        sessions
            .iter()
            .all(|one| one["trainerId"] == json!(trainer))
    );
    app.finish_pending_work().await;
    assert_eq!(app.allocations(student).len(), 1);
    assert_eq!(app.booked_slots(student).await, 30);
    assert_eq!(app.progress(student), Some((0, 30)));
    app.check_invariants().await;
    app.check_student(student, BONUS).await;
}

pub(crate) async fn forged_signatures_change_nothing_api_3(app: TestPlatform) {
    let (app, _peer, _) = open(app).await;
    let student = Uuid::new_v4();
    let (bought, paid) = app.paid(student, &json!({}));
    let signature = "0".repeat(64);
    let refused = app.confirm_with(&bought, &paid, &signature).unwrap();
    assert_eq!(refused.status, 400, "{}", refused.body);
    let body = app.webhook_body(&paid);
    let refused = app.webhook_with("evt_1", &body, &signature).unwrap();
    assert_eq!(refused.status, 401, "{}", refused.body);
    let status = app.get(&format!("/payments/{}", bought.id), &student_token(student));
    assert_eq!(status["status"], "initiated");
    assert_eq!(app.progress(student), None);
    assert!(app.allocations(student).is_empty());
}

pub(crate) async fn last_slot_goes_to_one_paying_student_data_3(app: TestPlatform) {
    let (app, peer, _) = open(app).await;
    // A trainer has one student per slot, and each pair wants another slot.
    let slot = |pair: usize| format!("{:02}:00", 8 + pair);
    let students: Vec<_> = (0..PAIRS * 2)
        .map(|index| (Uuid::new_v4(), slot(index / 2)))
        .collect();
    std::thread::scope(|scope| {
        for (student, slot) in &students {
            let app = &app;
            scope.spawn(move || {
                let schedule = json!({
                    "timeSlot": slot, "startDate": "2026-12-01",
                    "deliveryMode": "WEEKDAY_DAILY",
                });
                let changes = json!({ "schedule": schedule, "sessionCount": 10 });
                let (bought, paid) = app.paid(*student, &changes);
                let confirmed = app.confirm(&bought, &paid).unwrap();
                assert_eq!(data(&confirmed)["status"], "succeeded");
            });
        }
    });
    app.finish_pending_work().await;
    let status = |student: &Uuid| app.allocations(*student)[0]["status"].clone();
    for pair in students.chunks(2) {
        let mut both: Vec<_> = pair
            .iter()
            .map(|(student, _)| status(student).to_string())
            .collect();
        both.sort();
        assert_eq!(both, ["\"approved\"", "\"pending\""]);
    }
    // With another trainer the losers get their sessions.
    app.approve(&peer, RATING).await;
    let path = "/admin/allocations/retry-auto-assign";
    data(&app.call("POST", path, &operator_token(), &json!({})));
    app.finish_pending_work().await;
    for (student, _) in &students {
        assert_eq!(status(student), "approved");
        app.check_student(*student, 0).await;
    }
    app.check_invariants().await;
}

/// Moves a session and its slot to today.
async fn move_to_today(app: &TestPlatform, session: Uuid) {
    let database = app.database("booking").await;
    let today = PlatformZone::default().today().to_string();
    sql("UPDATE schedule_slots SET slot_date = ? WHERE (owner_id, session_number) = (SELECT allocation_id, session_number FROM tutoring_sessions WHERE id = ?)")
        .bind(&today)
        .bind(session)
        .execute(&database)
        .await
        .unwrap();
    sql("UPDATE tutoring_sessions SET scheduled_date = ?, starts_at = ? WHERE id = ?")
        .bind(&today)
        .bind(seaworthy::data::chrono::Utc::now())
        .bind(session)
        .execute(&database)
        .await
        .unwrap();
}

/// Returns the code of a session day, which the student alone gets.
fn code_of(app: &TestPlatform, student: Uuid) -> String {
    wait_for("the code", || {
        let list = app.get("/notifications", &student_token(student));
        let mut items = list["items"].as_array().unwrap().iter();
        let code = items.find_map(|one| one["data"]["otp"].as_str());
        code.map(str::to_owned)
    })
}

pub(crate) async fn session_day_counts_once_msg_5(app: TestPlatform) {
    let (app, peer, trainer) = open(app).await;
    let student = allocated(&app, "16:00", 30);
    let session = app.sessions(student)[0]["id"].as_str().unwrap().to_owned();
    let session_id: Uuid = session.parse().unwrap();
    move_to_today(&app, session_id).await;
    let post = |token: &str, action: &str, body: &Value| {
        let path = format!("/admin/sessions/{session}/{action}");
        app.call("POST", &path, token, body)
    };
    let (own, pupil) = (trainer_token(trainer), student_token(student));
    let at = |metres: f64| {
        let latitude = CENTRE.0 + metres / 111_195.0;
        json!({ "trainerLocation": { "latitude": latitude, "longitude": CENTRE.1 } })
    };
    assert_eq!(post(&own, "start", &at(120.0)).status, 400);
    data(&post(&own, "start", &at(90.0)));
    let code = code_of(&app, student);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        post(&own, "verify-otp", &json!({ "otp": wrong })).status,
        400
    );
    let verified = data(&post(&own, "verify-otp", &json!({ "otp": code })));
    assert_eq!(verified["status"], "in_progress");
    data(&post(&own, "end", &at(0.0)));
    let confirmed = data(&post(&pupil, "confirm", &json!({ "confirmed": true })));
    assert_eq!(confirmed["status"], "completed");
    wait_for("the progress", || {
        (app.progress(student) == Some((1, 30))).then_some(())
    });
    // The event is delivered twice more.
    for _ in 0..2 {
        let completed = SessionCompleted {
            session_id,
            trainer_id: trainer,
            student_id: student,
            course_id: app.course(),
            completed_at: "2026-12-01T10:30:00Z".parse().unwrap(),
            duration: 40,
            scheduled_at: None,
            started_at: None,
        };
        peer.publish(completed).await;
    }
    app.finish_pending_work().await;
    assert_eq!(app.progress(student), Some((1, 30)));
    app.check_invariants().await;
    app.check_student(student, 0).await;
}

pub(crate) async fn taken_slot_rejects_a_reschedule_data_3(app: TestPlatform) {
    let (app, _peer, _) = open(app).await;
    let student = allocated(&app, "16:00", 10);
    let other = allocated(&app, "17:00", 10);
    let session = app.sessions(student)[9].clone();
    let body = json!({
        "sessionId": session["id"], "newDate": session["scheduledDate"], "newTime": "17:00",
        "reason": "a feast",
    });
    let asked = app.call("POST", "/admin/reschedule", &student_token(student), &body);
    let path = format!(
        "/admin/reschedule/{}/approve",
        data(&asked)["id"].as_str().unwrap()
    );
    let refused = app.call("POST", &path, &operator_token(), &json!({}));
    assert_eq!(
        (refused.status, &json_of(&refused)["code"]),
        (409, &json!("SLOT_TAKEN"))
    );
    assert_eq!(app.sessions(student)[9], session);
    app.finish_pending_work().await;
    app.check_invariants().await;
    for student in [student, other] {
        app.check_student(student, 0).await;
    }
}

pub(crate) async fn substitution_moves_the_reservation_data_3(app: TestPlatform) {
    let (app, peer, trainer) = open(app).await;
    let student = allocated(&app, "16:00", 10);
    let substitute = app.approve(&peer, 3.0).await;
    let session = app.sessions(student)[5].clone();
    let body = json!({
        "sessionDate": session["scheduledDate"], "originalTrainerId": trainer,
        "studentId": student, "substituteTrainerId": substitute, "reason": "ill",
    });
    data(&app.call("POST", "/admin/substitutions", &operator_token(), &body));
    assert_eq!(app.sessions(student)[5]["trainerId"], json!(substitute));
    assert_eq!(app.booked_slots(student).await, 10);
    app.finish_pending_work().await;
    app.check_invariants().await;
    app.check_student(student, 0).await;
}

pub(crate) async fn cancelled_allocation_frees_its_slots_data_3(app: TestPlatform) {
    let (app, _peer, _) = open(app).await;
    let student = allocated(&app, "16:00", 10);
    let allocation = app.wait_for_allocation(student, "approved");
    let path = format!(
        "/admin/allocations/{}/cancel",
        allocation["id"].as_str().unwrap()
    );
    let body = json!({ "reason": "moved away" });
    data(&app.call("POST", &path, &operator_token(), &body));
    assert_eq!(app.booked_slots(student).await, 0);
    // Another student gets the same slots.
    let other = allocated(&app, "16:00", 10);
    assert_eq!(app.booked_slots(other).await, 10);
    app.finish_pending_work().await;
    app.check_invariants().await;
}
