use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};
use tutoring_contract::Role;
use tutoring_testkit::district_token;
use uuid::Uuid;

use crate::app::{STUDENT, TRAINER, TestApp, admin, data, json_of, student, token, trainer};

const READ: &str = "doubt:read";
const WRITE: &str = "doubt:write";

/// Opens a doubt of the student.
pub(crate) fn open(app: &TestApp, question: &str) -> Value {
    let body = json!({ "subject": "Loops", "topic": "While", "question": question });
    let opened = app.api("POST", "/doubts", &student(), &body);
    assert_eq!(opened.status, 201, "{}", opened.body);
    data(&opened)
}

pub(crate) fn path(doubt: &Value, rest: &str) -> String {
    format!("/doubts/{}{rest}", doubt["id"].as_str().unwrap())
}

fn set_status(app: &TestApp, token: &str, doubt: &Value, status: &str) -> (u16, String) {
    let body = json!({ "status": status });
    let changed = app.api("PATCH", &path(doubt, "/status"), token, &body);
    let changed_to = json_of(&changed)["data"]["status"].clone();
    (
        changed.status,
        changed_to.as_str().unwrap_or_default().to_owned(),
    )
}

pub(crate) async fn doubt_moves_from_question_to_closed_api_3(app: TestApp) {
    app.publish_names().await;
    app.allocate().await;
    let doubt = open(&app, "Why does this loop never end?");
    assert_eq!(
        (&doubt["status"], &doubt["type"], &doubt["trainerId"]),
        (
            &json!("pending"),
            &json!("text"),
            &json!(Uuid::from_u128(TRAINER))
        )
    );
    assert_eq!(
        (&doubt["studentName"], &doubt["trainerName"]),
        (&json!("Asha Nair"), &json!("Ravi Menon"))
    );
    let requested = app.wait_for_notifications((TRAINER, &doubt["id"]), 1);
    assert_eq!(
        (&requested[0]["userId"], &requested[0]["role"]),
        (&json!(Uuid::from_u128(TRAINER)), &json!("trainer"))
    );
    // States follow each other, and a student only closes.
    assert_eq!(set_status(&app, &trainer(), &doubt, "closed").0, 409);
    assert_eq!(set_status(&app, &student(), &doubt, "in_progress").0, 403);
    assert_eq!(set_status(&app, &student(), &doubt, "closed").0, 409);
    assert_eq!(set_status(&app, &trainer(), &doubt, "unknown").0, 400);
    let progressing = (200, "in_progress".to_owned());
    assert_eq!(
        set_status(&app, &trainer(), &doubt, "in_progress"),
        progressing
    );
    assert_eq!(
        set_status(&app, &trainer(), &doubt, "in_progress"),
        progressing
    );
    assert_eq!(set_status(&app, &trainer(), &doubt, "pending").0, 409);
    let reply = json!({ "reply": "The condition is always true." });
    let replied = app.api("POST", &path(&doubt, "/reply"), &trainer(), &reply);
    assert_eq!(
        (replied.status, &data(&replied)["status"]),
        (201, &json!("answered"))
    );
    let requested = app.wait_for_notifications((STUDENT, &doubt["id"]), 1);
    assert!(!requested[0].to_string().contains("condition"));
    let shown = data(&app.api("GET", &path(&doubt, ""), &student(), &Value::Null));
    assert_eq!(
        (
            &shown["replies"][0]["reply"],
            &shown["replies"][0]["authorRole"]
        ),
        (&reply["reply"], &json!("trainer"))
    );
    // Neither the question nor the reply is stored in clear.
    let database = app.database().await;
    for statement in [
        "SELECT question FROM doubts",
        "SELECT content FROM doubt_replies",
    ] {
        let (stored,): (String,) = sql(statement).fetch_one(&database).await.unwrap();
        assert!(
            !stored.contains("loop") && !stored.contains("condition"),
            "{stored}"
        );
    }
    assert_eq!(
        set_status(&app, &student(), &doubt, "closed"),
        (200, "closed".to_owned())
    );
    let late = app.api("POST", &path(&doubt, "/reply"), &trainer(), &reply);
    assert_eq!(
        (late.status, &json_of(&late)["code"]),
        (409, &json!("CONFLICT"))
    );
}

pub(crate) async fn contact_data_are_rejected_by_kind_sec_5(app: TestApp) {
    app.allocate().await;
    let doubt = open(&app, "Why does this loop never end?");
    let reply_path = path(&doubt, "/reply");
    for (text, kind) in [
        ("call 98470 12345", "a telephone number"),
        ("+91-98470-12345", "a telephone number"),
        ("९८४७०१२३४५", "a telephone number"),
        ("write to asha@example.org", "an e-mail address"),
        ("asha (at) example (dot) org", "an e-mail address"),
        (
            "my instagram is @asha.codes",
            "a profile of a social network",
        ),
        ("see https://wa.me/919847", "a profile of a social network"),
        ("linkedin.com/in/asha", "a profile of a social network"),
        ("telegram id: ravimenon", "a profile of a social network"),
    ] {
        let question = json!({ "subject": "Loops", "question": text });
        let asked = app.api("POST", "/doubts", &student(), &question);
        let replied = app.api("POST", &reply_path, &trainer(), &json!({ "reply": text }));
        for (answer, field) in [(asked, "question"), (replied, "reply")] {
            assert_eq!(answer.status, 400, "{text}: {}", answer.body);
            let body = json_of(&answer);
            let expected =
                json!([{ "field": field, "message": format!("must not contain {kind}") }]);
            assert_eq!(
                (&body["code"], &body["errors"]),
                (&json!("VALIDATION_ERROR"), &expected)
            );
        }
    }
    // Only the question and the reply are refused.
    let named = json!({ "subject": "call 98470 12345", "topic": "asha@example.org",
        "question": "Why?" });
    assert_eq!(app.api("POST", "/doubts", &student(), &named).status, 201);
    let long = json!({ "subject": "s".repeat(201), "topic": "t".repeat(201),
        "question": "q".repeat(5_001), "type": "text" });
    let refused = app.api("POST", "/doubts", &student(), &long);
    let fields: Vec<_> = json_of(&refused)["errors"].as_array().unwrap().clone();
    assert_eq!((refused.status, fields.len()), (400, 3), "{}", refused.body);
    let unknown = json!({ "subject": "Loops", "question": "Why?", "type": "video" });
    assert_eq!(app.api("POST", "/doubts", &student(), &unknown).status, 400);
    let at_limits = json!({ "subject": "s".repeat(200), "topic": "t".repeat(200),
        "question": "q".repeat(5_000) });
    assert_eq!(
        app.api("POST", "/doubts", &student(), &at_limits).status,
        201
    );
    let long = json!({ "reply": "r".repeat(5_001) });
    assert_eq!(app.api("POST", &reply_path, &trainer(), &long).status, 400);
}

pub(crate) async fn unrelated_users_and_wrong_roles_are_rejected_auth_5(app: TestApp) {
    app.allocate().await;
    let doubt = open(&app, "Why does this loop never end?");
    let (own, status, reply, reassign) = (
        path(&doubt, ""),
        path(&doubt, "/status"),
        path(&doubt, "/reply"),
        path(&doubt, "/reassign"),
    );
    let other_users = [token(8, Role::Student), token(0x8a, Role::Trainer)];
    for other_user in &other_users {
        // The response does not depend on the body.
        for body in [json!({}), json!({ "status": "in_progress" })] {
            assert_eq!(app.api("PATCH", &status, other_user, &body).status, 404);
        }
        assert_eq!(app.api("GET", &own, other_user, &Value::Null).status, 404);
    }
    let body = json!({ "reply": "A reply", "trainerId": Uuid::from_u128(TRAINER) });
    assert_eq!(app.api("POST", &reply, &other_users[1], &body).status, 404);
    let unpermitted = admin(&[]);
    for (method, path, tokens) in [
        ("POST", "/doubts", vec![trainer(), admin(&[READ, WRITE])]),
        ("GET", "/doubts", vec![unpermitted.clone()]),
        ("GET", &own, vec![unpermitted.clone(), admin(&[WRITE])]),
        ("PATCH", &status, vec![unpermitted.clone(), admin(&[READ])]),
        ("POST", &reply, vec![student(), admin(&[READ])]),
        (
            "POST",
            &reassign,
            vec![student(), trainer(), admin(&[READ])],
        ),
        ("GET", "/trainer/doubts", vec![student(), admin(&[READ])]),
        (
            "GET",
            "/admin/doubts",
            vec![student(), trainer(), unpermitted],
        ),
    ] {
        let anonymous = app.api(method, path, "", &body);
        assert_eq!(anonymous.status, 401, "{method} {path}");
        for token in tokens {
            let refused = app.api(method, path, &token, &body);
            assert_eq!(
                (refused.status, &json_of(&refused)["code"]),
                (403, &json!("FORBIDDEN")),
                "{method} {path}: {}",
                refused.body
            );
        }
    }
    // The token names the student, never the body.
    let forged = json!({ "subject": "Loops", "question": "Why?",
        "studentId": Uuid::from_u128(STUDENT), "trainerId": Uuid::from_u128(TRAINER) });
    let opened = data(&app.api("POST", "/doubts", &other_users[0], &forged));
    assert_eq!(
        (&opened["studentId"], &opened["trainerId"]),
        (&json!(Uuid::from_u128(8)), &Value::Null)
    );
}

pub(crate) async fn admin_reassigns_a_doubt_obs_8(app: TestApp) {
    app.publish_names().await;
    app.allocate().await;
    let doubt = open(&app, "Why does this loop never end?");
    let (permitted, other) = (admin(&[READ, WRITE]), token(0x8a, Role::Trainer));
    let reassign = |trainer: u128| {
        let body = json!({ "trainerId": Uuid::from_u128(trainer), "reason": "on holiday" });
        app.api("POST", &path(&doubt, "/reassign"), &permitted, &body)
    };
    // Neither a student nor an unknown ID is a trainer.
    for id in [STUDENT, 99] {
        let refused = reassign(id);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], "trainerId");
    }
    // Doubts do not belong to a place, so the API refuses administrators with a territory.
    let district = district_token(Uuid::from_u128(1), &[READ, WRITE], ("Kerala", "Idukki"));
    for (method, path) in [
        ("GET", "/admin/doubts".to_owned()),
        ("GET", path(&doubt, "")),
        ("POST", path(&doubt, "/reply")),
        ("PATCH", path(&doubt, "/status")),
        ("POST", path(&doubt, "/reassign")),
    ] {
        let refused = app.api(method, &path, &district, &json!({}));
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
    }
    app.publish_trainer(0x8a, "Meera Das").await;
    let reassigned = data(&reassign(0x8a));
    assert_eq!(reassigned["trainerName"], "Meera Das");
    app.wait_for_notifications((0x8a, &doubt["id"]), 1);
    let done = app.wait_for_override();
    assert_eq!(
        (&done["action"], &done["reason"], &done["userId"]),
        (
            &json!("doubt.reassign"),
            &json!("on holiday"),
            &json!(Uuid::from_u128(1))
        )
    );
    // The previous trainer does not see the doubt, and the new one replies.
    let show = |token: &str| {
        app.api("GET", &path(&doubt, ""), token, &Value::Null)
            .status
    };
    assert_eq!((show(&trainer()), show(&other)), (404, 200));
    let reply = json!({ "reply": "The condition is always true." });
    assert_eq!(
        app.api("POST", &path(&doubt, "/reply"), &other, &reply)
            .status,
        201
    );
    // The present trainer is a no-op. Each write of the administrator has one entry.
    data(&reassign(0x8a));
    assert_eq!(
        app.api("POST", &path(&doubt, "/reply"), &permitted, &reply)
            .status,
        201
    );
    assert_eq!(set_status(&app, &permitted, &doubt, "closed").0, 200);
    assert_eq!(reassign(TRAINER).status, 409);
    let database = app.database().await;
    let actions: Vec<(String,)> = sql("SELECT action FROM audit_log ORDER BY sequence")
        .fetch_all(&database)
        .await
        .unwrap();
    let actions: Vec<_> = actions.iter().map(|(action,)| action.as_str()).collect();
    assert_eq!(actions, ["doubt.reassign", "doubt.reply", "doubt.status"]);
}

pub(crate) async fn lists_show_own_doubts_only_auth_5(app: TestApp) {
    app.allocate().await;
    let doubts: Vec<_> = ["One?", "Two?", "Three?"]
        .iter()
        .map(|question| open(&app, question))
        .collect();
    let body = json!({ "subject": "Loops", "question": "Four?" });
    let other = token(8, Role::Student);
    assert_eq!(app.api("POST", "/doubts", &other, &body).status, 201);
    set_status(&app, &trainer(), &doubts[0], "in_progress");
    let questions = |path: &str, token: &str| -> Vec<String> {
        let page = data(&app.api("GET", path, token, &Value::Null));
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["question"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = format!("/admin/doubts?studentId={}", Uuid::from_u128(STUDENT));
    let read = admin(&[READ]);
    for (path, token) in [
        ("/doubts", &student()),
        ("/doubts", &trainer()),
        ("/trainer/doubts", &trainer()),
        (all.as_str(), &read),
    ] {
        assert_eq!(questions(path, token), ["Three?", "Two?", "One?"], "{path}");
    }
    // Filters and pages apply within what the caller may see.
    let foreign = format!("/doubts?studentId={}", Uuid::from_u128(STUDENT));
    assert_eq!(questions(&foreign, &other), ["Four?"]);
    assert_eq!(questions("/admin/doubts", &read).len(), 4);
    assert_eq!(questions("/admin/doubts?unassigned=true", &read), ["Four?"]);
    assert_eq!(
        questions("/trainer/doubts?status=in_progress", &trainer()),
        ["One?"]
    );
    assert_eq!(questions("/doubts?page=2&limit=2", &student()), ["One?"]);
    let page = data(&app.api("GET", "/doubts?limit=2", &student(), &Value::Null));
    assert_eq!(
        page["pagination"],
        json!({ "total": 3, "page": 1, "limit": 2, "pages": 2 })
    );
    for query in ["limit=101", "page=0", "status=open", "trainerId=7"] {
        let path = format!("/doubts?{query}");
        let refused = app.api("GET", &path, &student(), &Value::Null);
        assert_eq!(refused.status, 400, "{query}: {}", refused.body);
    }
}

pub(crate) async fn attachments_belong_to_their_type_file_1(app: TestApp) {
    let body = json!({ "type": "image", "mimeType": "image/png", "size": 3 });
    let signed = data(&app.call("POST", "/attachments/sign", &student(), &body));
    let upload = &signed["upload"];
    let base = format!("http://{}", app.http());
    let place = upload["url"].as_str().unwrap().strip_prefix(&base).unwrap();
    let headers = upload["headers"].as_object().unwrap().iter();
    let headers: Vec<_> = headers
        .filter(|(name, _)| *name != "content-length")
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let put = request(app.http(), "PUT", place, &headers, "png").unwrap();
    assert!((200..300).contains(&put.status), "{}", put.body);
    let mut doubt = json!({ "subject": "Loops", "question": "Why?", "type": "voice",
        "attachments": [{ "url": signed["url"], "type": "image", "mimeType": "image/png", "size": 3 }] });
    let refused = app.api("POST", "/doubts", &student(), &doubt);
    assert_eq!(
        json_of(&refused)["errors"][0]["field"],
        "attachments[0].type"
    );
    doubt["type"] = json!("image");
    let opened = data(&app.api("POST", "/doubts", &student(), &doubt));
    let url = opened["attachments"][0]["url"].as_str().unwrap();
    let file = request(app.http(), "GET", url.strip_prefix(&base).unwrap(), &[], "").unwrap();
    assert_eq!((file.status, &*file.body), (200, "png"));
    // An upload of another user is not attached.
    let stolen = app.api("POST", "/doubts", &token(8, Role::Student), &doubt);
    assert_eq!(json_of(&stolen)["errors"][0]["field"], "attachments[0].url");
}
