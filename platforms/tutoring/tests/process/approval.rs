//! From the application of a trainer to the first student.

use seaworthy::data::sql;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::{
    app::{TestPlatform, admin_token, assert_error, json_of, wait_for},
    students::send,
    territories,
};

const PDF: &str = "%PDF-1.7 a document";
const APPROVALS: &str = "/admin/trainers/approvals";
/// The place of the trainer and of the student.
const PLACE: (f64, f64) = (12.28, 76.63);

/// Uploads a document by a signed URL. Returns its key.
fn upload(app: &TestPlatform, token: &str, kind: &str) -> Value {
    let body = json!({ "kind": kind, "contentType": "application/pdf", "size": PDF.len() });
    let signed = send(app, token, "POST", "/trainers/auth/apply/documents", &body);
    let data = json_of(&signed)["data"].clone();
    let url = data["url"].as_str().unwrap();
    let (_, path) = url.split_once("://").unwrap();
    let path = &path[path.find('/').unwrap()..];
    let headers = [("content-type", "application/pdf")];
    let stored = request(app.address("trainer-auth"), "PUT", path, &headers, PDF).unwrap();
    assert!((200..300).contains(&stored.status), "{}", stored.body);
    data["key"].clone()
}

/// Returns the application of a trainer.
fn form(app: &TestPlatform, token: &str, course: &Value) -> Value {
    let documents = ["id_proof", "face_verification", "qualification"];
    let documents = documents.map(|kind| (kind.to_owned(), upload(app, token, kind)));
    json!({
        "fullName": "Ravi Rao", "dateOfBirth": "1990-05-17", "gender": "male",
        "phone": "+919800000001", "email": "ravi@example.org",
        "location": {
            "address_text": "4th Cross", "city": "Mysuru", "state": "Karnataka",
            "country": "India", "pincode": "570023",
            "latitude": PLACE.0, "longitude": PLACE.1,
        },
        "qualification": "B. Ed.", "experienceYears": 6, "courses": [course],
        "availability": {
            "employmentType": "full-time", "shiftType": "evening",
            "availableDays": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
        },
        "documents": Value::Object(documents.into_iter().collect()),
        "consents": {
            "informationCorrect": true, "backgroundCheck": true, "travelToStudents": true,
        },
    })
}

/// Creates an administrator of a state. Returns the e-mail address and the password.
fn admin_of(app: &TestPlatform, root: &str, state: &str) -> (String, String) {
    let email = format!("{}@example.org", state.to_lowercase());
    let body = json!({
        "email": email, "fullName": "Anna Chandy", "roles": ["state_admin"],
        "territory": { "state": state },
    });
    let created = send(app, root, "POST", "/admin/admins", &body);
    let password = json_of(&created)["data"]["temporaryPassword"].clone();
    (email, password.as_str().unwrap().to_owned())
}

/// Point 2 of the acceptance criteria.
pub(crate) async fn approved_trainer_gets_a_student_auth_5(app: &TestPlatform) {
    let database = app.database("trainer-auth").await;
    sql("INSERT INTO pincodes (pincode, city, state, district) VALUES ('570023', 'Mysuru', 'Karnataka', 'Mysuru')")
        .execute(&database)
        .await
        .unwrap();
    let root = admin_token(app, SEED_EMAIL, SEED_PASSWORD);
    let emails = ["Kerala", "Karnataka"].map(|state| admin_of(app, &root, state));
    let log_in = |(email, password): &(String, String)| admin_token(app, email, password);
    let [kerala, karnataka] = emails.each_ref().map(log_in);
    let post = |token: &str, path: &str, body: Value| {
        let answer = send(app, token, "POST", path, &body);
        assert!((200..300).contains(&answer.status), "{}", answer.body);
        json_of(&answer)["data"].clone()
    };
    let (latitude, longitude) = PLACE;
    let centre = json!({ "latitude": latitude, "longitude": longitude });
    let city = post(
        &root,
        "/booking/cities",
        json!({
            "name": "Mysuru", "state": "Karnataka", "district": "Mysuru", "centre": centre,
        }),
    );
    let zone = json!({ "cityId": city["id"], "name": "South", "centre": centre, "radiusKm": 5 });
    post(&root, "/booking/zones", zone);
    // The sample course arrives by an event.
    let course = wait_for("the course", || {
        let path = "/trainers/auth/apply/available-courses";
        let courses = json_of(&send(app, "", "GET", path, &Value::Null));
        courses["data"].get(0).map(|course| course["id"].clone())
    });

    let trainer = app.trainer("ravi");
    let application = form(app, &trainer, &course);
    let applied = post(&trainer, "/trainers/auth/apply", application);
    let student = app.student("meera@example.org");
    let own = app.call(&student.access, "GET", "/profile", &Value::Null);
    let student = json_of(&own)["data"]["id"].clone();
    // Without the trainer, the student waits.
    let allocation = json!({
        "studentId": student, "courseId": course, "sessionCount": 10,
        "schedule": { "timeSlot": "16:00" }, "location": centre,
    });
    let allocation = wait_for("the copies of the course and the student", || {
        let answer = send(app, &root, "POST", "/admin/allocations", &allocation);
        (answer.status == 201).then(|| json_of(&answer)["data"].clone())
    });
    assert_eq!(allocation["status"], "pending", "{allocation}");

    let approve = format!(
        "{APPROVALS}/{}/approve",
        applied["applicationId"].as_str().unwrap()
    );
    let refused = send(app, &kerala, "POST", &approve, &json!({}));
    assert_error(&refused, 403, "FORBIDDEN");
    post(&karnataka, &approve, json!({}));
    let own = send(app, &trainer, "GET", "/trainers/auth/profile", &Value::Null);
    let trainer_id = json_of(&own)["data"]["id"].clone();
    // The trainer becomes a candidate by an event.
    let path = format!("/admin/allocations/{}", allocation["id"].as_str().unwrap());
    let approved = wait_for("the allocation", || {
        post(&root, "/admin/allocations/retry-auto-assign", json!({}));
        let shown = json_of(&send(app, &root, "GET", &path, &Value::Null))["data"].clone();
        (shown["status"] == "approved").then_some(shown)
    });
    assert_eq!(approved["trainerId"], trainer_id);
    let path = format!(
        "/admin/sessions/trainer/{}?limit=100",
        trainer_id.as_str().unwrap()
    );
    wait_for("the sessions", || {
        let sessions = json_of(&send(app, &trainer, "GET", &path, &Value::Null));
        (sessions["data"]["pagination"]["total"] == 10).then_some(())
    });
    let pair = (&student, &trainer_id);
    territories::check(app, (&karnataka, &kerala), pair);
    // The role gets further permissions, which ends the sessions of its administrators.
    let roles = json_of(&send(app, &root, "GET", "/admin/roles", &Value::Null));
    let roles = roles["data"]["items"].clone();
    let mut roles = roles.as_array().unwrap().iter();
    let role = roles.find(|role| role["name"] == "state_admin").unwrap();
    let mut permissions = role["permissions"].as_array().unwrap().clone();
    permissions.extend([json!("student:write"), json!("trainer:write")]);
    let permissions = json!({ "permissions": permissions });
    let set = send(app, &root, "PUT", "/admin/roles/state_admin", &permissions);
    assert_eq!(set.status, 200, "{}", set.body);
    let [kerala, karnataka] = emails.map(|(email, password)| admin_token(app, &email, &password));
    territories::check_changes(app, (&karnataka, &kerala), pair);
}
