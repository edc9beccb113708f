use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, body, code};

const VERIFY: &str = "auth.email.verify.requested";
const RESET: &str = "auth.password.reset.requested";
const NEW_PASSWORD: &str = "another horse entirely";

pub(crate) async fn verification_link_works_once(app: TestApp) {
    let ada = app.register("ada@example.org");
    let first = app.wait_for_link(VERIFY, &ada.id, 1).await;
    assert_eq!(first.len(), 43);
    let asked = app.post(
        "/auth/v1/verify-email/request",
        &json!({ "email": " ADA@example.org" }),
    );
    assert_eq!((asked.status, asked.body.as_str()), (204, ""));
    let second = app.wait_for_link(VERIFY, &ada.id, 2).await;
    let confirm =
        |token: &str| app.post("/auth/v1/verify-email/confirm", &json!({ "token": token }));
    // A new link does not end the previous one.
    for link in [&first, &second] {
        let verified = confirm(link);
        assert_eq!(
            (verified.status, body(&verified)),
            (200, json!({ "data": { "status": "verified" } }))
        );
        assert_eq!(confirm(link).status, 401);
    }
    let me = app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(body(&me)["data"]["user"]["email_verified"], true);
}

pub(crate) async fn invalid_links_are_401(app: TestApp) {
    let ada = app.register("ada@example.org");
    let verify = app.wait_for_link(VERIFY, &ada.id, 1).await;
    let unknown = "A".repeat(43);
    for token in [
        unknown.as_str(),
        "short",
        "../../etc/passwd",
        verify.as_str(),
    ] {
        let reset = json!({ "token": token, "new_password": NEW_PASSWORD });
        let path = format!(
            "/auth/v1/password/reset/validate?token={}",
            token.replace('/', "%2F")
        );
        for answer in [
            app.post("/auth/v1/password/reset/confirm", &reset),
            app.send("GET", &path, &[], ""),
        ] {
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (401, "token_invalid"),
                "{token}"
            );
        }
    }
    // A client can correct the password before it asks for another link.
    let weak = json!({ "token": "x", "new_password": "short" });
    let weak = app.post("/auth/v1/password/reset/confirm", &weak);
    assert_eq!((weak.status, code(&weak).as_str()), (400, "weak_password"));
    let confirm = app.post(
        "/auth/v1/verify-email/confirm",
        &json!({ "token": unknown }),
    );
    assert_eq!(
        (confirm.status, code(&confirm).as_str()),
        (401, "token_invalid")
    );
    for answer in [
        app.post("/auth/v1/verify-email/confirm", &json!({})),
        app.send("GET", "/auth/v1/password/reset/validate", &[], ""),
        app.post(
            "/auth/v1/password/reset/confirm",
            &json!({ "new_password": NEW_PASSWORD }),
        ),
        app.post(
            "/auth/v1/password/reset/confirm",
            &json!({ "token": unknown }),
        ),
    ] {
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (400, "missing_field")
        );
    }
}

pub(crate) async fn reset_link_replaces_password(app: TestApp) {
    let ada = app.register("ada@example.org");
    let ask = || {
        app.post(
            "/auth/v1/password/reset/request",
            &json!({ "email": "ada@example.org" }),
        )
    };
    assert_eq!(ask().status, 204);
    let token = app.wait_for_link(RESET, &ada.id, 1).await;
    let look = || {
        app.send(
            "GET",
            &format!("/auth/v1/password/reset/validate?token={token}"),
            &[],
            "",
        )
    };
    for _ in 0..2 {
        let answer = look();
        assert_eq!(
            (answer.status, body(&answer)),
            (200, json!({ "data": { "valid": true } }))
        );
    }
    let confirm = |token: &str, password: &str| {
        app.post(
            "/auth/v1/password/reset/confirm",
            &json!({ "token": token, "new_password": password }),
        )
    };
    let weak = confirm(&token, "short");
    assert_eq!((weak.status, code(&weak).as_str()), (400, "weak_password"));
    assert_eq!(
        look().status,
        200,
        "a weak password does not consume the link"
    );
    // Failed logins lock the account until the reset.
    for _ in 0..5 {
        app.log_in("ada@example.org", "wrong wrong wrong");
    }
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 429);
    let done = confirm(&token, NEW_PASSWORD);
    assert_eq!((done.status, done.body.as_str()), (204, ""));
    assert_eq!(confirm(&token, NEW_PASSWORD).status, 401);
    assert_eq!(look().status, 401);
    assert_eq!(app.log_in("ada@example.org", PASSWORD).status, 401);
    assert_eq!(app.log_in("ada@example.org", NEW_PASSWORD).status, 200);
    assert_eq!(app.with_cookie(&ada.cookie, "/auth/v1/refresh").status, 401);
    assert_eq!(
        app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401
    );
    app.wait_for_event("auth.user.changed", |body| {
        body["user_id"] == ada.id && body["version"] == 1
    })
    .await;
}

pub(crate) async fn reset_ends_the_other_reset_links(app: TestApp) {
    let ada = app.register("ada@example.org");
    let mut links = Vec::new();
    for count in 1..=2 {
        let given = json!({ "email": "ada@example.org" });
        let asked = app.post("/auth/v1/password/reset/request", &given);
        assert_eq!(asked.status, 204);
        links.push(app.wait_for_link(RESET, &ada.id, count).await);
    }
    let confirm = |token: &str| {
        let given = json!({ "token": token, "new_password": NEW_PASSWORD });
        app.post("/auth/v1/password/reset/confirm", &given)
    };
    assert_eq!(confirm(&links[0]).status, 204);
    assert_eq!(confirm(&links[1]).status, 401);
}

pub(crate) async fn link_requests_do_not_reveal_users(app: TestApp) {
    app.register("ada@example.org");
    for path in [
        "/auth/v1/password/reset/request",
        "/auth/v1/verify-email/request",
    ] {
        let head = |answer: &seaworthy_testkit::http::HttpResponse| -> Vec<String> {
            answer
                .headers
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        let known = app.post(path, &json!({ "email": "ada@example.org" }));
        for email in ["unknown@example.org", "user@example.com"] {
            let other = app.post(path, &json!({ "email": email }));
            assert_eq!(
                (other.status, &other.body),
                (204, &String::new()),
                "{email}"
            );
            assert_eq!(head(&other), head(&known));
        }
        let missing = app.post(path, &json!({}));
        assert_eq!(
            (missing.status, code(&missing).as_str()),
            (400, "missing_field")
        );
    }
    let seeded = app.seeded("user");
    let ada = app.log_in("ada@example.org", PASSWORD);
    let ada = crate::app::logged_in_user(&ada, 200);
    app.wait_for_link(VERIFY, &ada.id, 2).await;
    assert!(
        app.links(VERIFY, &seeded.id).is_empty(),
        "verified users get no verification link"
    );
}

pub(crate) async fn password_change_ends_sessions_and_links(app: TestApp) {
    let ada = app.register("ada@example.org");
    app.post(
        "/auth/v1/password/reset/request",
        &json!({ "email": "ada@example.org" }),
    );
    let link = app.wait_for_link(RESET, &ada.id, 1).await;
    let change = |old: &str, new: &str| {
        let given = json!({ "old_password": old, "new_password": new });
        app.request_as(&ada, "POST", "/auth/v1/password/change", &given)
    };
    let wrong = change("wrong wrong wrong", NEW_PASSWORD);
    assert_eq!(
        (wrong.status, code(&wrong).as_str()),
        (401, "invalid_credentials")
    );
    let weak = change(PASSWORD, "short");
    assert_eq!((weak.status, code(&weak).as_str()), (400, "weak_password"));
    let done = change(PASSWORD, NEW_PASSWORD);
    assert_eq!(done.status, 204, "{}", done.body);
    assert_eq!(
        done.header("set-cookie"),
        Some("refresh_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    );
    assert_eq!(app.with_cookie(&ada.cookie, "/auth/v1/refresh").status, 401);
    assert_eq!(
        app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401
    );
    let validate = app.send(
        "GET",
        &format!("/auth/v1/password/reset/validate?token={link}"),
        &[],
        "",
    );
    assert_eq!(validate.status, 401, "open links are invalid");
    assert_eq!(app.log_in("ada@example.org", NEW_PASSWORD).status, 200);
}
