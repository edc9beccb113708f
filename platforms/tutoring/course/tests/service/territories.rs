use serde_json::{Value, json};
use tutoring_contract::{
    Territory,
    events::{BusinessEvent, TrainerAllocated},
};
use tutoring_testkit::district_token;
use uuid::Uuid;

use crate::{
    app::{TestApp, allocated, data, operator, student_token, wait_for},
    projects::{complete, project, submit},
};

const STUDENT: Uuid = Uuid::from_u128(7);
const PERMISSIONS: [&str; 3] = ["student:read", "project:review", "course:write"];
const DISTRICT: (&str, &str) = ("Kerala", "Ernakulam");
const ELSEWHERE: (&str, &str) = ("Kerala", "Idukki");

/// The last allocation decides who sees a student. Only super admins change the catalogue.
pub(crate) async fn territory_limits_administrators_of_students_auth_5(app: TestApp) {
    let course = app.course();
    app.pay(1, STUDENT, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    let token = |district| district_token(Uuid::from_u128(2), &PERMISSIONS, district);
    let (within, outside) = (token(DISTRICT), token(ELSEWHERE));
    complete(&app, STUDENT, course, 0);
    let work = project(&app, STUDENT, &app.level(course, 0));
    let work = data(&submit(&app, STUDENT, &work))["id"].clone();
    let assignment = json!({ "courseId": course, "title": "Draw a circle", "maxScore": 20 });
    let assignment = data(&app.call("POST", "/assignments", &operator(), &assignment));
    let assignment = assignment["id"].as_str().unwrap().to_owned();
    let sent = app.call(
        "POST",
        &format!("/assignments/{assignment}/submit"),
        &student_token(STUDENT),
        &json!({ "text": "Done" }),
    );
    let sent = data(&sent)["id"].clone();

    let of_student = format!("/students/{STUDENT}");
    let session = app.session_of_level(course, 0);
    let (none, review, grade) = (
        Value::Null,
        json!({ "status": "approved" }),
        json!({ "score": 20 }),
    );
    let routes = [
        (
            "GET",
            format!("{of_student}/courses/{course}/purchase"),
            &none,
        ),
        (
            "GET",
            format!("{of_student}/courses/{course}/progress"),
            &none,
        ),
        (
            "GET",
            format!("{of_student}/courses/{course}/access/{session}"),
            &none,
        ),
        ("GET", format!("{of_student}/projects"), &none),
        (
            "POST",
            format!("/projects/{}/review", work.as_str().unwrap()),
            &review,
        ),
        (
            "POST",
            format!("/submissions/{}/grade", sent.as_str().unwrap()),
            &grade,
        ),
    ];
    let refuse = |token: &str| {
        for (method, path, body) in &routes {
            let refused = app.call(method, path, token, body);
            assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
        }
    };
    // The place of a student without an allocation is unknown.
    refuse(&within);
    let territory = |(state, district): (&str, &str)| Territory {
        state: Some(state.to_owned()),
        district: Some(district.to_owned()),
        ..Territory::default()
    };
    let announce = async |district, timestamp: Option<i64>| {
        let mut event = BusinessEvent::new(TrainerAllocated {
            territory: Some(territory(district)),
            ..allocated(STUDENT, course)
        });
        event.timestamp = timestamp.unwrap_or(event.timestamp);
        app.publish(&event).await;
    };
    announce(DISTRICT, None).await;
    let purchase = &routes[0].1;
    wait_for("the place of the student", || {
        (app.get(purchase, &within).status == 200).then_some(())
    });
    refuse(&outside);
    // The service ignores an older event. It handles events of one student in order.
    announce(ELSEWHERE, Some(1)).await;
    announce(DISTRICT, None).await;
    for (method, path, body) in &routes {
        let answer = app.call(method, path, &within, body);
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.body
        );
    }

    let draft = json!({ "title": "Own", "category": "Coding", "difficulty": "beginner" });
    let phase = json!({ "sequence": 1, "title": "First" });
    for (method, path, body) in [
        ("POST", "/courses".to_owned(), &draft),
        ("PATCH", format!("/courses/{course}"), &draft),
        ("DELETE", format!("/courses/{course}"), &none),
        ("POST", format!("/courses/{course}/phases"), &phase),
        (
            "GET",
            format!("/assignments/{assignment}/submissions"),
            &none,
        ),
    ] {
        let refused = app.call(method, &path, &within, body);
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
    }
}
