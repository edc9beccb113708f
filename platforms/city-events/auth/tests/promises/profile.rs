use city_events_contract::auth::v1::GetProfileRequest;
use serde_json::{Value, json};

use crate::calls;
use crate::place::{INTERNAL_SECRET, PASSWORD, Place, body, code, person};

pub(crate) async fn a_user_sees_themselves(place: Place) {
    let ada = place.register("ada@example.org");
    let me = place.as_person(&ada, "GET", "/auth/v1/me", &Value::Null);
    let user = json!({ "id": ada.id, "email": ada.email, "role": "user", "email_verified": false, "locked": false, "has_password": true });
    assert_eq!(
        (me.status, body(&me)),
        (200, json!({ "data": { "user": user } }))
    );
    let status = place.as_person(&ada, "GET", "/auth/v1/me/status", &Value::Null);
    let expected = json!({ "user_id": ada.id, "role": "user", "locked": false, "email_verified": false, "has_password": true });
    assert_eq!(body(&status)["data"], expected);
    let lower = format!("bearer {}", ada.token);
    assert_eq!(
        place
            .send("GET", "/auth/v1/me", &[("authorization", &lower)], "")
            .status,
        200
    );
}

pub(crate) async fn an_avatar_is_the_id_in_its_address(place: Place) {
    const IMAGE: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    let ada = place.register("ada@example.org");
    let set = |url: &str| {
        place.as_person(
            &ada,
            "PATCH",
            "/auth/v1/me/avatar",
            &json!({ "avatar_url": url }),
        )
    };
    let printed = format!("/derived/avatar/{IMAGE}_512.jpg");
    for url in [
        format!("https://cdn.example.org/x/{IMAGE}"),
        printed.clone(),
    ] {
        let answer = set(&url);
        assert_eq!(
            (answer.status, body(&answer)),
            (200, json!({ "data": { "avatar_url": printed } }))
        );
    }
    let me =
        || body(&place.as_person(&ada, "GET", "/auth/v1/me", &Value::Null))["data"]["user"].clone();
    assert_eq!(me()["avatar_url"], printed.as_str());
    assert_eq!(set("https://example.org/me.png").status, 200);
    assert_eq!(me().get("avatar_url"), None, "none clears it");
    let told = place
        .told("auth.avatar.updated", |body| body["old_avatar_id"] == IMAGE)
        .await;
    assert_eq!(told["user_id"], ada.id.as_str());
    let missing = set("  ");
    assert_eq!(
        (missing.status, code(&missing).as_str()),
        (400, "missing_field")
    );
}

pub(crate) async fn other_services_show_the_secret(place: Place) {
    let ada = place.register("ada@example.org");
    let picture = json!({ "avatar_url": "6ba7b810-9dad-41d1-80b4-00c04fd430c8" });
    let set = place.as_person(&ada, "PATCH", "/auth/v1/me/avatar", &picture);
    assert_eq!(set.status, 200);
    let path = format!("/internal/users/{}", ada.id);
    let ask =
        |path: &str, secret: &str| place.send("GET", path, &[("x-internal-secret", secret)], "");
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
    assert_eq!(
        place.as_person(&ada, "GET", &path, &Value::Null).status,
        401
    );
    let unknown = ask("/internal/users/nobody", INTERNAL_SECRET);
    assert_eq!(
        (unknown.status, code(&unknown).as_str()),
        (404, "user_not_found")
    );
}

pub(crate) async fn names_are_never_addresses(place: Place) {
    let named = json!({ "email": "ada@example.org", "password": PASSWORD, "name": " Ada " });
    let ada = person(&place.post("/auth/v1/register", &named), 201);
    let liar =
        json!({ "email": "eve@example.org", "password": PASSWORD, "name": "eve@example.org" });
    let eve = person(&place.post("/auth/v1/register", &liar), 201);
    let mut client = calls::client(&place);
    let token = calls::door();
    for (person, name) in [(&ada, "Ada"), (&eve, "eve")] {
        let request = GetProfileRequest {
            user_id: person.id.clone(),
        };
        let request = calls::with(&token, request);
        let profile = client.get_profile(request).await.unwrap().into_inner();
        assert_eq!(
            (profile.user_id.as_str(), profile.display_name.as_str()),
            (person.id.as_str(), name)
        );
    }
    let nobody = GetProfileRequest {
        user_id: "6ba7b810-9dad-41d1-80b4-00c04fd430c8".to_owned(),
    };
    assert_eq!(
        client
            .get_profile(calls::with(&token, nobody))
            .await
            .unwrap_err()
            .code(),
        tonic::Code::NotFound
    );
}

pub(crate) async fn sessions_are_revoked(place: Place) {
    let ada = place.register("ada@example.org");
    let other = person(&place.log_in("ada@example.org", PASSWORD), 200);
    let revoked = place.as_person(&ada, "POST", "/auth/v1/sessions/revoke", &Value::Null);
    assert_eq!(revoked.status, 204);
    assert!(
        revoked
            .header("set-cookie")
            .unwrap()
            .starts_with("refresh_token=; ")
    );
    for person in [&ada, &other] {
        assert_eq!(
            place.with_cookie(&person.cookie, "/auth/v1/refresh").status,
            401
        );
        assert_eq!(
            place
                .as_person(person, "GET", "/auth/v1/me", &Value::Null)
                .status,
            401
        );
    }
    assert_eq!(place.log_in("ada@example.org", PASSWORD).status, 200);
}
