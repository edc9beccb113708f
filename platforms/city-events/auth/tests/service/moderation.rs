use std::{
    sync::{Arc, Barrier},
    thread,
};

use serde_json::{Value, json};

use crate::app::{TestApp, TestUser, body, code};

fn moderate(
    app: &TestApp,
    actor: &TestUser,
    target: &str,
    what: &str,
) -> seaworthy_testkit::http::HttpResponse {
    app.request_as(
        actor,
        "POST",
        &format!("/auth/v1/mod/users/{target}/{what}"),
        &Value::Null,
    )
}

fn give(
    app: &TestApp,
    actor: &TestUser,
    target: &str,
    role: &str,
) -> seaworthy_testkit::http::HttpResponse {
    app.request_as(
        actor,
        "POST",
        &format!("/auth/v1/admin/users/{target}/role"),
        &json!({ "role": role }),
    )
}

pub(crate) async fn ban_revokes_tokens_immediately(app: TestApp) {
    let ada = app.register("ada@example.org");
    let moderator = app.seeded("moderator");
    for _ in 0..2 {
        let banned = moderate(&app, &moderator, &ada.id, "ban");
        assert_eq!(
            (banned.status, body(&banned)),
            (
                200,
                json!({ "data": { "status": "banned", "user_id": ada.id } })
            )
        );
    }
    let refused = app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (401, "token_invalid")
    );
    let event = app
        .wait_for_event("auth.user.changed", |body| body["user_id"] == ada.id)
        .await;
    assert_eq!(event["version"], 1, "a second ban changes nothing");
    for _ in 0..2 {
        let back = moderate(&app, &moderator, &ada.id, "unban");
        assert_eq!(
            (back.status, body(&back)),
            (
                200,
                json!({ "data": { "status": "unbanned", "user_id": ada.id } })
            )
        );
    }
    assert_eq!(
        app.log_in("ada@example.org", crate::app::PASSWORD).status,
        200
    );
}

pub(crate) async fn moderation_of_self_or_admin_is_forbidden(app: TestApp) {
    let (admin, moderator, user) = (
        app.seeded("admin"),
        app.seeded("moderator"),
        app.seeded("user"),
    );
    let other = app.register("other@example.org");
    assert_eq!(give(&app, &admin, &other.id, "moderator").status, 200);
    for what in ["ban", "unban"] {
        let refused = |actor: &TestUser, target: &TestUser| {
            let answer = moderate(&app, actor, &target.id, what);
            (answer.status, code(&answer))
        };
        assert_eq!(
            refused(&moderator, &moderator),
            (403, "cannot_moderate_self".to_owned())
        );
        assert_eq!(
            refused(&admin, &admin),
            (403, "cannot_moderate_self".to_owned())
        );
        assert_eq!(
            refused(&moderator, &admin),
            (403, "cannot_moderate_admin".to_owned())
        );
        assert_eq!(
            refused(&user, &other),
            (403, "insufficient_role".to_owned())
        );
    }
    let meta = moderate(&app, &user, &other.id, "ban");
    assert_eq!(
        body(&meta)["error"]["meta"],
        json!({ "required": "moderator" })
    );
    assert_eq!(
        moderate(&app, &moderator, &other.id, "ban").status,
        200,
        "another moderator"
    );
    assert_eq!(moderate(&app, &admin, &moderator.id, "ban").status, 200);
    let gone = moderate(&app, &moderator, &user.id, "ban");
    assert_eq!((gone.status, code(&gone).as_str()), (401, "token_invalid"));
}

pub(crate) async fn only_admins_set_roles(app: TestApp) {
    let (admin, moderator) = (app.seeded("admin"), app.seeded("moderator"));
    let ada = app.register("ada@example.org");
    let given = give(&app, &admin, &ada.id, "moderator");
    let expected =
        json!({ "data": { "status": "role_updated", "user_id": ada.id, "role": "moderator" } });
    assert_eq!((given.status, body(&given)), (200, expected));
    assert_eq!(
        app.request_as(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401,
        "the token has the old role"
    );
    app.wait_for_event("auth.user.changed", |body| body["user_id"] == ada.id)
        .await;
    let refused = |actor: &TestUser, target: &str, role: Value| {
        let path = format!("/auth/v1/admin/users/{target}/role");
        let answer = app.request_as(actor, "POST", &path, &json!({ "role": role }));
        (answer.status, code(&answer))
    };
    assert_eq!(
        refused(&admin, &ada.id, json!("king")),
        (400, "invalid_field".to_owned())
    );
    assert_eq!(
        refused(&admin, &ada.id, json!("")),
        (400, "missing_field".to_owned())
    );
    assert_eq!(
        refused(&admin, &admin.id, json!("user")),
        (403, "cannot_affect_self".to_owned())
    );
    assert_eq!(
        refused(&moderator, &ada.id, json!("admin")),
        (403, "insufficient_role".to_owned())
    );
    let unknown = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    assert_eq!(
        refused(&admin, unknown, json!("admin")),
        (404, "user_not_found".to_owned())
    );

    for path in ["/auth/v1/admin", "/auth/v1/admin/"] {
        let answer = app.request_as(&admin, "GET", path, &Value::Null);
        let user = json!({ "id": admin.id, "email": "", "role": "admin", "email_verified": false, "locked": false, "has_password": false });
        assert_eq!(
            (answer.status, body(&answer)),
            (
                200,
                json!({ "data": { "message": "admin ok", "user": user } })
            )
        );
        assert_eq!(
            app.request_as(&moderator, "GET", path, &Value::Null).status,
            403
        );
    }
    let status = app.request_as(
        &admin,
        "GET",
        &format!("/auth/v1/admin/users/{}/status", ada.id),
        &Value::Null,
    );
    let expected = json!({ "user_id": ada.id, "role": "moderator", "locked": false, "email_verified": false, "has_password": true });
    assert_eq!(body(&status)["data"], expected);
    let revoke = |target: &str| {
        app.request_as(
            &admin,
            "POST",
            &format!("/auth/v1/admin/users/{target}/sessions/revoke"),
            &Value::Null,
        )
    };
    let own = revoke(&admin.id);
    assert_eq!(
        (own.status, code(&own).as_str()),
        (403, "cannot_affect_self")
    );
    let revoked = revoke(&ada.id);
    assert_eq!(
        body(&revoked),
        json!({ "data": { "status": "revoked", "user_id": ada.id } })
    );
    assert_eq!(app.with_cookie(&ada.cookie, "/auth/v1/refresh").status, 401);
    assert_eq!(revoke(unknown).status, 404);
}

pub(crate) async fn concurrent_demotions_keep_one_admin(app: TestApp) {
    let admin = app.seeded("admin");
    let email = "second@example.org";
    let second = app.register(email);
    assert_eq!(give(&app, &admin, &second.id, "admin").status, 200);
    let second = crate::app::logged_in_user(&app.log_in(email, crate::app::PASSWORD), 200);
    let barrier = Arc::new(Barrier::new(2));
    let demote = |actor: &TestUser, target: &TestUser| {
        let (barrier, address) = (Arc::clone(&barrier), app.http);
        let path = format!("/auth/v1/admin/users/{}/role", target.id);
        let bearer = format!("Bearer {}", actor.token);
        thread::spawn(move || {
            barrier.wait();
            let body = json!({ "role": "user" }).to_string();
            seaworthy_testkit::http::request(
                address,
                "POST",
                &path,
                &[("authorization", &bearer)],
                &body,
            )
            .unwrap()
        })
    };
    let (one, other) = (demote(&admin, &second), demote(&second, &admin));
    let mut statuses = [one.join().unwrap().status, other.join().unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!([401, 403].contains(&statuses[1]), "{statuses:?}");
    let database = app.connect().await;
    let (admins,): (i64,) = seaworthy::data::sql("SELECT count(*) FROM users WHERE role = 'admin'")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(admins, 1);
}

pub(crate) async fn invalid_user_ids_are_404(app: TestApp) {
    let admin = app.seeded("admin");
    for id in [
        "unknown",
        "1",
        "%20",
        "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
    ] {
        for (method, path) in [
            ("POST", format!("/auth/v1/mod/users/{id}/ban")),
            ("GET", format!("/auth/v1/admin/users/{id}/status")),
            ("POST", format!("/auth/v1/admin/users/{id}/sessions/revoke")),
        ] {
            let answer = app.request_as(&admin, method, &path, &Value::Null);
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (404, "user_not_found"),
                "{path}"
            );
        }
    }
    // All usual forms of a UUID are accepted.
    let ada = app.register("ada@example.org");
    for id in [
        ada.id.to_uppercase(),
        ada.id.replace('-', ""),
        format!("urn:uuid:{}", ada.id),
        format!("%7B{}%7D", ada.id),
    ] {
        let answer = app.request_as(
            &admin,
            "GET",
            &format!("/auth/v1/admin/users/{id}/status"),
            &Value::Null,
        );
        assert_eq!(
            (answer.status, &body(&answer)["data"]["user_id"]),
            (200, &json!(ada.id)),
            "{id}"
        );
    }
}

pub(crate) async fn moderation_is_audited(app: TestApp) {
    let moderator = app.seeded("moderator");
    let ada = app.register("ada@example.org");
    app.log_in("ada@example.org", "wrong wrong wrong");
    for _ in 0..2 {
        // The second logout has no session to end.
        app.with_cookie(&ada.cookie, "/auth/v1/logout");
    }
    moderate(&app, &moderator, &ada.id, "ban");
    let database = app.connect().await;
    let records: Vec<(String, String, Option<String>)> = seaworthy::data::sql(
        "SELECT action, outcome, actor FROM audit_log WHERE target_id = ? ORDER BY sequence",
    )
    .bind(ada.id.as_str())
    .fetch_all(&database)
    .await
    .unwrap();
    let summary: Vec<_> = records
        .iter()
        .map(|(action, outcome, actor)| (action.as_str(), outcome.as_str(), actor.as_deref()))
        .collect();
    assert_eq!(
        summary,
        [
            ("user.register", "done", Some(ada.id.as_str())),
            ("user.login", "refused", None),
            ("user.logout", "done", Some(ada.id.as_str())),
            ("user.ban", "done", Some(moderator.id.as_str())),
        ]
    );
}
