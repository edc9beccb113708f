use seaworthy::{
    data::{chrono::Utc, sql},
    prelude::Timeout,
};
use serde_json::{Value, json};
use tutoring_contract::{PlatformZone, Role};
use uuid::Uuid;

use super::{Client, second_gateway};
use crate::{
    app::{TestPlatform, json_of},
    authorization::{USER, token_of},
    students::send,
};

/// Stores a session of today at a place. Returns its ID.
pub(crate) async fn session_of_today(app: &TestPlatform, student: Uuid, trainer: Uuid) -> Uuid {
    let database = app.database("booking").await;
    let (allocation, session) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let package = json!({
        "classType": "ONE_ON_ONE", "deliveryMode": "WEEKDAY_DAILY", "timeSlot": "16:00",
    });
    sql("INSERT INTO allocations (id, student_id, trainer_id, course_id, status, session_count, package, timeslot, created_at, updated_at) VALUES (?, ?, ?, ?, 'approved', 10, ?, '16:00', ?, ?)")
        .bind(allocation)
        .bind(student)
        .bind(trainer)
        .bind(Uuid::from_u128(3))
        .bind(package)
        .bind(Utc::now())
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    sql("INSERT INTO tutoring_sessions (id, allocation_id, session_number, student_id, trainer_id, course_id, scheduled_date, timeslot, start_minute, starts_at, duration_min, mode, status, latitude, longitude, otp_attempts, verification, created_at, updated_at) VALUES (?, ?, 1, ?, ?, ?, ?, '16:00', 960, ?, 40, 'home', 'scheduled', 9.93, 76.26, 0, ?, ?, ?)")
        .bind(session)
        .bind(allocation)
        .bind(student)
        .bind(trainer)
        .bind(Uuid::from_u128(3))
        .bind(PlatformZone::default().today().to_string())
        .bind(Utc::now())
        .bind(json!({}))
        .bind(Utc::now())
        .bind(Utc::now())
        .execute(&database)
        .await
        .unwrap();
    session
}

/// The student of a session watches the trainer's journey and gets the code, over two gateways.
/// Other users get nothing.
pub(crate) async fn journey_and_code_reach_the_student_only_auth_5(app: &TestPlatform) {
    let live = app.student("asha@example.org").access;
    let lifetime = Timeout::from_secs(600);
    let (student, other_user) = (Uuid::from_u128(9), Uuid::from_u128(8));
    let token = |id: Uuid, role: Role| token_of(id, role, &live, lifetime);
    let own = token(USER, Role::Trainer);
    let session = session_of_today(app, student, USER).await;
    let second = second_gateway(app).await;
    let other = second
        .as_ref()
        .map_or(app.gateway, |gateway| gateway.addresses().http);
    let mut watcher = Client::join(other, &token(student, Role::Student)).await;
    let mut others = [
        Client::join(app.gateway, &token(other_user, Role::Student)).await,
        Client::join(other, &own).await,
    ];
    let post = |path: &str, body: &Value| send(app, &own, "POST", path, body);
    let started = post("/admin/journeys/start", &json!({ "sessionId": session }));
    assert_eq!(started.status, 201, "{}", started.body);
    let id = json_of(&started)["data"]["journeyId"].clone();
    let path = |action: &str| format!("/admin/journeys/{}/{action}", id.as_str().unwrap());
    let watch = |id: &Value| json!({ "journeyId": id });

    // The result is an event, and the acknowledgement of the call.
    watcher
        .send(&format!("421{}", json!(["subscribe:journey", watch(&id)])))
        .await;
    let joined = watcher.next(r#"42["subscribe:journey:ok","#).await;
    assert_eq!(joined, watch(&id));
    for client in &mut others {
        let call = format!("421{}", json!(["subscribe:journey", watch(&id)]));
        client.send(&call).await;
        let refused = client.next(r#"42["subscribe:journey:error","#).await;
        let message = json!({ "message": "Access denied to this journey" });
        assert_eq!(refused, message);
    }
    for unknown in [json!(Uuid::nil()), json!("../../booking/cities")] {
        let call = format!("421{}", json!(["subscribe:journey", watch(&unknown)]));
        watcher.send(&call).await;
        let refused = watcher.next(r#"42["subscribe:journey:error","#).await;
        let message = json!({ "message": "Journey not active or expired" });
        assert_eq!(refused, message, "{unknown}");
    }

    let place = json!({ "sequence": 1, "latitude": 9.93, "longitude": 76.26, "speed": 3 });
    let moved = post(&path("location"), &place);
    assert_eq!(moved.status, 200, "{}", moved.body);
    let seen = watcher.next(r#"42["journey:location","#).await;
    assert_eq!(
        (
            &seen["journeyId"],
            &seen["sequence"],
            &seen["location"]["speed"]
        ),
        (&id, &json!(1), &json!(3.0))
    );
    let arrived = post(&path("arrived"), &json!({}));
    assert_eq!(arrived.status, 200, "{}", arrived.body);
    let ended = watcher.next(r#"42["journey:ended","#).await;
    assert_eq!(
        (&ended["journeyId"], &ended["reason"]),
        (&id, &json!("arrived"))
    );
    assert!(ended["endedAt"].is_string(), "{ended}");
    // A journey that is over cannot be watched.
    let call = format!("421{}", json!(["subscribe:journey", watch(&id)]));
    watcher.send(&call).await;
    let refused = watcher.next(r#"42["subscribe:journey:error","#).await;
    assert_eq!(refused["message"], "Journey not active or expired");

    let here = json!({ "trainerLocation": { "latitude": 9.93, "longitude": 76.26 } });
    let begun = post(&format!("/admin/sessions/{session}/start"), &here);
    assert_eq!(begun.status, 200, "{}", begun.body);
    let code = watcher.next(r#"42["session:otp","#).await;
    assert_eq!(code["sessionId"], json!(session));
    assert_eq!(code["otp"].as_str().unwrap().len(), 6);
    assert!(code["expiresAt"].is_string(), "{code}");
    // The answer to a later call is the first packet of the others.
    for client in &mut others {
        client.send(r#"422["unsubscribe:journey",{}]"#).await;
        loop {
            let packet = client.packet().await;
            if packet.starts_with("432[") {
                break;
            }
            assert!(packet.starts_with("431["), "{packet}");
        }
    }
    drop((watcher, others));
    if let Some(second) = second {
        second.stop().await;
    }
}
