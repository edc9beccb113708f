use chrono::{TimeDelta, Utc};
use seaworthy::data::sql;
use serde_json::json;

use crate::{
    app::{TestApp, code, joined},
    user::user,
};

pub(crate) async fn repeated_key_returns_the_first_response_api_6(app: TestApp) {
    let event = app.create_event(1).await;
    let (one, two) = (user(), user());
    for _ in 0..3 {
        assert_eq!(
            joined(&app.join_with_key(&event, &one, "a").await),
            "active"
        );
    }
    assert_eq!(
        joined(&app.join_with_key(&event, &two, "b").await),
        "waitlisted"
    );
    for _ in 0..2 {
        assert_eq!(app.cancel_with_key(&event, &one, "c").await.0, 200);
    }
    // The user has a seat, but the repeat returns the first status.
    assert_eq!(app.status(&event, &two).await, "active");
    assert_eq!(
        joined(&app.join_with_key(&event, &two, "b").await),
        "waitlisted"
    );
    // A repeat after the cancel does not join again.
    assert_eq!(
        joined(&app.join_with_key(&event, &one, "a").await),
        "active"
    );
    assert_eq!(app.status(&event, &one).await, "canceled");
    assert_eq!(app.seats(&event).await, (1, 0));
    // A repeat of a rejected request is rejected again.
    let three = user();
    app.join_with_key(&event, &two, "d").await;
    let refused = app.join_with_key(&event, &two, "d").await;
    assert_eq!(code(&refused), (409, "state_already_reached"));
    let concurrent =
        futures::future::join_all((0..10).map(|_| app.join_with_key(&event, &three, "e")));
    for response in concurrent.await {
        assert_eq!(joined(&response), "waitlisted");
    }
    assert_eq!(app.seats(&event).await, (1, 1));
}

pub(crate) async fn key_of_another_user_event_or_action_is_rejected_api_6(app: TestApp) {
    let (event, other) = (app.create_event(5).await, app.create_event(5).await);
    let one = user();
    let mismatch = (409, "idempotency_key_mismatch");
    app.join_with_key(&event, &one, "k").await;
    assert_eq!(
        code(&app.join_with_key(&event, &user(), "k").await),
        mismatch
    );
    assert_eq!(code(&app.join_with_key(&other, &one, "k").await), mismatch);
    assert_eq!(
        code(&app.cancel_with_key(&event, &one, "k").await),
        mismatch
    );
    let body = json!({ "event_id": event.id });
    for headers in [
        &[][..],
        &[("Idempotency-Key", "")],
        &[("X-Idempotency-Key", " ")],
    ] {
        let missing = app
            .call("POST", "/join", &one, Some(body.clone()), headers)
            .await;
        assert_eq!(code(&missing), (400, "idempotency_key.required"));
    }
    // X-Idempotency-Key takes precedence, and a key can have any length.
    let long = "k".repeat(2_000);
    let both = [
        ("Idempotency-Key", "k"),
        ("X-Idempotency-Key", long.as_str()),
    ];
    let response = app.call("POST", "/join", &user(), Some(body), &both).await;
    assert_eq!(joined(&response), "active");
}

pub(crate) async fn expired_key_can_be_reused_by_another_user_api_6(app: TestApp) {
    let event = app.create_event(5).await;
    app.join_with_key(&event, &user(), "k").await;
    sql("UPDATE idempotency_keys SET expires_at = ?")
        .bind(Utc::now() - TimeDelta::seconds(1))
        .execute(&app.database)
        .await
        .unwrap();
    assert_eq!(
        joined(&app.join_with_key(&event, &user(), "k").await),
        "active"
    );
    assert_eq!(app.seats(&event).await, (2, 0));
}

pub(crate) async fn repeated_cancel_succeeds_after_its_key_expired_api_6(app: TestApp) {
    let event = app.create_event(5).await;
    let one = user();
    app.join(&event, &one).await;
    assert_eq!(app.cancel_with_key(&event, &one, "k").await.0, 200);
    // The join ended long before the key expires.
    sql("UPDATE joins SET updated_at = ?")
        .bind(Utc::now() - TimeDelta::hours(25))
        .execute(&app.database)
        .await
        .unwrap();
    sql("UPDATE idempotency_keys SET expires_at = ?")
        .bind(Utc::now() - TimeDelta::seconds(1))
        .execute(&app.database)
        .await
        .unwrap();
    for _ in 0..2 {
        let (status, body) = app.cancel_with_key(&event, &one, "k").await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(app.seats(&event).await, (0, 0));
}
