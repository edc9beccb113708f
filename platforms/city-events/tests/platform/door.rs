use serde_json::json;

use crate::{
    house::House,
    people::{Door, signed},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_signed_elsewhere_with_the_shared_secret_is_good_for_somebody_unknown() {
    let house = House::open().await;
    let id = house.register("host").await.publish("Load test", 0).await;
    let secret = std::fs::read(house.place.path().join("secrets/jwt")).unwrap();
    let user = "00000000-0000-4000-8000-00000000beef";
    let mut minted = house.nobody();
    minted.token = Some(signed(&secret, "HS256", user));
    let joined = minted.join(&id, "k").await;
    assert_eq!(
        (joined.status, joined.json()["status"].as_str()),
        (200, Some("active")),
        "{joined:?}"
    );
    assert_eq!(minted.view(&id).await["participation"]["status"], "active");
    minted.token = Some(signed(&secret, "HS384", user));
    assert_eq!(
        minted.view(&id).await["actions"]["reason"],
        "auth_required",
        "another algorithm is no proof"
    );
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_secret_is_changed_tokens_by_both_are_believed_auth_1() {
    let next = "the secret that is to come, which is long enough";
    let believe =
        |service: &str| format!("{service}.jwt.additional_verification_keys=[\"{next}\"]");
    let [bff, event, join] = ["bff", "event", "join"].map(believe);
    let house = House::open_with(&[&bff, &event, &join]).await;
    let present = std::fs::read(house.place.path().join("secrets/jwt")).unwrap();
    let user = "00000000-0000-4000-8000-00000000beef";
    let mut one = house.nobody();
    for (secret, status) in [
        (present.as_slice(), 200),
        (next.as_bytes(), 200),
        (
            b"a secret that nobody believes, long enough".as_slice(),
            401,
        ),
    ] {
        one.token = Some(signed(secret, "HS256", user));
        assert_eq!(one.get("/api/me/joins").await.status, status);
    }
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_says_what_clients_know_it_to_say() {
    let house = House::open().await;
    let (nobody, host) = (house.nobody(), house.register("host").await);
    let id = host.publish("Jazz", 10).await;

    for path in ["/healthz", "/api/healthz"] {
        let answer = nobody.get(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "OK"), "{path}");
    }
    for (who, path, status, code) in [
        (
            &nobody,
            "/api/events/nonsense/view",
            400,
            "validation_failed",
        ),
        (
            &nobody,
            "/api/events/00000000-0000-4000-8000-000000000009/view",
            404,
            "resource_not_found",
        ),
        (&nobody, "/api/me/joins", 401, "unauthorized"),
        (&nobody, "/api/me/events", 401, "unauthorized"),
        (
            &nobody,
            "/api/events?sort=relevance",
            400,
            "validation_error",
        ),
        (&nobody, "/api/nowhere", 404, "route_not_found"),
    ] {
        let answer = who.get(path).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{path}: {answer:?}"
        );
        assert!(answer.json()["error"]["request_id"].is_string(), "{path}");
    }
    let join = format!("/api/events/{id}/join");
    let keyless = nobody.post(&join).await;
    assert_eq!(
        (keyless.status, keyless.code().as_str()),
        (400, "validation_failed"),
        "before the token"
    );
    let unknown = nobody.keyed("POST", &join, "k").await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (401, "unauthorized")
    );
    assert_eq!(
        nobody.get(&format!("/api/events/{id}")).await.status,
        405,
        "there is no plain event"
    );
    let create = nobody
        .send("POST", "/api/events", Some(json!({ "title": "x" })))
        .await;
    assert_eq!(
        (create.status, create.code().as_str()),
        (401, "unauthorized"),
        "{create:?}"
    );
    let odd = host
        .send("POST", "/api/events", Some(json!({ "colour": "red" })))
        .await;
    assert_eq!(
        (odd.status, odd.code().as_str()),
        (400, "validation_error"),
        "{odd:?}"
    );
    let twice = host.post(&format!("/api/events/{id}/publish")).await;
    assert_eq!(
        (twice.status, twice.code().as_str()),
        (409, "invalid_state")
    );

    // Rubbish instead of a token is nobody, and no reason to hang up.
    for rubbish in ["Bearer rubbish", "Bearer a.b", "Basic x", "Bearer a.b.c"] {
        let answer = nobody
            .send_with(
                "GET",
                &format!("/api/events/{id}/view"),
                None,
                &[("authorization", rubbish)],
            )
            .await;
        assert_eq!(
            (answer.status, answer.json()["actions"]["reason"].as_str()),
            (200, Some("auth_required")),
            "{rubbish}"
        );
    }
    let cities = nobody.get("/api/meta/cities?q=be").await;
    assert_eq!(cities.status, 200, "{cities:?}");
    assert!(
        cities.json()["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|city| city == "Berlin"),
        "{cities:?}"
    );
    for (method, path) in [
        ("POST", "/api/media/request-upload"),
        ("POST", "/api/media/complete"),
        (
            "GET",
            "/api/media/00000000-0000-4000-8000-000000000009/status",
        ),
    ] {
        let body = (method == "POST").then(|| json!({ "purpose": "avatar" }));
        let media = host.send(method, path, body).await;
        assert_eq!(media.status, 503, "{path}");
        assert!(
            media.json()["error"].is_string(),
            "the form of the media service"
        );
    }

    // Clients send limit, and always got twenty.
    let page = nobody
        .get("/api/events?limit=1&type=trending&cursor=%zz")
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.json()["items"].as_array().unwrap().len(), 1);

    let foreign = nobody
        .send_with(
            "GET",
            "/api/events",
            None,
            &[("origin", "https://evil.example")],
        )
        .await;
    assert_eq!(
        foreign.header("access-control-allow-origin"),
        "",
        "no origin is let in until one is named"
    );
    assert_eq!(foreign.header("x-content-type-options"), "nosniff");
    assert_eq!(foreign.header("x-frame-options"), "DENY");
    let kept = nobody
        .send_with("GET", "/api/events", None, &[("x-request-id", "my-own-7")])
        .await;
    assert_eq!(kept.header("x-request-id"), "my-own-7");
    house.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_counts_users_apart_and_has_the_names_that_scripts_know_res_6() {
    let house =
        House::open_with(&["bff.rate_limit.enabled=true", "bff.rate_limit.requests=3"]).await;
    let user = house.sign_in("user").await;
    for _ in 0..3 {
        assert_eq!(user.get("/api/events").await.status, 200);
    }
    let refused = user.get("/api/events").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "rate_limited"),
        "{refused:?}"
    );
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(
        house.nobody().get("/api/events").await.status,
        200,
        "another caller has a budget of their own"
    );
    assert_eq!(
        user.get("/api/healthz").await.status,
        200,
        "a probe has none"
    );
    // An address is one caller over all its connections, and whatever it says of itself.
    let mut last = 200;
    for _ in 0..3 {
        last = house.nobody().get("/api/events").await.status;
    }
    assert_eq!(last, 429);
    let other = Door::at(house.address, house.address);
    let claimed = [("x-forwarded-for", "203.0.113.7")];
    let refused = other
        .nobody()
        .send_with("GET", "/api/events", None, &claimed)
        .await;
    assert_eq!(refused.status, 429, "{refused:?}");
    house.platform.stop().await;
}
