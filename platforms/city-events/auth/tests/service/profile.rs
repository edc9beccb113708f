use city_events_contract::auth::v1::GetProfileRequest;
use serde_json::{Value, json};

use crate::app::{INTERNAL_SECRET, PASSWORD, TestApp, body, code, logged_in_user};
use crate::calls;

pub(crate) async fn me_returns_the_caller(app: TestApp) {
    let ada = app.register("ada@example.org");
    let me = app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null);
    let user = json!({ "id": ada.id, "email": ada.email, "role": "user", "email_verified": false, "locked": false, "has_password": true });
    assert_eq!(
        (me.status, body(&me)),
        (200, json!({ "data": { "user": user } }))
    );
    let status = app.request_as(&ada, "GET", "/auth/v1/me/status", &Value::Null);
    let expected = json!({ "user_id": ada.id, "role": "user", "locked": false, "email_verified": false, "has_password": true });
    assert_eq!(body(&status)["data"], expected);
    let lower = format!("bearer {}", ada.token);
    assert_eq!(
        app.send("GET", "/auth/v1/me", &[("authorization", &lower)], "")
            .status,
        200
    );
}

pub(crate) async fn avatar_is_parsed_from_its_url(app: TestApp) {
    const IMAGE: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    let ada = app.register("ada@example.org");
    let set = |url: &str| {
        app.request_as(
            &ada,
            "PATCH",
            "/auth/v1/me/avatar",
            &json!({ "avatar_url": url }),
        )
    };
    let printed = format!("/derived/avatar/{IMAGE}_512.jpg");
    for url in [
        format!("https://cdn.example.org/x/{IMAGE}"),
        format!("/avatars/{IMAGE}/512.webp"),
        printed.clone(),
    ] {
        let answer = set(&url);
        assert_eq!(
            (answer.status, body(&answer)),
            (200, json!({ "data": { "avatar_url": printed } }))
        );
    }
    let me =
        || body(&app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null))["data"]["user"].clone();
    assert_eq!(me()["avatar_url"], printed.as_str());
    assert_eq!(set("https://example.org/me.png").status, 200);
    assert_eq!(
        me().get("avatar_url"),
        None,
        "a URL without an ID removes the avatar"
    );
    let event = app
        .wait_for_event("auth.avatar.updated", |body| body["old_avatar_id"] == IMAGE)
        .await;
    assert_eq!(event["user_id"], ada.id.as_str());
    let missing = set("  ");
    assert_eq!(
        (missing.status, code(&missing).as_str()),
        (400, "missing_field")
    );
}

pub(crate) async fn internal_route_requires_the_secret(app: TestApp) {
    let ada = app.register("ada@example.org");
    let picture = json!({ "avatar_url": "6ba7b810-9dad-41d1-80b4-00c04fd430c8" });
    let set = app.request_as(&ada, "PATCH", "/auth/v1/me/avatar", &picture);
    assert_eq!(set.status, 200);
    let path = format!("/internal/users/{}", ada.id);
    let ask =
        |path: &str, secret: &str| app.send("GET", path, &[("x-internal-secret", secret)], "");
    let answer = ask(&path, INTERNAL_SECRET);
    assert_eq!(
        (answer.status, &body(&answer)["data"]["email"]),
        (200, &json!("ada@example.org"))
    );
    assert_eq!(body(&answer)["data"].get("avatar_url"), None);
    for secret in ["", "wrong", &INTERNAL_SECRET[1..]] {
        let refused = ask(&path, secret);
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (401, "unauthorized"),
            "{secret}"
        );
    }
    assert_eq!(app.request_as(&ada, "GET", &path, &Value::Null).status, 401);
    let unknown = ask("/internal/users/unknown", INTERNAL_SECRET);
    assert_eq!(
        (unknown.status, code(&unknown).as_str()),
        (404, "user_not_found")
    );
}

pub(crate) async fn display_names_are_never_addresses(app: TestApp) {
    let named = json!({ "email": "ada@example.org", "password": PASSWORD, "name": " Ada " });
    let ada = logged_in_user(&app.post("/auth/v1/register", &named), 201);
    let liar =
        json!({ "email": "eve@example.org", "password": PASSWORD, "name": "eve@example.org" });
    let eve = logged_in_user(&app.post("/auth/v1/register", &liar), 201);
    let mut client = calls::client(&app);
    let token = calls::gateway_token();
    for (user, name) in [(&ada, "Ada"), (&eve, "eve")] {
        let request = GetProfileRequest {
            user_id: user.id.clone(),
        };
        let request = calls::with(&token, request);
        let profile = client.get_profile(request).await.unwrap().into_inner();
        assert_eq!(
            (profile.user_id.as_str(), profile.display_name.as_str()),
            (user.id.as_str(), name)
        );
    }
    let unknown = GetProfileRequest {
        user_id: "6ba7b810-9dad-41d1-80b4-00c04fd430c8".to_owned(),
    };
    assert_eq!(
        client
            .get_profile(calls::with(&token, unknown))
            .await
            .unwrap_err()
            .code(),
        tonic::Code::NotFound
    );
}

pub(crate) async fn revoking_sessions_ends_all_of_them(app: TestApp) {
    let ada = app.register("ada@example.org");
    let other = logged_in_user(&app.log_in("ada@example.org", PASSWORD), 200);
    let revoked = app.request_as(&ada, "POST", "/auth/v1/sessions/revoke", &Value::Null);
    assert_eq!(revoked.status, 204);
    assert!(
        revoked
            .header("set-cookie")
            .unwrap()
            .starts_with("refresh_token=; ")
    );
    for user in [&ada, &other] {
        assert_eq!(
            app.with_cookie(&user.cookie, "/auth/v1/refresh").status,
            401
        );
        assert_eq!(
            app.request_as(user, "GET", "/auth/v1/me", &Value::Null)
                .status,
            401
        );
    }
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 200);
}
