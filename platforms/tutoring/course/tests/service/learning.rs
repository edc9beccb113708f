use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{PDF, TRAINER, TestApp, VIDEO, data, json_of, operator, student_token, token};

const STUDENT: Uuid = Uuid::from_u128(7);

/// Creates a published course with a video, a sheet and a quiz of two questions in each session.
/// Returns the course.
fn course_with_media(app: &TestApp) -> Uuid {
    let operator = operator();
    let send = |method: &str, path: &str, body: Value| app.call(method, path, &operator, &body);
    let video = app.upload(&operator, "video", "video/mp4", VIDEO);
    let sheet = app.upload(&operator, "document", "application/pdf", PDF);
    let course = json!({ "title": "Films", "category": "Video Making", "difficulty": "beginner" });
    let course = data(&send("POST", "/courses", course));
    let path = format!("/courses/{}", course["id"].as_str().unwrap());
    let phase = json!({ "sequence": 1, "title": "Camera" });
    let phase = data(&send("POST", &format!("{path}/phases"), phase));
    let question = |correct: u8| json!({ "text": "Where is the light?", "options": ["left", "right"], "correctAnswerIndex": correct });
    for level in phase["levels"].as_array().unwrap() {
        let sessions = format!("/levels/{}/sessions", level["id"].as_str().unwrap());
        for number in 1..=10 {
            let session = json!({ "sessionNumber": number, "title": "A lesson", "videoKey": video,
                "sheetKey": sheet, "quiz": [question(0), question(1)] });
            let created = send("POST", &sessions, session);
            assert_eq!(created.status, 201, "{}", created.body);
        }
    }
    let published = send("PATCH", &path, json!({ "status": "published" }));
    assert_eq!(published.status, 200, "{}", published.body);
    course["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn sessions_are_open_to_students_with_access_auth_5(app: TestApp) {
    let course = course_with_media(&app);
    app.pay(1, STUDENT, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    let session = app.session_of_level(course, 0);
    let path = format!("/sessions/{session}");
    let shown = data(&app.get(&path, &student_token(STUDENT)));
    assert_eq!(shown["progress"]["status"], "not_started");
    for question in shown["quiz"].as_array().unwrap() {
        assert!(question.get("correctAnswerIndex").is_none(), "{question}");
    }
    let video = app.download(shown["videoUrl"].as_str().unwrap());
    assert_eq!((video.status, &*video.body), (200, VIDEO));
    assert_eq!(app.download(shown["sheetUrl"].as_str().unwrap()).body, PDF);
    // A level that is not bought, other students, and trainers without a student in the course.
    let other = format!("/sessions/{}", app.session_of_level(course, 1));
    assert_eq!(app.get(&other, &student_token(STUDENT)).status, 403);
    let other_user = student_token(Uuid::from_u128(8));
    assert_eq!(app.get(&path, &other_user).status, 403);
    let trainer = token(TRAINER, Role::Trainer, &[]);
    assert_eq!(app.get(&path, &trainer).status, 404);
    app.allocate(STUDENT, course).await;
    crate::app::wait_for("the allocation", || {
        (app.get(&path, &trainer).status == 200).then_some(())
    });
    assert_eq!(app.get(&path, &operator()).status, 200);
    let without = token(Uuid::from_u128(1), Role::Admin, &["student:read"]);
    assert_eq!(app.get(&path, &without).status, 403);
    // The public list names the keys of the files, and has no quiz.
    let level = app.level(course, 0);
    let listed = data(&app.get(&format!("/levels/{level}/sessions"), ""));
    assert!(
        listed["items"][0]["videoKey"]
            .as_str()
            .unwrap()
            .starts_with("uploads/")
    );
    assert!(listed["items"][0].get("quiz").is_none());
}

pub(crate) async fn stored_flags_complete_a_session_api_1(app: TestApp) {
    let course = course_with_media(&app);
    app.pay(1, STUDENT, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    let session = app.session_of_level(course, 0);
    let student = student_token(STUDENT);
    let post =
        |part: &str, body: Value| app.call("POST", &format!("/progress/{part}"), &student, &body);
    let id = json!({ "sessionId": session });
    let shown = data(&app.get(&format!("/sessions/{session}"), &student));
    let quiz = |first: u8, second: u8| {
        let questions = &shown["quiz"];
        let answers = json!([
            { "questionId": questions[0]["id"], "selectedAnswerIndex": first },
            { "questionId": questions[1]["id"], "selectedAnswerIndex": second },
        ]);
        json!({ "sessionId": session, "answers": answers })
    };
    let progress = data(&post("sheet-previewed", id.clone()));
    assert_eq!(
        (&progress["status"], &progress["sheetPreviewed"]),
        (&json!("in_progress"), &json!(true))
    );
    // An empty list does not complete the quiz.
    let none = post("quiz", json!({ "sessionId": session, "answers": [] }));
    assert_eq!(none.status, 400, "{}", none.body);
    assert_eq!(json_of(&none)["errors"][0]["field"], "answers");
    // The score of a legacy client is ignored.
    let mut claimed = quiz(0, 0);
    claimed["score"] = json!(2);
    let progress = data(&post("quiz", claimed));
    assert_eq!(
        (&progress["quizScore"], &progress["quizMaxScore"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(progress["status"], "in_progress");
    // The video alone completes the session, because the quiz is stored. Legacy clients send the
    // student, too. The token decides.
    let mut watched = id;
    watched["studentId"] = json!(Uuid::from_u128(8));
    let progress = data(&post("video-watched", watched));
    assert_eq!(progress["status"], "completed");
    // A worse result does not replace a better one.
    let progress = data(&post("quiz", quiz(1, 0)));
    assert_eq!(
        (&progress["quizScore"], &progress["status"]),
        (&json!(1), &json!("completed"))
    );
    assert_eq!(data(&post("quiz", quiz(0, 1)))["quizScore"], 2);
    let level = app.level(course, 0);
    let completion = data(&app.get(&format!("/levels/{level}/completion"), &student));
    assert_eq!(
        completion,
        json!({ "completed": false, "completedSessions": 1, "totalSessions": 10 })
    );
    let path = format!("/students/{STUDENT}/courses/{course}/progress");
    let progress = data(&app.get(&path, &student));
    let statuses: Vec<_> = [0, 1, 10]
        .map(|index: usize| progress["sessions"][index]["status"].clone())
        .into();
    assert_eq!(statuses, ["completed", "not_started", "locked"]);
    assert_eq!(progress["completedSessions"], 0, "the delivered sessions");
    // Without access no progress is stored.
    let locked = json!({ "sessionId": app.session_of_level(course, 1) });
    assert_eq!(post("video-watched", locked).status, 403);
    let unknown = json!({ "sessionId": Uuid::from_u128(1) });
    assert_eq!(post("video-watched", unknown).status, 404);
}

pub(crate) async fn uploads_are_checked_by_content_file_1(app: TestApp) {
    let student = student_token(STUDENT);
    let sign = |body: Value| app.call("POST", "/upload/sign", &student, &body);
    let wrong = sign(json!({ "kind": "image", "contentType": "text/html", "size": 3 }));
    assert_eq!(json_of(&wrong)["errors"][0]["field"], "contentType");
    let large = sign(json!({ "kind": "image", "contentType": "image/png", "size": 20_000_000 }));
    assert_eq!(json_of(&large)["errors"][0]["field"], "size");
    let signed = data(&sign(
        json!({ "kind": "document", "contentType": "application/pdf", "size": 3 }),
    ));
    assert_eq!(signed["maxSize"], 20 * 1024 * 1024);
    let key = signed["key"].as_str().unwrap();
    assert!(key.starts_with("uploads/document/"), "{key}");
    // The content cannot be replaced while the URL is valid.
    assert_eq!(app.put(&signed, "%PD").status, 200);
    assert_eq!(app.put(&signed, "<a>").status, 409);
    // The content of a session: a file that is missing, one of another user, and one that is not a
    // video.
    let operator = operator();
    let level = app.draft_level();
    let add = |key: &str| {
        let session = json!({ "sessionNumber": 1, "title": "A lesson", "videoKey": key });
        app.call(
            "POST",
            &format!("/levels/{level}/sessions"),
            &operator,
            &session,
        )
    };
    let foreign = app.upload(&student, "video", "video/mp4", VIDEO);
    let page = app.upload(&operator, "video", "video/mp4", "<html>and more</html>");
    let missing = data(&app.call(
        "POST",
        "/upload/sign",
        &operator,
        &json!({ "kind": "video", "contentType": "video/mp4", "size": 3 }),
    ));
    for key in [&foreign, &page, missing["key"].as_str().unwrap()] {
        let refused = add(key);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], "videoKey");
    }
    assert_eq!(
        add(&app.upload(&operator, "video", "video/mp4", VIDEO)).status,
        201
    );
}

pub(crate) async fn old_uploads_have_no_owner_file_1(app: TestApp) {
    let operator = operator();
    let level = app.draft_level();
    let (old, recent) = (
        app.upload(&operator, "video", "video/mp4", VIDEO),
        app.upload(&operator, "video", "video/mp4", VIDEO),
    );
    let database = app.database().await;
    for (key, days) in [(&old, 91), (&recent, 89)] {
        sql("UPDATE uploads SET created_at = ? WHERE object_key = ?")
            .bind(Utc::now() - TimeDelta::days(days))
            .bind(key.as_str())
            .execute(&database)
            .await
            .unwrap();
    }
    app.run_worker("purge uploads");
    for (key, status) in [(&old, 400), (&recent, 201)] {
        let session = json!({ "sessionNumber": 1, "title": "A lesson", "videoKey": key });
        let path = format!("/levels/{level}/sessions");
        let added = app.call("POST", &path, &operator, &session);
        assert_eq!(added.status, status, "{}", added.body);
    }
}
