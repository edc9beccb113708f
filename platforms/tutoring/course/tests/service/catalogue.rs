use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::app::{TestApp, data, operator, service_token, student_token, token};

pub(crate) async fn course_is_published_with_its_structure_api_1(app: TestApp) {
    let operator = operator();
    let send = |method: &str, path: &str, body: Value| app.call(method, path, &operator, &body);
    let course = json!({ "title": "Films", "category": "Video Making", "difficulty": "beginner" });
    let created = data(&send("POST", "/courses", course));
    let id = created["id"].as_str().unwrap().to_owned();
    let path = format!("/courses/{id}");
    // A draft is not public, and cannot be published without its structure.
    assert_eq!(app.get(&path, "").status, 404);
    let publish = || send("PATCH", &path, json!({ "status": "published" }));
    assert_eq!(publish().status, 409);
    let phases = format!("{path}/phases");
    let phase = data(&send(
        "POST",
        &phases,
        json!({ "sequence": 1, "title": "Camera" }),
    ));
    assert_eq!(
        send("POST", &phases, json!({ "sequence": 1, "title": "Again" })).status,
        409
    );
    assert_eq!(publish().status, 409, "without sessions");
    assert_eq!(app.get(&phases, "").status, 404, "the phases of a draft");
    // The operator reads the levels of the phase by the IDs in the response of the phase.
    let levels = phase["levels"].as_array().unwrap().clone();
    let types: Vec<_> = levels
        .iter()
        .map(|level| level["levelType"].clone())
        .collect();
    assert_eq!(types, ["foundation", "development", "mastery"]);
    for level in &levels {
        let sessions = format!("/levels/{}/sessions", level["id"].as_str().unwrap());
        for number in 1..=10 {
            let session = json!({ "sessionNumber": number, "title": "A lesson" });
            assert_eq!(send("POST", &sessions, session).status, 201);
        }
        let eleventh = json!({ "sessionNumber": 11, "title": "A lesson" });
        assert_eq!(send("POST", &sessions, eleventh).status, 400);
        let again = json!({ "sessionNumber": 1, "title": "A lesson" });
        assert_eq!(send("POST", &sessions, again).status, 409);
    }
    assert_eq!(data(&publish())["status"], "published");
    app.wait_for_course(&id, "published");
    let structure = data(&app.get(&format!("{path}/structure"), ""));
    assert_eq!(
        structure["phases"][0]["levels"][2]["sessions"][9]["sessionNumber"],
        10
    );
    let level = levels[0]["id"].as_str().unwrap();
    let sessions = data(&app.get(&format!("/levels/{level}/sessions?page=2&limit=9"), ""));
    assert_eq!(sessions["items"][0]["sessionNumber"], 10);
    let pagination = json!({ "total": 10, "page": 2, "limit": 9, "pages": 2 });
    assert_eq!(sessions["pagination"], pagination);
    let phase = phase["id"].as_str().unwrap();
    let levels = data(&app.get(&format!("/phases/{phase}/levels"), ""));
    assert_eq!(levels["pagination"]["total"], 3);
    let shown = data(&app.get(&phases, ""));
    assert_eq!(shown["pagination"]["total"], 1);
    // The structure of a published course is fixed, and the end is the archive.
    let more = json!({ "sequence": 2, "title": "Cut" });
    assert_eq!(send("POST", &phases, more).status, 409);
    assert_eq!(send("DELETE", &path, Value::Null).status, 200);
    app.wait_for_course(&id, "archived");
    assert_eq!(app.get(&path, "").status, 404);
    assert_eq!(publish().status, 409);

    // Each write of the operator has an entry with the fields before and after it.
    let database = app.database().await;
    let text = "SELECT action, details FROM audit_log WHERE target_id = ? ORDER BY sequence";
    let rows: Vec<(String, String)> = sql(text).bind(&*id).fetch_all(&database).await.unwrap();
    let actions: Vec<_> = rows.iter().map(|(action, _)| action.as_str()).collect();
    let of = |action: &str| actions.iter().filter(|one| **one == action).count();
    assert_eq!(
        (
            of("course.add_phase"),
            of("course.add_session"),
            of("course.change")
        ),
        (1, 30, 2),
        "{actions:?}"
    );
    let (_, published) = rows
        .iter()
        .find(|(action, _)| action == "course.change")
        .unwrap();
    let published: Value = serde_json::from_str(published).unwrap();
    let status = |name: &str| {
        let members: Value = serde_json::from_str(published[name].as_str().unwrap()).unwrap();
        members["status"].clone()
    };
    assert_eq!(
        (status("before"), status("after")),
        (json!("draft"), json!("published"))
    );
}

pub(crate) async fn catalogue_is_filtered_and_paged_api_3(app: TestApp) {
    let count = |query: &str| {
        let list = data(&app.get(&format!("/courses?{query}"), ""));
        list["pagination"]["total"].as_u64().unwrap()
    };
    assert_eq!(count(""), 1);
    assert_eq!(
        count("search=ROBO&category=Robotics&difficulty=beginner"),
        1
    );
    assert_eq!(count("category=Coding"), 0);
    // The text is a part of the title, not a pattern.
    for text in ["r%25t", "_obotics", "%25", "!"] {
        assert_eq!(count(&format!("search={text}")), 0, "{text}");
    }
    assert_eq!(app.get("/courses?limit=101", "").status, 400);
    assert_eq!(app.get("/courses/7", "").status, 400);
}

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let id = Uuid::from_u128(7);
    let (student, service, operator) = (student_token(id), service_token(), operator());
    let trainer = token(id, Role::Trainer, &["course:write", "student:read"]);
    let without = token(id, Role::Admin, &["coins:write"]);
    let own = |part: &str| format!("/students/{id}/courses/{id}/{part}");
    for (method, path, allowed) in [
        ("POST", "/courses".to_owned(), &operator),
        ("PUT", format!("/courses/{id}"), &operator),
        ("PATCH", format!("/courses/{id}"), &operator),
        ("DELETE", format!("/courses/{id}"), &operator),
        ("POST", format!("/courses/{id}/phases"), &operator),
        ("POST", format!("/levels/{id}/sessions"), &operator),
        ("PUT", format!("/levels/{id}/exam"), &operator),
        ("GET", format!("/levels/{id}/exam"), &student),
        (
            "POST",
            format!("/students/{id}/levels/{id}/exam/submit"),
            &student,
        ),
        ("GET", format!("/levels/{id}/completion"), &student),
        ("POST", "/progress/video-watched".to_owned(), &student),
        ("POST", "/progress/sheet-previewed".to_owned(), &student),
        ("POST", "/progress/quiz".to_owned(), &student),
        ("POST", "/projects".to_owned(), &student),
        ("GET", "/projects/community".to_owned(), &student),
        ("POST", "/purchases".to_owned(), &service),
        ("POST", format!("/purchases/{id}/upgrade"), &service),
        ("GET", own("purchase"), &student),
        ("GET", own("progress"), &student),
        (
            "GET",
            own("access/00000000-0000-0000-0000-000000000001"),
            &student,
        ),
    ] {
        let body = match method {
            "GET" | "DELETE" => Value::Null,
            _ => json!({}),
        };
        let status = |token: &str| app.call(method, &path, token, &body).status;
        assert_eq!(status(""), 401, "{method} {path}");
        assert_eq!(status("a.b.c"), 401, "{method} {path}");
        let callers = [&student, &trainer, &without, &service, &operator];
        for other in callers.into_iter().filter(|other| *other != allowed) {
            assert_eq!(status(other), 403, "{method} {path}");
        }
        assert!(![401, 403].contains(&status(allowed)), "{method} {path}");
    }
    let other = student_token(Uuid::from_u128(8));
    let own = format!("/students/{id}/courses/{}/purchase", app.course());
    app.pay(1, id, app.course(), 10).await;
    app.wait_for_events("PURCHASE_CREATED", id, 1);
    assert_eq!(app.get(&own, &student).status, 200);
    assert_eq!(app.get(&own, &other).status, 404);
    let reader = token(Uuid::from_u128(1), Role::Admin, &["student:read"]);
    assert_eq!(app.get(&own, &reader).status, 200);
}
