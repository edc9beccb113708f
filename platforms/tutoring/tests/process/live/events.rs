use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};
use tutoring_contract::{Role, events::SessionSubstituted};
use uuid::Uuid;

use super::{Client, allocated, second_gateway};
use crate::{
    app::{TestPlatform, admin_token, json_of},
    authorization::{USER, token_with_role},
    peer::Peer,
};

/// Acceptance 9: a client receives its own events only, on two gateways.
pub(crate) async fn business_events_reach_their_users_only_auth_5(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    let own = app.call(&session.access, "GET", "/profile", &Value::Null);
    let student: Uuid = json_of(&own)["data"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let second = second_gateway(app).await;
    let other = second
        .as_ref()
        .map_or(app.gateway, |gateway| gateway.addresses().http);
    let trainer = token_with_role(Role::Trainer, &session.access);
    let mut clients = [
        Client::join(app.gateway, &session.access).await,
        Client::join(other, &session.access).await,
    ];
    let mut trainer = Client::join(other, &trainer).await;
    let root = admin_token(app, SEED_EMAIL, SEED_PASSWORD);
    let mut admin = Client::join(other, &root).await;

    let peer = Peer::start(app).await;
    let other_user = Uuid::from_u128(99);
    // The event of another student arrives before the own one, because both have one topic.
    peer.publish(allocated(other_user, 1)).await;
    peer.publish(allocated(student, 2)).await;
    for client in &mut clients {
        let event = client.event().await;
        assert_eq!(
            (&event["type"], &event["studentId"], &event["courseId"]),
            (
                &json!("TRAINER_ALLOCATED"),
                &json!(student),
                &json!(Uuid::from_u128(2))
            )
        );
        assert!(event["timestamp"].is_i64(), "{event}");
    }
    let mut courses = [
        trainer.event_without_pay().await,
        trainer.event_without_pay().await,
    ];
    courses.sort_by_key(|event| event["courseId"].to_string());
    assert_eq!(courses[0]["studentId"], json!(other_user));
    assert_eq!(courses[1]["studentId"], json!(student));
    // A super admin receives the events of all users.
    let mut seen = [
        admin.event_of("TRAINER_ALLOCATED").await,
        admin.event_of("TRAINER_ALLOCATED").await,
    ];
    seen.sort_by_key(|event| event["courseId"].to_string());
    assert_eq!(seen, courses);
    // Both trainers of a substitution receive it.
    peer.publish(SessionSubstituted {
        session_id: Uuid::from_u128(3),
        original_trainer_id: Uuid::from_u128(4),
        substitute_trainer_id: USER,
        student_id: student,
        date: "2026-12-02".parse().unwrap(),
        time_slot: "10:00".to_owned(),
    })
    .await;
    let event = trainer.event_without_pay().await;
    assert_eq!(event["type"], "SESSION_SUBSTITUTED");
    assert_eq!(clients[1].event().await["type"], "SESSION_SUBSTITUTED");
    drop((clients, trainer, admin));
    if let Some(second) = second {
        second.stop().await;
    }
}
