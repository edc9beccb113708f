use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::{audit_entries, audited_change};
use uuid::Uuid;

use crate::app::{
    PDF, TRAINER, TestApp, VIDEO, data, json_of, operator, student_token, token, wait_for,
};

const STUDENT: Uuid = Uuid::from_u128(7);
const OTHER: Uuid = Uuid::from_u128(8);

/// Buys the sample course for the student. Returns the course.
async fn buy(app: &TestApp) -> Uuid {
    let course = app.course();
    app.pay(1, STUDENT, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    course
}

fn post(app: &TestApp, path: &str, token: &str, body: &Value) -> HttpResponse {
    app.call("POST", path, token, body)
}

fn assign(app: &TestApp, course: Uuid) -> String {
    let body = json!({ "courseId": course, "title": "Draw a circle", "maxScore": 20 });
    let created = data(&post(app, "/assignments", &operator(), &body));
    created["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn student_sends_one_submission_data_3(app: TestApp) {
    let course = buy(&app).await;
    let id = assign(&app, course);
    let path = format!("/assignments/{id}/submit");
    let student = student_token(STUDENT);
    for (wrong, field) in [
        (json!({}), "text"),
        (json!({ "fileKeys": ["uploads/x"] }), "fileKeys[0]"),
    ] {
        let refused = post(&app, &path, &student, &wrong);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], field);
    }
    // Legacy clients send further fields, which are ignored.
    let work = json!({
        "text": "Done",
        "studentId": OTHER,
        "score": 20,
        "fileKeys": [app.upload(&student, "document", "application/pdf", PDF)],
    });
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let submits: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| post(&app, &path, &student, &work).status))
            .collect();
        submits
            .into_iter()
            .map(|submit| submit.join().unwrap())
            .collect()
    });
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(201), count(409)), (1, 3), "{statuses:?}");
    let shown = data(&app.get(&format!("/assignments/{id}"), &student));
    assert_eq!(shown["submission"]["text"], "Done");
    assert_eq!(shown["submission"]["studentId"], json!(STUDENT));
    assert_eq!(shown["submission"]["score"], Value::Null);
    let file = shown["submission"]["fileUrls"][0].as_str().unwrap();
    assert_eq!(app.download(file).body, PDF);
    // A student without a purchase, and an assignment whose time is over.
    let other_user = student_token(OTHER);
    assert_eq!(post(&app, &path, &other_user, &work).status, 403);
    let late = json!({ "title": "Yesterday", "dueAt": "2026-01-01T00:00:00Z" });
    let late = post(
        &app,
        &format!("/courses/{course}/assignments"),
        &operator(),
        &late,
    );
    let late = format!(
        "/assignments/{}/submit",
        data(&late)["id"].as_str().unwrap()
    );
    let work = json!({ "text": "Done" });
    assert_eq!(post(&app, &late, &student, &work).status, 409);
    let list = data(&app.get(&format!("/courses/{course}/assignments"), &student));
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let pagination = json!({ "total": 2, "page": 1, "limit": 20, "pages": 1 });
    assert_eq!(list["pagination"], pagination);
}

pub(crate) async fn submissions_are_filtered_before_pages_api_3(app: TestApp) {
    let course = buy(&app).await;
    let id = assign(&app, course);
    let path = format!("/assignments/{id}/submit");
    // The trainer's own student sends the oldest submission.
    let body = json!({ "text": "Done" });
    assert_eq!(
        post(&app, &path, &student_token(STUDENT), &body).status,
        201
    );
    for number in 100..103 {
        let student = Uuid::from_u128(number);
        app.pay(number, student, course, 10).await;
        app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
        assert_eq!(
            post(&app, &path, &student_token(student), &body).status,
            201
        );
    }
    app.allocate(STUDENT, course).await;
    let trainer = token(TRAINER, Role::Trainer, &[]);
    let list = format!("/assignments/{id}/submissions?limit=1");
    let shown = wait_for("the allocation", || {
        let shown = app.get(&list, &trainer);
        (shown.status == 200).then(|| data(&shown))
    });
    assert_eq!(shown["items"][0]["studentId"], json!(STUDENT));
    assert_eq!(shown["pagination"]["total"], 1);
    let all = data(&app.get(&format!("{list}&page=4"), &operator()));
    assert_eq!(all["items"][0]["studentId"], json!(STUDENT));
    assert_eq!(all["pagination"]["pages"], 4);
}

pub(crate) async fn trainer_of_the_student_grades_auth_5(app: TestApp) {
    let course = buy(&app).await;
    let id = assign(&app, course);
    let work = json!({ "text": "Done" });
    let path = format!("/assignments/{id}/submit");
    let sent = data(&post(&app, &path, &student_token(STUDENT), &work));
    let grade = format!("/submissions/{}/grade", sent["id"].as_str().unwrap());
    let trainer = token(TRAINER, Role::Trainer, &[]);
    let good = json!({ "score": 18, "feedback": "Round." });
    // A trainer of another student in the course.
    app.allocate(OTHER, course).await;
    let list = format!("/assignments/{id}/submissions");
    wait_for("the allocation", || {
        (app.get(&list, &trainer).status == 200).then_some(())
    });
    assert_eq!(data(&app.get(&list, &trainer))["items"], json!([]));
    assert_eq!(post(&app, &grade, &trainer, &good).status, 404);
    app.allocate(STUDENT, course).await;
    wait_for("the allocation", || {
        let list = data(&app.get(&list, &trainer));
        list["items"].get(0).map(drop)
    });
    assert_eq!(
        post(&app, &grade, &trainer, &json!({ "score": 21 })).status,
        400
    );
    let graded = data(&post(&app, &grade, &trainer, &good));
    assert_eq!(
        (&graded["score"], &graded["feedback"]),
        (&json!(18), &json!("Round."))
    );
    let notification = app.wait_for_notifications(STUDENT, 1);
    assert_eq!(notification["notificationType"], "assignment");
    assert_eq!(
        notification["body"],
        "18 of 20 points for \"Draw a circle\"."
    );
    let shown = data(&app.get(&format!("/assignments/{id}"), &student_token(STUDENT)));
    assert_eq!(shown["submission"]["score"], 18);
    // An administrator with the permission, and others.
    assert_eq!(
        post(&app, &grade, &operator(), &json!({ "score": 19 })).status,
        200
    );
    // Only the writes of administrators have entries.
    let database = app.database().await;
    let created = audit_entries(&database, "assignment.create").await;
    assert_eq!(
        audited_change(&created[0], "title"),
        (Value::Null, json!("Draw a circle"))
    );
    let graded = audit_entries(&database, "submission.grade").await;
    assert_eq!(graded.len(), 1, "{graded:?}");
    assert_eq!(
        (&graded[0]["before"], &graded[0]["after"]),
        (&json!("18"), &json!("19"))
    );
    let without = token(Uuid::from_u128(1), Role::Admin, &["student:read"]);
    assert_eq!(post(&app, &grade, &without, &good).status, 403);
    let colleague = token(Uuid::from_u128(0x7b), Role::Trainer, &["course:write"]);
    assert_eq!(post(&app, &grade, &colleague, &good).status, 404);
    assert_eq!(app.get(&list, &colleague).status, 403);
}

pub(crate) async fn files_of_a_course_need_access_auth_5(app: TestApp) {
    let course = buy(&app).await;
    let operator = operator();
    for (kind, media, media_type, content) in [
        ("videos", "video", "video/mp4", VIDEO),
        ("materials", "document", "application/pdf", PDF),
    ] {
        let path = format!("/courses/{course}/{kind}");
        let key = app.upload(&operator, media, media_type, content);
        let file = json!({ "title": "Introduction", "fileKey": key });
        let added = post(&app, &path, &operator, &file);
        assert_eq!(added.status, 201, "{}", added.body);
        let other = match media {
            "video" => app.upload(&operator, "document", "application/pdf", PDF),
            _ => app.upload(&operator, "video", "video/mp4", VIDEO),
        };
        let wrong = json!({ "title": "Introduction", "fileKey": other });
        assert_eq!(post(&app, &path, &operator, &wrong).status, 400);
        let shown = data(&app.get(&path, &student_token(STUDENT)));
        let url = shown["items"][0]["url"].as_str().unwrap();
        assert_eq!(app.download(url).body, content);
        assert_eq!(app.get(&path, &student_token(OTHER)).status, 403);
        let trainer = token(TRAINER, Role::Trainer, &[]);
        assert_eq!(app.get(&path, &trainer).status, 403);
    }
    let videos = data(&app.get(&format!("/courses/{course}/videos"), &operator));
    let video = format!("/videos/{}", videos["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(&video, &student_token(STUDENT)).status, 200);
    assert_eq!(app.get(&video, &student_token(OTHER)).status, 403);
}

pub(crate) async fn phase_has_its_levels_from_the_start_api_1(app: TestApp) {
    let operator = operator();
    let course = json!({ "title": "Draft", "category": "Coding", "difficulty": "beginner" });
    let course = data(&post(&app, "/courses", &operator, &course))["id"].clone();
    let phases = format!("/courses/{}/phases", course.as_str().unwrap());
    let phase = json!({ "sequence": 1, "title": "First" });
    let phase = data(&post(&app, &phases, &operator, &phase));
    let path = format!("/phases/{}/levels", phase["id"].as_str().unwrap());
    let level = json!({ "sequence": 2, "levelType": "development" });
    assert_eq!(
        data(&post(&app, &path, &operator, &level)),
        phase["levels"][1]
    );
    for wrong in [
        json!({ "sequence": 4 }),
        json!({ "sequence": 2, "levelType": "mastery" }),
    ] {
        assert_eq!(post(&app, &path, &operator, &wrong).status, 400);
    }
}
