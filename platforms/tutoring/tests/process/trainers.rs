//! Settings of trainers.

use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{SessionCompleted, SessionSubstituted, TrainerChanged},
};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, assert_error, json_of},
    authorization::{USER, token_with_role},
    peer::Peer,
    students::{eventually, send},
};

const ACCOUNT: &str = "123456789012";

/// Returns a token of the trainer [`USER`].
fn trainer(app: &TestPlatform) -> String {
    token_with_role(Role::Trainer, &app.student("asha@example.org").access)
}

pub(crate) async fn bank_details_are_encrypted_and_masked_sec_5(app: &TestPlatform) {
    let token = trainer(app);
    let path = format!("/trainers/{USER}/bank-details");
    let call = |method: &str, body: &Value| send(app, &token, method, &path, body);
    assert_error(&call("GET", &Value::Null), 404, "NOT_FOUND");
    let details = json!({
        "accountNumber": ACCOUNT, "ifsc": "HDFC0001234", "accountHolderName": "Ravi Nair",
    });
    let masked = json!({
        "accountNumber": "********9012", "ifsc": "HDFC*******", "accountHolderName": "Ravi Nair",
    });
    let stored = call("PUT", &details);
    assert_eq!(json_of(&stored)["data"], masked, "{}", stored.body);
    assert_eq!(json_of(&call("GET", &Value::Null))["data"], masked);
    // The name of the holder is optional.
    let unnamed = json!({ "accountNumber": ACCOUNT, "ifsc": "HDFC0001234", "bankName": "HDFC" });
    let unnamed = call("PUT", &unnamed);
    assert_eq!(unnamed.status, 200, "{}", unnamed.body);
    assert_eq!(json_of(&unnamed)["data"]["accountHolderName"], Value::Null);
    let invalid = call(
        "PUT",
        &json!({ "accountNumber": "1", "ifsc": "x", "accountHolderName": "" }),
    );
    assert_eq!(json_of(&invalid)["errors"].as_array().unwrap().len(), 3);
    let database = app.database("trainer").await;
    let (number,): (String,) = sql("SELECT account_number FROM bank_details")
        .fetch_one(&database)
        .await
        .unwrap();
    assert!(
        number.starts_with("sealed1:") && !number.contains(ACCOUNT),
        "{number}"
    );
    let logged: Vec<(String,)> =
        sql("SELECT content FROM operation_logs WHERE target LIKE '%/bank-details' AND content IS NOT NULL")
            .fetch_all(&database)
            .await
            .unwrap();
    assert!(logged.len() >= 3, "{logged:?}");
    for (content,) in &logged {
        let has_details = [ACCOUNT, "HDFC0001234", "Ravi"].map(|text| content.contains(text));
        assert_eq!(has_details, [false; 3], "{content}");
    }
    // Another trainer, also one with a permission of administrators.
    let other = format!("/trainers/{}/bank-details", Uuid::from_u128(8));
    assert_error(
        &send(app, &token, "GET", &other, &Value::Null),
        403,
        "FORBIDDEN",
    );
}

pub(crate) async fn place_and_availability_are_own_settings_auth_5(app: &TestPlatform) {
    let (token, peer) = (trainer(app), Peer::start(app).await);
    let card = || send(app, "", "GET", &format!("/trainers/{USER}"), &Value::Null);
    assert_error(&card(), 404, "NOT_FOUND");
    let changed = |status: &str, version: i64| TrainerChanged {
        trainer_id: USER,
        version,
        snapshot: json!({
            "approvalStatus": status, "fullName": "Ravi Nair", "city": "Kochi",
            "location": { "latitude": 9.93, "longitude": 76.26 },
        }),
    };
    peer.publish(changed("approved", 2)).await;
    let listed = eventually(|| (card().status == 200).then(|| json_of(&card())["data"].clone()));
    assert_eq!(
        (&listed["name"], &listed["city"]),
        (&json!("Ravi Nair"), &json!("Kochi"))
    );
    assert!(listed.get("location").is_none(), "{listed}");

    let call = |method: &str, path: &str, body: &Value| {
        send(app, &token, method, &format!("/trainers{path}"), body)
    };
    let status = || json_of(&call("GET", "/location/status", &Value::Null))["data"].clone();
    assert_eq!(status()["locationStatus"], "known");
    let place = json!({ "latitude": 10.0, "longitude": 76.3, "accuracy": 12.5 });
    assert_eq!(call("POST", "/confirm-location", &place).status, 200);
    assert_eq!(
        (&status()["locationStatus"], &status()["latitude"]),
        (&json!("confirmed"), &json!(10.0))
    );
    let far = json!({ "latitude": 91.0, "longitude": 181.0 });
    let far = call("POST", "/confirm-location", &far);
    assert_eq!(json_of(&far)["errors"].as_array().unwrap().len(), 2);

    let own = |path: &str| format!("/{USER}{path}");
    let hours = json!({ "slots": ["10:00", "06:00"], "availableDays": ["Mon"] });
    let hours = call("PUT", &own("/availability"), &hours);
    assert_eq!(
        json_of(&hours)["data"]["slots"],
        json!(["06:00", "10:00"]),
        "{}",
        hours.body
    );
    let preference = json!({ "acceptsOnline": true, "maxPerDay": 3 });
    let preference = call("POST", &own("/allocations/preference"), &preference);
    assert_eq!(
        json_of(&preference)["data"]["maxPerDay"],
        3,
        "{}",
        preference.body
    );
    let profile = call(
        "PUT",
        &own("/profile"),
        &json!({ "specialties": ["Coding"] }),
    );
    let data = &json_of(&profile)["data"];
    assert_eq!(
        (&data["specialties"], &data["fullName"]),
        (&json!(["Coding"]), &json!("Ravi Nair"))
    );
    assert_eq!(
        json_of(&call("GET", &own("/performance"), &Value::Null))["data"]["completed"],
        0
    );
    // An older message changes nothing. A later rejection removes the card.
    peer.publish(changed("pending", 1)).await;
    peer.publish(changed("rejected", 3)).await;
    eventually(|| (card().status == 404).then_some(Value::Null));
}

pub(crate) async fn performance_counts_sessions_on_time_api_1(app: &TestPlatform) {
    let (token, peer) = (trainer(app), Peer::start(app).await);
    let get = |path: &str| {
        let path = format!("/trainers/{USER}{path}");
        json_of(&send(app, &token, "GET", &path, &Value::Null))["data"].clone()
    };
    // The trainer starts on time, ten minutes late, and later. One session has no start.
    for (id, started_at) in [
        (1, Some("2026-12-01T10:00:00Z")),
        (2, Some("2026-12-01T10:10:00Z")),
        (3, Some("2026-12-01T10:11:00Z")),
        (4, None),
    ] {
        peer.publish(SessionCompleted {
            session_id: Uuid::from_u128(id),
            trainer_id: USER,
            student_id: Uuid::from_u128(0x51),
            course_id: Uuid::from_u128(0xc0),
            completed_at: "2026-12-01T11:00:00Z".parse().unwrap(),
            duration: 40,
            scheduled_at: started_at.map(|_| "2026-12-01T10:00:00Z".parse().unwrap()),
            started_at: started_at.map(|time| time.parse().unwrap()),
        })
        .await;
        peer.publish(SessionSubstituted {
            session_id: Uuid::from_u128(id),
            original_trainer_id: Uuid::from_u128(8),
            substitute_trainer_id: USER,
            student_id: Uuid::from_u128(0x51),
            date: "2026-12-01".parse().unwrap(),
            time_slot: "16:00".to_owned(),
        })
        .await;
    }
    let performance = eventually(|| {
        let performance = get("/performance");
        (performance["completed"] == 4).then_some(performance)
    });
    assert_eq!(performance["punctuality"], 66);
    let page = || get("/substitutions?limit=3&page=2");
    let expected = json!({ "total": 4, "page": 2, "limit": 3, "pages": 2 });
    let last = eventually(|| (page()["pagination"] == expected).then(&page));
    assert_eq!(last["items"].as_array().unwrap().len(), 1);
}
