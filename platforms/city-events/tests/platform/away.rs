use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_page_is_there_without_the_services_that_add_to_it_api_5() {
    let mut house = House::open().await;
    let host = house.register("host").await.token;
    let guest = house.register("guest").await.token;
    let id = {
        let mut owner = house.nobody();
        owner.token = host;
        owner.publish("Still there", 10).await
    };

    house.platform.stop_one("join").await.unwrap();
    let mut somebody = house.nobody();
    somebody.token.clone_from(&guest);
    let view = somebody.view(&id).await;
    assert!(view["participation"].is_null(), "{view}");
    let why = view["degraded"]["participation"].as_str().unwrap();
    assert!(["unavailable", "timeout"].contains(&why), "{why}");
    assert_eq!(view["actions"]["reason"], "participation_unavailable");
    assert_eq!(view["actions"]["can_join"], false);
    let join = somebody
        .keyed("POST", &format!("/api/events/{id}/join"), "k")
        .await;
    assert_eq!(
        (join.status, join.code().as_str()),
        (502, "internal_error"),
        "{join:?}"
    );
    let nobody = house.nobody().view(&id).await;
    assert_eq!(
        nobody["participation"]["status"], "none",
        "who is unknown has no part, whoever is away"
    );
    let ready = house.nobody().get("/readyz").await;
    assert_eq!(
        ready.status, 200,
        "readiness is this service's own (HLTH-2)"
    );
    let checks = ready.json()["checks"].clone();
    let sick: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["status"] == "unhealthy")
        .collect();
    assert_eq!(sick.len(), 1, "{checks}");
    assert_eq!(sick[0]["name"], "join");
    let page = house.nobody().get(&format!("/events/{id}")).await;
    assert_eq!(page.status, 200);

    house.platform.stop_one("feed").await.unwrap();
    let page = house.nobody().get("/?type=trending").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Sorted by date for now") && page.text.contains("Still there"),
        "{page:?}"
    );
    let feed = house.nobody().get("/api/feed/recommended").await;
    assert_eq!(
        (feed.status, feed.code().as_str()),
        (502, "upstream_unavailable"),
        "{feed:?}"
    );

    house.platform.stop_one("auth").await.unwrap();
    let view = house.nobody().view(&id).await;
    assert_eq!(view["event"]["organizer_name"], "Unknown Host");
    assert!(view.get("degraded").is_none());
    let login = house.nobody().post("/api/auth/login").await;
    assert_eq!(
        (login.status, login.code().as_str()),
        (502, "upstream_unavailable")
    );

    house.platform.stop_one("event").await.unwrap();
    let view = house.nobody().get(&format!("/api/events/{id}/view")).await;
    assert_eq!(
        (view.status, view.code().as_str()),
        (502, "internal_error"),
        "{view:?}"
    );
    let page = house.nobody().get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Events are away for a moment"),
        "{page:?}"
    );
    house.platform.stop().await;
}
