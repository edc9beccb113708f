use std::{
    sync::{Arc, Barrier},
    thread,
};

use seaworthy::data::sql;
use serde_json::{Value, json};
use tutoring_contract::{AdminRole, Role};

use crate::app::{TestApp, fields, json_of, rejection};

const KARNATAKA: [Option<&str>; 2] = [Some("Karnataka"), None];
const MYSURU: [Option<&str>; 2] = [Some("karnataka"), Some("Mysuru")];
const KERALA: [Option<&str>; 2] = [Some("Kerala"), None];

/// Acceptance 2: an admin with the territory approves, one without is rejected.
pub(crate) async fn only_admin_with_the_territory_approves_auth_5(app: TestApp) {
    let trainer = app.trainer("asha");
    let id = app.applied(&trainer);
    let path = format!("/{id}");
    let total = |token: &str| {
        let list = app.review("GET", "?status=PENDING", token, &Value::Null);
        json_of(&list)["data"]["pagination"]["total"].clone()
    };
    let kerala = app.reviewer(KERALA).await;
    let nowhere = app.reviewer([None, None]).await;
    for token in [&kerala, &nowhere] {
        assert_eq!(total(token), 0);
        for (method, path) in [("GET", path.clone()), ("POST", format!("{path}/approve"))] {
            let refused = app.review(method, &path, token, &Value::Null);
            assert_eq!(rejection(&refused), (403, "FORBIDDEN".to_owned()), "{path}");
        }
    }
    let mysuru = app.reviewer(MYSURU).await;
    assert_eq!(total(&mysuru), 1);
    let shown = json_of(&app.review("GET", &path, &mysuru, &Value::Null));
    assert!(
        shown["data"]["documents"]["id_proof"]["url"].is_string(),
        "{shown}"
    );

    let approved = app.review("POST", &format!("{path}/approve"), &mysuru, &Value::Null);
    assert_eq!(approved.status, 200, "{}", approved.body);
    let data = &json_of(&approved)["data"];
    assert_eq!(
        (&data["reviewStatus"], &data["locationStatus"]),
        (&json!("APPROVED"), &json!("known"))
    );
    let again = app.review("POST", &format!("{path}/approve"), &mysuru, &Value::Null);
    assert_eq!(rejection(&again), (409, "CONFLICT".to_owned()));
    let counts = json_of(&app.review("GET", "/statistics", &mysuru, &Value::Null));
    assert_eq!(
        counts["data"],
        json!({ "PENDING": 0, "APPROVED": 1, "REJECTED": 0, "ON_HOLD": 0 })
    );

    let profile = app.call(
        "GET",
        "/trainers/auth/profile",
        &trainer.token,
        &Value::Null,
    );
    assert!(
        profile.body.contains(r#""approvalStatus":"approved""#),
        "{}",
        profile.body
    );
    let changed = app.wait_for_event("TRAINER_CHANGED", |event| {
        event["snapshot"]["approvalStatus"] == "approved"
    });
    assert_eq!(changed["trainerId"], json!(trainer.id));
    let snapshot = &changed["snapshot"];
    assert_eq!(
        (&snapshot["city"], &snapshot["locationStatus"]),
        (&json!("Mysuru"), &json!("known"))
    );
    assert_eq!(snapshot["location"]["latitude"], 12.28);
    app.wait_for_event("NOTIFICATION_REQUESTED", |event| {
        event["userId"] == json!(trainer.id)
    });

    let records: Vec<(String, Option<String>, String)> =
        sql("SELECT action, actor, details FROM audit_log WHERE target_id = ?")
            .bind(trainer.id.as_str())
            .fetch_all(&app.connect().await)
            .await
            .unwrap();
    let [(action, actor, details)] = &records[..] else {
        panic!("{records:?}");
    };
    assert_eq!(action, "trainer.approve");
    assert_eq!(
        actor.as_deref(),
        Some("00000000-0000-0000-0000-000000000007")
    );
    assert!(
        details.contains("trainer:approve") && details.contains("PENDING"),
        "{details}"
    );
}

pub(crate) async fn trainer_on_hold_edits_and_is_rejected_obs_11(app: TestApp) {
    let trainer = app.trainer("asha");
    let mut form = app.form(&trainer);
    for member in ["pincode", "latitude", "longitude"] {
        form["location"].as_object_mut().unwrap().remove(member);
    }
    let sent = app.send("POST", &trainer, &form);
    let id = json_of(&sent)["data"]["applicationId"]
        .as_str()
        .unwrap()
        .to_owned();
    // Without a pincode only the state is known.
    let state = app.reviewer(KARNATAKA).await;
    let decide = |step: &str, token: &str, body: Value| {
        app.review("POST", &format!("/{id}/{step}"), token, &body)
    };
    let district = app.reviewer(MYSURU).await;
    assert_eq!(decide("hold", &district, json!({})).status, 403);
    assert_eq!(
        decide("hold", &state, json!({ "reason": "blurred" })).status,
        200
    );
    assert_eq!(decide("approve", &state, Value::Null).status, 409);
    let edited = app.send("PUT", &trainer, &form);
    assert_eq!(
        json_of(&edited)["data"]["reviewStatus"],
        "PENDING",
        "{}",
        edited.body
    );
    assert_eq!(
        fields(&decide("reject", &state, json!({ "reason": " " }))),
        ["reason"]
    );
    let rejected = decide("reject", &state, json!({ "reason": "no proof" }));
    assert_eq!(
        json_of(&rejected)["data"]["reviewNotes"],
        "no proof",
        "{}",
        rejected.body
    );
    for method in ["POST", "PUT"] {
        let again = app.send(method, &trainer, &form);
        assert_eq!(rejection(&again), (409, "CONFLICT".to_owned()), "{method}");
    }
    let notified = app.wait_for_event("NOTIFICATION_REQUESTED", |event| {
        event["data"]["reviewStatus"] == "REJECTED"
    });
    assert_eq!(notified["data"]["reason"], "no proof");

    let database = app.connect().await;
    let before = seaworthy::data::chrono::Utc::now() - seaworthy::data::chrono::TimeDelta::days(31);
    sql("UPDATE trainer_applications SET reviewed_at = ?")
        .bind(before)
        .execute(&database)
        .await
        .unwrap();
    let again = app.send("POST", &trainer, &form);
    assert_eq!(again.status, 201, "{}", again.body);
    assert_eq!(json_of(&again)["data"]["applicationId"], json!(id));
    let approved = decide("approve", &state, Value::Null);
    assert_eq!(
        json_of(&approved)["data"]["locationStatus"],
        "missing",
        "{}",
        approved.body
    );
}

pub(crate) async fn one_of_two_concurrent_decisions_wins_data_3(app: TestApp) {
    let trainer = app.trainer("asha");
    let id = app.applied(&trainer);
    let root = app
        .token(
            Role::Admin,
            Some(AdminRole::SuperAdmin),
            &["trainer:approve"],
            [None, None],
        )
        .await;
    let (app, barrier) = (Arc::new(app), Arc::new(Barrier::new(2)));
    let decide = |step: &'static str| {
        let (app, barrier) = (Arc::clone(&app), Arc::clone(&barrier));
        let (path, root) = (format!("/{id}/{step}"), root.clone());
        thread::spawn(move || {
            let body = if step == "reject" {
                json!({ "reason": "no" })
            } else {
                Value::Null
            };
            barrier.wait();
            app.review("POST", &path, &root, &body).status
        })
    };
    let (approve, reject) = (decide("approve"), decide("reject"));
    let mut statuses = [approve.join().unwrap(), reject.join().unwrap()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}
