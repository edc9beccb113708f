use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::{Role, events::BusinessEvent};
use tutoring_testkit::audit_entries;
use uuid::Uuid;

use crate::app::{
    PDF, TRAINER, TestApp, VIDEO, allocated, data, json_of, operator, student_token, token,
    wait_for,
};

const STUDENT: Uuid = Uuid::from_u128(7);

/// Returns a project of a level, with uploaded files.
pub(crate) fn project(app: &TestApp, student: Uuid, level: &str) -> Value {
    let token = student_token(student);
    json!({
        "levelId": level,
        "projectVideoUrl": app.upload(&token, "video", "video/mp4", VIDEO),
        "projectPdfUrl": app.upload(&token, "document", "application/pdf", PDF),
        "title": "A robot that draws",
    })
}

pub(crate) fn submit(app: &TestApp, student: Uuid, project: &Value) -> HttpResponse {
    app.call("POST", "/projects", &student_token(student), project)
}

/// Completes all sessions of a level.
pub(crate) fn complete(app: &TestApp, student: Uuid, course: Uuid, level: usize) {
    let structure = data(&app.get(&format!("/courses/{course}/structure"), ""));
    let sessions = structure["phases"][0]["levels"][level]["sessions"].clone();
    for session in sessions.as_array().unwrap() {
        let id = &session["id"];
        for (part, body) in [
            ("video-watched", json!({ "sessionId": id })),
            ("quiz", json!({ "sessionId": id, "answers": [] })),
        ] {
            let path = format!("/progress/{part}");
            let seen = app.call("POST", &path, &student_token(student), &body);
            assert_eq!(seen.status, 200, "{}", seen.body);
        }
    }
}

fn review(app: &TestApp, token: &str, id: &Value, review: &Value) -> HttpResponse {
    let path = format!("/projects/{}/review", id.as_str().unwrap());
    app.call("POST", &path, token, review)
}

/// Buys the sample course for the student. Returns the course.
async fn buy(app: &TestApp, payment: u128, student: Uuid, sessions: u64) -> Uuid {
    let course = app.course();
    app.pay(payment, student, course, sessions).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", student, 1);
    course
}

pub(crate) async fn level_has_one_project_data_3(app: TestApp) {
    let course = buy(&app, 1, STUDENT, 10).await;
    let level = app.level(course, 0);
    let first = project(&app, STUDENT, &level);
    // All sessions come first.
    let early = submit(&app, STUDENT, &first);
    assert_eq!(early.status, 400, "{}", early.body);
    assert_eq!(json_of(&early)["errors"][0]["field"], "levelId");
    complete(&app, STUDENT, course, 0);
    // Files of another user, and files with other content.
    let mut wrong = project(&app, Uuid::from_u128(8), &level);
    wrong["imageUrls"] = json!(["uploads/x"]);
    let fields = json_of(&submit(&app, STUDENT, &wrong))["errors"].clone();
    let fields: Vec<_> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["projectVideoUrl", "projectPdfUrl", "imageUrls[0]"]);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let submits: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| submit(&app, STUDENT, &first).status))
            .collect();
        submits
            .into_iter()
            .map(|submit| submit.join().unwrap())
            .collect()
    });
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(201), count(409)), (1, 3), "{statuses:?}");
    // A level that is not bought.
    let locked = project(&app, STUDENT, &app.level(course, 1));
    assert_eq!(submit(&app, STUDENT, &locked).status, 403);
    // The visibility follows the level, and a project is private to its student.
    let own = format!("/students/{STUDENT}/projects");
    let list = data(&app.get(&own, &student_token(STUDENT)));
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["visibility"], "private");
    assert_eq!(
        app.get(&own, &student_token(Uuid::from_u128(8))).status,
        403
    );
    let file = app.download(list["items"][0]["projectPdfUrl"].as_str().unwrap());
    assert_eq!(file.body, PDF);
}

pub(crate) async fn trainer_of_the_student_reviews_auth_5(app: TestApp) {
    let course = buy(&app, 1, STUDENT, 10).await;
    complete(&app, STUDENT, course, 0);
    let new = project(&app, STUDENT, &app.level(course, 0));
    let id = data(&submit(&app, STUDENT, &new))["id"].clone();
    let trainer = token(TRAINER, Role::Trainer, &[]);
    let revision = json!({ "status": "revision_required", "feedback": "Show the wheels." });
    // A trainer without this student, and one of another course.
    app.allocate(STUDENT, Uuid::from_u128(0xc0)).await;
    assert_eq!(review(&app, &trainer, &id, &revision).status, 404);
    app.allocate(STUDENT, course).await;
    let own = format!("/students/{STUDENT}/projects");
    wait_for("the allocation", || {
        let list = json_of(&app.get(&own, &trainer));
        list["data"]["items"].get(0).map(drop)
    });
    for wrong in [
        json!({ "status": "pending" }),
        json!({ "status": "approved", "rating": 6 }),
    ] {
        assert_eq!(review(&app, &trainer, &id, &wrong).status, 400);
    }
    let colleague = token(Uuid::from_u128(0x7b), Role::Trainer, &["project:review"]);
    assert_eq!(review(&app, &colleague, &id, &revision).status, 404);
    let reviewed = data(&review(&app, &trainer, &id, &revision));
    assert_eq!(
        (&reviewed["status"], &reviewed["feedback"]),
        (&revision["status"], &revision["feedback"])
    );
    assert_eq!(review(&app, &trainer, &id, &revision).status, 409);
    let notification = app.wait_for_notifications(STUDENT, 1);
    assert_eq!(notification["data"]["status"], "revision_required");
    // The student revises the project, and it can be reviewed again.
    let revised = data(&submit(&app, STUDENT, &new));
    assert_eq!(
        (&revised["id"], &revised["status"]),
        (&id, &json!("pending"))
    );
    assert_eq!(revised["feedback"], Value::Null);
    // The allocation ends, and its beginning is delivered again.
    app.deallocate(STUDENT, course).await;
    wait_for("the end of the allocation", || {
        let list = json_of(&app.get(&own, &trainer));
        list["data"]["items"].get(0).is_none().then_some(())
    });
    app.allocate(STUDENT, course).await;
    // The next message of the same key has arrived, so the repeat has, too.
    let next = BusinessEvent::new(allocated(Uuid::from_u128(9), course));
    app.publish_with_key(&next, &STUDENT.to_string()).await;
    let session = format!("/sessions/{}", app.session_of_level(course, 0));
    wait_for("the next allocation", || {
        (app.get(&session, &trainer).status == 200).then_some(())
    });
    let wrong = json!({ "status": "perfect", "feedback": "\u{0}", "rating": 6 });
    let refused = json_of(&review(&app, &trainer, &id, &wrong));
    let fields: Vec<_> = refused["errors"].as_array().unwrap().iter().collect();
    let fields: Vec<_> = fields.iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["status", "feedback", "rating"]);
    let approval = json!({ "status": "approved", "rating": 5 });
    assert_eq!(review(&app, &trainer, &id, &approval).status, 404);
    // An administrator needs the permission.
    assert_eq!(review(&app, &operator(), &id, &approval).status, 403);
    let reviewer = token(Uuid::from_u128(1), Role::Admin, &["project:review"]);
    assert_eq!(data(&review(&app, &reviewer, &id, &approval))["rating"], 5);
    let reviewed = audit_entries(&app.database().await, "project.review").await;
    assert_eq!(reviewed.len(), 1, "{reviewed:?}");
    assert_eq!(
        (&reviewed[0]["before"], &reviewed[0]["after"]),
        (&json!("pending"), &json!("approved"))
    );
    app.check_invariants();
}

pub(crate) async fn galleries_show_approved_projects_auth_5(app: TestApp) {
    let course = buy(&app, 1, STUDENT, 30).await;
    let reviewer = token(Uuid::from_u128(1), Role::Admin, &["project:review"]);
    let mut ids = Vec::new();
    for level in 0..3 {
        complete(&app, STUDENT, course, level);
        let new = project(&app, STUDENT, &app.level(course, level));
        ids.push(data(&submit(&app, STUDENT, &new))["id"].clone());
    }
    let shown = |path: &str, token: &str| {
        let list = data(&app.get(path, token));
        let items = list["items"].as_array().unwrap().clone();
        // Neither the fields nor the links contain the student.
        assert!(!list.to_string().contains(&STUDENT.to_string()), "{list}");
        assert_eq!(list["pagination"]["total"], items.len());
        assert_eq!(list["pagination"]["limit"], 50);
        items
            .iter()
            .map(|item| item["id"].clone())
            .collect::<Vec<_>>()
    };
    let student = student_token(Uuid::from_u128(8));
    assert_eq!(shown("/projects/public", ""), [] as [Value; 0]);
    for id in &ids {
        let approval = json!({ "status": "approved" });
        assert_eq!(review(&app, &reviewer, id, &approval).status, 200);
    }
    // Foundation is private, development is for students, and mastery is public.
    assert_eq!(shown("/projects/public", ""), [ids[2].clone()]);
    assert_eq!(shown("/projects/community", &student), [ids[1].clone()]);
    assert_eq!(app.get("/projects/community", "").status, 401);
    let second = data(&app.get("/projects/public?page=2&limit=1", ""));
    let pagination = json!({ "total": 1, "page": 2, "limit": 1, "pages": 1 });
    assert_eq!(
        (&second["items"], &second["pagination"]),
        (&json!([]), &pagination)
    );
    // The list of the student has all levels, the newest first.
    let own = format!("/students/{STUDENT}/projects?page=2&limit=2");
    let list = data(&app.get(&own, &student_token(STUDENT)));
    assert_eq!(list["items"][0]["id"], ids[0]);
    assert_eq!(list["pagination"]["total"], 3);
}
