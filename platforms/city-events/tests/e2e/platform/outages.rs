use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_page_degrades_without_other_services_api_5() {
    let mut app = TestApp::start().await;
    let host = app.register("host").await.token.unwrap();
    let guest = app.register("guest").await.token.unwrap();
    let id = app.with_token(host).publish("Still there", 10).await;

    app.platform.stop_one("join").await.unwrap();
    let guest = app.with_token(guest);
    let view = guest.view(&id).await;
    assert!(view["participation"].is_null(), "{view}");
    assert_eq!(view["degraded"]["participation"], "unavailable", "{view}");
    assert_eq!(view["actions"]["reason"], "participation_unavailable");
    assert_eq!(view["actions"]["can_join"], false);
    let join = guest
        .send_with_key("POST", &format!("/api/events/{id}/join"), "k")
        .await;
    assert_eq!(
        (join.status, join.code().as_str()),
        (502, "internal_error"),
        "{join:?}"
    );
    let anonymous = app.anonymous().view(&id).await;
    assert_eq!(
        anonymous["participation"]["status"], "none",
        "an anonymous client never has a participation"
    );
    let ready = app.anonymous().get("/readyz").await;
    assert_eq!(
        ready.status, 200,
        "readiness does not depend on other services (HLTH-2)"
    );
    let checks = ready.json()["checks"].clone();
    let unhealthy: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["status"] == "unhealthy")
        .collect();
    assert_eq!(unhealthy.len(), 1, "{checks}");
    assert_eq!(unhealthy[0]["name"], "join");
    let page = app.anonymous().get(&format!("/events/{id}")).await;
    assert_eq!(page.status, 200);

    app.platform.stop_one("feed").await.unwrap();
    let page = app.anonymous().get("/?type=trending").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Sorted by date for now") && page.text.contains("Still there"),
        "{page:?}"
    );
    let feed = app.anonymous().get("/api/feed/recommended").await;
    assert_eq!(
        (feed.status, feed.code().as_str()),
        (502, "upstream_unavailable"),
        "{feed:?}"
    );

    app.platform.stop_one("auth").await.unwrap();
    let view = app.anonymous().view(&id).await;
    assert_eq!(view["event"]["organizer_name"], "Unknown Host");
    assert!(view.get("degraded").is_none());
    let login = app.anonymous().post("/api/auth/login").await;
    assert_eq!(
        (login.status, login.code().as_str()),
        (502, "upstream_unavailable")
    );

    app.platform.stop_one("event").await.unwrap();
    let view = app.anonymous().get(&format!("/api/events/{id}/view")).await;
    assert_eq!(
        (view.status, view.code().as_str()),
        (502, "internal_error"),
        "{view:?}"
    );
    let page = app.anonymous().get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Events are temporarily unavailable"),
        "{page:?}"
    );
    app.stop().await;
}
